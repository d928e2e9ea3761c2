"""Gather what the page of a study says: what was asked, tables, charts, and each run's numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import altair as alt
import numpy as np

from seqtasks.display import percentage
from seqtasks.errors import counted
from seqtasks.reports.charts.learning import NAMES, band_rows
from seqtasks.reports.charts.theme import PAGE
from seqtasks.reports.charts.thinning import places_drawn
from seqtasks.reports.page_setting import PageSetting, page_settings, task_groups
from seqtasks.reports.render import Page
from seqtasks.reports.still_pictures import StillPicture
from seqtasks.reports.study_charts import (
    LOSS,
    MOST_CHARTED,
    chart_key,
    charted,
    curves_of,
    different_measures,
    lines_of_each,
    study_charts,
)
from seqtasks.reports.study_data import MOST_RUNS, filter_groups, study_data
from seqtasks.reports.study_tables import (
    is_share,
    means_table,
    measure_words,
    pairs_table,
    scores_table,
    solved_table,
)
from seqtasks.reports.tables import Cell, Table
from seqtasks.studies.curves import share_solved, validation_over_steps
from seqtasks.studies.measures import LOST
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.settings import Setting

__all__ = ["About", "StudyLike", "charts_of_study", "study_page"]

STEPS_IN_TABLE = 9
MOST_WORDS = 12
"""The most sentences that stand open at the head of a page."""
FACES = {
    "run": "Many seeds of one experiment",
    "compare": "A comparison",
    "sweep": "A sweep",
    "tune": "A search of settings",
}


class StudyLike(Protocol):
    """A study, as far as its page needs one."""

    @property
    def settings(self) -> Sequence[Setting]:
        """The experiments."""
        ...

    @property
    def path(self) -> Path | None:
        """The folder, or None."""
        ...

    def outcomes(self, setting: int = 0) -> Outcomes:
        """Return the runs of a setting that have ended."""
        ...

    def summary(self) -> dict[str, Any]:
        """Return the table as plain data."""
        ...


@dataclass(frozen=True)
class About:
    """What a study was asked for, and what answered.

    Attributes:
        face: the command that made it.
        command: the command line that repeats it, or None.
        versions: the versions of what computed it.
        engines: the engine of each setting.
        processor: the processor.
        notes: what a reader must know before the numbers.
        pictures: what a browser shows in place of the charts if it runs no scripts.
    """

    face: str = "run"
    command: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    engines: Sequence[str] = ()
    processor: str = ""
    notes: Sequence[str] = ()
    pictures: Sequence[StillPicture] = ()


def study_page(study: StudyLike, about: About) -> Page:
    """Return the page of a study.

    Args:
        study: the study.
        about: what was asked, and what answered.
    """
    summary = study.summary()
    shown = settings_on_page(study)
    pairs = summary.get("pairs") or []
    charts = study_charts(shown, pairs, theme=PAGE)
    name = str(summary.get("name") or "study")
    asked = sum(setting["runs"] for setting in summary["settings"])
    words = list(summary.get("words") or [])
    measures = sorted(
        dict.fromkeys(pair["measure"] for pair in pairs), key=lambda one: one != "steps_to_solve"
    )
    said: dict[str, Any] = {
        "name": name,
        "kind": FACES.get(about.face, "A study"),
        "counts": _counts(summary, asked),
        "words": words[:MOST_WORDS],
        "more_words": words[MOST_WORDS:],
        "about": about,
        "settings": _settings(shown),
        "looks": [one.look for one in shown] if len(shown) > 1 else None,
        "groups": filter_groups([one.changes for one in shown]),
        "solved": solved_table(summary),
        "scores": scores_table(summary),
        "tasks": _tasks(shown, summary, charts),
        "pairs": pairs_table(pairs) if pairs else None,
        "pair_measures": measures,
        "pair_labels": list(dict.fromkeys(pair[end] for pair in pairs for end in ("a", "b"))),
        "measure_words": measure_words,
        "methods": summary.get("methods") or [],
        "charts": charts,
        "learning_tables": {one.index: _learning_tables(one) for one in charted(shown)},
        "most_charted": MOST_CHARTED if len(charted(shown)) < len(shown) else None,
        "most_runs": MOST_RUNS if asked > MOST_RUNS else None,
    }
    call = "study" if study.path is None else f"st.load_study({str(study.path)!r})"
    return Page(
        "study.html.jinja",
        f"{name}: {_counts(summary, asked)}",
        said,
        charts,
        {
            **study_data(shown, call),
            "pairs": {
                "measures": [[one, is_share(one)] for one in measures],
                "all": [[pair["a"], pair["b"], pair["measure"]] for pair in pairs],
            },
        },
    )


def settings_on_page(study: StudyLike) -> list[PageSetting]:
    """Return the settings of a study as its page shows them."""
    return page_settings(
        study.settings, [study.outcomes(index) for index in range(len(study.settings))]
    )


def charts_of_study(study: StudyLike) -> dict[str, alt.LayerChart]:
    """Return the charts of a study for a notebook, by name."""
    return study_charts(settings_on_page(study), study.summary().get("pairs") or [])


def _settings(shown: Sequence[PageSetting]) -> list[dict[str, Any]]:
    """Return what the page says of each setting."""
    most, some = lines_of_each(shown), {one.index for one in charted(shown)}
    return [
        {
            "label": one.label,
            "index": one.index,
            "look": one.look,
            "facts": one.facts,
            "charted": one.index in some,
            "lines": counted(min(len(one.outcomes.seeds), most), "run"),
            "runs": len(one.outcomes.seeds),
            "note": _carried(one),
        }
        for one in shown
    ]


def _tasks(
    shown: Sequence[PageSetting], summary: Mapping[str, Any], charts: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what the page says of each task: the names of its charts, and its tables."""
    groups, drawn = task_groups(shown), task_groups(charted(shown))
    tasks: list[dict[str, Any]] = []
    for number, (task, settings) in enumerate(groups.items()):
        which, title = chart_key(number, len(groups)), task if len(groups) > 1 else ""
        places = [one.index for one in settings]
        measures = different_measures(settings)
        means = [means_table(summary, one.name, places, title) for one in measures]
        tasks.append(
            {
                "name": title,
                "solving": f"solving{which}" if f"solving{which}" in charts else "",
                "solving_table": _solving_table(drawn[task]),
                "single": len(settings) == 1,
                "lengths": [
                    (f"lengths{which}-{one.name}", one.words)
                    for one in measures
                    if f"lengths{which}-{one.name}" in charts
                ],
                "means": [table for table in means if table is not None],
            }
        )
    return tasks


