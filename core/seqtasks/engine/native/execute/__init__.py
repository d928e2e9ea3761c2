"""Compile a program, keep it, call it.

    find_compiler  which C compiler there is, and its flags
    call_compiler  run it in a process group of its own
    kept_libraries the folder of kept programs, and whose it must be
    cache_limit    how much that folder may hold, and what goes first
    compiler       from text to a loaded library
    blas           the address of a library's matrix product
    mapped_memory  a program's memory, kept between calls
    interface      the structures that Python and C share
    open_program   from the text of a program to its functions, through the files above
    parameter_table   a model's parameters as C reads them
    tensors_in_c   where tensors lie, as C reads it
    portions       how many rows and steps a pass without gradients takes at once
    c_program      a compiled program, called on the model's own parameters
    gradients_by_row  what it does where the padding of a batch would spoil gradients

The text comes from `emit`.
"""
