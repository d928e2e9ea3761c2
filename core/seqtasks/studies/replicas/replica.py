"""What became of one seed of an experiment, as a line of `runs.jsonl`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

__all__ = ["Replica", "line_of", "without_infinities"]

Metrics = Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Replica:
    """One finished run of a study.

    Attributes:
        line: its line of `runs.jsonl`, without the number of its point: `seed`, `status`, `step`,
            `stopped`, `scores`, `history`, `seconds` and, where it failed or diverged, `problem`.
        tensors: its trained weights by their names in the model, as a checkpoint holds them; None
            if they were not asked for, or the run did not end.
    """

    line: dict[str, Any]
    tensors: dict[str, Tensor] | None = None


def line_of(
    seed: int,
    status: str,
    *,
    step: int = 0,
    stopped: str | None = None,
    scores: Mapping[str, Metrics] | None = None,
    losses: Sequence[float] = (),
    validation: Sequence[Metrics] = (),
    seconds: float = 0.0,
    problem: str | None = None,
) -> dict[str, Any]:
    """Return a line of `runs.jsonl` as plain data, with None in place of NaN and infinities.

    Args:
        seed: the seed.
        status: `ended`, `diverged`, `pruned`, `failed` or `killed`.
        step: the training steps made.
        stopped: why training ended.
        scores: by length or range, each metric's value.
        losses: the mean loss of each line of the log.
        validation: the metrics of each evaluation on validation instances.
        seconds: the time of the run.
        problem: what went wrong, in one line.
    """
    names = list(validation[0]) if validation else []
    line: dict[str, Any] = {
        "seed": seed,
        "status": status,
        "step": step,
        "stopped": stopped,
        "scores": {where: without_infinities(metrics) for where, metrics in (scores or {}).items()},
        "history": {
            "loss": _all_finite(losses),
            "validation": {name: _all_finite([one[name] for one in validation]) for name in names},
        },
        "seconds": seconds,
    }
    if problem is not None:
        line["problem"] = problem
    return line


def without_infinities(metrics: Metrics) -> dict[str, float | None]:
    """Return metrics for JSON, which has neither NaN nor infinities: both become None."""
    return {name: _finite(value) for name, value in metrics.items()}


def _all_finite(values: Sequence[float]) -> list[float | None]:
    if all(map(math.isfinite, values)):
        return list(values)
    return [_finite(value) for value in values]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
