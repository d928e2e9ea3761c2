"""Compile a program, keep it, call it.

    find_compiler  which C compiler there is, and its flags
    call_compiler  run it in a process group of its own
    library_cache  the folder of kept programs, and whose it must be
    compiler       from text to a loaded library
    blas           the address of a library's matrix product
    mapped_memory  a program's memory, kept between calls
    interface      the structures that Python and C share
    c_program      a compiled program, called on the model's own parameters

The text comes from `emit`.
"""
