"""Check that a task is learnt with the settings that it recommends. This imports torch."""

from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError, NotApplicable

__all__ = ["not_asked_for", "solved_by_its_settings"]


def solved_by_its_settings(task: Task) -> str:
    """A run with the settings that the task recommends, and with seed 0, solves it."""
    from seqtasks.runs.lifecycle import run  # imports torch

    result = run(task)
    longest = max(result.metrics)
    scores = ", ".join(f"{name} {value:.4g}" for name, value in result.metrics[longest].items())
    settings = task.settings
    said = f"cell {settings.cell} after {result.step} steps: {scores} at length {longest}"
    if not result.solved:
        raise CheckFailedError(
            f"task {task.known_as} is not solved with {said}. Recommend what learns it: more "
            "steps, a larger hidden_size, another learning_rate or cell, shorter lengths"
        )
    return said


def not_asked_for(task: Task) -> str:
    """Say that the check trains, which was not asked for."""
    raise NotApplicable("only with --train: it trains, which may take minutes")
