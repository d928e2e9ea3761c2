"""Studies made of NumPy's numbers, with what a page of a study asks of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.settings import Setting
from seqtasks.studies.summary import METHODS, summary_of

LOG_EVERY, EVALUATE_EVERY = 20, 20


@dataclass
class Synthetic:
    """A study of made-up numbers.

    Attributes:
        settings: its settings.
        found: the outcomes of each.
        path: its folder.
        pairs, words: parts of its summary.
    """

    settings: Sequence[Setting]
    found: Sequence[Outcomes]
    path: Path | None = None
    name: str = "synthetic"
    pairs: Sequence[Mapping[str, Any]] = ()
    words: Sequence[str] = ()
    asked: int = field(default=0)

    def outcomes(self, setting: int = 0) -> Outcomes:
        return self.found[setting]

    def summary(self) -> dict[str, Any]:
        settings = [
            summary_of(setting, outcomes, self.asked or len(outcomes.seeds), 41 + index)
            for index, (setting, outcomes) in enumerate(zip(self.settings, self.found, strict=True))
        ]
        return {
            "format": 1,
            "name": self.name,
            "path": None if self.path is None else str(self.path),
            "settings": settings,
            "pairs": list(self.pairs),
            "words": list(self.words),
            "methods": list(METHODS),
            "unfinished": sum(one["unfinished"] for one in settings),
        }


def outcomes(seeds: int, steps: int = 1000, slow: float = 300.0, seed: int = 0) -> Outcomes:
    """Return runs that mostly solve a task of bits: some late, a few never, and one diverges."""
    rng = np.random.default_rng(seed)
    at = np.arange(1, steps // EVALUATE_EVERY + 1) * EVALUATE_EVERY
    middle = rng.gamma(4.0, slow / 4.0, seeds)
    width = rng.uniform(20, 80, seeds)
    top = np.where(rng.random(seeds) < 0.06, rng.uniform(0.6, 0.95, seeds), 1.0)
    accuracy = 0.5 + (top - 0.5)[:, None] / (1 + np.exp(-(at - middle[:, None]) / width[:, None]))
    accuracy = np.clip(accuracy + rng.normal(0, 0.01, accuracy.shape), 0, 1).round(4)
    accuracy[accuracy > 0.985] = 1.0
    whole = np.clip(accuracy**10, 0, 1).round(4)
    right = (accuracy == 1.0)[:, :-2] & (accuracy == 1.0)[:, 1:-1] & (accuracy == 1.0)[:, 2:]
    solved_at = np.where(right.any(1), at[right.argmax(1)], np.inf)
    losses = (0.7 * (1 - accuracy) + 1e-4) * rng.lognormal(0, 0.2, accuracy.shape)
    statuses = np.array(["ended"] * seeds, dtype="<U8")
    ended = np.full(seeds, steps)
    if seeds > 3:
        statuses[3], ended[3], solved_at[3] = "diverged", 200, np.inf
        for values in (accuracy, whole, losses):
            values[3, 200 // EVALUATE_EVERY :] = np.nan
    final = accuracy[:, -1]
    longer = np.clip(0.5 + (final - 0.5) * rng.beta(8, 2, seeds), 0, 1)
    longest = np.clip(0.5 + (longer - 0.5) * rng.beta(4, 4, seeds), 0, 1)
    scores = {
        str(length): {"token_accuracy": v.round(5), "sequence_accuracy": (v**length).round(5)}
        for length, v in ((10, final), (20, longer), (40, longest), (80, 0.5 + (longest - 0.5) / 2))
    }
    return Outcomes(
        seeds=np.arange(seeds),
        statuses=statuses,
        steps=ended.astype(np.int64),
        solved_at=solved_at,
        scores=scores,
        losses=losses,
        validation={"token_accuracy": accuracy, "sequence_accuracy": whole},
        seconds=rng.uniform(0.001, 0.02, seeds),
        log_every=LOG_EVERY,
        evaluate_every=EVALUATE_EVERY,
        step_limit=steps,
        solved_after=3,
    )


def study(
    cells: Sequence[str] = ("concat",),
    seeds: int = 1000,
    label: Callable[[str], str] = str,
    **options: Any,
) -> Synthetic:
    """Return a study of some cells; each is slower than the one before."""
    experiment = Experiment.for_task("bitflip", steps=1000, evaluation_lengths=(10, 20, 40, 80))
    settings = [
        Setting(label(cell), {"cell": label(cell)}, experiment.with_changes(cell=cell))
        for cell in cells
    ]
    found = [outcomes(seeds, slow=180.0 * (1 + i), seed=i) for i in range(len(cells))]
    return Synthetic(settings, found, **options)


def compared(
    cells: Sequence[str] = ("concat", "sum", "gru", "lstm"), seeds: int = 200
) -> Synthetic:
    """Return a comparison of cells, with its pairs and its sentences."""
    made = study(cells, seeds, name="bitflip-compare")
    places = range(len(cells))
    pairs = [
        _pair(made, first, second, measure)
        for first in places
        for second in places[first + 1 :]
        for measure in ("steps_to_solve", "token_accuracy at 20")
    ]
    words = [
        (
            "concat solves the task in fewer steps than gru (median 200 against 460; better in "
            "91 % of seeds [86, 94]; p < 0.001 after Holm)."
        ),
        (
            "sum and concat: no difference found; with 200 seeds one of 0.03 would have been "
            "found 80 % of the time."
        ),
    ]
    made.pairs, made.words = pairs, words
    return made


def _pair(made: Synthetic, first: int, second: int, measure: str) -> dict[str, Any]:
    def values(index: int) -> np.ndarray:
        one = made.found[index]
        if measure == "steps_to_solve":
            return np.where(np.isfinite(one.solved_at), one.solved_at, one.step_limit)
        return one.scores["20"]["token_accuracy"]

    difference = values(first) - values(second)
    difference = difference[np.isfinite(difference)]
    error = 1.96 * difference.std() / np.sqrt(len(difference))
    better = float((difference < 0 if measure == "steps_to_solve" else difference > 0).mean())
    return {
        "a": made.settings[first].label,
        "b": made.settings[second].label,
        "measure": measure,
        "n": len(difference),
        "difference": float(difference.mean()),
        "interval": [float(difference.mean() - error), float(difference.mean() + error)],
        "p_value": 0.0001,
        "p_holm": 0.0012,
        "better": better,
        "better_interval": [max(0.0, better - 0.05), min(1.0, better + 0.05)],
    }
