"""Score the model of a run anew, at the lengths that someone asks for."""

from torch import nn

from seqtasks.experiments.experiment import Experiment
from seqtasks.models.model import Model
from seqtasks.scoring.evaluate import Score, evaluate
from seqtasks.scoring.over_range import RangeScore, evaluate_range
from seqtasks.tasks import Task

__all__ = ["score_anew"]

MANY = 1000
"""Instances scored at each length by default."""


def score_anew(
    model: nn.Module,
    task: Task,
    experiment: Experiment,
    lengths: str | None = None,
    over: str | None = None,
    sequences: int | None = None,
    seed: int | None = None,
) -> tuple[list[Score], RangeScore | None]:
    """Return the scores of a model at some lengths, and the mean over a range.

    Args:
        model: the trained model.
        task: the experiment's task.
        experiment: the experiment that trained it, with the seed of the run.
        lengths: the lengths; None for those of the experiment, or for none if `over` is given.
        over: the range; None for none.
        sequences: the instances at each length; None for 1,000, and over a range as in the
            experiment.
        seed: the seed of the instances; None for the seed of the run.

    Raises:
        UsageError: for a length that the task does not allow.
    """
    if isinstance(model, Model):
        model.use_engine(experiment.engine)
    holdout = experiment.make_holdout(task)
    chosen = experiment.seed if seed is None else seed
    wanted = lengths if lengths is not None else experiment.evaluation_lengths or ()
    if over is not None and lengths is None:
        wanted = ()
    scores = evaluate(model, task, wanted, sequences or MANY, chosen, holdout)
    if over is None:
        return scores, None
    few = sequences or experiment.score_sequences
    return scores, evaluate_range(model, task, over, few, chosen, holdout)
