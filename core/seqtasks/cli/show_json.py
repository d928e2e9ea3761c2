"""Print a description as the object of `seqtasks show NAME --json`."""

import inspect
from dataclasses import asdict
from typing import Any

from seqtasks.cli.description import (
    CellDescription,
    ClassDescription,
    Description,
    ExperimentDescription,
    TaskDescription,
    example_length,
)
from seqtasks.registry.origins import stated_version
from seqtasks.specs.bind import REQUIRED, type_name
from seqtasks.specs.grammar import format_value

__all__ = ["as_document"]


def as_document(found: Description) -> dict[str, Any]:
    """Return a description as JSON data."""
    match found:
        case TaskDescription():
            return _task(found)
        case CellDescription():
            return _cell(found)
        case ClassDescription():
            return _class(found)
        case ExperimentDescription():
            return {"summary": found.summary, **found.settings}


def _task(found: TaskDescription) -> dict[str, Any]:
    made, trivial = found.task, found.without_learning
    about = _class(found.about)
    for parameter in about["parameters"]:
        parameter["meanings"] = found.meanings.get(parameter["name"], {})
    inputs, targets = found.example.inputs[0], found.example.targets[0]
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
            "length": trivial.length,
            "sequences": trivial.sequences,
            "exhaustive": trivial.exhaustive,
            "strategies": [asdict(row) for row in trivial.rows],
        },
        "example": {
            "length": example_length(made),
            "input": list(made.inputs.words(inputs)),
            "target": list(made.targets.words(targets)),
        },
    }


def _cell(found: CellDescription) -> dict[str, Any]:
    size, engine = found.size, found.engine
    return {
        **_class(found.about),
        "citation": _citation(found.about.target),
        "trained_numbers": {
            "embedding_size": size,
            "hidden_size": size,
            "count": found.trained_numbers,
        },
        "understood": found.understood,
        "engine": engine.name,
        "not_faster": engine.not_faster,
        "may_be_wrong": engine.may_be_wrong,
        "parts": engine.parts,
    }


def _class(found: ClassDescription) -> dict[str, Any]:
    entry = found.entry
    return {
        "summary": entry.summary if entry else found.definition.partition("\n")[0],
        "definition": found.definition,
        "family": entry.family if entry else "",
        "level": entry.level if entry else "",
        "plugin": entry.plugin if entry else None,
        "distribution": entry.distribution if entry else None,
        "version": stated_version(found.target),
        "parameters": [
            {
                "name": parameter.name,
                "type": type_name(parameter.type),
                "required": parameter.default is REQUIRED,
                "default": None if parameter.default is REQUIRED else _plain(parameter.default),
            }
            for parameter in found.parameters
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
