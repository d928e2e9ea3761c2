"""Train many seeds of one experiment in one thread."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.experiments.experiment import Experiment
from seqtasks.runs.training_run import Run
from seqtasks.studies.replicas.group import Group, Interrupted
from seqtasks.studies.replicas.one_run import MakeModel, run_one
from seqtasks.studies.replicas.pattern import NotAlikeError, Pattern, pattern_of
from seqtasks.studies.replicas.replica import Replica
from seqtasks.studies.replicas.ways import Way, same_replicas, way_of
from seqtasks.training import Trainer

__all__ = ["run_block"]

logger = logging.getLogger("seqtasks")

CHECKED = 3
"""How many seeds go through ordinary runs, and are trained as a group too."""
MOST_FAILURES = 3
"""After this many first runs that could not begin, all seeds go through ordinary runs."""
LONG = 5.0
"""Seconds of a run beside which the time that groups save is nothing."""

Stop = Callable[[], bool]


def run_block(
    experiment: Experiment,
    seeds: Sequence[int],
    stop: Stop = lambda: False,
    keep_weights: bool = False,
    *,
    observers: Iterable[Any] | None = None,
    make_model: MakeModel | None = None,
) -> Iterator[Replica]:
    """Train an experiment with each of some seeds, in this thread.

    Each replica has, bit for bit, the numbers of `seqtasks.run(experiment, seed=seed)` with one
    thread. A replica that fails or diverges disturbs no other. Several blocks may be trained at
    once, in a thread each.

    Args:
        experiment: the experiment; its own seed counts for nothing.
        seeds: the seeds.
        stop: asked about every 50 ms; if it returns true, the unfinished replicas are dropped.
        keep_weights: whether to keep the trained weights.
        observers: objects with `hookimpl` methods that see each run.
        make_model: makes the untrained module of a seed, in place of the experiment's own model.

    Yields:
        The replicas, in the order of the seeds.
    """
    seen = None if observers is None else list(observers)

    def ordinary(seed: int, keep: bool = keep_weights, **more: Any) -> Replica | None:
        return run_one(
            experiment,
            seed,
            stop,
            keep_weights=keep,
            observers=seen,
            make_model=make_model,
            **more,
        )

    left = list(seeds)
    way: Way | None = None
    if seen is None and make_model is None:
        with suppress(SeqtasksError):  # the ordinary runs say what is wrong
            way = way_of(experiment)
    if way is not None:
        while way.is_open and len(left) > CHECKED:
            if not way.asking.acquire(blocking=False):  # another block finds out
                first, left = left[:1], left[1:]
                found = [ordinary(seed) for seed in first]
            else:
                try:
                    found, left = _find_out(way, left, ordinary, stop, keep_weights)
                finally:
                    way.asking.release()
            for replica in found:
                if replica is None:
                    return
                yield replica
        if way.pattern is not None and left:
            yield from _in_groups(way, left, ordinary, stop, keep_weights)
            return
    for seed in left:
        replica = None if stop() else ordinary(seed)
        if replica is None:
            return
        yield replica


def _find_out(
    way: Way, left: list[int], ordinary: Callable[..., Replica | None], stop: Stop, keep: bool
) -> tuple[list[Replica | None], list[int]]:
    """Make ordinary runs of the first seeds, and see whether a group gives the same replicas.

    Returns:
        The replicas of these seeds, and the other seeds.
    """
    if not way.is_open:
        return [], left
    tried, left = left[:CHECKED], left[CHECKED:]
    wanted: list[Replica] = []

    def note(run: Run, trainer: Trainer) -> None:
        try:
            way.candidate = pattern_of(run, trainer)
        except NotAlikeError as reason:
            way.refuse(str(reason))

    for seed in tried:
        more = {"prepared": note} if seed == tried[0] else {}
        made = None if stop() else ordinary(seed, True, **more)
        if made is None:
            return [*map(_without_weights, wanted), None] if not keep else [*wanted, None], left
        wanted.append(made)
    found: list[Replica | None] = [*wanted] if keep else [*map(_without_weights, wanted)]
    if way.candidate is not None and way.problem is None:
        _hold_against(way, way.candidate, tried, wanted, stop)
    elif way.is_open:
        way.failures += 1
        if way.failures >= MOST_FAILURES:
            way.refuse("its first runs failed")
    return found, left


def _hold_against(
    way: Way, candidate: Pattern, seeds: list[int], wanted: list[Replica], stop: Stop
) -> None:
    """Accept a pattern if a group gives the replicas of ordinary runs; else refuse it."""
    seconds = min(one.line["seconds"] for one in wanted)
    steps = max(max(one.line["step"] for one in wanted), 1)
    if seconds > LONG:
        way.refuse("its runs are so long that nothing is gained")
        return
    try:
        group = way.group_of(candidate, seeds[0], seconds / steps)
        found = [
            replica
            for first in range(0, len(seeds), group.size)
            for replica in group.run(seeds[first : first + group.size], stop, True)
        ]
    except Interrupted:
        return
    except NotAlikeError as reason:
        way.refuse(str(reason))
    except Exception as error:  # ordinary runs tell whose fault it is
        way.refuse(f"{type(error).__name__} in a group")
    else:
        if all(map(same_replicas, wanted, found)):
            way.accept(seconds / steps)
        else:
            way.refuse("a group gave other numbers")
    if way.problem is not None:
        logger.debug("replicas go through ordinary runs: %s", way.problem)


def _in_groups(
    way: Way, left: list[int], ordinary: Callable[..., Replica | None], stop: Stop, keep: bool
) -> Iterator[Replica]:
    """Train replicas in groups; what a group cannot do goes through ordinary runs."""
    try:
        group = way.group(left[0])
    except NotAlikeError as reason:
        way.refuse(str(reason))
        group = None
    while left:
        size = 1 if group is None else group.size
        some, left = left[:size], left[size:]
        if stop():
            return
        for replica in _of_group(group, some, ordinary, stop, keep):
            if replica is None:
                return
            yield replica


def _of_group(
    group: Group | None,
    seeds: list[int],
    ordinary: Callable[..., Replica | None],
    stop: Stop,
    keep: bool,
) -> Iterator[Replica | None]:
    """Yield the replicas of some seeds, and None if `stop` ended them.

    If one fails, halves of the group are tried, so that only what fails goes through an ordinary
    run, which says what is wrong.
    """
    if group is not None:
        try:
            yield from group.run(seeds, stop, keep)
            return
        except Interrupted:
            yield None
            return
        except Exception:
            if len(seeds) > 1:
                half = len(seeds) // 2
                yield from _of_group(group, seeds[:half], ordinary, stop, keep)
                yield from _of_group(group, seeds[half:], ordinary, stop, keep)
                return
    for seed in seeds:
        yield ordinary(seed)


def _without_weights(replica: Replica) -> Replica:
    return Replica(replica.line)
