"""One run of a study with its model: from its kept weights, or trained again."""

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from seqtasks.models.caller_settings import own_settings
from seqtasks.runs.lifecycle import run
from seqtasks.runs.model_and_batches import draw_by_place, experiment_model
from seqtasks.runs.run_scores import without_learning
from seqtasks.runs.saved_state import fill
from seqtasks.runs.training_run import Result, Run, parameter_count
from seqtasks.scoring.evaluate import evaluate
from seqtasks.scoring.over_range import evaluate_range
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.weights import weights_of

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["single_run"]


@own_settings()
def single_run(study: "Study", seed: int, setting: int) -> Result:
    """Return a run of a study.

    If its weights were kept, they are scored again, on the same instances. Otherwise the run is
    made again, in memory.

    Args:
        study: the study.
        seed: the seed of the run.
        setting: the index of its setting.

    Raises:
        UsageError: if the study has no such run, or its weights are damaged.
    """
    point = study.point(seed, setting)
    experiment = study.settings[setting].experiment.with_changes(seed=seed)
    found: dict[str, Tensor] | None = None
    if point in study.kept:
        found = dict(study.kept[point])
    elif study.path is not None and study.asked.keep_weights:
        found = weights_of(StudyDirectory(study.path), setting, point)
    if found is None:
        return run(experiment)
    line = study.collected[setting].one(seed)
    task = experiment.make_task()
    model = experiment_model(experiment, task)
    fill(model, found, study.path or Path("the kept weights"))
    draw_by_place(model)
    holdout = experiment.make_holdout(task)
    started = Run(experiment, task, model, holdout=holdout)
    lengths, sequences = experiment.evaluation_lengths or (), experiment.evaluation_sequences
    scores = evaluate(model.eval(), task, lengths, sequences, seed, holdout) if lengths else []
    over = None
    if experiment.score is not None:
        over = evaluate_range(
            model, task, experiment.score, experiment.score_sequences, seed, holdout
        )
    return Result(
        experiment=experiment,
        task=task,
        model=model,
        path=None,
        step=line.step,
        stopped=line.stopped,
        seconds=line.seconds,
        parameters=parameter_count(model),
        scores=scores,
        untrained=[],
        history=line.history,
        score=over,
        without_learning=without_learning(started),
    )
