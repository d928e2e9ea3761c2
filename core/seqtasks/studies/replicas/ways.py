"""Decide whether replicas can be trained in groups, and keep the decision for later blocks.

The first seeds of an experiment go through ordinary runs. Their replicas are then trained as a
group too. Only if both give the same lines and the same weights, bit for bit, do other seeds go
through groups. An experiment that differs from it in the learning rate alone needs no trial: the
rates are numbers that the same program is given.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from seqtasks.cells import Cell, Readout
from seqtasks.engine.native.execute.find_compiler import CompilerError, flags
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.build import CELL_SIZES, READOUT_SIZES
from seqtasks.models.caller_settings import own_settings
from seqtasks.registry.find import find
from seqtasks.studies.replicas.group import Group
from seqtasks.studies.replicas.idle_groups import IdleGroups
from seqtasks.studies.replicas.initial_weights import (
    CannotRepeatError,
    InitialWeights,
    named_tensors,
)
from seqtasks.studies.replicas.made_weights import MadeWeights
from seqtasks.studies.replicas.pattern import NotAlikeError, Pattern
from seqtasks.studies.replicas.replica import Replica

__all__ = ["Tried", "Way", "apart_from_rate", "equal", "forget", "same_replicas", "share", "way_of"]

FEW, SECONDS_PER_GROUP = 8, 1.0
"""The replicas of a first group, and how long a later one may take: its replicas end together."""
RECORDED = 715_225_739
"""The seed of the model whose making is recorded. The check is made with other seeds."""
MOST_KEPT = 32
"""The most experiments whose patterns are kept."""


@dataclass(frozen=True)
class Tried:
    """What the trial of an experiment found before a study began.

    Attributes:
        engine: the engine that runs it.
        parameters: the number of trained numbers.
        draws: whether its model draws by place; None if nobody asked.
        said: what was said, with its level.
    """

    engine: str
    parameters: int
    draws: bool | None
    said: Sequence[tuple[int, str]]


@dataclass(eq=False)
class Way:
    """How the replicas of an experiment are trained.

    Attributes:
        key: the experiment, and the things that its specs name.
        pattern: what replicas in groups share; None while nobody has found out, or if they cannot
            be trained in groups.
        problem: why they cannot.
        candidate: a pattern that has not been tried yet.
        seconds_per_step: how long a step of training took in ordinary runs.
        seconds_each: how long a replica took in the last group; None before the first.
        seconds: the least time of the processor that an ordinary run took.
        failures: how many first runs failed.
        settled: what a study found out about the experiment before it began; None if none has.
    """

    key: tuple[Any, ...]
    pattern: Pattern | None = None
    problem: str | None = None
    candidate: Pattern | None = None
    seconds_per_step: float = 0.0
    seconds_each: float | None = None
    seconds: float = math.inf
    failures: int = 0
    settled: Tried | None = None
    _first: dict[int, Replica] = field(default_factory=dict[int, Replica])
    _adding: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        """Whether nobody has found out yet."""
        return self.pattern is None and self.problem is None

    @cached_property
    def apart(self) -> tuple[Any, ...]:
        """The key, but for the learning rate."""
        compiled, experiment, *things = self.key
        return compiled, apart_from_rate(experiment), *things

    def still_holds(self) -> bool:
        """Say whether replicas are trained in groups, by code that is what it was."""
        pattern = self.pattern
        return pattern is not None and pattern.still_holds()

    def first_runs(self, seed: int, replica: Replica, count: int) -> dict[int, Replica]:
        """Add an ordinary run to the first ones; return them, by seed, when there are enough."""
        with self._adding:
            if not self.is_open or self.candidate is None:
                return {}
            self._first[seed] = replica
            enough = len(self._first) >= count
            first, self._first = self._first, {} if enough else self._first
            return first if enough else {}

    def refuse(self, problem: str) -> None:
        """Send all further replicas through ordinary runs."""
        self.pattern = self.candidate = None
        self.problem = problem

    def accept(self, seconds_per_step: float) -> None:
        """Train further replicas in groups."""
        self.seconds_per_step = seconds_per_step
        self.pattern, self.candidate = self.candidate, None

    def group(self, seed: int, idle: IdleGroups) -> Group:
        """Return an idle group, or room for a new one; see `group_of`."""
        with own_settings():
            if self.pattern is None or not idle.holds(self.pattern):
                raise NotAlikeError(self.problem or "its code has changed")
        return idle.take(self.pattern) or self.group_of(self.pattern, seed, self.seconds_per_step)

    def group_size(self, group: Group) -> int:
        """Return how many replicas to train together, so that they end within about a second."""
        if self.seconds_each is None:
            return min(group.size, FEW)
        return min(group.size, max(1, int(SECONDS_PER_GROUP / self.seconds_each)))

    def group_of(self, pattern: Pattern, seed: int, seconds_per_step: float) -> Group:
        """Return room for a group, after making a model of a seed to hold its weights against.

        Raises:
            NotAlikeError: if replicas are not certain to have the numbers of ordinary runs.
        """
        with own_settings():
            return Group(pattern, initial_weights(pattern, seed), seconds_per_step)


_ways: list[Way] = []
_changing = threading.Lock()


def way_of(experiment: Experiment, idle: IdleGroups | None = None) -> Way:
    """Return the way of an experiment, whatever its seed; a new one if nobody has asked for it.

    Args:
        experiment: the experiment.
        idle: what the blocks of a study share: they look the way up once.

    Raises:
        SeqtasksError: if the experiment names what is not there.
    """
    known = None if idle is None else idle.known.get(id(experiment))
    if known is not None:
        return known[1]
    way = _found(_key(experiment))
    if idle is not None:
        idle.known[id(experiment)] = experiment, way
    return way


def _found(key: tuple[Any, ...]) -> Way:
    with _changing:
        for place, way in enumerate(_ways):
            if equal(way.key, key):
                _ways.append(_ways.pop(place))
                return way
        way = Way(key)
        _ways.append(way)
        del _ways[:-MOST_KEPT]
        return way


def share(way: Way) -> None:
    """Let a way take over what was found out about an experiment at another learning rate."""
    if not way.is_open or way.candidate is not None:
        return
    with _changing:
        others = [(one, one.pattern) for one in _ways if one is not way]
    for other, pattern in reversed(others):
        if pattern is not None and equal(other.apart, way.apart):
            way.pattern = pattern.with_learning_rate(way.key[1].learning_rate)
            way.seconds_each = other.seconds_each
            way.seconds_per_step, way.seconds = other.seconds_per_step, other.seconds
            return


def apart_from_rate(experiment: Experiment) -> Experiment:
    """Return what experiments have in common that differ in seed, name and learning rate alone."""
    return experiment.with_changes(seed=0, name=None, published=(), learning_rate=1.0)


def forget(way: Way, idle: IdleGroups) -> None:
    """Find out anew for later blocks, because the code of an experiment has changed.

    Whatever took over from it, or gave to it, is forgotten too.
    """
    idle.known.clear()
    with _changing:
        _ways[:] = [one for one in _ways if not equal(one.apart, way.apart)]


def equal(one: Any, other: Any) -> bool:
    """Say whether two things are equal; a user's task may hold what cannot be compared."""
    try:
        return bool(one == other)
    except Exception:
        return False


