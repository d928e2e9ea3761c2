"""`seqtasks show`: describe a task, cell, readout or experiment."""

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import click

from seqtasks.authoring.recommended_settings import settings_mistakes
from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import echo_json, figure, heading, say, table_lines
from seqtasks.cli.show_json import DOCUMENTS, example_length, open_meanings
from seqtasks.cli.show_settings import protocol_lines, setting_rows, trained_with
from seqtasks.cli.wrapping import aligned, labelled, text_width, wrapped
from seqtasks.errors import UsageError, counted
from seqtasks.randomness.streams import stream
from seqtasks.registry.discovery import KINDS, Kind, current_registry
from seqtasks.registry.find import find, task
from seqtasks.registry.user_files import WrongKindError
from seqtasks.scoring.baselines import baselines
from seqtasks.specs.bind import parameters_of
from seqtasks.specs.grammar import SpecError, format_value, parse_spec
from seqtasks.tasks import Reals, Task, TokenSets
from seqtasks.tasks.mistakes import try_two_lengths

__all__ = ["show"]

Body = TypeVar("Body")
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
    if as_json:
        one, document = _those_that_fit(DOCUMENTS, name, origins)[0]
        echo_json({"kind": one, "name": name, **document})
        return
    bodies = _those_that_fit(_DESCRIBED, name, origins)
    texts = [
        "\n".join([f"{click.style(name, bold=True)}  ({origins[one]})", "", *body])
        for one, body in bodies
    ]
    click.echo("\n\n".join(texts))


def _those_that_fit(
    described: Mapping[Kind, Callable[[str], Body]], name: str, kinds: Iterable[Kind]
) -> list[tuple[Kind, Body]]:
    """Return the description of a name for each kind that has the name."""
    found: list[tuple[Kind, Body]] = []
    errors: list[UsageError] = []
    for kind in kinds:
        try:
            found.append((kind, described[kind](name)))
        except UsageError as error:
            errors.append(error)
    if not found:
        # A thing that does not fit the parameters, or fails, is the one that the user meant.
        fitting = [error for error in errors if not isinstance(error, WrongKindError)] or errors
        raise next((error for error in fitting if isinstance(error, SpecError)), fitting[0])
    return found


def _task(name: str) -> list[str]:
    made = task(name)
    lines = [*_definition(type(made)), *_meanings(name, made)]
    if made.source:
        lines.append(labelled("source", made.source))
    entry = current_registry().get("task", parse_spec(name).name)
    if entry is not None and parse_spec(name).is_registered:
        lines.append(
            labelled("family", f"{entry.family}, {entry.level}" if entry.level else entry.family)
        )
    lines += [labelled("parameter", p.describe()) for p in parameters_of(type(made))]
    for side, alphabet in (("input", made.inputs), ("target", made.targets)):
        symbols = getattr(alphabet, "symbols", None)
        text = _listed(symbols) if symbols else f"{counted(alphabet.size, 'real number')} a step"
        lines.append(labelled(f"{side} alphabet", text))
    sets, reals = isinstance(made.targets, TokenSets), isinstance(made.targets, Reals)
    what = "set of symbols" if sets else "vector" if reals else "symbol"
    stands = {
        "each": f"one {what} at each step",
        "end": f"one {what} after the last symbol",
        "after": f"a {what} on each of the blanks (_) that follow the input",
    }
    lines.append(labelled("answer", stands[made.layout]))
    lines.append(labelled("length", made.lengths.describe()))
    lines.append(labelled("trained with", trained_with(made)))
    lines += [labelled("published", text) for text in protocol_lines(made)]
    for mistake in settings_mistakes(made):
        say(f"Warning: {mistake}", err=True)
    try_two_lengths(made, example_length(made))
    batch = made.batch(stream(0, "example"), 1, example_length(made))
    return [*lines, "", *_without_learning(made), "", "Example", aligned(batch, made)]


