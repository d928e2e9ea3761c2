"""The contenders `plain`, `torch` and `native`: our engines, through the trainer that runs use."""

import inspect
from collections.abc import Sequence
from typing import Any

from seqtasks.benchmark.contenders.base import UnavailableError, Variant, per_thread_count
from seqtasks.benchmark.problem import Problem
from seqtasks.training import Trainer

__all__ = ["native", "plain", "torch"]


def plain(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the plain loop at each number of threads."""
    return _engine("plain", problem, threads)


def torch(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the engine of tensor operations at each number of threads."""
    return _engine("torch", problem, threads)


def native(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the native program at each number of threads."""
    return _engine("native", problem, threads)


def _engine(name: str, problem: Problem, threads: Sequence[int]) -> list[Variant]:
    return per_thread_count(threads, lambda: _trainer(name, problem).advance)


def _trainer(name: str, problem: Problem) -> Trainer:
    choice: dict[str, Any] = (
        {"engine": name} if "engine" in inspect.signature(Trainer).parameters else {}
    )
    if name != "plain" and not choice:
        raise UnavailableError(f"this version has no engine '{name}'")
    return Trainer(problem.model(), problem.source, "adam", problem.learning_rate, **choice)