def _key(experiment: Experiment) -> tuple[Any, ...]:
    """Return what tells two experiments apart: their settings, and the classes of their things."""
    things: list[Any] = [type(experiment.make_task())]
    cell, readout = experiment.cell, experiment.readout
    things.append(find("cell", cell, Cell, CELL_SIZES).target if isinstance(cell, str) else cell)
    named = isinstance(readout, str)
    things.append(find("readout", readout, Readout, READOUT_SIZES).target if named else readout)
    plain = experiment.with_changes(seed=0, name=None, published=())
    try:
        compiled = tuple(flags())
    except CompilerError as error:
        compiled = (str(error),)
    return compiled, plain, *things


def initial_weights(pattern: Pattern, seed: int) -> InitialWeights | MadeWeights:
    """Return what draws the initial weights, after comparing them with a model of a seed.

    Raises:
        NotAlikeError: if other seeds may have other weights than their models.
    """
    make, settle = pattern.makers(RECORDED)
    try:
        weights = InitialWeights(make, settle, pattern.leaves)
    except CannotRepeatError:
        return MadeWeights(pattern.model_of, pattern.leaves, pattern.experiment.seed)
    weights.draw(seed)
    wanted, found = named_tensors(pattern.model_of(seed)), named_tensors(weights.model)
    if list(wanted) != list(found) or not all(same(wanted[k], found[k]) for k in wanted):
        raise NotAlikeError("its initial weights are more than draws from one stream")
    return weights


def same_replicas(one: Replica, other: Replica) -> bool:
    """Say whether two replicas have the same numbers, bit for bit."""
    lines = [{k: v for k, v in replica.line.items() if k != "seconds"} for replica in (one, other)]
    if lines[0] != lines[1]:
        return False
    a, b = one.tensors, other.tensors
    if a is None or b is None:
        return a is b
    return list(a) == list(b) and all(same(a[name], b[name]) for name in a)


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Say whether two tensors have the same type, shape and bits; any NaN equals itself."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    octets = [tensor.detach().contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other)]
    return torch.equal(octets[0], octets[1])
