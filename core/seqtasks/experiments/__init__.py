"""The whole configuration of a run, as frozen data.

    published_protocol  the settings of a task's paper
    resolve             hold settings against the task: lengths, curriculum, holdout
    experiment          `Experiment`: checked when it is made, through JSON and back
    schemas             the shape of each file of a run
    find                from a name, a file or a run to the experiment that it stands for

This package starts nothing; `runs.lifecycle` does.
"""
