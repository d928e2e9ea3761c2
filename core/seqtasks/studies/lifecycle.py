"""Make a study and go on with one: settle, record, execute, tell, sum up."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.files.atomic import write_json
from seqtasks.files.paths import as_path
from seqtasks.models.caller_settings import own_settings
from seqtasks.runs.active_run import Stop, checked_stop, never
from seqtasks.runs.run_record import BY_PLACE, remember_own_code
from seqtasks.studies.array_jobs import write_script
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.execute import check_backend
from seqtasks.studies.execution import AS_IT_SUITS, Execution
from seqtasks.studies.make_runs import finish, go_on, grow, take_from_others
from seqtasks.studies.said_once import said_once
from seqtasks.studies.settle import settle
from seqtasks.studies.stages import next_stage
from seqtasks.studies.study import Study
from seqtasks.studies.study_record import Asked, changed_definitions, read_asked, record_of_study
from seqtasks.studies.taken_runs import take_in

__all__ = ["collect_study", "load_study", "resume_study", "run_study"]


@own_settings()
def run_study(
    asked: Asked,
    *,
    out: str | Path | None = None,
    execution: Execution = AS_IT_SUITS,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    make_model: Callable[[int], nn.Module] | None = None,
    reuse: bool = False,
    progress: bool = False,
) -> Study:
    """Make all runs of a study.

    Args:
        asked: the settings and points.
        out: the folder in which to make the study's folder; None to keep it in memory alone.
        execution: where and how the runs are made.
        observers: objects with `hookimpl` methods for the moments of a study; those with a true
            attribute `per_replica` also see each run.
        stop: as for `seqtasks.run`.
        make_model: makes the module to train from a seed, instead of the experiment's own model.
        reuse: whether to take the lines of equal runs in other studies of the folder `out`.
        progress: whether to show a bar.

    Raises:
        UsageError: if a setting is wrong or impossible; nothing is written in this case.
        RunError: if the disk is full.
    """
    seen, stop = _listed(observers), checked_stop(stop)
    check_backend(execution.backend, execution.jobs, execution.address)
    if execution.slurm and (out is None or make_model is not None):
        raise UsageError("Slurm jobs need a study in a folder, of models that are described")
    said: set[str] = set()
    with said_once(said):
        settled = settle(asked, make_model)
    study = Study(asked, None, settled.parameters)
    study.said = said
    directory = None
    if out is not None:
        folder = as_path(out, "out")
        for setting in asked.settings:
            remember_own_code(setting.experiment, make_model)
        record, files = record_of_study(asked, settled.engines, settled.parameters)
        directory = StudyDirectory.create(folder, asked.name, record, files)
        study.path = directory.path
        if reuse:
            take_from_others(study, directory, settled)
    if execution.slurm:
        write_script(study, execution.jobs, execution.time_limit)
        study.stopped = "slurm"
        return study
    try:
        return go_on(
            study, directory, settled, execution, seen, stop, make_model, progress, reuse=reuse
        )
    except UsageError:  # such as a cluster that is not there
        if directory is not None and study.unfinished == study.runs:
            shutil.rmtree(directory.path, ignore_errors=True)
        raise


@own_settings()
def resume_study(
    path: str | Path,
    *,
    engine: str | None = None,
    execution: Execution = AS_IT_SUITS,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    make_model: Callable[[int], nn.Module] | None = None,
    trust: bool = False,
    allow_changes: bool = False,
    progress: bool = False,
) -> Study:
    """Make the runs of a study that have not ended, and those that failed or were killed.

    Args:
        path: the study's folder.
        engine: the engine to go on with, which must be the one that the study began with.
        execution: as for `run_study`.
        observers: as for `run_study`.
        stop: as for `run_study`.
        make_model: as for `run_study`.
        trust: whether to execute code that came with the study; this is remembered.
        allow_changes: whether to go on although a definition has changed since the study began.
        progress: whether to show a bar.

    Raises:
        UsageError: if the study is running, is damaged, needs another engine, brings code that is
            not trusted, or names a definition that has changed.
    """
    check_backend(execution.backend, execution.jobs, execution.address)
    directory = StudyDirectory.open(path)
    study, record = _asked(directory, trust)  # its runs are read once it is locked
    changed = changed_definitions(record, study.asked)
    if changed and not allow_changes:
        raise UsageError(
            f"{directory.path}: {changed[0]}; install what it was begun with, or go on with it as "
            "it is now: --allow-changes (in Python allow_changes=True)"
        )
    then = {i: one["record"].get("engine", "auto") for i, one in enumerate(record["settings"])}
    for before in then.values():
        if engine is not None and engine not in ("auto", before) and before != "auto":
            raise UsageError(
                f"{directory.path} was begun with the engine {before}; its runs would not be "
                f"comparable with runs of the engine {engine}: start a new study"
            )
    begun = enumerate(one["record"] for one in record["settings"])
    earlier = [index for index, one in begun if one.get("draws") != BY_PLACE]
    with said_once(study.said):
        settled = settle(study.asked, make_model, earlier)
    if settled.drawing:
        label = study.settings[next(iter(settled.drawing))].label
        raise UsageError(
            f"{directory.path} was begun when torch's own streams gave the random numbers of "
            f"{label}; its runs would not be comparable with runs of now: start a new study"
        )
    for index, now in settled.engines.items():
        if then[index] not in ("auto", now):
            raise UsageError(
                f"{directory.path} was begun with the engine {then[index]}, which cannot run "
                f"{study.settings[index].label} here ({now} would); start a new study"
            )
    study.parameters = tuple(settled.parameters)
    seen, stop = _listed(observers), checked_stop(stop)
    return go_on(study, directory, settled, execution, seen, stop, make_model, progress)


@own_settings()
def load_study(path: str | Path, *, trust: bool = False, closed: bool = False) -> Study:
    """Return a study on disk, finished or not.

    Args:
        path: its folder.
        trust: whether to execute code that came with the study; this is remembered.
        closed: whether the code of cells and readouts is left alone: the study then has numbers,
            and makes no model.

    Raises:
        UsageError: if it does not exist, is damaged, or brings code that is not trusted.
    """
    return _opened(StudyDirectory.open(path), trust, closed)


@own_settings()
def collect_study(path: str | Path, *, trust: bool = False) -> Study:
    """Put together what the jobs of an array have written.

    If all runs have ended, their lines are merged. If their results call for further runs, such as
    of the best setting on fresh seeds, the study has these then, and its script makes them.

    Args:
        path: the study's folder.
        trust: whether to execute code that came with the study; this is remembered.

    Raises:
        UsageError: if it does not exist, is damaged, or brings code that is not trusted; or if all
            runs have ended, and a job has not.
    """
    directory = StudyDirectory.open(path)
    study = _opened(directory, trust)
    if study.unfinished:
        write_json(directory.result, study.summary())
        return study
    with directory.locked():
        further = next_stage(study)
        if further is None:
            finish(study, directory, None)
        else:
            grow(study, directory, further, settle(study.asked), None)
            write_script(study)
    return study


def _listed(observers: Any) -> list[Any]:
    if observers is not None and (
        isinstance(observers, str) or not isinstance(observers, Iterable)
    ):
        raise UsageError(f"observers must be a list of observers, got {observers!r:.60}")
    return list(observers or ())


def _asked(
    directory: StudyDirectory, trust: bool, closed: bool = False
) -> tuple[Study, Mapping[str, Any]]:
    """Return a study on disk without its runs, and its record."""
    record = directory.record()
    asked = read_asked(record, directory.study, trust, closed)
    parameters = [one.get("parameters") for one in record["settings"]]
    return Study(asked, directory.path, parameters), record


def _opened(directory: StudyDirectory, trust: bool, closed: bool = False) -> Study:
    study, _ = _asked(directory, trust, closed)
    take_in(study, directory)
    return study
