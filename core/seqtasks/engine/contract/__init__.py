"""The contract of programs: their functions, how one is called, how a new one is tried.

    passes            the functions that a program must have
    optimizer_values  an optimiser as plain numbers
    chunked           a forward pass in chunks of steps, without gradients
    autograd          a program as one operation of torch's autograd
    batched_gradients several gradients at once, one after the other
    computed_values   the values that torch computes from parameters alone
    batch_call        pass a batch through a program
    trial_passes      the same batch by a program and by the plain loop
    compare_results   whether rounding explains a difference
    altered_copies    copies of the model with other numbers
    trial             run a new program beside the plain loop before it is trusted

The two kinds of programs are in `native` and `tensors`.
"""
