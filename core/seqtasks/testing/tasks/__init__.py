"""The checks of a task, by subject. NumPy only.

samples    instances to try a task on
parts      what a task says of itself
answers    `encode`
"""
