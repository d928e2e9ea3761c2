"""Score the model of a run that is under way, at its lengths and over its range."""

import logging

from seqtasks.errors import SeqtasksError, explain
from seqtasks.runs.active_run import ActiveRun
from seqtasks.runs.training_run import Run
from seqtasks.scoring.baselines import Baseline, baselines_beside
from seqtasks.scoring.evaluate import Score, evaluate_at, marked
from seqtasks.scoring.over_range import RangeScore, evaluate_range

__all__ = ["score_over_range", "scores_at_lengths", "without_learning"]

logger = logging.getLogger("seqtasks")


def scores_at_lengths(active: ActiveRun, sequences: int) -> list[Score]:
    """Return the scores at the evaluation lengths; a length that fails is named and left out.

    Raises:
        RunInterruptedError: after a checkpoint, if `stop` requested the end.
    """
    run, experiment = active.run, active.run.experiment
    scores: list[Score] = []
    lengths, seed = experiment.evaluation_lengths or (), experiment.seed
    for length in lengths:
        active.check_stop()
        try:
            score = evaluate_at(
                run.model,
                run.task,
                length,
                sequences,
                seed,
                holdout=run.holdout,
                alone=length == min(lengths),
            )
        except SeqtasksError:
            raise
        except Exception as error:  # the trained model must not be lost
            logger.warning(f"the model cannot be scored at length {length}: {explain(error)}")
        else:
            scores.append(score)
    return marked(scores)


def score_over_range(active: ActiveRun) -> RangeScore | None:
    """Return the mean score over the experiment's range; None if there is none, or if it fails.

    Raises:
        RunInterruptedError: after a checkpoint, if `stop` requested the end.
    """
    run, experiment = active.run, active.run.experiment
    if experiment.score is None:
        return None
    try:
        return evaluate_range(
            run.model,
            run.task,
            experiment.score,
            experiment.score_sequences,
            experiment.seed,
            run.holdout,
            active.check_stop,
        )
    except SeqtasksError:
        raise
    except Exception as error:  # the trained model must not be lost
        logger.warning(f"the model cannot be scored over {experiment.score}: {explain(error)}")
        return None


def without_learning(run: Run) -> dict[str, Baseline]:
    """Return the scores of the best strategy without learning, wherever the model was scored."""
    experiment = run.experiment
    return baselines_beside(run.task, experiment.evaluation_lengths or (), experiment.score)
