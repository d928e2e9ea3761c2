"""Cells with one mistake each, in the order of the checks that find them.

    right       the cell in which each mistake is made
    steps       one step
    rows        rows, and what is kept beside the state
    learnt      parameters and their gradients
    sequences   sizes, extremes, scans and copies
    unusual     cells without a mistake

Each list holds the cell, the check that finds the mistake, and words of its message.
"""
