"""Train many seeds of one experiment in one thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.replicas.one_run import MakeModel, run_one
from seqtasks.studies.replicas.replica import Replica

__all__ = ["run_block"]


def run_block(
    experiment: Experiment,
    seeds: Sequence[int],
    stop: Callable[[], bool] = lambda: False,
    keep_weights: bool = False,
    *,
    observers: Iterable[Any] | None = None,
    make_model: MakeModel | None = None,
) -> Iterator[Replica]:
    """Train an experiment with each of some seeds, in this thread.

    Each replica has, bit for bit, the numbers of `seqtasks.run(experiment, seed=seed)` with one
    thread. A replica that fails or diverges disturbs no other.

    Args:
        experiment: the experiment; its own seed counts for nothing.
        seeds: the seeds.
        stop: asked about every 50 ms; if it returns true, the unfinished replicas are dropped.
        keep_weights: whether to keep the trained weights.
        observers: objects with `hookimpl` methods that see each run.
        make_model: makes the untrained module of a seed, in place of the experiment's own model.

    Yields:
        The replicas, as they finish.
    """
    seen = None if observers is None else list(observers)
    for seed in seeds:
        if stop():
            return
        made = run_one(
            experiment,
            seed,
            stop,
            keep_weights=keep_weights,
            observers=seen,
            make_model=make_model,
        )
        if made is None:
            return
        yield made
