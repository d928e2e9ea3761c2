"""Add seeds until differences are sure: when to look, what each look says, when to stop.

The looks are planned beforehand, and the error is spent over them, so that looking again and again
does not find more differences than there are. See `seqtasks.statistics.sequential`.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.experiments.experiment import Experiment
from seqtasks.statistics.sequential import (
    critical_values,
    doubling_looks,
    repeated_interval,
    repeated_p_value,
)
from seqtasks.statistics.shares import Interval
from seqtasks.studies.measures import Measure, measure_name, measures_of, metrics_of
from seqtasks.studies.pairs import Entrant, entrant_data

__all__ = ["METHODS", "SEQUENTIAL", "UNCORRECTED", "UntilSure", "Verdict", "with_verdicts"]

METHODS = (
    "until sure: looks at doubled numbers of seeds, error spent as by Pocock (Lan and DeMets 1983)",
    "until sure: repeated confidence intervals (Jennison, Turnbull 1989), Bonferroni over pairs",
)
"""The method, by name."""

SEQUENTIAL = "group-sequential"
"""The `test` of an entry of `pairs` whose interval and p-value hold for all looks."""

UNCORRECTED = "not corrected for seeds that were added"
"""How the note of an entry begins whose numbers are for a fixed number of seeds."""

ERROR = 0.05


@dataclass(frozen=True)
class UntilSure:
    """How long to add seeds.

    Attributes:
        measure: the measure whose differences decide, such as `steps_to_solve`, `solved` or
            `token_accuracy at 10`. It must have a largest number.
        width: an interval of a difference is narrow enough at this width, as a share of the largest
            difference that is possible (of the step limit, or of 1).
        first: the seeds at the first look.
        most: the seeds at the last look.
    """

    measure: str = "steps_to_solve"
    width: float = 0.1
    first: int = 25
    most: int = 1000

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            UsageError: for a width or a number of seeds that makes no sense.
        """
        if not 0 < self.width < 2:
            raise UsageError(
                f"the width must be a share of the largest difference, above 0 and below 2, got "
                f"{self.width:g}"
            )
        if self.first < 2:
            raise UsageError(
                f"seeds are added to 2 seeds or more, got {self.first}: give --seeds 2 or more"
            )
        if self.most < self.first:
            raise UsageError(
                f"--most-seeds must be at least {self.first}, the seeds at the first look, got "
                f"{self.most}; --seeds sets the first look"
            )

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds at which to look: `first`, doubled each time, up to `most`."""
        return doubling_looks(self.first, self.most)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return asdict(self)

    def next_look(self, seeds: int) -> int | None:
        """Return the number of seeds at the look after a number of seeds; None if none is left."""
        return next((look for look in self.looks if look > seeds), None)

    def verdicts(self, entrants: Sequence[Entrant]) -> list["Verdict"]:
        """Return what the last look says of each two settings of one task.

        Seeds after the last look that is complete do not count yet.

        Raises:
            UsageError: if a setting has no such measure, or nothing is paired.
        """
        couples = [
            (one, other) for one, other in combinations(entrants, 2) if one.task == other.task
        ]
        return [self._verdict(one, other, len(couples)) for one, other in couples]

    def is_done(self, entrants: Sequence[Entrant]) -> bool:
        """Say whether each difference is sure, or no look is left."""
        verdicts = self.verdicts(entrants)
        return all(one.sure or one.seeds >= self.most for one in verdicts)

    def _verdict(self, one: Entrant, other: Entrant, tests: int) -> "Verdict":
        differences, largest = self._differences(one, other)
        seen = [look for look in self.looks if look <= len(differences)]
        if not seen:
            unknown = Interval(-largest, largest)
            return Verdict(one.label, other.label, 0, 0.0, unknown, 1.0, "undecided")
        critical = critical_values(self.looks, ERROR / tests)[len(seen) - 1]
        some = differences[: seen[-1]]
        interval = repeated_interval(some, largest, critical)
        p = min(repeated_p_value(some, largest, self.looks) * tests, 1.0)
        if interval.low > 0 or interval.high < 0:
            says = "differs"
        elif interval.high - interval.low <= self.width * largest:
            says = "narrow"
        else:
            says = "undecided"
        mean = float(some.mean())
        return Verdict(one.label, other.label, seen[-1], mean, interval, p, says)

    def _differences(self, one: Entrant, other: Entrant) -> tuple[Any, float]:
        """Return the differences in the order of the seeds, and the largest that is possible."""
        if one.data != other.data:
            raise UsageError(
                f"{one.label} and {other.label} have no pairs, for their data differ: seeds cannot "
                "be added until their difference is sure"
            )
        both = one.outcomes, other.outcomes
        limit = min(outcomes.step_limit for outcomes in both)
        _, *places = np.intersect1d(
            both[0].seeds, both[1].seeds, assume_unique=True, return_indices=True
        )
        found = [
            self._find(measures_of(entrant.outcomes, entrant.metrics, limit), entrant.label)
            for entrant in (one, other)
        ]
        values = [own.values[place] for own, place in zip(found, places, strict=True)]
        difference = values[0] - values[1]
        return difference[np.isfinite(difference)], found[0].largest or 1.0

    def _find(self, measures: Mapping[str, Measure], label: str) -> Measure:
        self._check_measure({name: found.largest for name, found in measures.items()}, label)
        return measures[self.measure]

    def check(self, experiments: Sequence[Experiment]) -> None:
        """Check before the first run that the differences of settings can become sure.

        Raises:
            UsageError: if a setting will have no such measure, or if settings of one task have no
                pairs.
        """
        data: dict[Hashable, Hashable] = {}
        for experiment in experiments:
            largest: dict[str, float | None] = {"solved": 1.0, "steps_to_solve": 1.0}
            lengths = [str(length) for length in experiment.evaluation_lengths or ()]
            lengths += [] if experiment.score is None else [experiment.score]
            for metric in metrics_of(experiment):
                for length in lengths:
                    name = measure_name(metric.name, length)
                    largest[name] = 1.0 if metric.fraction else None
            self._check_measure(largest, experiment.run_name)
            task, own = entrant_data(experiment)
            if data.setdefault(task, own) != own:
                raise UsageError(
                    "--until-sure compares runs of one seed on the same data: all settings of a "
                    "task need the same length, batch size and numbers of sequences"
                )

    def _check_measure(self, largest: Mapping[str, float | None], label: str) -> None:
        if self.measure not in largest:
            hint = did_you_mean(self.measure, largest) or f" It has: {', '.join(largest)}."
            raise UsageError(f"{label} has no measure '{self.measure}'.{hint}")
        if largest[self.measure] is None:
            raise UsageError(
                f"'{self.measure}' has no largest value, which --until-sure needs; take "
                "steps_to_solve, solved or an accuracy"
            )


@dataclass(frozen=True)
class Verdict:
    """What a look says of two settings.

    Attributes:
        a, b: the labels.
        seeds: the pairs that the look has seen.
        difference: the mean difference.
        interval: its interval. It holds at all looks together, over all pairs.
        p_value: the p-value, corrected for looks and pairs.
        says: `differs` if the interval excludes 0, `narrow` if it does not and is narrow enough,
            else `undecided`.
    """

    a: str
    b: str
    seeds: int
    difference: float
    interval: Interval
    p_value: float
    says: str

    @property
    def sure(self) -> bool:
        """Whether no more seeds are needed."""
        return self.says != "undecided"


def with_verdicts(
    entries: Sequence[dict[str, Any]], plan: UntilSure, verdicts: Sequence[Verdict]
) -> list[dict[str, Any]]:
    """Return the entries of `pairs` with the intervals and p-values of the looks.

    An interval for a fixed number of seeds is too narrow after seeds were added until something
    showed. The entries of the measure that decided have the interval and the p-value of the looks,
    a `verdict`, and no `detectable`, which is for a fixed number of seeds. The others, and all
    before the first look, say that theirs are for a fixed number of seeds.
    """
    by_pair = {(one.a, one.b): one for one in verdicts}
    found: list[dict[str, Any]] = []
    for entry in entries:
        verdict = by_pair.get((entry["a"], entry["b"]))
        if verdict is None or verdict.seeds == 0 or entry["measure"] != plan.measure:
            note = f"{UNCORRECTED} until {plan.measure} was sure"
            found.append({**entry, "note": "; ".join(filter(None, [entry.get("note"), note]))})
            continue
        note = f"after {verdict.seeds} seeds: {verdict.says}"
        changed = {
            "n": verdict.seeds,
            "difference": verdict.difference,
            "interval": list(verdict.interval[:2]),
            "p_value": verdict.p_value,
            "p_holm": verdict.p_value,
            "detectable": None,
            "test": SEQUENTIAL,
            "verdict": verdict.says,
        }
        kept = [part for part in (entry.get("note") or "").split("; ") if part != "no spread"]
        found.append({**entry, **changed, "note": "; ".join(filter(None, [*kept, note]))})
    return found
