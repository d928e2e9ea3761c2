"""Run a program of torch calls.

    program_functions  the functions that the source calls
    buffer_pool    buffers for batches of one size, kept between training steps
    open_program   from the text of a program to its functions
    torch_program  an opened program, called on the model's own parameters

The source comes from `emit`.
"""
