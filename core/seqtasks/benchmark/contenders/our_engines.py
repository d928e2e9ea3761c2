"""The contenders `plain`, `torch` and `native`: our engines, through the trainer that runs use."""

from collections.abc import Sequence

from seqtasks.benchmark.contenders.base import UnavailableError, Variant, per_thread_count
from seqtasks.benchmark.problem import Problem
from seqtasks.errors import UsageError
from seqtasks.tasks.settings import EngineName
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


def _engine(name: EngineName, problem: Problem, threads: Sequence[int]) -> list[Variant]:
    return per_thread_count(threads, lambda count: _trainer(name, problem, count).advance)


def _trainer(name: EngineName, problem: Problem, threads: int) -> Trainer:
    """Return a trainer that uses the named engine; refuse one that fell back on another."""
    model = problem.model()
    try:
        trainer = Trainer(
            model, problem.source, "adam", problem.learning_rate, engine=name, threads=threads
        )
    except UsageError as error:
        raise UnavailableError(str(error)) from None
    if trainer.engine != name:
        reason = model.engines.reasons.get(name, "it gives no reason")
        raise UnavailableError(f"the engine '{trainer.engine}' ran instead: {reason}")
    return trainer
