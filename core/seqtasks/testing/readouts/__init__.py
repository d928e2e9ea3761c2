"""The checks that only readouts have.

all_checks    all checks of a readout, in order
predictions   their shape, rows and steps that do not see each other, sizes
"""
