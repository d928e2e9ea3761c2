"""The contenders `plain`, `torch` and `native`: our engines, through the trainer that runs use."""

from collections.abc import Sequence

import torch as pytorch

from seqtasks.benchmark.contenders.base import Run, UnavailableError, Variant, per_thread_count
from seqtasks.benchmark.problem import Problem
from seqtasks.errors import UsageError
from seqtasks.settings import EngineName
from seqtasks.training import Trainer

__all__ = ["native", "plain", "torch"]


def plain(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the plain loop at each number of threads."""
    return per_thread_count(threads, lambda: _training("plain", problem))


def torch(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the engine of tensor operations at each number of threads."""
    return per_thread_count(threads, lambda: _training("torch", problem))


def native(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the native program at each number of threads of its own."""
    return per_thread_count(
        threads, lambda: _training("native", problem, pytorch.get_num_threads())
    )


def _training(engine: EngineName, problem: Problem, threads: int | None = None) -> Run:
    try:
        trainer = Trainer(
            problem.model(),
            problem.source,
            "adam",
            problem.learning_rate,
            engine=engine,
            threads=threads,
        )
    except UsageError as error:
        raise UnavailableError(str(error)) from None
    if trainer.engine != engine:
        raise UnavailableError(f"the engine '{trainer.engine}' ran in its place")
    return trainer.advance
