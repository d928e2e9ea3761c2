"""Write the page of a task, from its description."""

from collections.abc import Sequence

from seqtasks.cli.description import TaskDescription
from seqtasks.cli.gallery.markdown import cell, code, escaped, paragraphs, table
from seqtasks.cli.gallery.measured import Measurement, tables
from seqtasks.cli.gallery.pictures import alternative_text
from seqtasks.cli.output import figure, heading
from seqtasks.cli.show_settings import answer_place, protocol_lines, trained_with
from seqtasks.errors import counted
from seqtasks.registry.registrations import Entry
from seqtasks.specs.grammar import format_value
from seqtasks.tasks import Task

__all__ = ["parameter_lines", "task_page"]

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
        parameter_lines(found),
        _without_learning(found),
        "## Train a cell on it",
        f"    seqtasks run {entry.name}",
        f"By default it is trained with {escaped(trained_with(made))}.",
    ]
    published = protocol_lines(made)
    if published:
        sections += ["## As published", "\n".join(f"- {escaped(line)}" for line in published)]
    if measured:
        sections += ["## Measured", tables(measured)]
    return "\n\n".join(filter(None, sections)) + "\n"


def parameter_lines(found: TaskDescription) -> str:
    """Return a task's parameters as a list; empty if it has none."""
    lines = [f"- {code(parameter.describe())}" for parameter in found.about.parameters]
    return "\n\n".join(["## Parameters", "\n".join(lines)]) if lines else ""


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
    defaults = {p.name: format_value(p.default) for p in found.about.parameters}
    lines = [
        f"- {code(f'{name}={value}')}{' (the default)' if value == defaults.get(name) else ''}: "
        f"{escaped(text)}"
        for name, values in found.meanings.items()
        for value, text in values.items()
    ]
    return "\n".join(lines)


def _without_learning(found: TaskDescription) -> str:
    trivial = found.without_learning
    headers = ["rule", *(escaped(heading(metric.name)) for metric in found.task.metrics)]
    rows = [
        [cell(row.strategy), *(figure(name, value) for name, value in row.metrics.items())]
        for row in trivial.rows
    ]
    kind = "all" if trivial.exhaustive else "a sample of"
    over = f"At length {trivial.length}, over {kind} {counted(trivial.sequences, 'input')}:"
    return "\n\n".join(["## Without learning", over, table(headers, rows, len(headers) - 1)])
