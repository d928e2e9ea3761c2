"""The record of a run, `experiment.json`: written at the start, read and changed at a resume."""

import logging
import platform
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqtasks import __version__
from seqtasks.errors import UsageError
from seqtasks.experiment import ADDED_LATER, CADENCE, THINGS, Experiment
from seqtasks.experiment_files import restore_things
from seqtasks.registry import current_registry
from seqtasks.running import Run
from seqtasks.runs.directory import FORMAT, RunDirectory
from seqtasks.settings import EngineName
from seqtasks.training import Trainer

__all__ = [
    "begin_record",
    "check_engine",
    "recorded_experiment",
    "warn_of_versions",
    "with_engine",
    "with_more_steps",
]

logger = logging.getLogger("seqtasks")


def begin_record(
    experiment: Experiment, trainer: Trainer, parent: Path, own_model: str | None
) -> RunDirectory:
    """Make the directory of a run that begins, with its record and the user's own files in it.

    Args:
        experiment: what is asked for.
        trainer: the run's trainer, which has settled on an engine.
        parent: the folder in which to make the directory.
        own_model: the class of a module of the user's own; None where the experiment names it all.

    Raises:
        UsageError: if the folder cannot be written.
    """
    data, sources = experiment.to_json()
    record = {
        "format": FORMAT,
        "experiment": data,
        "own_model": own_model,
        "engine": trainer.engine,
        "threads": trainer.threads,
        "sources": {kind: source.to_json() for kind, source in sources.items()},
        "versions": _versions(),
    }
    files = {source.copy_name: source.content for source in sources.values()}
    return RunDirectory.create(parent, experiment.run_name, record, files)


def recorded_experiment(
    directory: RunDirectory, record: dict[str, Any], own: dict[str, Any], model: Any
) -> Experiment:
    """Return the experiment of a run, with what the caller brings of their own put in its place.

    Raises:
        UsageError: if something made in a program is needed and not brought, or a source changed.
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
    restored = restore_things({**record, "experiment": things}, directory.experiment)
    return Experiment.from_json({**asked, **restored}, str(directory.experiment))


def warn_of_versions(directory: RunDirectory, record: dict[str, Any]) -> None:
    """Say under which other versions a run goes on than it was begun with."""
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
    """Return the engine a run was trained by.

    Raises:
        UsageError: if it is one that is not here.
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
    """Return the record with the engine and threads that a run goes on with.

    Raises:
        UsageError: if that is not the one `wanted`, which is then not to be had here.
    """
    if wanted is not None and trainer.engine != wanted:
        raise UsageError(
            f"{directory.path} was trained with the engine '{wanted}', which is not to be had "
            f"here; to go on with another, whose last bits differ: --engine {trainer.engine}"
        )
    now, then = trainer.threads, record.get("threads")
    if trainer.engine != record.get("engine"):
        return {**record, "engine": trainer.engine, "threads": now}
    if now != then:
        logger.warning(
            "%s was begun with %s threads and goes on with %s: the last bits may differ",
            directory.path,
            then,
            now,
        )
    return record


def with_more_steps(run: Run, record: dict[str, Any], steps: int) -> dict[str, Any]:
    """Ask a run for more steps; return its record, as if it had been asked for them at once.

    Raises:
        UsageError: if it has made as many already.
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
    """Return versions by name, those of plugins among them."""
    plugins = versions.get("plugins")
    both = {**(plugins if isinstance(plugins, dict) else {}), **versions}
    return {name: version for name, version in both.items() if isinstance(version, str)}
