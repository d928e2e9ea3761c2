"""The C that every program begins and ends with, as files of C.

`vector.h` and `products.h` come first; `inputs.h`, `losses.h`, `optimisers.h`, `training.h` and
`entries.h` come last. `emit.frame` reads them. No Python is in this folder.
"""
