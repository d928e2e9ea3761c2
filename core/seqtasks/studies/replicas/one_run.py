"""Make an ordinary run in memory for one seed, and write down what became of it as a line."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from seqtasks.errors import (
    DivergedError,
    RunInterruptedError,
    SeqtasksError,
    explain,
    one_line,
)
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.caller_settings import own_settings
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.runs.active_run import ActiveRun
from seqtasks.runs.lifecycle import UNTRAINED_SHARE, train_and_score
from seqtasks.runs.observers import Observers
from seqtasks.runs.prepare import prepare
from seqtasks.runs.run_scores import score_over_range, scores_at_lengths
from seqtasks.runs.training_loop import train
from seqtasks.runs.training_run import OBSERVER_STOPPED, Run
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore
from seqtasks.studies.replicas.one_thread import one_thread
from seqtasks.studies.replicas.part import PartlyKept, go_on_from
from seqtasks.studies.replicas.replica import Replica, line_of
from seqtasks.training import Trainer, state_tensors

__all__ = ["MakeModel", "run_one"]

MakeModel = Callable[[int], nn.Module]
"""Makes the untrained module of a seed, in place of the model that an experiment describes."""
OUT_OF_MEMORY = "the run needs more memory than there is"


@own_settings()
@one_thread()
def run_one(
    experiment: Experiment,
    seed: int,
    stop: Callable[[], bool] = lambda: False,
    *,
    keep_weights: bool = False,
    observers: Iterable[Any] | None = None,
    make_model: MakeModel | None = None,
    part: Path | None = None,
    prepared: Callable[[Run, Trainer], None] = lambda run, trainer: None,
) -> Replica | None:
    """Train an experiment with a seed by the code of ordinary runs, and keep it as a line.

    The numbers are those of `seqtasks.run(experiment, seed=seed)` with one thread. Whatever the run
    raises becomes a line with the status `failed` or `diverged`.

    Args:
        experiment: the experiment; its own seed counts for nothing.
        seed: the seed.
        stop: asked between steps, or about every 0.2 s in a compiled program; if it returns true,
            the run ends.
        keep_weights: whether to keep the trained weights.
        observers: objects with `hookimpl` methods that see the run; None if nobody does.
        make_model: makes the module to train; its draws come from the seed's own stream.
        part: the file in which the run is kept once a minute, and from which it goes on.
        prepared: called with the run and its trainer before the first step.

    Returns:
        The replica; None if `stop` ended the run.
    """
    began = time.perf_counter()
    started: Run | None = None
    try:
        experiment = experiment.with_changes(seed=seed)
        model = None if make_model is None else _made(make_model, seed)
        started, trainer = prepare(experiment, model, threads=1)
        with closing(trainer):
            prepared(started, trainer)
            told = Observers(observers or (), plugins=False)
            ends = (told, lambda: int(bool(stop())))
            active = ActiveRun(started, trainer, None, *ends)
            if part is not None:
                of, _ = experiment.to_json()
                go_on_from(part, started, trainer, of)
                active = PartlyKept(started, trainer, None, *ends, part, of)
            scores, over_range = _trained(active, everything=observers is not None)
            return _ended(active.run, scores, over_range, began, keep_weights)
    except RunInterruptedError:
        return None
    except DivergedError as error:
        status, problem = "diverged", str(error).partition("\n")[0].partition(";")[0]
    except SeqtasksError as error:
        status, problem = "failed", str(error).partition("\n")[0] or one_line(error)
    except MemoryError:
        status, problem = "failed", OUT_OF_MEMORY
    except Exception as error:
        status, problem = "failed", explain(error)
    seconds = time.perf_counter() - began
    losses, validation, step = ([], [], 0) if started is None else _history(started)
    line = line_of(
        seed,
        status,
        step=step,
        losses=losses,
        validation=validation,
        seconds=seconds,
        problem=problem,
    )
    return Replica(line)


def _made(make_model: MakeModel, seed: int) -> nn.Module:
    with torch_stream(seed, "initialisation").drawing():
        return make_model(seed)


def _trained(active: ActiveRun, everything: bool) -> tuple[Sequence[Score], RangeScore | None]:
    """Train a run to its end and return its scores; with everything else that a run tells of."""
    if everything:
        result = train_and_score(active)
        return result.scores, result.score
    sequences = active.run.experiment.evaluation_sequences
    # an engine is held against the plain loop with the first weights, not with trained ones
    if active.run.step == 0:
        scores_at_lengths(active, max(1, sequences // UNTRAINED_SHARE))
    train(active)
    active.run.model.eval()
    scores = scores_at_lengths(active, sequences)
    return scores, score_over_range(active)


def _ended(
    run: Run,
    scores: Sequence[Score],
    over_range: RangeScore | None,
    began: float,
    keep_weights: bool,
) -> Replica:
    """Return the replica of a run that has ended."""
    losses, validation, step = _history(run)
    by_length = {str(score.length): score.metrics for score in scores}
    if over_range is not None:
        by_length[over_range.lengths] = over_range.metrics
    pruned = (run.stopped or "").startswith(OBSERVER_STOPPED)
    line = line_of(
        run.experiment.seed,
        "pruned" if pruned else "ended",
        step=step,
        stopped=run.stopped,
        scores=by_length,
        losses=losses,
        validation=validation,
        seconds=time.perf_counter() - began,
    )
    return Replica(line, _kept(run.model) if keep_weights else None)


def _history(run: Run) -> tuple[list[float], list[dict[str, float]], int]:
    losses = [line["loss"] for line in run.history if "loss" in line]
    validation = [line["validation"] for line in run.history if "validation" in line]
    return losses, validation, run.step


def _kept(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state_tensors(model).items()}
