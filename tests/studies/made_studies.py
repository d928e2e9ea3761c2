"""A study whose runs are made up."""

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.settings import Row, Setting
from seqtasks.studies.study import Study
from seqtasks.studies.study_record import Asked

__all__ = ["made_study"]


def made_study(
    runs=30, cells=("gru", "concat"), tasks=("bitflip",), options=None, lengths=(10,)
) -> Study:
    """Return a study whose lines are made up: the second cell is slower, and one run diverged."""
    settings = [
        Setting(
            f"{cell}, {task}" if len(tasks) > 1 else cell,
            {"cell": cell, **({"task": task} if len(tasks) > 1 else {})},
            Experiment.for_task(task, cell=cell, steps=1000, evaluation_lengths=lengths),
        )
        for task in tasks
        for cell in cells
    ]
    rows = tuple(Row(place, range(runs)) for place in range(len(settings)))
    study = Study(
        Asked("made", "compare", tuple(settings), rows, options=options), None, [9] * len(settings)
    )
    point = 0
    for place, collected in enumerate(study.collected):
        for seed in range(runs):
            diverged = place == 1 and seed == 2
            first_right = 2 + 3 * (place % 2) + seed % 2
            validation = [1.0 if k >= first_right else 0.5 for k in range(2 if diverged else 10)]
            line = {
                "point": point,
                "seed": seed,
                "status": "diverged" if diverged else "ended",
                "step": 200 if diverged else 1000,
                "stopped": None if diverged else "steps",
                "scores": {}
                if diverged
                else {str(n): {"token_accuracy": 1 - seed / 100} for n in lengths},
                "history": {"loss": [], "validation": {"sequence_accuracy": validation}},
                "seconds": 0.5,
            }
            assert collected.add(line)
            point += 1
    return study
