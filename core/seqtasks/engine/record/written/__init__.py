"""Functions of torch written out in other functions of torch, which have rules.

    table      from a torch function to what is called in its place
    numbers    functions of each number alone
    along      statistics and order along an axis
    lookups    places in a table, and what is put at fixed places
    products   products and distances of vectors
    windows    pooling, transposed convolutions, normalised channels
    attention  attention with several heads
    layers     recurrent layers over a few steps
    gamma, bessel   the gamma and Bessel functions
    with_derivative   a function whose derivative is another one of these
    sampling   images sampled at places that depend on values
    matrices   inverses, solutions and factors of a small matrix for each row of the batch

The recorder calls these in the place of torch's own, and records the calls inside. So value and
gradient are those of what is written here, which the tests hold to torch's.
"""
