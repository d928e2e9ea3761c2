"""A study for other programs: CSV, a pandas frame, and the arrays that `rliable` takes."""

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError
from seqtasks.files.atomic import write_output
from seqtasks.studies.measures import measure_name, measures_of, metrics_of
from seqtasks.studies.study_record import plain

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["csv_of", "frame", "rliable_scores", "rows_of", "write_csv"]

FIRST = ("setting", "seed", "status", "solved", "steps_to_solve", "steps", "seconds")
"""The columns that each study has, before those of its scores."""


def rows_of(study: "Study") -> Iterator[dict[str, Any]]:
    """Yield a row for each run that has ended: setting, seed, what became of it, its scores.

    `steps_to_solve` is None for a run that never solved the task; a score is None if a run has
    none. The changed values of the setting come with the names of their fields, and a score as
    `token_accuracy at 10`.
    """
    for setting, one in zip(study.settings, study.collected, strict=True):
        outcomes = one.outcomes()
        measures = measures_of(outcomes, metrics_of(setting.experiment))
        never = ~np.isfinite(measures["steps_to_solve"].ranked)
        changes = {
            name: value for name, value in plain(setting.changes).items() if name not in FIRST
        }
        for run, seed in enumerate(outcomes.seeds):
            row: dict[str, Any] = {
                "setting": setting.label,
                "seed": int(seed),
                "status": str(outcomes.statuses[run]),
                "solved": not never[run],
                "steps_to_solve": None if never[run] else int(outcomes.solved_at[run]),
                "steps": int(outcomes.steps[run]),
                "seconds": float(outcomes.seconds[run]),
                **changes,
            }
            for length, by_name in outcomes.scores.items():
                for name, values in by_name.items():
                    value = float(values[run])
                    row[measure_name(name, length)] = value if math.isfinite(value) else None
            yield row


def write_csv(study: "Study", path: Path) -> None:
    """Write a line for each run that has ended.

    Raises:
        RunError: if the file cannot be written, for example because the disk is full.
    """
    write_output(path, csv_of(study).encode())


def csv_of(study: "Study") -> str:
    """Return CSV with a line for each run that has ended."""
    rows = list(rows_of(study))
    columns = _columns(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def frame(study: "Study") -> Any:
    """Return a `pandas.DataFrame` with a row for each run that has ended.

    Raises:
        UsageError: if pandas is not installed.
    """
    try:
        import pandas as pd  # pyright: ignore[reportMissingImports, reportMissingModuleSource]
    except ImportError:
        raise UsageError(
            "a frame needs pandas, which is not installed: pip install 'seqtasks[frames]'"
        ) from None
    rows = list(rows_of(study))
    return pd.DataFrame(rows, columns=_columns(rows))


def rliable_scores(study: "Study", measure: str | None = None) -> dict[str, NDArray[np.float64]]:
    """Return scores as the library `rliable` takes them: by algorithm, (runs, tasks) arrays.

    An algorithm is what is left of a setting without its task. All need the same number of runs
    on each task, so the seeds are those that every setting has.

    Args:
        study: the study.
        measure: a measure, such as `token_accuracy at 10` or `solved`; by default the first metric
            at the first length of each setting.

    Raises:
        UsageError: if a setting has no such measure, if an algorithm lacks a task, or if a run has
            no score.
    """
    by_algorithm: dict[str, dict[str, NDArray[np.float64]]] = {}
    seeds = [one.outcomes().seeds for one in study.collected]
    common = seeds[0]
    for other in seeds[1:]:
        common = np.intersect1d(common, other)
    if len(common) == 0:
        raise UsageError("the settings have no seed in common that has ended")
    for setting, one in zip(study.settings, study.collected, strict=True):
        outcomes = one.outcomes()
        measures = measures_of(outcomes, metrics_of(setting.experiment))
        scores = [name for name, found in measures.items() if found.metric is not None]
        name = measure if measure is not None else next(iter(scores), "solved")
        if name not in measures:
            raise UsageError(
                f"{setting.label} has no measure '{name}'; it has {', '.join(measures)}"
            )
        values = measures[name].values[np.isin(outcomes.seeds, common)]
        if not np.isfinite(values).all():
            raise UsageError(f"some runs of {setting.label} have no {name}")
        changes = plain(setting.changes)
        task = str(changes.pop("task", ""))
        algorithm = ", ".join(map(str, changes.values())) or setting.label
        by_algorithm.setdefault(algorithm, {})[task] = values
    tasks = list(dict.fromkeys(task for found in by_algorithm.values() for task in found))
    for algorithm, found in by_algorithm.items():
        if missing := [task for task in tasks if task not in found]:
            raise UsageError(f"{algorithm} was not trained on {', '.join(missing)}")
    return {
        algorithm: np.stack([found[task] for task in tasks], axis=1)
        for algorithm, found in by_algorithm.items()
    }


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys([*FIRST, *(name for row in rows for name in row)]))


def _cell(value: Any) -> Any:
    """Return a value for a cell of CSV; a formula of a spreadsheet becomes text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
