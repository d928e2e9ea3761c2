"""Outcomes of made-up runs."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqtasks.studies.outcomes import Outcomes

__all__ = ["made_outcomes"]


def made_outcomes(
    solved_at: Sequence[float],
    scores: Mapping[str, Sequence[float]] | None = None,
    statuses: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    validation: Sequence[Sequence[float]] | None = None,
    losses: Sequence[Sequence[float]] | None = None,
    every: int = 100,
    limit: int = 1000,
) -> Outcomes:
    """Return outcomes with a metric `token_accuracy`; what is not given is empty or plain."""
    runs = len(solved_at)
    nothing = np.full((runs, limit // every), np.nan)
    return Outcomes(
        seeds=np.arange(runs) if seeds is None else np.array(seeds, dtype=np.int64),
        statuses=np.array(["ended"] * runs if statuses is None else statuses),
        steps=np.full(runs, limit),
        solved_at=np.array(solved_at, dtype=np.float64),
        scores={
            length: {"token_accuracy": np.array(values, dtype=np.float64)}
            for length, values in (scores or {}).items()
        },
        losses=nothing if losses is None else np.array(losses, dtype=np.float64),
        validation={
            "token_accuracy": nothing if validation is None else np.array(validation, dtype=float)
        },
        seconds=np.full(runs, 0.01),
        log_every=every,
        evaluate_every=every,
        step_limit=limit,
        solved_after=3,
    )
