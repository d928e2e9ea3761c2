"""The record of a run, `experiment.json`, as it is written when the run begins."""

import logging
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from seqtasks import __version__
from seqtasks.experiments.experiment import THINGS, Experiment
from seqtasks.registry.definitions import model_definition
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.registry.executed_code import code_of
from seqtasks.registry.origins import Origin, origin_of
from seqtasks.runs.directory import FORMAT, RunDirectory
from seqtasks.training import Trainer
from seqtasks.trust.consent import remember

__all__ = [
    "BY_PLACE",
    "MODEL",
    "begin_record",
    "make_directory",
    "present_things",
    "present_versions",
    "record_of",
    "remember_own_code",
]

BY_PLACE = "by place"
"""How random numbers are drawn in a model, wherever all engines can draw alike; runs of an earlier
seqtasks, which have no such entry, drew all of them from torch's streams."""
MODEL = "model"
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
    model, engine = trainer.model, trainer.engine
    return make_directory(experiment, model, parent, own_model, engine, trainer.threads)


def make_directory(
    experiment: Experiment,
    model: nn.Module,
    parent: Path,
    own_model: str | None,
    engine: str,
    threads: int | None = None,
) -> RunDirectory:
    """Make the directory of a run, as `begin_record` does, without a trainer."""
    record, files = record_of(experiment, model if own_model else None, engine, threads)
    return RunDirectory.create(parent, experiment.run_name, record, files)


def record_of(
    experiment: Experiment, own_model: nn.Module | None, engine: str, threads: int | None = None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the record of an experiment, and the copies of the user's files, by name.

    Args:
        experiment: the requested experiment.
        own_model: a module of the user's own; None if the experiment describes the model.
        engine: the engine that trains it.
        threads: the number of threads that the engine uses.
    """
    data, sources = experiment.to_json()
    things = present_things(experiment, own_model)
    record = {
        "format": FORMAT,
        "experiment": data,
        "own_model": None if own_model is None else type(own_model).__name__,
        "engine": engine,
        "threads": threads,
        "draws": BY_PLACE,
        "sources": {kind: source.to_json() for kind, source in sources.items()},
        "things": things,
        "versions": present_versions(),
    }
    _warn_of_modules(experiment, data, things)
    files = {name: content for one in sources.values() for name, content in one.files.items()}
    return record, files


def _warn_of_modules(
    experiment: Experiment, data: dict[str, Any], things: Mapping[str, Mapping[str, Any]]
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
) -> Mapping[str, Mapping[str, str | int | None]]:
    """Return the origins of an experiment's things, in the form of a record.

    A run of a module of the user's own has neither cell nor readout, but the module's definition.
    """
    kinds: tuple[Kind, ...] = THINGS if own_model is None else ("task",)
    things = {kind: origin_of(getattr(experiment, kind), kind).to_json() for kind in kinds}
    if own_model is not None:
        things[MODEL] = Origin(definition=model_definition(own_model)).to_json()
    return things


def remember_own_code(experiment: Experiment, own_model: Any) -> None:
    """Trust the user's code that a run executes: the user named it."""
    kinds: tuple[Kind, ...] = ("task",) if own_model else THINGS
    for kind in kinds:
        code = code_of(getattr(experiment, kind), kind)
        if code is not None:
            remember(code)


def present_versions() -> dict[str, Any]:
    """Return the versions that a run's numbers may depend on, in the form of a record."""
    return {
        "python": platform.python_version(),
        "seqtasks": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "plugins": current_registry().plugin_versions(),
    }
