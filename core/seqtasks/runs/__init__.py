"""One run: prepared, trained, recorded, scored, resumed.

    directory, making, locking  the folder of a run: numbered, made whole, locked
    listing, header             what lies in a folder of runs, read without torch
    listed_run, listed_study,
    quick_read                  the summary of one of them; small files of many runs, read fast
    study_shape                 the shape of a study's `study.json`
    condition, comparisons,
    run_fields                  choose runs by a condition; the fields that it names
    whole_run                   all that the files of one run say
    owned_folders, bundle,
    removal                     runs that may go: into an archive, or for good
    checkpoint                  tensors and a little JSON in one safetensors file
    training_run                `Run`, as observers see it, and `Result`
    prepare                     what must be right before a run begins
    run_record                  `experiment.json`, written when a run begins
    run_on_disk, belonging      a run that was begun before; what belongs to its record
    record_changes              the changes of the record at a resume
    saved_state, rewind         read a checkpoint or weights; go back to the last checkpoint
    observers, bars, progress   who is told of a run; bars; the bar of a run
    curves, plots               draw the curves of a run; its pictures as files
    active_run                  a run with what trains, keeps, observes and ends it
    training_loop, run_scores   train it; score it
    lifecycle                   `run` and `resume`, from start to result
    load                        read a finished or interrupted run back

    saving                      write a result
    saved_runs                  the runs in a folder, as `seqtasks.runs` returns them

Batches and steps are made in `training`, scores in `scoring`; the command line is `cli`.
"""

import sys
from types import ModuleType
from typing import Any


class _Runs(ModuleType):
    """The package as the public function `seqtasks.runs`.

    Python makes a package an attribute of its parent, so no function could have the name.
    """

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        from seqtasks.runs.saved_runs import saved_runs

        return saved_runs(*arguments, **options)


runs = sys.modules[__name__]
runs.__class__ = _Runs
