"""The tables of a study's page: rows of text from the summary of a study."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqtasks.display import figure, percentage
from seqtasks.reports.tables import Bar, Cell, Table
from seqtasks.studies.until_sure import SEQUENTIAL

__all__ = [
    "is_share",
    "means_table",
    "measure_words",
    "pairs_table",
    "scores_table",
    "solved_table",
]


NOTHING = Cell("–", float("inf"))
STATES = ("diverged", "pruned", "failed", "killed", "unfinished")


def solved_table(summary: Mapping[str, Any]) -> Table:
    """Return how often and after how many steps each setting solves the task."""
    rows: list[tuple[int | None, list[Cell]]] = []
    grids: list[int] = []
    for index, setting in enumerate(summary["settings"]):
        grids.append(setting["steps_to_solve"]["grid"])
        cells = [
            Cell(setting["label"]),
            _runs(setting),
            _share(setting["solved"]),
            *_steps(setting["steps_to_solve"]),
            _count(setting.get("parameters")),
        ]
        rows.append((index, cells))
    grid = f"{min(grids):,}" if len(set(grids)) == 1 else f"{min(grids):,} to {max(grids):,}"
    return Table(
        "How often each setting solves the task, and after how many steps",
        ["setting", "runs", "solved", "median steps to solve", "quartiles", "parameters"],
        rows,
        [
            "In brackets the 95 % interval. Runs that diverged count as not solved.",
            f"Steps to solve are known to the grid of evaluations: every {grid} steps.",
        ],
    )


def means_table(
    summary: Mapping[str, Any], measure: str, places: Sequence[int], task: str = ""
) -> Table | None:
    """Return the mean score by a metric at each length, or None if no setting has it.

    Args:
        summary: the summary of the study.
        measure: the metric.
        places: the indices of the settings.
        task: their task, if the study has several.
    """
    settings = [summary["settings"][place] for place in places]
    lengths = sorted(
        {length for one in settings for length, found in one["scores"].items() if measure in found},
        key=_number,
    )
    if not lengths:
        return None
    words = f"{measure.replace('_', ' ')} of the trained models at each length, mean over seeds"
    rows: list[tuple[int | None, list[Cell]]] = []
    for index, setting in zip(places, settings, strict=True):
        found = [setting["scores"].get(length, {}).get(measure) for length in lengths]
        cells = [
            NOTHING if one is None else _with_interval(measure, one["mean"], one.get("interval"))
            for one in found
        ]
        rows.append((index, [Cell(setting["label"]), *cells]))
    return Table(
        f"{task}: {words}" if task else words[0].upper() + words[1:],
        ["setting", *(f"length {length}" for length in lengths)],
        rows,
    )


def scores_table(summary: Mapping[str, Any]) -> Table:
    """Return the scores at each length: mean, best, worst, and the expected best of a few runs."""
    rows: list[tuple[int | None, list[Cell]]] = []
    counts: list[str] = []
    for setting in summary["settings"]:
        for metrics in setting["scores"].values():
            for one in metrics.values():
                best = one.get("expected_best", {})
                counts += [n for n, value in best.items() if value is not None and n not in counts]
    for index, setting in enumerate(summary["settings"]):
        for length, metrics in setting["scores"].items():
            for metric, one in metrics.items():
                best = one.get("expected_best", {})
                cells = [
                    Cell(setting["label"]),
                    Cell(length, _number(length)),
                    Cell(metric.replace("_", " ")),
                    _with_interval(metric, one["mean"], one.get("interval")),
                    _value(metric, one.get("median")),
                    *(_seed(metric, one.get(end)) for end in ("best", "worst")),
                    *(_value(metric, best.get(count)) for count in counts),
                    _count(one.get("n")),
                ]
                rows.append((index, cells))
    return Table(
        "Scores of the trained models, over the seeds",
        [
            *("setting", "length", "measure", "mean", "median", "best seed", "worst seed"),
            *(f"expected best of {count}" for count in counts),
            "runs",
        ],
        rows,
        [
            "In brackets the 95 % interval of the mean over seeds.",
            "The expected best of n is what a paper that reports the best of n seeds would print.",
        ],
    )


def pairs_table(pairs: Sequence[Mapping[str, Any]]) -> Table:
    """Return the comparisons of pairs of settings."""
    rows: list[tuple[int | None, list[Cell]]] = []
    for pair in pairs:
        measure = pair["measure"]
        rows.append(
            (
                None,
                [
                    Cell(f"{pair['a']} − {pair['b']}"),
                    Cell(measure_words(measure)),
                    _difference(measure, pair["difference"], pair["interval"]),
                    _better(pair),
                    _p_value(pair.get("p_value")),
                    _p_value(pair.get("p_holm"), _sequential(pair)),
                    _count(pair.get("n")),
                    Cell(pair.get("note") or ""),
                ],
            )
        )
    return Table(
        "Settings compared seed by seed",
        [
            *("pair", "measure", "difference", "first one better", "p", _corrected(pairs), "seeds"),
            "note",
        ],
        rows,
        ["In brackets the 95 % interval. Seeds that only one of the two has count in no pair."],
        [
            {"data-measure": pair["measure"], "data-a": pair["a"], "data-b": pair["b"]}
            for pair in pairs
        ],
    )


def measure_words(measure: str) -> str:
    """Return the name of a measure in words."""
    if measure == "solved":
        return "share solved"
    return measure.replace("_", " ").replace(" at ", ", length ").replace(" over ", ", lengths ")


def is_share(measure: str) -> bool:
    """Say whether a measure is a share of right answers."""
    return measure == "solved" or "accuracy" in measure


def _runs(setting: Mapping[str, Any]) -> Cell:
    asked = setting["runs"]
    others = [f"{setting[state]:,} {state}" for state in STATES if setting.get(state)]
    return Cell(f"{asked:,}", asked, ", ".join(others))


def _share(solved: Mapping[str, Any]) -> Cell:
    share, interval = solved.get("share"), solved.get("interval")
    if share is None or interval is None:
        return NOTHING
    low, high = interval
    return Cell(
        f"{percentage(share, 1)} %",
        share,
        f"[{percentage(low, 1)}, {percentage(high, 1)}], {solved['count']:,} of {solved['of']:,}",
        Bar(share, low, high),
    )


def _steps(found: Mapping[str, Any]) -> tuple[Cell, Cell]:
    median, quartiles = found.get("median"), found.get("quartiles") or (None, None)
    low, high = found.get("interval") or (None, None)
    middle = (
        Cell("not reached", float("inf"), "by half of the runs")
        if median is None
        else Cell(_step(median), median, f"[{_step(low)}, {_step(high)}]")
    )
    both = f"{_step(quartiles[0])} to {_step(quartiles[1])}"
    if quartiles[0] is None:
        both = "not reached"
    return middle, Cell(both, float("inf") if quartiles[0] is None else quartiles[0])


def _step(step: float | None) -> str:
    return "not reached" if step is None else f"{step:,.0f}"


def _count(count: int | None) -> Cell:
    return NOTHING if count is None else Cell(f"{count:,}", count)


def _value(metric: str, value: float | None) -> Cell:
    return NOTHING if value is None else Cell(figure(metric, value), value)


def _with_interval(metric: str, value: float | None, interval: Any) -> Cell:
    if value is None:
        return NOTHING
    share = is_share(metric)
    if not interval or None in interval:
        return Cell(figure(metric, value), value)
    low, high = interval
    note = f"[{percentage(low)}, {percentage(high)}]" if share else f"[{low:.4g}, {high:.4g}]"
    return Cell(figure(metric, value), value, note, Bar(value, low, high) if share else None)


def _seed(metric: str, found: Mapping[str, Any] | None) -> Cell:
    if not found or found.get("value") is None:
        return NOTHING
    return Cell(figure(metric, found["value"]), found["value"], f"seed {found['seed']}")


def _difference(measure: str, value: float | None, interval: Any) -> Cell:
    if value is None:
        return NOTHING

    def shown(number: float) -> str:
        text = f"{100 * number:+.2f}" if is_share(measure) else f"{number:+,.4g}"
        return text.replace("-", "−")

    unit = " points" if is_share(measure) else ""
    note = (
        "" if not interval or None in interval else f"[{shown(interval[0])}, {shown(interval[1])}]"
    )
    return Cell(shown(value) + unit, value, note)


def _better(pair: Mapping[str, Any]) -> Cell:
    share, interval = pair.get("better"), pair.get("better_interval")
    if share is None:
        return NOTHING
    if not interval or None in interval:
        return Cell(f"{percentage(share, 1)} %", share)
    low, high = interval
    return Cell(
        f"{percentage(share, 1)} % of seeds",
        share,
        f"[{percentage(low, 1)}, {percentage(high, 1)}]",
        Bar(share, low, high),
    )


def _corrected(pairs: Sequence[Mapping[str, Any]]) -> str:
    """Return the head of the corrected p-values: the looks at added seeds have no Holm."""
    return "p corrected" if any(map(_sequential, pairs)) else "p after Holm"


def _sequential(pair: Mapping[str, Any]) -> str:
    return "group-sequential, Bonferroni" if pair.get("test") == SEQUENTIAL else ""


def _p_value(value: float | None, note: str = "") -> Cell:
    if value is None:
        return NOTHING
    return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value, note)


def _number(text: str) -> float:
    return float(text.split("..")[0]) if text.split("..")[0].isdecimal() else float("inf")
