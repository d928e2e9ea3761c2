"""Measure a cell: its engine, its training step beside the plain loop's, its compilation."""

import os
import resource
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from seqtasks.benchmark.contenders.base import Variant, using_threads
from seqtasks.benchmark.measuring import BURST_SECONDS, Timing, in_turns
from seqtasks.benchmark.problem import Problem
from seqtasks.engine.native.execute.kept_libraries import CACHE_VARIABLE
from seqtasks.tasks.settings import EngineName
from seqtasks.training import Trainer

__all__ = ["CellSpeed", "measure_cell"]

ONE = 1
"""The threads of every measurement here."""


@dataclass(frozen=True)
class CellSpeed:
    """A cell's training step, and how long its program takes to make.

    Attributes:
        problem: what is trained.
        engine: the engine that `auto` settles on.
        reason: why that engine is not the native one; empty if it is.
        step: the time of a training step by that engine.
        plain: the time by the plain loop; the same if that is the engine.
        compile_seconds: processor time of the compiler; 0 if it was not called.
        prepare_seconds: all processor time between a model and its first step, the compiler's and
            our own: recording, planning, the trial.
    """

    problem: Problem
    engine: str
    reason: str
    step: Timing
    plain: Timing
    compile_seconds: float
    prepare_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as long the plain loop takes, by the fastest round of each."""
        return self.plain.low / self.step.low

    def row(self) -> dict[str, Any]:
        """Return the figures as one row of a document."""
        return {
            "cell": self.problem.cell,
            "size": self.problem.size.name,
            "engine": self.engine,
            "reason": self.reason,
            "ms": self.step.low,
            "plain_ms": self.plain.low,
            "ratio": self.ratio,
            "compile_seconds": self.compile_seconds,
            "prepare_seconds": self.prepare_seconds,
        }


def measure_cell(
    problem: Problem,
    repeats: int = 3,
    burst_seconds: float = BURST_SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> CellSpeed:
    """Measure a cell's training step on one thread, in turns with the plain loop.

    Its program is compiled anew: no kept program is used, and none is kept.

    Args:
        problem: what is trained; it names the cell.
        repeats: the number of rounds.
        burst_seconds: the approximate time of a burst of steps; a slow step is a burst of its own.
        tell: receives a text about what is being done, and at the end an empty text.

    Raises:
        UsageError: if the cell does not exist or cannot be made.
    """
    tell("making its program")
    with using_threads(ONE), _no_kept_programs():
        own, compiler = time.process_time(), _seconds_of_children()
        trainer = _trainer(problem, "auto")
        compiler = _seconds_of_children() - compiler
        prepared = time.process_time() - own + compiler
        ways = {"auto": trainer}
        if trainer.engine != "plain":
            ways["plain"] = _trainer(problem, "plain")
        variants = {name: [Variant(name, ONE, way.advance)] for name, way in ways.items()}
        timings = {
            timing.contender: timing
            for timing in in_turns(variants, repeats, burst_seconds, tell, least_steps=1)
        }
    for way in ways.values():
        way.close()
    engines: Any = trainer.model.engines
    return CellSpeed(
        problem,
        trainer.engine,
        "" if trainer.engine == "native" else engines.reasons.get("native", "it gives no reason"),
        timings["auto"],
        timings.get("plain", timings["auto"]),
        compiler,
        prepared,
    )


def _trainer(problem: Problem, engine: EngineName) -> Trainer:
    return Trainer(
        problem.model(),
        problem.source,
        "adam",
        problem.learning_rate,
        engine=engine,
        threads=ONE,
    )


def _seconds_of_children() -> float:
    """Return the processor time of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _no_kept_programs() -> Generator[None]:
    """Compile every program anew for a while."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = ""
    try:
        yield
    finally:
        if before is None:
            del os.environ[CACHE_VARIABLE]
        else:
            os.environ[CACHE_VARIABLE] = before
