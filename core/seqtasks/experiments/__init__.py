"""The whole configuration of a run, as frozen data.

    experiment  `Experiment`: checked when it is made, through JSON and back
    schemas     the shape of each file of a run
    find        from a name, a file or a run to the experiment that it stands for

This package starts nothing; `runs.lifecycle` does.
"""