def _counts(summary: Mapping[str, Any], asked: int) -> str:
    settings = len(summary["settings"])
    text = counted(asked, "run")
    if settings > 1:
        text += f" of {counted(settings, 'setting')}"
    unfinished = summary.get("unfinished") or 0
    return f"{text}, {unfinished:,} of them unfinished" if unfinished else text


def _carried(shown: PageSetting) -> str:
    """Say that curves carry on the last value of runs that ended early, if some do."""
    curve = validation_over_steps(shown.outcomes, shown.measures[0].name)
    lost = int(np.isin(shown.outcomes.statuses, LOST).sum())
    notes = [] if curve.note is None else [f"{curve.note}."]
    if lost and shown.measures[0].fraction:
        notes.append(f"{counted(lost, 'run')} without a model at its end count as 0 % from there.")
    return " ".join(notes)


def _solving_table(shown: Sequence[PageSetting]) -> Table:
    """Return the share of runs that solved the task at some steps, as the chart draws it."""
    last = max((one.outcomes.step_limit for one in shown), default=1)
    every = max((one.outcomes.evaluate_every for one in shown), default=1)
    steps = [
        every * int(place + 1) for place in places_drawn(max(1, last // every), STEPS_IN_TABLE)
    ]
    rows: list[tuple[int | None, list[Cell]]] = []
    for one in shown:
        curve = share_solved(one.outcomes)
        cells = [Cell(one.label)]
        for step in steps:
            place = int(np.searchsorted(curve.steps, step, side="right")) - 1
            share = float(curve.share[place]) if len(curve.share) else float("nan")
            low, high = float(curve.low[place]), float(curve.high[place])
            known = np.isfinite(share)
            cells.append(
                Cell(
                    f"{percentage(share, 1)} %", share, f"[{low:.1%}, {high:.1%}]".replace("%", "")
                )
                if known
                else Cell("–")
            )
        rows.append((one.index, cells))
    return Table(
        "Runs that solved the task by each training step",
        ["setting", *(f"{step:,}" for step in steps)],
        rows,
        ["In brackets the 95 % interval, in percent."],
    )


def _learning_tables(shown: PageSetting) -> list[Table]:
    """Return the median and the bands of the curves at some steps."""
    tables: list[Table] = []
    for measure in (shown.measures[0].name, LOSS):
        curves = curves_of(shown, measure)
        rows = band_rows(curves)
        cells: list[tuple[int | None, list[Cell]]] = [
            (
                None,
                [
                    Cell(f"{row['step']:,}"),
                    *(
                        Cell(
                            f"{percentage(row[name])} %" if curves.fraction else f"{row[name]:.4g}"
                        )
                        for name in NAMES
                    ),
                ],
            )
            for row in (rows[place] for place in places_drawn(len(rows), STEPS_IN_TABLE))
        ]
        heads = ["step", "5 % are below", "25 % below", "median", "75 % below", "95 % below"]
        tables.append(Table(f"{curves.title} of {shown.label}", heads, cells))
    return tables
