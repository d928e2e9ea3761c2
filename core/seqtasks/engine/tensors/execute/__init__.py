"""Run a program of torch calls.

    functions      the functions that the source calls
    buffer_pool    buffers for batches of one size, kept between training steps
    torch_program  from a model's graph to a program that can be called

The source comes from `emit`.
"""
