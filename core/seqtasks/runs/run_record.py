"""The record of a run, `experiment.json`: written at the start, changed at a resume."""

import logging
import platform
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from seqtasks import __version__
from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import (
    ADDED_LATER,
    CADENCE,
    THINGS,
    Experiment,
)
from seqtasks.experiments.find import changed_things, restore_things
from seqtasks.registry.definitions import model_definition
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.registry.origins import Origin, origin_of
from seqtasks.registry.references import code_of
from seqtasks.runs.directory import FORMAT, RunDirectory
from seqtasks.runs.training_run import Run
from seqtasks.tasks.settings import EngineName
from seqtasks.training import Trainer
from seqtasks.trust.consent import remember

__all__ = [
    "begin_record",
    "check_engine",
    "check_things",
    "present_things",
    "recorded_experiment",
    "remember_own_code",
    "warn_of_versions",
    "with_engine",
    "with_more_steps",
]

_MODEL = "model"
"""The thing that a run of a module of the user's own has in place of cell and readout."""

logger = logging.getLogger("seqtasks")


def begin_record(
    experiment: Experiment, trainer: Trainer, parent: Path, own_model: str | None
) -> RunDirectory:
    """Make the directory of a new run, with its record and the user's files in it.

    Args:
        experiment: the requested experiment.
        trainer: the run's trainer, which has chosen an engine.
        parent: the folder in which to make the directory.
        own_model: the class of a user's module; None if the experiment describes the model.

    Raises:
        UsageError: if the folder cannot be written.
    """
    data, sources = experiment.to_json()
    things = present_things(experiment, trainer.model if own_model else None)
    record = {
        "format": FORMAT,
        "experiment": data,
        "own_model": own_model,
        "engine": trainer.engine,
        "threads": trainer.threads,
        "sources": {kind: source.to_json() for kind, source in sources.items()},
        "things": things,
        "versions": _versions(),
    }
    _warn_of_modules(experiment, data, things)
    files = {name: content for one in sources.values() for name, content in one.files.items()}
    return RunDirectory.create(parent, experiment.run_name, record, files)


def _warn_of_modules(
    experiment: Experiment, data: dict[str, Any], things: dict[str, dict[str, str | None]]
) -> None:
    """Warn of classes that no later run can find, because no distribution brings their module."""
    for kind, origin in things.items():
        if isinstance(getattr(experiment, kind, None), str) and isinstance(data[kind], dict):
            module = data[kind]["class"].partition(":")[0]
            if origin["distribution"] is None:
                logger.warning(
                    "the module %s belongs to no installed distribution, so eval and resume cannot "
                    "find the %s again: install it, or name its file",
                    module,
                    kind,
                )


def present_things(
    experiment: Experiment, own_model: nn.Module | None
) -> dict[str, dict[str, str | None]]:
    """Return the origins of an experiment's things, in the form of a record.

    A run of a module of the user's own has neither cell nor readout, but the module's definition.
    """
    kinds: tuple[Kind, ...] = THINGS if own_model is None else ("task",)
    things = {kind: origin_of(getattr(experiment, kind), kind).to_json() for kind in kinds}
    if own_model is not None:
        things[_MODEL] = Origin(definition=model_definition(own_model)).to_json()
    return things


def remember_own_code(experiment: Experiment, own_model: Any) -> None:
    """Trust the user's code that a run executes: the user named it."""
    kinds: tuple[Kind, ...] = ("task",) if own_model else THINGS
    for kind in kinds:
        code = code_of(getattr(experiment, kind), kind)
        if code is not None:
            remember(code)


def check_things(
    directory: RunDirectory,
    record: dict[str, Any],
    experiment: Experiment,
    own: Mapping[str, Any],
    allow_changes: bool = True,
    model: nn.Module | None = None,
) -> dict[str, Any]:
    """Warn of things whose definition or origin has changed since the run began.

    Args:
        directory: the run.
        record: its record.
        experiment: its experiment, with the current things.
        own: the things that the caller brought, which may differ.
        allow_changes: whether other things may differ, too.
        model: the module that the caller brought, None for none.

    Returns:
        The record with the current things.

    Raises:
        UsageError: if a thing that the caller did not bring differs, and may not.
    """
    kinds: tuple[Kind, ...] = ("task",) if record.get("own_model") else THINGS
    refused = [] if allow_changes else [kind for kind in kinds if kind not in own]
    for difference in changed_things(record, experiment, refused):
        raise UsageError(
            f"{directory.path}: {difference}; install what it was trained with, or go on with it "
            "as it is now: --allow-changes (in Python allow_changes=True)"
        )
    differences = changed_things(record, experiment, kinds, own)
    if model is not None:
        differences += _changed_model(record, model)
    for difference in differences:
        logger.warning("%s: %s", directory.path, difference)
    if not differences:
        return record
    earlier = record.get("earlier_things")
    return {
        **record,
        "things": present_things(experiment, model),
        "earlier_things": [*(earlier if isinstance(earlier, list) else ()), record["things"]],
    }


