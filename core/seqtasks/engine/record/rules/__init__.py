"""A rule for each torch function that a cell may call.

    table          from a torch function to its rule
    pointwise      functions of each number alone
    activations    activation functions
    reductions     sums, means, variances and extremes over features
    vector_norms   norms over features
    normalisation  softmax, layer norm and their kin
    products       matrix products and einsum
    rearranging    one rule for every function that moves numbers and computes none
    torch_cells    torch's own cells, gated units and look-ups

A rule makes nodes by `graph.build`; it never computes a number.
"""
