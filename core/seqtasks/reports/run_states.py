"""What became of each run of a setting, in words and in order."""

import numpy as np
from numpy.typing import NDArray

from seqtasks.studies.measures import steps_to_solve
from seqtasks.studies.outcomes import Outcomes

__all__ = ["NOT_SOLVED", "SOLVED", "end_words", "ranks", "states"]

SOLVED, NOT_SOLVED = "solved", "not solved"


def states(outcomes: Outcomes) -> list[str]:
    """Return what became of each run in a word: an ended one solved the task or did not."""
    solved = np.isfinite(steps_to_solve(outcomes))
    return [
        SOLVED if done else NOT_SOLVED if status == "ended" else str(status)
        for done, status in zip(solved, outcomes.statuses, strict=True)
    ]


def end_words(outcomes: Outcomes) -> list[str]:
    """Return what became of each run, with the step."""
    words: list[str] = []
    steps = steps_to_solve(outcomes)
    for state, step, at in zip(states(outcomes), outcomes.steps, steps, strict=True):
        if state == SOLVED:
            words.append(f"solved at step {int(at):,}")
        elif state == NOT_SOLVED:
            words.append(f"not solved by step {int(step):,}")
        else:
            words.append(f"{state} at step {int(step):,}")
    return words


def ranks(outcomes: Outcomes) -> NDArray[np.float64]:
    """Return (runs,) numbers that order the runs, the best first: soon solved, then high scores."""
    at = steps_to_solve(outcomes)
    last = np.zeros(len(at))
    for values in outcomes.validation.values():
        known = np.isfinite(values)
        if known.size:
            places = values.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
            last = np.where(known.any(axis=1), values[np.arange(len(values)), places], -1.0)
        break
    order = np.lexsort((-last, at))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    return rank
