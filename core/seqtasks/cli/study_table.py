"""The table of a study in a terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.cli.output import echo_table, say
from seqtasks.errors import counted

if TYPE_CHECKING:
    from seqtasks.studies.study import Study
    from seqtasks.studies.tables import Table

__all__ = ["echo_score_rows", "echo_study"]


def echo_study(study: "Study") -> None:
    """Print how often, how soon and how well each setting learned, and where that is kept.

    Several settings share a table, the best first, and what their pairs show is said in words.
    """
    from seqtasks.studies.tables import comparison_tables, means_tables, setting_lines

    summary = study.summary()
    settings = summary["settings"]
    if len(settings) == 1:
        parameters = settings[0]["parameters"]
        size = "" if parameters is None else f", {parameters} parameters"
        say(f"{study.name}, {counted(settings[0]['runs'], 'seed')}{size}")
        for line in setting_lines(settings[0]):
            say(line)
        echo_score_rows(settings)
    else:
        say(f"{study.name}, {len(settings)} settings, {counted(study.runs, 'run')}")
        for table in [*comparison_tables(settings), *means_tables(settings)]:
            _echo(table)
    best = summary.get("best", [])
    if best:
        selection = summary["selection"]
        say(f"\nthe best points again, on the fresh seeds {selection['measured_on']}")
        for table in [*comparison_tables(best), *means_tables(best)]:
            _echo(table)
    words = summary["words"][1:] if len(settings) == 1 else summary["words"]
    for place, sentence in enumerate(words):
        say(sentence if place else f"\n{sentence}")
    if study.path is not None:
        say(f"\nstudy    {study.path}")


def echo_score_rows(settings: Sequence[Mapping[str, Any]]) -> None:
    """Print the scores of settings, a row for each length and metric."""
    from seqtasks.studies.tables import scores_table

    _echo(scores_table(settings))


def _echo(table: "Table | None") -> None:
    if table is None:
        return
    say()
    if table.title:
        say(table.title)
    echo_table(table.heads, table.rows, right=table.right)
    if table.note:
        say(table.note)
