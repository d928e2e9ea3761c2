"""From a name, a file or the record of a run to the experiment it stands for."""

import importlib.resources
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError, one_line
from seqtasks.experiment import ADDED_LATER, THINGS, Experiment, ProtocolName
from seqtasks.references import restore
from seqtasks.registry import Entry, current_registry
from seqtasks.runs.files import read_json
from seqtasks.spec import parse_spec
from seqtasks.tasks import Task

__all__ = ["load_experiment", "restore_things"]


def load_experiment(
    spec: str | Path | Task, *, protocol: ProtocolName = "ours", **overrides: Any
) -> Experiment:
    """Return the experiment that a name, a file or a task stands for, with some settings changed.

    Args:
        spec: a registered task or experiment, an experiment file (`.json`), a file of one's own
            (`./mine.py:MyTask`), or a task.
        protocol: `published` for the settings of the task's paper; see `Experiment.for_task`.
        overrides: settings to use instead of the experiment's or the task's.

    Raises:
        UsageError: for an unknown name, key or setting.
    """
    if isinstance(spec, Path):
        spec = str(spec)
    if isinstance(spec, str) and spec.endswith(".json"):
        _refuse_protocol(protocol, spec)
        return _from_file(Path(spec)).with_changes(**overrides)
    if isinstance(spec, str) and ":" not in spec and not spec.endswith(".py"):
        registry = current_registry()
        if registry.get("task", spec) is None and (entry := registry.get("experiment", spec)):
            _refuse_protocol(protocol, spec)
            return _registered(entry).with_changes(**overrides)
        if registry.get("task", spec) is None:
            raise UsageError(registry.unknown(spec, "task", "experiment"))
    return Experiment.for_task(spec, protocol=protocol, **overrides)


def _refuse_protocol(protocol: str, spec: str) -> None:
    """Refuse a protocol beside an experiment, which says itself how to train."""
    if protocol != "ours":
        raise UsageError(
            f"{spec} is an experiment, which has its own settings; --protocol goes with a task"
        )


def _from_file(path: Path) -> Experiment:
    data = read_json(path, follow=True)
    if not isinstance(data, dict):
        raise UsageError(f"{path}: an experiment is a JSON object, this is not")
    if isinstance(data.get("experiment"), dict):  # the record of a run
        data = ADDED_LATER | restore_things(data, path)
    else:
        data |= {kind: _beside(data[kind], path) for kind in THINGS if kind in data}
    return Experiment.from_json(data, str(path))


def _beside(reference: Any, path: Path) -> Any:
    """Return a spec whose relative file is taken from an experiment file's own folder."""
    if not isinstance(reference, str) or not reference.strip():
        return reference
    file = parse_spec(reference).path
    if file is None or Path(file).expanduser().is_absolute():
        return reference
    return str(path.parent / file) + reference[len(file) :]


def restore_things(record: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the experiment of a run's record, with what it names in place.

    Args:
        record: what `experiment.json` holds.
        path: the file, for messages; copies of sources lie in its folder.
    """
    data = dict(record["experiment"])
    sources = record.get("sources", {})
    if not isinstance(sources, dict):
        raise UsageError(f"{path} is damaged: its sources are not an object")
    for kind in THINGS:
        if kind in data:
            try:
                data[kind] = restore(data[kind], kind, sources.get(kind), path.parent)
            except UsageError as error:
                raise UsageError(f"{path}: {error}") from None
            except (AttributeError, KeyError, TypeError) as error:
                raise UsageError(f"{path} is damaged: its {kind}: {one_line(error)}") from error
    return data


def _registered(entry: Entry) -> Experiment:
    """Return a registered experiment, whose runs are named after it."""
    made: Any = entry.target
    if isinstance(made, Mapping):
        made = Experiment.from_json(made, f"experiment '{entry.name}'")
    if isinstance(made, Experiment):
        return made if made.name else replace(made, name=entry.name)
    if not isinstance(made, str):
        raise UsageError(
            f"experiment '{entry.name}' of plugin {entry.plugin} ({entry.distribution}) must be an "
            f"Experiment, a dictionary or 'package:path/of/a/file.json', got {made!r}"
        )
    package, _, path = made.partition(":")
    try:
        with importlib.resources.as_file(importlib.resources.files(package) / path) as file:
            return replace(_from_file(file), name=entry.name)
    except (ImportError, OSError, TypeError) as error:  # no package is a TypeError in Python 3.11
        raise UsageError(
            f"experiment '{entry.name}' of plugin {entry.plugin} ({entry.distribution}) cannot be "
            f"loaded from '{entry.target}': {one_line(error)}"
        ) from error
