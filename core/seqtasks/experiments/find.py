"""Find the experiment that a name, a file or the record of a run stands for."""

import importlib.resources
import logging
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError, one_line
from seqtasks.experiments.experiment import (
    ADDED_LATER,
    THINGS,
    Experiment,
    ProtocolName,
)
from seqtasks.experiments.schemas import EXPERIMENT, RECORD
from seqtasks.files.atomic import read_json
from seqtasks.files.validation import checked
from seqtasks.registry.discovery import Entry, Kind, current_registry
from seqtasks.registry.find import task as find_task
from seqtasks.registry.origins import (
    held_distributions,
    origin_of,
    recorded_origin,
    unknown_name,
)
from seqtasks.registry.references import short_name
from seqtasks.registry.restore import Verified, open_verified, verify
from seqtasks.specs.grammar import parse_spec
from seqtasks.tasks import Task
from seqtasks.trust.consent import check_trust

__all__ = ["changed_things", "load_experiment", "registered_experiment", "restore_things"]

logger = logging.getLogger("seqtasks")


def load_experiment(
    spec: str | Path | Task,
    *,
    protocol: ProtocolName = "ours",
    trust: bool = False,
    **overrides: Any,
) -> Experiment:
    """Return the experiment of a name, a file or a task, with some settings changed.

    Args:
        spec: a registered task or experiment, an experiment file (`.json`), a user's Python file
            (`./mine.py:MyTask`), a class of a module (`package.module:MyTask`), or a task.
        protocol: `published` for the settings of the task's paper; see `Experiment.for_task`.
        trust: if the file is the record of a run, whether code that came with it is allowed.
        overrides: settings that replace the experiment's or the task's.

    Raises:
        UsageError: for an unknown name, key or setting, or code that is not trusted.
    """
    if isinstance(spec, Path):
        spec = str(spec)
    if isinstance(spec, str) and spec.endswith(".json"):
        _refuse_protocol(protocol, spec)
        return _from_file(Path(spec), trust).with_changes(**overrides)
    if isinstance(spec, str) and ":" not in spec and parse_spec(spec).is_registered:
        registry = current_registry()
        if registry.get("task", spec) is None and (entry := registry.get("experiment", spec)):
            _refuse_protocol(protocol, spec)
            return registered_experiment(entry).with_changes(**overrides)
        if registry.get("task", spec) is None:
            raise UsageError(registry.unknown(spec, "task", "experiment"))
    return Experiment.for_task(spec, protocol=protocol, **overrides)


def _refuse_protocol(protocol: str, spec: str) -> None:
    """Refuse a protocol for an experiment, which says itself how to train."""
    if protocol != "ours":
        raise UsageError(
            f"{spec} is an experiment, which has its own settings; --protocol goes with a task"
        )


def _from_file(path: Path, trust: bool) -> Experiment:
    data = read_json(path, follow=True)
    if not isinstance(data, dict):
        raise UsageError(f"{path}: an experiment is a JSON object, this is not")
    if isinstance(data.get("experiment"), dict):  # the record of a run
        data = checked(data, RECORD, path)
        experiment = Experiment.from_json(
            ADDED_LATER | restore_things(data, path, trust=trust), str(path)
        )
        for difference in changed_things(data, experiment):
            logger.warning("%s: %s", path, difference)
        return experiment
    if "points" in data and "settings" in data:
        raise UsageError(
            f"{path} is the record of a study: `seqtasks resume {path.parent}` goes on with it, "
            f"and `seqtasks runs show {path.parent}` shows the command that made it"
        )
    data = checked(data, EXPERIMENT, path)
    data |= {kind: _beside(data[kind], path) for kind in THINGS if kind in data}
    return Experiment.from_json(data, str(path))


