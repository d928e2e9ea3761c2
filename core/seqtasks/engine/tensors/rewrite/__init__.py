"""Rewrite a graph so that its loops hold fewer torch calls.

    fuse      operations that are alike become one; their results are views of it
    factor    interpolation as one call; chains of factors taken out of the loop
    vectors   sums of transposed products as one product each
    sections  the parts of a rewritten model, in the order in which they run

No memory is assigned here; `plan` does that.
"""
