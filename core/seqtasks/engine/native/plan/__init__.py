"""Decide what a C program computes, what it keeps, and where.

    reads_into_loops   what reads a memory after its loop is computed in the loop
    expansions         large values of few numbers are computed again in the loop back
    liveness           the values that are needed, with the products of each sum joined
    storage            buffers, and the places of values in them
    operands           operands that lie in the memory of something else
    shared_buffers     products that are added up share a buffer
    ties               values that are compared with themselves, and so must be kept
    keep_or_recompute  store a value, or compute it again at each use
    stacked_products   several products as one
    memories           what loops alone read lies in one stretch of memory at each step
    shared_sums        sums of many rows, in the loop that computes what they add
    place              a place in memory for every value that is kept
    schedule           the order of a phase's values, and which of them share a loop
    plan               the passes above, in order

No C is written here; `emit` does that.
"""
