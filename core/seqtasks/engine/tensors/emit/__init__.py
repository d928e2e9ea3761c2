"""Write the Python source of a program of torch calls.

    views          the tensors that a pass works on, each named and made once
    over_steps     sums over steps
    first_statement  the call that makes the first value of a sum
    equations      inverses, solutions and factors of matrices
    statements     the calls that compute a value into its place
    common         what the writers of both passes share
    backward_pass  the writer of the backward pass
    source         the whole source

Memory was assigned in `plan`; nothing is run here.
"""
