"""Find the mistakes of someone who writes a cell or a model.

    step_mistakes         make one step of a cell; name what breaks its contract
    held_tensors          the tensors that a model holds, and comparisons of them
    trial_copies          run a copy of a model
    rows_and_memory       rows that mix, what is kept from one sequence to the next, random draws
    untrained             what no gradient reaches, and tensors that are no parameters
    model_mistakes        run copies of a model on a few instances; name what breaks
    recommended_settings  what is wrong with the settings that a task recommends

The mistakes of a task's author are found in `tasks.mistakes`, which needs no torch.
"""