def _meanings(name: str, made: Task) -> list[str]:
    """Return a paragraph for each value of a parameter that the spec leaves open."""
    defaults = {p.name: format_value(p.default) for p in parameters_of(type(made))}
    lines: list[str] = []
    for parameter, values in open_meanings(name, made).items():
        for value, text in values.items():
            usual = len(values) > 1 and value == defaults.get(parameter)
            label = f"{parameter}={value}{' (the default)' if usual else ''}"
            lines += [*textwrap.wrap(f"{label}: {text}", text_width()), ""]
    return lines


def _listed(symbols: Sequence[str]) -> str:
    """Return the symbols of an alphabet; of a large one, the first and the last."""
    if len(symbols) <= _MOST_SYMBOLS:
        return " ".join(symbols)
    return f"{' '.join(symbols[:8])} ... {symbols[-1]} ({len(symbols)} symbols)"


def _without_learning(made: Task) -> list[str]:
    """Return the scores of strategies without learning, as a table under a heading."""
    found = baselines(made)
    over = counted(found.sequences, "input")
    if not found.exhaustive:
        over = f"a sample of {over}"
    else:
        over = "the one input" if found.sequences == 1 else f"all {over}"
    headers = [f"Without learning, at length {found.length}"]
    headers += [heading(metric.name) for metric in made.metrics]
    rows = [
        [row.strategy, *(_score(name, value) for name, value in row.metrics.items())]
        for row in found.rows
    ]
    return [*table_lines(headers, rows, right=headers[1:]), f"over {over} of that length"]


def _score(name: str, value: float) -> str:
    """Return a metric's value; an accuracy that rounds to 0.00 is shown as below 0.01."""
    below = name.endswith("accuracy") and 0 < value < 0.00005
    return f"< {figure(name, 0.0001)}" if below else figure(name, value)


def _cell(name: str) -> list[str]:
    from seqtasks.cells import Cell
    from seqtasks.cli.show_engine import engine_lines
    from seqtasks.models.build import CELL_SIZES, cell

    target = find("cell", name, Cell, CELL_SIZES).target
    count = sum(parameter.numel() for parameter in cell(name, 32, 32).parameters())
    return [
        *_definition(target),
        *[labelled("parameter", p.describe()) for p in parameters_of(target, CELL_SIZES)],
        f"{count} trained numbers at embedding size 32 and hidden size 32",
        "",
        *engine_lines(name),
    ]


def _readout(name: str) -> list[str]:
    from seqtasks.cells import Readout
    from seqtasks.models.build import READOUT_SIZES

    target = find("readout", name, Readout, READOUT_SIZES).target
    parameters = parameters_of(target, READOUT_SIZES)
    return _definition(target) + [labelled("parameter", p.describe()) for p in parameters]


def _experiment(name: str) -> list[str]:
    from seqtasks.experiments.find import load_experiment

    data, _ = load_experiment(name).to_json()
    published = data.pop("published")
    lines = [current_registry().entry("experiment", name).summary, ""]
    rows = [row for row in setting_rows(data) if row[0] != "name"]
    for known in published:
        when = "at the end" if known["step"] is None else f"at step {known['step']}"
        value = f"{known['metric']} {known['value']:g}"
        rows.append(["published", f"{value} at length {known['length']} {when}"])
    sources = dict.fromkeys(known["source"] for known in published)
    rows += [["source", source] for source in sources]
    return [*lines, *(labelled(key, value, column=22) for key, value in rows)]


_DESCRIBED: dict[Kind, Callable[[str], list[str]]] = {
    "task": _task,
    "cell": _cell,
    "readout": _readout,
    "experiment": _experiment,
}


def _definition(cls: type) -> list[str]:
    """Return a class's docstring without its example, and an empty line after it."""
    text = inspect.getdoc(cls) if cls.__doc__ else None
    return [*wrapped(text.partition("\n\nExample:\n")[0]), ""] if text else []
