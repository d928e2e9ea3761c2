"""The C that every program begins and ends with, as files of C.

`vector.h` and `products.h` come first, then `structures.in` and `lay_out.in`; `states.h` stands
before the phases; `tables.in`, `inputs.h`, `losses.h`, `optimisers.h`, `training.h` and `entries.h`
come last. `emit.frame` reads them, and puts names and sizes in place of the <words> of the `.in`
files. `call_each.h` alone is a library of its own: it calls a program for one replica after the
other. No Python is in this folder.
"""
