"""Write the page of a task, from its description."""

from collections.abc import Sequence

from seqtasks.cli.description import TaskDescription
from seqtasks.cli.gallery.markdown import (
    bullets,
    cell,
    code,
    escaped,
    paragraphs,
    parameter_list,
    table,
)
from seqtasks.cli.gallery.measured import Measurement, tables
from seqtasks.cli.gallery.pictures import alternative_text
from seqtasks.cli.output import heading
from seqtasks.cli.show_settings import protocol_lines, trained_with
from seqtasks.cli.task_words import answer_place, inputs_scored, meanings, strategy_rows
from seqtasks.errors import counted
from seqtasks.registry.registrations import Entry
from seqtasks.tasks import Task

__all__ = ["task_page"]

_MOST_SYMBOLS = 40


def task_page(entry: Entry, found: TaskDescription, measured: Sequence[Measurement]) -> str:
    """Return a page in Markdown; its picture lies beside it as NAME.svg."""
    made = found.task
    sections = [
        f"# {escaped(entry.name)}",
        escaped(entry.summary),
        f"![{cell(alternative_text(found.example, made))}]({entry.name}.svg)",
        paragraphs(found.about.definition),
        _meanings(found),
        table(["property", "value"], _facts(entry, made)),
        parameter_list(found.about),
        _without_learning(found),
        "## Train a cell on it",
        f"    seqtasks run {entry.name}",
        f"By default it is trained with {escaped(trained_with(made))}.",
    ]
    published = protocol_lines(made)
    if published:
        sections += ["## As published", bullets(map(escaped, published))]
    if measured:
        sections += ["## Measured", tables(measured)]
    return "\n\n".join(filter(None, sections)) + "\n"


def _facts(entry: Entry, made: Task) -> list[list[str]]:
    rows = [["family", escaped(", ".join(filter(None, [entry.family, entry.level])))]]
    if made.source:
        rows.append(["source", cell(made.source)])
    rows.append(["plugin", f"{code(entry.plugin)} of {code(entry.distribution)}"])
    rows += [["inputs", _alphabet(made.inputs)], ["targets", _alphabet(made.targets)]]
    rows.append(["answer", escaped(answer_place(made))])
    rows.append(["length", escaped(made.lengths.describe())])
    rows.append(["metrics", ", ".join(escaped(heading(one.name)) for one in made.metrics)])
    return rows


def _alphabet(alphabet: object) -> str:
    symbols: Sequence[str] | None = getattr(alphabet, "symbols", None)
    if not symbols:
        return f"{counted(getattr(alphabet, 'size', 0), 'real number')} a step"
    if len(symbols) > _MOST_SYMBOLS:
        return f"{len(symbols)} symbols, from {code(symbols[0])} to {code(symbols[-1])}"
    return " ".join(code(one) for one in symbols)


def _meanings(found: TaskDescription) -> str:
    """Return a list of what the values of a parameter mean."""
    return bullets(
        f"{code(value)}{remark}: {escaped(text)}" for value, remark, text in meanings(found)
    )


def _without_learning(found: TaskDescription) -> str:
    trivial = found.without_learning
    headers = ["rule", *(escaped(heading(metric.name)) for metric in found.task.metrics)]
    rows = [[cell(rule), *map(escaped, values)] for rule, *values in strategy_rows(trivial)]
    over = f"At length {trivial.length}, over {inputs_scored(trivial)}:"
    return "\n\n".join(["## Without learning", over, table(headers, rows, len(headers) - 1)])
