"""The plan of a study: its experiments, their seeds, and so its numbered points.

Points are only ever added, at the end, so a point keeps its number.
"""

import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.randomness.streams import stream
from seqtasks.specs.lists import Choices
from seqtasks.specs.ranges import Range
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.labels import as_settings, field_words
from seqtasks.studies.settings import Row, Setting

__all__ = ["MOST_POINTS", "Plan", "check_size", "drawn", "grid", "identity", "plan_of"]

MOST_POINTS = 100_000
"""The most runs that a study makes unless the user says that the size is meant."""

_SAME_RUN = ("seed", "name", "published", "engine", "checkpoint_every")
"""Fields that change no number of a run."""

_MOST_DRAWS = 1000
"""How often a random point is drawn again, on average, because it was drawn before."""

Load = Callable[[Mapping[str, Any]], Experiment]


@dataclass(frozen=True)
class Plan:
    """What a study trains.

    Attributes:
        name: the name of the study.
        settings: its experiments.
        rows: its points: the seeds of one setting after those of another.
        varied: the fields in which the experiments were asked to differ.
    """

    name: str
    settings: tuple[Setting, ...]
    rows: tuple[Row, ...]
    varied: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """The number of its runs."""
        return sum(len(row.seeds) for row in self.rows)

    def seeds_of(self, setting: int) -> Seeds:
        """Return the seeds of a setting; it must have some."""
        rows = [Seeds.read(row.seeds) for row in self.rows if row.setting == setting]
        return Seeds(itertools.chain.from_iterable(row.ranges for row in rows))

    def extended(
        self, experiments: Sequence[Experiment], seeds: Seeds, varied: Sequence[str] = ()
    ) -> "Plan":
        """Return the plan with experiments and seeds added; what it has keeps its number.

        Args:
            experiments: experiments that shall have these seeds, new ones or ones of the plan.
            seeds: their seeds; only those that an experiment lacks are added.
            varied: the fields in which the experiments were asked to differ.
        """
        known = {identity(one.experiment): index for index, one in enumerate(self.settings)}
        everything = [one.experiment for one in self.settings]
        has = {index: self.seeds_of(index) for index in range(len(everything))}
        rows = list(self.rows)
        for experiment in experiments:
            index = known.setdefault(identity(experiment), len(everything))
            if index == len(everything):
                everything.append(experiment)
            missing = seeds.without(has[index]) if index in has else seeds
            has[index] = seeds
            if missing:
                rows.append(_row(index, missing))
        both = tuple(dict.fromkeys((*self.varied, *varied)))
        return Plan(self.name, as_settings(everything, both), tuple(rows), both)


def plan_of(
    experiments: Sequence[Experiment],
    seeds: Seeds,
    *,
    name: str,
    varied: Sequence[str] = (),
) -> Plan:
    """Return the plan that trains each of some experiments with all seeds.

    Args:
        experiments: the experiments.
        seeds: the seeds of each.
        name: the name of the study.
        varied: the fields in which the experiments were asked to differ.

    Raises:
        UsageError: if two experiments are the same.
    """
    found: dict[str, int] = {}
    for index, experiment in enumerate(experiments):
        first = found.setdefault(identity(experiment), index)
        if first != index:
            settings = as_settings(experiments, varied)
            raise UsageError(
                f"'{settings[first].label}' and '{settings[index].label}' are the same experiment; "
                "leave one out"
            )
    rows = tuple(_row(index, seeds) for index in range(len(experiments)))
    return Plan(name, as_settings(experiments, varied), rows, tuple(varied))


def grid(load: Load, choices: Mapping[str, Choices]) -> list[Experiment]:
    """Return the experiment of every combination of values; the last field's change first.

    Args:
        load: returns the experiment that has some values in place of its own.
        choices: the values, by the name of the field.

    Raises:
        UsageError: for a value that comes twice, a range without a number of values, or a
            combination that makes no experiment.
    """
    values = [_named(name, one.grid) for name, one in choices.items()]
    return [
        _loaded(load, dict(zip(choices, combination, strict=True)), len(values) > 1)
        for combination in itertools.product(*values)
    ]


