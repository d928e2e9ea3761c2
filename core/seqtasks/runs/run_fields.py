"""The fields of a run in a list: what a table has as columns, and a condition names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.runs.comparisons import shown
from seqtasks.runs.condition import field_name, read_condition

__all__ = [
    "FIRST_FIELDS",
    "STUDY_FIELDS",
    "chosen",
    "differing",
    "field_names",
    "fields_of",
    "known_field",
    "matching",
    "sort_by",
]

FIRST_FIELDS = (
    "name",
    "kind",
    "status",
    "task",
    "cell",
    "seed",
    "step",
    "steps",
    "stopped",
    "solved",
    "accuracy",
    "parameters",
    "seconds",
    "problem",
    "path",
)
"""The fields that every run has, perhaps without a value."""

STUDY_FIELDS = ("face", "experiments", "asked", "done", "solved_share")
"""The fields that only studies have."""

_FOLLOW = ("log_every", "evaluate_every", "checkpoint_every", "evaluation_lengths")
"""Settings that follow from others unless they are asked for: of less interest."""


def fields_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a run by name, from its summary.

    Beside the summary's own fields and the settings they are `accuracy`, the mean of the first
    metric over the scored lengths, and a field for each metric and length, such as
    `token_accuracy_10`.
    """
    made: dict[str, Any] = {**summary.get("settings", {}), **summary}
    scores = made.pop("scores", {})
    made.pop("settings", None)
    for kind in ("task", "cell", "readout"):
        if isinstance(made.get(kind), dict):
            made[kind] = shown(made[kind])
    first: list[float] = []
    for length, metrics in scores.items():
        if length.isdecimal():
            first.append(next(iter(metrics.values())))
        for metric, value in metrics.items():
            made.setdefault(f"{metric}_{length}", value)
    made["accuracy"] = sum(first) / len(first) if first else None
    return made


def field_names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of all fields: the first ones, the settings, the scores."""
    found: dict[str, None] = dict.fromkeys(FIRST_FIELDS)
    for row in rows:
        found.update(dict.fromkeys(row))
    return [*found]


def matching(rows: Sequence[Mapping[str, Any]], where: str) -> list[int]:
    """Return the places of the runs that answer a condition with yes.

    Args:
        rows: the fields of the runs.
        where: the condition; see `condition`.

    Raises:
        UsageError: if the condition is wrong, or names a field that no run has.
    """
    condition = read_condition(where)
    if rows:
        condition.check_names({*field_names(rows), *STUDY_FIELDS})
    return [place for place, row in enumerate(rows) if condition.matches(row)]


def chosen(names: str, known: Sequence[str]) -> list[str]:
    """Return the fields of a list such as `name,cell,token_accuracy_50`.

    Raises:
        UsageError: if there is no such field, or one comes twice.
    """
    found: list[str] = []
    for written in names.split(","):
        name = known_field(written.strip(), known)
        if name in found:
            raise UsageError(f"the column {name} is there twice")
        found.append(name)
    return found


def known_field(written: str, known: Sequence[str]) -> str:
    """Return the name of a field.

    Raises:
        UsageError: if no run has it; it names the nearest one.
    """
    name = written if written in known else field_name(written)
    if name not in known and name not in STUDY_FIELDS:
        raise UsageError(f"no run has a field '{written}'.{did_you_mean(name, known)}")
    return name


def sort_by(rows: Sequence[Mapping[str, Any]], name: str, reverse: bool) -> list[int]:
    """Return the places of runs in the order of a field; those without a value come last.

    Runs with equal values stay in the order of their names. Numbers come before text.
    """
    if name == "name":  # the given order, in which run-9 comes before run-10
        return [*range(len(rows))][:: -1 if reverse else 1]
    placed = [place for place, row in enumerate(rows) if row.get(name) is not None]
    absent = [place for place, row in enumerate(rows) if row.get(name) is None]
    placed.sort(key=lambda place: _order(rows[place][name]), reverse=reverse)
    return placed + absent


def _order(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool | int | float):
        return (2, 0.0) if value != value else (0, value)  # NaN has no order: after the numbers
    return 1, shown(value)


def differing(rows: Sequence[Mapping[str, Any]], settings: Sequence[str]) -> list[str]:
    """Return the settings in which runs of one task differ, and `task` if a run's name hides it.

    Each task recommends settings of its own, so runs of different tasks differ in nearly all, and
    that is no news. Settings that follow from others come last.

    Args:
        rows: the fields of the runs.
        settings: the names of the settings, in order.
    """
    told = [row for row in rows if row.get("status") != "damaged" and row["kind"] == "run"]
    by_task: dict[Any, list[Mapping[str, Any]]] = {}
    for row in told:
        by_task.setdefault(row.get("task"), []).append(row)
    found = [name for name in settings if any(_differs(some, name) for some in by_task.values())]
    hidden = [row for row in told if not str(row["name"]).startswith(str(row.get("task")))]
    first = ["task"] if len(by_task) > 1 and hidden else []
    found = [name for name in found if name not in ("task", *_FOLLOW)] + [
        name for name in found if name in _FOLLOW
    ]
    return first + found


_ABSENT = object()


def _differs(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    first = rows[0].get(name, _ABSENT)
    return [row.get(name, _ABSENT) for row in rows].count(first) < len(rows)
