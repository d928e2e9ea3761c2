"""The changes of a run's record at a resume: its things, engine, threads and steps."""

import logging
from typing import Any, cast, get_args

from torch import nn

from seqtasks import __version__
from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import CADENCE, THINGS
from seqtasks.experiments.find import changed_things
from seqtasks.registry.definitions import model_definition
from seqtasks.registry.discovery import Kind
from seqtasks.runs.run_on_disk import RunOnDisk
from seqtasks.runs.run_record import MODEL, present_things, present_versions
from seqtasks.runs.training_run import Run
from seqtasks.tasks.settings import EngineName
from seqtasks.training import Trainer

__all__ = [
    "check_engine",
    "check_things",
    "warn_of_versions",
    "with_engine",
    "with_more_steps",
]

logger = logging.getLogger("seqtasks")


def check_things(disk: RunOnDisk, allow_changes: bool = True) -> dict[str, Any]:
    """Warn of things whose definition or origin has changed since the run began.

    Args:
        disk: the run. Things that the caller brought may differ.
        allow_changes: whether other things may differ, too.

    Returns:
        The record with the current things.

    Raises:
        UsageError: if a thing that the caller did not bring differs, and may not.
    """
    record, experiment, own = disk.record, disk.experiment, disk.own
    kinds: tuple[Kind, ...] = ("task",) if record.get("own_model") else THINGS
    refused = [] if allow_changes else [kind for kind in kinds if kind not in own]
    for difference in changed_things(record, experiment, refused):
        raise UsageError(
            f"{disk.path}: {difference}; install what it was trained with, or go on with it "
            "as it is now: --allow-changes (in Python allow_changes=True)"
        )
    differences = changed_things(record, experiment, kinds, own)
    if disk.model is not None:
        differences += _changed_model(record, disk.model)
    for difference in differences:
        logger.warning("%s: %s", disk.path, difference)
    if not differences:
        return record
    earlier = record.get("earlier_things")
    return {
        **record,
        "things": present_things(experiment, disk.model),
        "earlier_things": [*(earlier if isinstance(earlier, list) else ()), record["things"]],
    }


def _changed_model(record: dict[str, Any], model: nn.Module) -> list[str]:
    """Say whether a module is defined otherwise than the one that a run trained."""
    things = record.get("things")
    then = things.get(MODEL, {}).get("definition") if isinstance(things, dict) else None
    now = model_definition(model)
    if then is None or now is None or then == now:
        return []
    return [f"the model {type(model).__name__} has another definition than when the run began"]


def check_engine(disk: RunOnDisk) -> EngineName:
    """Return the engine that trained a run.

    Raises:
        UsageError: if that engine does not exist here.
    """
    engine = disk.record.get("engine")
    if engine == "auto" or engine not in get_args(EngineName):
        raise UsageError(
            f"{disk.path} was trained with the engine '{engine}', which seqtasks {__version__}"
            " does not have; to go on with another, whose last bits differ: --engine auto"
        )
    return cast("EngineName", engine)


def with_engine(
    disk: RunOnDisk, record: dict[str, Any], trainer: Trainer, wanted: str | None
) -> dict[str, Any]:
    """Return the record with the engine and threads that the run continues with.

    Raises:
        UsageError: if the engine is not the `wanted` one, which is then not available here.
    """
    if wanted is not None and trainer.engine != wanted:
        raise UsageError(
            f"{disk.path} was trained with the '{wanted}' engine, which is not available "
            f"here; to go on with another, whose last bits differ: --engine {trainer.engine}"
        )
    now, then = trainer.threads, record.get("threads")
    if trainer.engine != record.get("engine"):
        return {**record, "engine": trainer.engine, "threads": now}
    if now != then:
        logger.warning(
            "%s was begun with %s threads and continues with %s: the last bits may differ",
            disk.path,
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


def warn_of_versions(disk: RunOnDisk) -> None:
    """Warn if a run continues under other versions than it began with."""
    then, now = _flat(disk.record.get("versions", {})), _flat(present_versions())
    changed = [
        f"{name} {then[name]} (now {now.get(name, 'not there')})"
        for name in sorted(then)
        if then[name] != now.get(name)
    ]
    if changed:
        logger.warning(
            "%s was begun with %s: the numbers may differ", disk.path, ", ".join(changed)
        )


def _flat(versions: dict[str, Any]) -> dict[str, str]:
    """Return versions by name, including the plugins' versions."""
    plugins = versions.get("plugins")
    both = {**(plugins if isinstance(plugins, dict) else {}), **versions}
    return {name: version for name, version in both.items() if isinstance(version, str)}
