"""`seqtasks show`: describe a task, cell, readout or experiment."""

import textwrap
from collections.abc import Iterable, Sequence

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.description import (
    CellDescription,
    ClassDescription,
    Description,
    ExperimentDescription,
    TaskDescription,
    describe,
)
from seqtasks.cli.output import echo_json, heading, table_lines
from seqtasks.cli.show_json import as_document
from seqtasks.cli.show_settings import protocol_lines, setting_rows, trained_with
from seqtasks.cli.task_words import answer_place, inputs_scored, meanings, strategy_rows
from seqtasks.cli.wrapping import aligned, labelled, text_width, wrapped
from seqtasks.errors import UsageError, counted
from seqtasks.registry.discovery import KINDS, Kind, current_registry
from seqtasks.registry.origins import stated_version
from seqtasks.registry.user_files import WrongKindError
from seqtasks.specs.grammar import SpecError, parse_spec

__all__ = ["show"]

_SHOWN: list[Kind] = [kind for kind in KINDS if kind != "command"]
_MOST_SYMBOLS = 64


@click.command()
@click.argument("name", shell_complete=complete_names("task", "cell", "readout", "experiment"))
@click.option("--kind", type=click.Choice(_SHOWN), help="Show only the thing of this kind.")
@click.option("--source", is_flag=True, help="Print the C program that a cell compiles to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(name: str, kind: Kind | None, source: bool, as_json: bool) -> None:
    """Show what NAME is: definition, source, parameters, alphabet and a worked example.

    NAME may carry parameters (bitshift:shift=2), be a file of your own (./mine.py:MyTask), or a
    class of an installed module (package.module:MyTask). For a cell, the command says which parts
    run before, in and after the loop, and on which engine. With --json it prints one object. If
    several kinds share the name, that is the task or else the cell, unless --kind says otherwise.
    """
    if source and as_json:
        raise UsageError("--source prints a program, and --json an object: choose one of them")
    if source:
        from seqtasks.cli.show_engine import program_source

        click.echo(program_source(name))
        return
    spec = parse_spec(name)
    kinds: list[Kind] = [kind] if kind else _SHOWN
    registered = spec.name if spec.is_registered else spec.module
    entries = [current_registry().get(one, registered) for one in kinds if registered]
    # A name with something after it that is not a parameter may look like a module's class.
    if not spec.is_registered and not any(entries):
        origins: dict[Kind, str] = {
            one: f"{one} of your own" for one in kinds if one != "experiment"
        }
    else:
        origins = {
            entry.kind: f"{entry.kind}, plugin {entry.plugin} of {entry.distribution}"
            for entry in entries
            if entry is not None
        }
    if not origins:
        raise UsageError(current_registry().unknown(spec.name, *kinds))
    others = {entry.kind: current_registry().others(entry) for entry in entries if entry}
    if as_json:
        one, found = _those_that_fit(name, origins)[0]
        also = [other.full_name for other in others.get(one, ())]
        echo_json({"kind": one, "name": name, "also": also, **as_document(found)})
        return
    texts: list[str] = []
    for one, found in _those_that_fit(name, origins):
        title = f"{click.style(name, bold=True)}  ({origins[one]})"
        also = [
            f"another {one} of this name, of {other.distribution}: {other.full_name}"
            for other in others.get(one, ())
        ]
        texts.append("\n".join([title, *also, "", *_lines(found, name)]))
    click.echo("\n\n".join(texts))


def _those_that_fit(name: str, kinds: Iterable[Kind]) -> list[tuple[Kind, Description]]:
    """Return the description of a name for each kind that has the name."""
    found: list[tuple[Kind, Description]] = []
    errors: list[UsageError] = []
    for kind in kinds:
        try:
            found.append((kind, describe(kind, name)))
        except UsageError as error:
            errors.append(error)
    if not found:
        # A thing that does not fit the parameters, or fails, is the one that the user meant.
        fitting = [error for error in errors if not isinstance(error, WrongKindError)] or errors
        raise next((error for error in fitting if isinstance(error, SpecError)), fitting[0])
    return found


def _lines(found: Description, name: str) -> list[str]:
    """Return a description as the lines of a text."""
    match found:
        case TaskDescription():
            return _task(found)
        case CellDescription():
            return _cell(found, name)
        case ClassDescription():
            return [*_definition(found), *_parameters(found)]
        case ExperimentDescription():
            return _experiment(found)


def _task(found: TaskDescription) -> list[str]:
    made, entry = found.task, found.about.entry
    lines = [*_definition(found.about), *_meanings(found)]
    if made.source:
        lines.append(labelled("source", made.source))
    if entry is not None:
        lines.append(
            labelled("family", f"{entry.family}, {entry.level}" if entry.level else entry.family)
        )
    lines += _parameters(found.about)
    for side, alphabet in (("input", made.inputs), ("target", made.targets)):
        symbols = getattr(alphabet, "symbols", None)
        text = _listed(symbols) if symbols else f"{counted(alphabet.size, 'real number')} a step"
        lines.append(labelled(f"{side} alphabet", text))
    lines.append(labelled("answer", answer_place(made)))
    lines.append(labelled("length", made.lengths.describe()))
    lines.append(labelled("trained with", trained_with(made)))
    lines += [labelled("published", text) for text in protocol_lines(made)]
    return [*lines, "", *_without_learning(found), "", "Example", aligned(found.example, made)]


def _meanings(found: TaskDescription) -> list[str]:
    """Return a paragraph for each value of a parameter that the spec leaves open."""
    lines: list[str] = []
    for value, remark, text in meanings(found):
        lines += [*textwrap.wrap(f"{value}{remark}: {text}", text_width()), ""]
    return lines


def _listed(symbols: Sequence[str]) -> str:
    """Return the symbols of an alphabet; of a large one, the first and the last."""
    if len(symbols) <= _MOST_SYMBOLS:
        return " ".join(symbols)
    return f"{' '.join(symbols[:8])} ... {symbols[-1]} ({len(symbols)} symbols)"


def _without_learning(found: TaskDescription) -> list[str]:
    """Return the scores of strategies without learning, as a table under a heading."""
    trivial = found.without_learning
    headers = [f"Without learning, at length {trivial.length}"]
    headers += [heading(metric.name) for metric in found.task.metrics]
    table = table_lines(headers, strategy_rows(trivial), right=headers[1:])
    return [*table, f"over {inputs_scored(trivial)} of that length"]


def _cell(found: CellDescription, name: str) -> list[str]:
    from seqtasks.cli.show_engine import engine_lines

    size = found.size
    return [
        *_definition(found.about),
        *_parameters(found.about),
        *(labelled(label, text) for label, text in found.understood.items()),
        f"{found.trained_numbers} trained numbers at embedding size {size} and hidden size {size}",
        "",
        *engine_lines(found.engine, name),
    ]


def _experiment(found: ExperimentDescription) -> list[str]:
    data = {key: value for key, value in found.settings.items() if key != "published"}
    published = found.settings["published"]
    rows = [row for row in setting_rows(data) if row[0] != "name"]
    for known in published:
        when = "at the end" if known["step"] is None else f"at step {known['step']}"
        value = f"{known['metric']} {known['value']:g}"
        rows.append(["published", f"{value} at length {known['length']} {when}"])
    sources = dict.fromkeys(known["source"] for known in published)
    rows += [["source", source] for source in sources]
    return [found.summary, "", *(labelled(key, value, column=22) for key, value in rows)]


def _definition(found: ClassDescription) -> list[str]:
    """Return a class's docstring without its example, and an empty line after it."""
    return [*wrapped(found.definition), ""] if found.definition else []


def _parameters(found: ClassDescription) -> list[str]:
    version = stated_version(found.target) or 1
    stated = [labelled("version", str(version))] if version > 1 else []
    return stated + [labelled("parameter", one.describe()) for one in found.parameters]
