"""One run: prepared, trained, recorded, scored, resumed.

    directory, making, locking  the folder of a run: numbered, made whole, locked
    listing, header             what lies in a folder of runs, read without torch
    checkpoint                  tensors and a little JSON in one safetensors file
    run_record, belonging       `experiment.json`, and what belongs to it
    prepare                     what must be right before a run begins
    training_run                the training loop, `Run` and `Result`
    observers, plots            who is told of a run; its pictures
    lifecycle                   `run` and `resume`, from start to result
    load                        read a finished or interrupted run back

Batches and steps are made in `training`, scores in `scoring`; the command line is `cli`.
"""
