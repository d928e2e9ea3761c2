"""`seqtasks show`: what a task, cell, readout or experiment is."""

import inspect
from collections.abc import Callable

import click

from seqtasks.binding import parameters_of
from seqtasks.cli.completion import complete_names
from seqtasks.errors import UsageError
from seqtasks.lookup import find, task
from seqtasks.randomness import stream
from seqtasks.registry import KINDS, Kind, current_registry
from seqtasks.settings import Settings
from seqtasks.spec import SpecError, parse_spec
from seqtasks.tasks import Batch, Task

__all__ = ["aligned", "show"]

_SHOWN: list[Kind] = [kind for kind in KINDS if kind != "command"]


@click.command()
@click.argument("name", shell_complete=complete_names("task", "cell", "readout", "experiment"))
@click.option("--kind", type=click.Choice(_SHOWN), help="Show only the thing of this kind.")
def show(name: str, kind: Kind | None) -> None:
    """Show what NAME is: definition, source, parameters, alphabet and a worked example.

    NAME may carry parameters (bitshift:shift=2) or be a file of your own (./mine.py:MyTask).
    """
    spec = parse_spec(name)
    kinds: list[Kind] = [kind] if kind else _SHOWN
    if spec.path is not None:
        origins: dict[Kind, str] = {
            one: f"{one} of your own" for one in kinds if one != "experiment"
        }
    else:
        entries = [current_registry().get(one, spec.name) for one in kinds]
        origins = {
            entry.kind: f"{entry.kind}, plugin {entry.plugin} of {entry.distribution}"
            for entry in entries
            if entry is not None
        }
    if not origins:
        raise UsageError(current_registry().unknown(spec.name, *kinds))
    texts: list[str] = []
    errors: list[UsageError] = []
    for one, origin in origins.items():
        try:
            body = _DESCRIBED[one](name)
        except UsageError as error:
            errors.append(error)
        else:
            texts.append("\n".join([f"{click.style(name, bold=True)}  ({origin})", "", *body]))
    if not texts:
        # One that does not fit the parameters is the thing meant; the others are of another kind.
        raise next((error for error in errors if isinstance(error, SpecError)), errors[0])
    click.echo("\n\n".join(texts))


def aligned(batch: Batch, made: Task, row: int = 0) -> str:
    """Return an instance as two lines of aligned symbols: its input and its target."""
    columns = zip(
        made.inputs.words(batch.inputs[row]), made.targets.words(batch.targets[row]), strict=True
    )
    widths = [(source, target, max(len(source), len(target))) for source, target in columns]
    first = " ".join(source.rjust(width) for source, _, width in widths)
    second = " ".join(target.rjust(width) for _, target, width in widths)
    return f"input   {first}\ntarget  {second}"


def _task(name: str) -> list[str]:
    made = task(name)
    lines = _definition(type(made))
    if made.source:
        lines.append(_row("source", made.source))
    entry = current_registry().get("task", parse_spec(name).name)
    if entry is not None and parse_spec(name).path is None:
        lines.append(
            _row("family", f"{entry.family}, {entry.level}" if entry.level else entry.family)
        )
    lines += [_row("parameter", p.describe()) for p in parameters_of(type(made))]
    for side, alphabet in (("input", made.inputs), ("target", made.targets)):
        symbols = getattr(alphabet, "symbols", None)
        text = " ".join(symbols) if symbols else f"{alphabet.size} real number(s) a step"
        lines.append(_row(f"{side} alphabet", text))
    stands = {
        "each": "one target at each step",
        "end": "one target after the last symbol",
        "after": "over blanks (_) that follow the input",
    }
    lines.append(_row("answer", stands[made.layout]))
    lines.append(_row("length", made.lengths.describe()))
    lines.append(_row("trained with", _settings(made.settings)))
    length = made.lengths.at_least(8) or made.lengths.minimum
    batch = made.batch(stream(0, "example"), 1, length)
    return [*lines, "", "Example", aligned(batch, made)]


def _cell(name: str) -> list[str]:
    from seqtasks.building import CELL_SIZES, cell
    from seqtasks.cells import Cell

    target = find("cell", name, Cell, CELL_SIZES).target
    count = sum(parameter.numel() for parameter in cell(name, 32, 32).parameters())
    return [
        *_definition(target),
        *[_row("parameter", p.describe()) for p in parameters_of(target, CELL_SIZES)],
        f"{count} trained numbers at embedding size 32 and hidden size 32",
    ]


def _readout(name: str) -> list[str]:
    from seqtasks.building import READOUT_SIZES
    from seqtasks.cells import Readout

    target = find("readout", name, Readout, READOUT_SIZES).target
    parameters = parameters_of(target, READOUT_SIZES)
    return _definition(target) + [_row("parameter", p.describe()) for p in parameters]


def _experiment(name: str) -> list[str]:
    from seqtasks.experiment import load_experiment

    data, _ = load_experiment(name).to_json()
    published = data.pop("published")
    lines = [current_registry().entry("experiment", name).summary, ""]
    for key, value in data.items():
        if key != "name":
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{key:<21} {shown}")
    for figure in published:
        when = "at the end" if figure["step"] is None else f"at step {figure['step']}"
        value = f"{figure['metric']} {figure['value']:g}"
        lines.append(f"{'published':<21} {value} at length {figure['length']} {when}")
    sources = dict.fromkeys(figure["source"] for figure in published)
    return [*lines, *(f"{'source':<21} {source}" for source in sources)]


_DESCRIBED: dict[Kind, Callable[[str], list[str]]] = {
    "task": _task,
    "cell": _cell,
    "readout": _readout,
    "experiment": _experiment,
}


def _definition(cls: type) -> list[str]:
    """Return a class's docstring without its example, and an empty line after it."""
    text = inspect.getdoc(cls) if cls.__doc__ else None
    return [text.partition("\n\nExample:\n")[0], ""] if text else []


def _row(label: str, text: str) -> str:
    return f"{label:<17} {text}"


def _settings(settings: Settings) -> str:
    cell = settings.cell if isinstance(settings.cell, str) else settings.cell.__name__
    return (
        f"cell {cell}, hidden size {settings.hidden_size}, length {settings.length}, "
        f"at most {settings.steps} steps of {settings.batch_size}, {settings.optimizer} "
        f"at {settings.learning_rate:g}"
    )
