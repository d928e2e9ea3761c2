"""Complex numbers as pairs of real ones: a graph holds real numbers only.

    pair        a complex tensor as two real ones, and the arithmetic of such pairs
    functions   functions of each complex number, of real numbers that give complex ones, and back
    products    matrix products and einsum of complex numbers
    fourier     Fourier transforms, as products with small matrices
    calls       from a call of torch to the same call on pairs

The recorder keeps two real tensors of the recording for each complex one, and calls what is written
here, in real functions of torch that have rules, in the place of torch's own.
"""
