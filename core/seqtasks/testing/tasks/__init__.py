"""The checks of a task, by subject.

    samples          instances to try a task on
    parts            what a task says of itself
    draws            `generate` and `lengths`
    answers          `encode`
    online           whether an answer is due when its inputs are known
    listed           `domain_size` and `enumerate`
    scores           metrics, `is_solved`, strategies without learning, speed
    recorded         copies, pickles and spec strings
    worker, workers  other processes that make the same task
    torch_users      which definitions of a module use torch
    elsewhere        what a task does in other processes
    training         a run with the task's own settings

All but `training` need NumPy alone.
"""