def drawn(
    load: Load, choices: Mapping[str, Choices], count: int, draw_seed: int = 0
) -> list[Experiment]:
    """Return experiments with values drawn at random; more points have the same first ones.

    A range is drawn from as a whole, whatever number of values its grid would have.

    Args:
        load: returns the experiment that has some values in place of its own.
        choices: the values to draw from, by the name of the field.
        count: how many experiments.
        draw_seed: the seed of the draws.

    Raises:
        UsageError: if there are not as many different ones, or one makes no experiment.
    """
    if count < 1:
        raise UsageError(f"the number of random points must be at least 1, got {count}")
    total = math.prod(_different(one) for one in choices.values())
    if count >= total:
        raise UsageError(
            f"{count} random points were asked for, but there are only {int(total)}: leave the "
            "number out to take them all"
        )
    found: dict[str, dict[str, Any]] = {}
    for number in itertools.count():
        chooser = _Drawn(draw_seed, number)
        values = {name: one.chosen(chooser, name) for name, one in choices.items()}
        found.setdefault(repr(sorted(values.items(), key=lambda item: item[0])), values)
        if len(found) == count:
            break
        if number > _MOST_DRAWS * count:
            raise UsageError(
                f"only {len(found)} of {count} random points differ; ask for fewer, or widen a "
                "range"
            )
    return [_loaded(load, values, True) for values in found.values()]


def check_size(choices: Mapping[str, Choices], seeds: int, count: int | None, yes: bool) -> None:
    """Refuse a study that is so large that it is likely a mistake, before it is made.

    Args:
        choices: the values of its grid, by the name of the field.
        seeds: the number of seeds.
        count: the number of random points; None for the grid.
        yes: whether the user said that the size is meant.

    Raises:
        UsageError: with the size and how it comes about.
    """
    of_grid = choices if count is None else {}
    counts = {name: _named(name, one.count) for name, one in of_grid.items()}
    points = math.prod(counts.values()) if count is None else count
    if points * seeds <= MOST_POINTS or yes:
        return
    parts = [f"{field_words(n)}: {number:,}" for n, number in counts.items() if number > 1]
    parts = [*([f"points: {points:,}"] if count else parts), f"seeds: {seeds:,}"]
    raise UsageError(
        f"that would be {points * seeds:,} runs ({', '.join(parts)}); --yes says that it is meant"
    )


def identity(experiment: Experiment) -> str:
    """Return a text that two experiments share if their runs give the same numbers."""
    data, sources = experiment.to_json()
    kept = {name: value for name, value in data.items() if name not in _SAME_RUN}
    digests = {kind: source.digest for kind, source in sources.items()}
    return json.dumps([kept, digests], sort_keys=True, default=str)


class _Drawn:
    """Chooses at random; each part of each point has a stream of its own."""

    def __init__(self, seed: int, number: int) -> None:
        self._seed, self._number = seed, number

    def index(self, name: str, choices: Sequence[str]) -> int:
        return int(self._uniform(name) * len(choices))

    def number(self, name: str, numbers: Range) -> float:
        return numbers.drawn(self._uniform(name))

    def _uniform(self, name: str) -> float:
        return float(stream(self._seed, f"random points {name}", self._number).random())


def _different(choices: Choices) -> float:
    """Return how many different values can be drawn; infinite for a range of numbers."""
    return sum(_parts_different(item) for item in choices.items)


def _parts_different(item: Any) -> float:
    if isinstance(item, Range):
        return item.last - item.first + 1 if item.whole else math.inf
    parameters: Sequence[tuple[str, Choices]] = getattr(item, "parameters", ())
    return math.prod(_different(one) for _, one in parameters)


def _loaded(load: Load, values: Mapping[str, Any], name_them: bool) -> Experiment:
    """Return an experiment; an error names its values if there are others."""
    try:
        return load(values)
    except UsageError as error:
        if not name_them or "\n" in str(error):
            raise
        shown = ", ".join(f"{field_words(name)} {value}" for name, value in values.items())
        raise UsageError(f"{shown:.200}: {error}") from None


def _named(name: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except UsageError as error:
        raise UsageError(f"{field_words(name)}: {error}") from None


def _row(setting: int, seeds: Seeds) -> Row:
    """Return the points of a setting; consecutive seeds stay a range."""
    return Row(setting, seeds.ranges[0] if len(seeds.ranges) == 1 else tuple(seeds))
