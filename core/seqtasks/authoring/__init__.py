"""Help someone who writes a task, a cell or a plugin: begin from files, find mistakes.

    step_mistakes         make one step of a cell; name what breaks its contract
    held_tensors          the tensors that a model holds, and comparisons of them
    trial_copies          run a copy of a model
    rows_and_memory       rows that mix, what is kept from one sequence to the next, random draws
    untrained             what no gradient reaches, and tensors that are no parameters
    model_mistakes        run copies of a model on a few instances; name what breaks
    recommended_settings  what is wrong with the settings that a task recommends
    names_of_new_things   the names of a new thing, made from one word, and refused if taken
    scaffold              write a new task, cell or plugin; `templates/` holds the files

The mistakes of a task's author are found in `tasks.mistakes`, which needs no torch.
"""
