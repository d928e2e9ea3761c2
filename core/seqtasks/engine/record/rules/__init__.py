"""A rule for each torch function that a cell may call.

    table          from a torch function to its rule
    pointwise      functions of each number alone
    elementary     more of them, made of others: quotients, shrinking, clamping by tensors
    activations    activation functions
    reductions     sums, means, variances and extremes over features
    vector_norms   norms over features
    places         places found by values: argmax, max along an axis, sort, top-k
    taken          numbers taken or put at such places: gather, scatter, look-ups
    cumulative     products over an axis, and what goes on along one
    normalisation  softmax, layer norm and their kin
    products       matrix products and einsum
    equations      inverses, solutions and factors of matrices
    factored       factors that are taken out of a sum of products
    composed       similarities, group norm, attention
    windows        convolutions
    rearranging    one rule for every function that moves numbers and computes none
    torch_cells    torch's own cells and gated units

A rule makes nodes by `graph.build`; it never computes a number.
"""