def _changed_model(record: dict[str, Any], model: nn.Module) -> list[str]:
    """Say whether a module is defined otherwise than the one that a run trained."""
    things = record.get("things")
    then = things.get(_MODEL, {}).get("definition") if isinstance(things, dict) else None
    now = model_definition(model)
    if then is None or now is None or then == now:
        return []
    return [f"the model {type(model).__name__} has another definition than when the run began"]


def recorded_experiment(
    directory: RunDirectory,
    record: dict[str, Any],
    own: dict[str, Any],
    model: Any,
    trust: bool = False,
) -> Experiment:
    """Return the experiment of a run, with the caller's own things put in place.

    Args:
        directory: the run.
        record: its record.
        own: the caller's task, cell or readout, by kind.
        model: the caller's module, or None.
        trust: whether the user allows code that came with the run, from now on.

    Raises:
        UsageError: if something made in a program is needed but missing, a source was changed, or
            code that came with the run was neither run nor allowed by this user.
    """
    if unknown := set(own) - set(THINGS):
        raise UsageError(f"unknown argument {unknown.pop()}; known: {', '.join(THINGS)}, model")
    if record.get("own_model") and model is None:
        raise UsageError(
            f"{directory.path} trained a module of its own ({record['own_model']}), made in a "
            "Python program; open it there with "
            "seqtasks.load(run, model=...) or seqtasks.resume(run, model=...)"
        )
    asked = {**ADDED_LATER, **record["experiment"], **own}
    if missing := [field.name for field in fields(Experiment) if field.name not in asked]:
        raise UsageError(f"{directory.experiment} is damaged: it lacks {', '.join(missing)}")
    things = {kind: asked[kind] for kind in THINGS if kind not in own}
    record = {**record, "experiment": things}
    restored = restore_things(record, directory.experiment, trust=trust)
    return Experiment.from_json({**asked, **restored}, str(directory.experiment))


def warn_of_versions(directory: RunDirectory, record: dict[str, Any]) -> None:
    """Warn if a run continues under other versions than it began with."""
    then, now = _flat(record.get("versions", {})), _flat(_versions())
    changed = [
        f"{name} {then[name]} (now {now.get(name, 'not there')})"
        for name in sorted(then)
        if then[name] != now.get(name)
    ]
    if changed:
        logger.warning(
            "%s was begun with %s: the numbers may differ", directory.path, ", ".join(changed)
        )


def check_engine(directory: RunDirectory, record: dict[str, Any]) -> EngineName:
    """Return the engine that trained a run.

    Raises:
        UsageError: if that engine does not exist here.
    """
    engine = record.get("engine")
    if engine not in ("plain", "torch", "native"):
        raise UsageError(
            f"{directory.path} was trained with the engine '{engine}', which seqtasks {__version__}"
            " does not have; to go on with another, whose last bits differ: --engine auto"
        )
    return engine


def with_engine(
    directory: RunDirectory, record: dict[str, Any], trainer: Trainer, wanted: str | None
) -> dict[str, Any]:
    """Return the record with the engine and threads that the run continues with.

    Raises:
        UsageError: if the engine is not the `wanted` one, which is then not available here.
    """
    if wanted is not None and trainer.engine != wanted:
        raise UsageError(
            f"{directory.path} was trained with the '{wanted}' engine, which is not available "
            f"here; to go on with another, whose last bits differ: --engine {trainer.engine}"
        )
    now, then = trainer.threads, record.get("threads")
    if trainer.engine != record.get("engine"):
        return {**record, "engine": trainer.engine, "threads": now}
    if now != then:
        logger.warning(
            "%s was begun with %s threads and continues with %s: the last bits may differ",
            directory.path,
            then,
            now,
        )
    return record


def with_more_steps(run: Run, record: dict[str, Any], steps: int) -> dict[str, Any]:
    """Request more steps of a run; return its record, as if they had been requested at once.

    Raises:
        UsageError: if the run has already made as many.
    """
    if steps <= run.step:
        raise UsageError(
            f"{run.path} is at step {run.step} already; ask for more than that, got {steps}"
        )
    cadence = {name: getattr(run.experiment, name) for name in CADENCE}
    run.experiment = run.experiment.with_changes(steps=steps, solved_after=0, **cadence)
    run.stopped = None
    changed = {**record["experiment"], "steps": steps, "solved_after": 0}
    return {**record, "experiment": changed}


def _versions() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "seqtasks": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "plugins": current_registry().plugin_versions(),
    }


def _flat(versions: dict[str, Any]) -> dict[str, str]:
    """Return versions by name, including the plugins' versions."""
    plugins = versions.get("plugins")
    both = {**(plugins if isinstance(plugins, dict) else {}), **versions}
    return {name: version for name, version in both.items() if isinstance(version, str)}
