"""Train many seeds of one experiment in one thread."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.experiments.experiment import Experiment
from seqtasks.runs.training_run import Run
from seqtasks.studies.replicas.group import Group
from seqtasks.studies.replicas.group_training import Interrupted
from seqtasks.studies.replicas.idle_groups import IdleGroups
from seqtasks.studies.replicas.one_run import MakeModel, run_one
from seqtasks.studies.replicas.pattern import NotAlikeError, Pattern, pattern_of
from seqtasks.studies.replicas.replica import Replica
from seqtasks.studies.replicas.ways import Way, forget, same_replicas, share, way_of
from seqtasks.training import Trainer

__all__ = ["run_block"]

logger = logging.getLogger("seqtasks")

CHECKED = 2
"""How many seeds go through ordinary runs, and are trained as a group too."""
MOST_FAILURES = 3
"""After this many first runs that could not begin, all seeds go through ordinary runs."""
LONG = 3.0
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
    idle: IdleGroups | None = None,
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
        idle: the groups of earlier blocks of the study; None to make a new one.

    Yields:
        The replicas, in the order of the seeds.
    """
    seen = None if observers is None else list(observers)

    def ordinary(seed: int, keep: bool = keep_weights, **more: Any) -> Replica | None:
        given: dict[str, Any] = {"observers": seen, "make_model": make_model, **more}
        return run_one(experiment, seed, stop, keep_weights=keep, **given)

    left, idle = list(seeds), idle or IdleGroups()
    way: Way | None = None
    if seen is None and make_model is None:
        with suppress(SeqtasksError):  # the ordinary runs say what is wrong
            way = way_of(experiment, idle)
            share(way)
    while left:
        if way is not None and way.pattern is not None:
            yield from _in_groups(way, left, ordinary, stop, keep_weights, idle)
            return
        seed = left.pop(0)
        if stop():
            return
        if way is None or way.problem is not None:
            replica = ordinary(seed)
        else:
            replica = _tried(way, seed, ordinary, stop)
        if replica is None:
            return
        yield replica if keep_weights else Replica(replica.line)


def _tried(
    way: Way, seed: int, ordinary: Callable[..., Replica | None], stop: Stop
) -> Replica | None:
    """Make an ordinary run, and after the last of the first ones see whether a group equals them.

    Blocks in several threads may do so at once.
    """
    patterns: list[Pattern] = []

    def note(run: Run, trainer: Trainer) -> None:
        if way.candidate is None and way.is_open:
            try:
                patterns.append(pattern_of(run, trainer))
            except NotAlikeError as reason:
                way.refuse(str(reason))

    began = time.thread_time()  # neither a compiler nor another process is counted
    replica = ordinary(seed, True, prepared=note)
    if replica is None:
        return None
    way.seconds = min(way.seconds, time.thread_time() - began)
    if patterns and way.candidate is None and way.is_open:
        way.candidate = patterns[0]  # not before: until now the run used its model
    if way.candidate is None and way.is_open:
        way.failures += 1
        if way.failures >= MOST_FAILURES:
            way.refuse("its first runs failed")
    trained = replica.line["status"] in ("ended", "diverged")
    wanted = way.first_runs(seed, replica, CHECKED) if trained else {}
    if wanted and way.candidate is not None:
        _hold_against(way, way.candidate, wanted, stop)
    return replica


def _hold_against(way: Way, candidate: Pattern, wanted: dict[int, Replica], stop: Stop) -> None:
    """Accept a pattern if a group gives the replicas of ordinary runs; else refuse it."""
    seeds = list(wanted)
    steps = max(1, *(one.line["step"] for one in wanted.values()))
    if way.seconds > LONG:
        way.refuse("its runs are so long that nothing is gained")
        return
    try:
        group = way.group_of(candidate, seeds[0], way.seconds / steps)
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
        if all(map(same_replicas, wanted.values(), found)):
            way.accept(way.seconds / steps)
        else:
            way.refuse("a group gave other numbers")
    if way.problem is not None:
        logger.debug("replicas go through ordinary runs: %s", way.problem)


def _in_groups(
    way: Way,
    left: list[int],
    ordinary: Callable[..., Replica | None],
    stop: Stop,
    keep: bool,
    idle: IdleGroups,
) -> Iterator[Replica]:
    """Train replicas in groups; what a group cannot do goes through ordinary runs."""
    try:
        group = way.group(left[0], idle)
    except NotAlikeError as reason:
        way.refuse(str(reason))
        forget(way, idle)
        group = None
    while left:
        size = 1 if group is None else way.group_size(group)
        some, left = left[:size], left[size:]
        if stop():
            return
        for replica in _of_group(group, some, ordinary, stop, keep):
            if replica is None:
                return
            way.seconds_each = replica.line["seconds"]
            yield replica
    if group is not None:
        idle.put(group)


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
