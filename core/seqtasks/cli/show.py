"""`seqtasks show`: what a task, cell, readout or experiment is."""

import inspect
from typing import Any

import click

from seqtasks.binding import parameters_of
from seqtasks.cli.completion import complete_names
from seqtasks.errors import UsageError
from seqtasks.lookup import find, task
from seqtasks.randomness import stream
from seqtasks.registry import KINDS, Entry, Kind, current_registry
from seqtasks.settings import Settings
from seqtasks.spec import parse_spec
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
    registry = current_registry()
    spec = parse_spec(name)
    kinds: list[Kind] = [kind] if kind else _SHOWN
    if spec.path is not None:
        _show_file(name, kinds)
        return
    found = [entry for one in kinds if (entry := registry.get(one, spec.name))]
    if not found:
        raise UsageError(registry.unknown(spec.name, *kinds))
    for position, entry in enumerate(found):
        if position:
            click.echo()
        origin = f"{entry.kind}, plugin {entry.plugin} of {entry.distribution}"
        _heading(entry.name, origin)
        _show_entry(name, entry)


def aligned(batch: Batch, made: Task, row: int = 0) -> str:
    """Return an instance as two lines of aligned symbols: its input and its target."""
    columns = zip(
        made.inputs.words(batch.inputs[row]), made.targets.words(batch.targets[row]), strict=True
    )
    widths = [(source, target, max(len(source), len(target))) for source, target in columns]
    first = " ".join(source.rjust(width) for source, _, width in widths)
    second = " ".join(target.rjust(width) for _, target, width in widths)
    return f"input   {first}\ntarget  {second}"


def _show_file(name: str, kinds: list[Kind]) -> None:
    errors: list[UsageError] = []
    for kind in kinds:
        try:
            if kind == "task":
                made = task(name)
                _heading(type(made).__name__, "task of your own")
                _show_task(made)
            elif kind in ("cell", "readout"):
                _heading(name, f"{kind} of your own")
                _show_module(name, kind)
            else:
                continue
        except UsageError as error:
            errors.append(error)
            continue
        return
    raise errors[0]


def _show_entry(name: str, entry: Entry) -> None:
    if entry.kind == "task":
        made = task(name)
        _show_task(made)
    elif entry.kind == "experiment":
        _show_experiment(entry)
    else:
        _show_module(name, entry.kind)


def _show_task(made: Task) -> None:
    _definition(type(made))
    if made.source:
        click.echo(f"Source: {made.source}")
    _parameters(parameters_of(type(made)))
    for side, alphabet in (("input", made.inputs), ("target", made.targets)):
        symbols = getattr(alphabet, "symbols", None)
        text = " ".join(symbols) if symbols else f"{alphabet.size} real number(s) a step"
        click.echo(f"{side + ' alphabet':<17} {text}")
    stands = {
        "each": "one target at each step",
        "end": "one target after the last symbol",
        "after": "over blanks (_) that follow the input",
    }
    click.echo(f"{'answer':<17} {stands[made.layout]}")
    click.echo(f"{'length':<17} {made.lengths.describe()}")
    click.echo(f"{'learned with':<17} {_settings(made.settings)}")
    length = made.lengths.at_least(8) or made.lengths.minimum
    click.echo("\nExample")
    click.echo(aligned(made.batch(stream(0, "example"), 1, length), made))


def _show_module(name: str, kind: Kind) -> None:
    from seqtasks.building import CELL_SIZES, READOUT_SIZES
    from seqtasks.cells import Cell, Readout

    base, given = (Cell, CELL_SIZES) if kind == "cell" else (Readout, READOUT_SIZES)
    target = find(kind, name, base, given).target
    _definition(target)
    _parameters(parameters_of(target, given))
    if kind == "cell":
        from seqtasks.building import cell

        made = cell(name, 32, 32)
        count = sum(parameter.numel() for parameter in made.parameters())
        click.echo(f"{count} trained numbers at embedding size 32 and hidden size 32")


def _show_experiment(entry: Entry) -> None:
    from seqtasks.experiment import load_experiment

    click.echo(f"{entry.summary}\n")
    experiment = load_experiment(entry.name)
    data, _ = experiment.to_json()
    published = data.pop("published")
    for key, value in data.items():
        if key != "name":
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{key:<21} {shown}")
    for figure in published:
        when = "at the end" if figure["step"] is None else f"at step {figure['step']}"
        click.echo(
            f"published: {figure['metric']} {figure['value']:g} at length {figure['length']} {when}"
        )
    for source in dict.fromkeys(figure["source"] for figure in published):
        click.echo(f"Source: {source}")


def _heading(name: str, origin: str) -> None:
    click.echo(f"{click.style(name, bold=True)}  ({origin})\n")


def _definition(cls: type) -> None:
    text = inspect.getdoc(cls) if cls.__doc__ else None
    if text:
        click.echo(text.partition("\n\nExample:\n")[0])
        click.echo()


def _parameters(parameters: list[Any]) -> None:
    for parameter in parameters:
        click.echo(f"{'parameter':<17} {parameter.describe()}")


def _settings(settings: Settings) -> str:
    cell = settings.cell if isinstance(settings.cell, str) else settings.cell.__name__
    return (
        f"cell {cell}, hidden size {settings.hidden_size}, length {settings.length}, "
        f"at most {settings.steps} steps of {settings.batch_size}, {settings.optimizer} "
        f"at {settings.learning_rate:g}"
    )
