"""Build the object of `seqtasks show NAME --json`: the content of `show` as data."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from seqtasks.authoring.recommended_settings import settings_mistakes
from seqtasks.cli.output import say
from seqtasks.randomness.streams import stream
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.registry.find import find, task
from seqtasks.scoring.baselines import baselines
from seqtasks.specs.bind import REQUIRED, parameters_of, type_name
from seqtasks.specs.grammar import format_value, parse_spec
from seqtasks.tasks import Task
from seqtasks.tasks.mistakes import try_two_lengths

__all__ = ["DOCUMENTS", "example_length", "open_meanings"]


def example_length(made: Task) -> int:
    """Return the length of an instance that explains a task: its allowed length nearest to 8."""
    return made.lengths.nearest(8)


def open_meanings(name: str, made: Task) -> dict[str, dict[str, str]]:
    """Return the meanings of a task's parameters; if the spec sets one, only that value's.

    Returns:
        the meanings, one line each, by parameter and value.
    """
    found = find("task", name, Task)
    # A task that is registered as an instance leaves nothing open.
    given = found.parameters if isinstance(found.target, type) else vars(made)
    left_open: dict[str, dict[str, str]] = {}
    for parameter, values in made.meanings.items():
        if parameter in given:
            chosen = format_value(given[parameter])
            values = {value: text for value, text in values.items() if value == chosen}
        if values:
            left_open[parameter] = {v: " ".join(text.split()) for v, text in values.items()}
    return left_open


def _task(name: str) -> dict[str, Any]:
    made = task(name)
    length = example_length(made)
    for mistake in settings_mistakes(made):
        say(f"Warning: {mistake}", err=True)
    try_two_lengths(made, length)
    batch = made.batch(stream(0, "example"), 1, length)
    found = baselines(made)
    meanings = open_meanings(name, made)
    about = _about("task", name, type(made))
    for parameter in about["parameters"]:
        parameter["meanings"] = meanings.get(parameter["name"], {})
    return {
        **about,
        "citation": made.source or None,
        "inputs": _alphabet(made.inputs),
        "targets": _alphabet(made.targets),
        "layout": made.layout,
        "lengths": asdict(made.lengths),
        "settings": _plain(asdict(made.settings)),
        "metrics": [metric.name for metric in made.metrics],
        "without_learning": {
            "length": found.length,
            "sequences": found.sequences,
            "exhaustive": found.exhaustive,
            "strategies": [asdict(row) for row in found.rows],
        },
        "example": {
            "length": length,
            "input": list(made.inputs.words(batch.inputs[0])),
            "target": list(made.targets.words(batch.targets[0])),
        },
    }


def _cell(name: str) -> dict[str, Any]:
    from seqtasks.cells import Cell
    from seqtasks.cli.show_engine import SIZE, engine_document
    from seqtasks.models.build import CELL_SIZES, cell

    target = find("cell", name, Cell, CELL_SIZES).target
    count = sum(parameter.numel() for parameter in cell(name, SIZE, SIZE).parameters())
    return {
        **_about("cell", name, target, CELL_SIZES),
        "citation": _citation(target),
        "trained_numbers": {"embedding_size": SIZE, "hidden_size": SIZE, "count": count},
        **engine_document(name),
    }


def _readout(name: str) -> dict[str, Any]:
    from seqtasks.cells import Readout
    from seqtasks.models.build import READOUT_SIZES

    target = find("readout", name, Readout, READOUT_SIZES).target
    return _about("readout", name, target, READOUT_SIZES)


def _experiment(name: str) -> dict[str, Any]:
    from seqtasks.experiments.find import load_experiment

    data, _ = load_experiment(name).to_json()
    return {"summary": current_registry().entry("experiment", name).summary, **data}


DOCUMENTS: dict[Kind, Callable[[str], dict[str, Any]]] = {
    "task": _task,
    "cell": _cell,
    "readout": _readout,
    "experiment": _experiment,
}


def _about(kind: Kind, name: str, target: Any, given: Sequence[str] = ()) -> dict[str, Any]:
    """Return the description of any class: its origin, its definition and its parameters."""
    spec = parse_spec(name)
    entry = current_registry().get(kind, spec.name) if spec.is_registered else None
    text = (inspect.getdoc(target) if target.__doc__ else None) or ""
    return {
        "summary": entry.summary if entry else text.partition("\n")[0],
        "definition": text.partition("\n\nExample:\n")[0],
        "family": entry.family if entry else "",
        "level": entry.level if entry else "",
        "plugin": entry.plugin if entry else None,
        "distribution": entry.distribution if entry else None,
        "parameters": [
            {
                "name": parameter.name,
                "type": type_name(parameter.type),
                "required": parameter.default is REQUIRED,
                "default": None if parameter.default is REQUIRED else _plain(parameter.default),
            }
            for parameter in parameters_of(target, given)
        ],
    }


def _citation(target: Any) -> str | None:
    """Return the paragraph of a docstring that names the source, as one line."""
    for paragraph in (inspect.getdoc(target) or "").split("\n\n"):
        if paragraph.startswith("Source: "):
            return " ".join(paragraph.removeprefix("Source: ").split())
    return None


def _alphabet(alphabet: Any) -> dict[str, Any]:
    symbols = getattr(alphabet, "symbols", None)
    return {"size": alphabet.size, "symbols": list(symbols) if symbols else None}


def _plain(value: Any) -> Any:
    """Return a value as JSON data; if JSON has no form for it, as a spec string writes it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.__name__ if isinstance(value, type) else format_value(value)
