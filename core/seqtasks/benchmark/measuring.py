"""Measure contenders side by side: in turns, in bursts of steps, medians with spread."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from seqtasks.benchmark.contenders import CONTENDERS, build
from seqtasks.benchmark.contenders.base import UnavailableError, Variant, using_threads
from seqtasks.benchmark.problem import Problem
from seqtasks.errors import UsageError, one_line

__all__ = ["Measured", "Timing", "in_turns", "measure", "thread_counts"]

BURST_SECONDS = 0.2
LEAST_STEPS = 3
HOPELESS = 1.5
"""Stop measuring a variant if another variant of its contender is this many times as fast."""


@dataclass(frozen=True)
class Timing:
    """The time of a contender's training step.

    Attributes:
        contender: the contender's name.
        setting: the fastest variant, such as `2 threads`.
        ms: milliseconds per step: the median of the rounds.
        low: milliseconds per step in the fastest round.
        high: milliseconds per step in the slowest round.
    """

    contender: str
    setting: str
    ms: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """One problem's timings, and the reason if a contender has none."""

    problem: Problem
    timings: list[Timing]
    left_out: dict[str, str]
    interrupted: bool = False
    """Whether rounds are missing, for an interrupt came first."""

    def rows(self) -> list[dict[str, str | float]]:
        """Return one row for each contender: size, cell, contender, ms, low, high."""
        where = {"size": self.problem.size.name, "cell": self.problem.cell}
        return [
            {**where, "contender": one.contender, "ms": one.ms, "low": one.low, "high": one.high}
            for one in self.timings
        ]

    def ratio(self, slower: str, faster: str) -> float | None:
        """Return the ratio of two contenders' medians; None if one is missing."""
        ms = {timing.contender: timing.ms for timing in self.timings}
        return ms[slower] / ms[faster] if slower in ms and faster in ms else None


@dataclass
class _Entry:
    """A variant in the race: the steps of its burst, and the result of each round."""

    contender: str
    variant: Variant
    steps: int
    seconds: float
    rounds: list[float]


def thread_counts() -> list[int]:
    """Return the numbers of threads to try: one, two, and all threads of torch."""
    available = torch.get_num_threads()
    return sorted({1, min(2, available), available})


def measure(
    problem: Problem,
    contenders: Sequence[str] = CONTENDERS,
    repeats: int = 5,
    burst_seconds: float = BURST_SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Measure contenders on a problem.

    Each variant first trains for a while. This compiles and warms up, and finds how many steps make
    a burst. Then each round times a burst of each variant, in turns. A contender's time is the
    lowest median among its variants.

    Args:
        problem: the problem to train.
        contenders: some of `CONTENDERS`.
        repeats: the number of rounds.
        burst_seconds: the approximate time of a burst.
        tell: receives a text about what is being done, and at the end an empty text.

    Returns:
        The timings; after an interrupt, of the rounds there were until then.

    Raises:
        UsageError: if the cell does not exist.
        KeyboardInterrupt: for an interrupt before the first burst was timed.
    """
    left_out: dict[str, str] = {}
    entries: list[_Entry] = []
    for name in contenders:
        tell(f"{name}: warming up")
        try:
            entries += _warmed_up(name, build(name, problem, thread_counts()), burst_seconds)
        except UnavailableError as error:
            left_out[name] = str(error)
        except UsageError:
            raise
        except Exception as error:
            left_out[name] = one_line(error)
    interrupted = _make_rounds(entries, repeats, tell)
    return Measured(problem, _fastest(contenders, entries), left_out, interrupted)


def in_turns(
    contenders: Mapping[str, Sequence[Variant]],
    repeats: int,
    burst_seconds: float = BURST_SECONDS,
    tell: Callable[[str], None] = lambda _: None,
    least_steps: int = LEAST_STEPS,
) -> list[Timing]:
    """Measure ways to train that are made already, as `measure` does.

    Args:
        contenders: the variants of each, by its name.
        repeats: the number of rounds.
        burst_seconds: the approximate time of a burst.
        tell: receives a text about what is being done, and at the end an empty text.
        least_steps: the fewest steps of a burst.

    Raises:
        UnavailableError: if a loss is not finite.
        KeyboardInterrupt: for an interrupt before each way had a burst.
    """
    entries: list[_Entry] = []
    for name, variants in contenders.items():
        tell(f"{name}: warming up")
        entries += _warmed_up(name, variants, burst_seconds, least_steps)
    if _make_rounds(entries, repeats, tell) and not all(entry.rounds for entry in entries):
        raise KeyboardInterrupt
    return _fastest(list(contenders), entries)


def _make_rounds(entries: Sequence[_Entry], repeats: int, tell: Callable[[str], None]) -> bool:
    """Time a burst of each entry in each round; say whether an interrupt came after the first."""
    try:
        for turn in range(repeats):
            tell(f"round {turn + 1} of {repeats}")
            # There and back, so that no variant always follows the same neighbour.
            for entry in entries if turn % 2 == 0 else reversed(entries):
                with using_threads(entry.variant.threads):
                    entry.variant.run(max(1, entry.steps // 10))
                    entry.rounds.append(_seconds_a_step(entry.variant, entry.steps))
    except KeyboardInterrupt:
        if not any(entry.rounds for entry in entries):
            raise
        tell("")
        return True
    tell("")
    return False


def _warmed_up(
    name: str, variants: Sequence[Variant], burst_seconds: float, least_steps: int = LEAST_STEPS
) -> list[_Entry]:
    entries: list[_Entry] = []
    for variant in variants:
        with using_threads(variant.threads):
            if not all(map(math.isfinite, variant.run(2))):
                raise UnavailableError("its loss is not finite")
            steps = 1
            seconds = _seconds_a_step(variant, steps)
            while steps * seconds < burst_seconds / 4:
                steps *= 4
                seconds = _seconds_a_step(variant, steps)
        burst = max(least_steps, round(burst_seconds / seconds))
        entries.append(_Entry(name, variant, burst, seconds, []))
    best = min(entry.seconds for entry in entries)
    return [entry for entry in entries if entry.seconds <= HOPELESS * best]


def _seconds_a_step(variant: Variant, steps: int) -> float:
    start = time.perf_counter()
    variant.run(steps)
    return (time.perf_counter() - start) / steps


def _fastest(contenders: Sequence[str], entries: Sequence[_Entry]) -> list[Timing]:
    timings: list[Timing] = []
    for name in contenders:
        own = [entry for entry in entries if entry.contender == name and entry.rounds]
        if own:
            best = min(own, key=lambda entry: median(entry.rounds))
            ms = [1000 * seconds for seconds in best.rounds]
            setting = best.variant.setting
            timings.append(Timing(name, setting, median(ms), min(ms), max(ms)))
    return timings
