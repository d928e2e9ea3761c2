"""The checks that only cells have.

steps         the first state, the next one, the output
rows          rows, numbers of rows, equal sizes
sequences     sizes, portions of a sequence, a scan beside the steps
training      the engine, its speed, a small batch learnt by heart
all_checks    all checks of a cell, in order
"""
