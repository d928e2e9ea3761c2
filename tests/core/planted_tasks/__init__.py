"""Tasks with one mistake each, and tasks without one.

    right        the tasks in which each mistake is made
    itself       what a task says of itself
    inputs       inputs that are drawn, and inputs that are listed
    answers      the answers to them
    scores       metrics, and when a task counts as solved
    parameters   parameters, copies, and other processes

Each table holds, for a task, the check that finds the mistake and words of its message.
"""
