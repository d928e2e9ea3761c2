"""The C that every program begins and ends with, as files of C.

`vector.h`, `angles.h` and `products.h` come first, then `draws.h`, `order.h` and `equations.h` if a
model draws, puts numbers in order or solves equations, then `structures.in` and `lay_out.in`;
`states.h` stands before the phases; `tables.in`, `denormals.h`, `inputs.h`, `losses.h`,
`optimisers.h`, `training.h` and `entries.h` come last. `emit.frame` reads them, and puts names and
sizes in place of the <words> of the `.in` files.

Three files are libraries of their own: `call_each.h`, `place_values.h` and `count_right.h`. The
training of many replicas calls them between its programs. No Python is in this folder.
"""