def _beside(reference: Any, path: Path) -> Any:
    """Return a spec in which a relative path starts from the experiment file's folder."""
    if not isinstance(reference, str) or not reference.strip():
        return reference
    file = parse_spec(reference).path
    if file is None or Path(file).expanduser().is_absolute():
        return reference
    return str(path.parent / file) + reference[len(file) :]


def restore_things(record: Mapping[str, Any], path: Path, *, trust: bool = False) -> dict[str, Any]:
    """Return the experiment of a run's record, with the things that it names.

    All code that would be executed is read and checked first.

    Args:
        record: the content of `experiment.json`.
        path: the file, for messages; copies of sources lie in its folder.
        trust: whether the user allows code that came with the run, from now on.

    Raises:
        UsageError: if the record is damaged, names things that are not available, or brings code
            that this user has neither run nor allowed; or if the record holds no definition of
            its task, and the task has been redefined since.
    """
    data = dict(record["experiment"])
    sources = record.get("sources", {})
    if not isinstance(sources, dict):
        raise UsageError(f"{path} is damaged: its sources are not an object")
    verified: list[Verified] = []
    for kind in THINGS:
        if kind in data:
            with _named(path, kind):
                source = sources.get(kind)
                held = held_distributions(record)
                verified.append(verify(data[kind], kind, source, path.parent, held))
                _check_known(data[kind], kind, record)
    code = [one.code for one in verified if one.code is not None]
    check_trust(code, str(path.parent), trust)
    for one in verified:
        with _named(path, one.kind):
            data[one.kind] = open_verified(one)
    if "task" in data and recorded_origin(record, "task") is None:
        _check_not_redefined(data["task"], path)
    return data


def _check_not_redefined(reference: str | Task, path: Path) -> None:
    """Refuse a record from before records held definitions, if its task was redefined since."""
    with _named(path, "task"):
        task = find_task(reference)
        if task.redefined:
            raise UsageError(
                f"the task {task.known_as} has another definition than when this run was made "
                f"({task.redefined}), so this version cannot read the run; train it anew"
            )


def changed_things(
    record: Mapping[str, Any],
    experiment: Experiment,
    kinds: Iterable[str] = THINGS,
    own: Collection[str] = (),
) -> list[str]:
    """Report the things of a run that have another definition or another origin now.

    Args:
        record: the run's record.
        experiment: its experiment, with the current things.
        kinds: the kinds of things to compare.
        own: the kinds that the caller brought, instead of the run's copy.
    """
    found: list[str] = []
    sources = record.get("sources")
    copied = sources if isinstance(sources, dict) else {}
    for kind in THINGS:
        then = recorded_origin(record, kind)
        thing = getattr(experiment, kind)
        # A copy in the run is unchanged: its digest was checked.
        if kind not in kinds or then is None or (kind in copied and kind not in own):
            continue
        difference = then.difference(origin_of(thing, kind))
        if difference is not None:
            found.append(f"the {kind} {then.name or short_name(thing)} {difference}")
    return found


def _check_known(reference: Any, kind: Kind, record: Mapping[str, Any]) -> None:
    """Raise if no plugin registers a name in a record; the message names its distribution."""
    if isinstance(reference, str):
        spec = parse_spec(reference)
        if spec.is_registered and current_registry().get(kind, spec.name) is None:
            raise UsageError(unknown_name(kind, spec.name, record))


@contextmanager
def _named(path: Path, kind: Kind) -> Generator[None, None, None]:
    """Make errors name the record, and turn any failure on a damaged record into an error."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is damaged: its {kind}: {one_line(error)}") from error


def registered_experiment(entry: Entry) -> Experiment:
    """Return a registered experiment; its runs are named after it."""
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
            return replace(_from_file(file, trust=True), name=entry.name)
    except (ImportError, OSError, TypeError) as error:  # no package is a TypeError in Python 3.11
        raise UsageError(
            f"experiment '{entry.name}' of plugin {entry.plugin} ({entry.distribution}) cannot be "
            f"loaded from '{entry.target}': {one_line(error)}"
        ) from error
