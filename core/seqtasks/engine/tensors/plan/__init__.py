"""Assign memory to the values of a rewritten graph.

    buffers    buffers, places in them, and terms of sums: the data
    terms      the terms of a sum, so that it grows in one place
    place      which values share a buffer
    gradients  the rectangles of each parameter's gradient

No source is written here; `emit` does that.
"""
