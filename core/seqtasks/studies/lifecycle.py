"""Make a study and go on with one: settle, record, execute, tell, sum up."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.files.atomic import write_json
from seqtasks.files.paths import as_path
from seqtasks.models.caller_settings import own_settings
from seqtasks.runs.active_run import Stop, checked_stop, never
from seqtasks.runs.locking import shared
from seqtasks.runs.observers import Observers
from seqtasks.runs.run_record import remember_own_code
from seqtasks.studies.array_jobs import write_script
from seqtasks.studies.directory import LineWriter, StudyDirectory
from seqtasks.studies.duration import takes_long
from seqtasks.studies.execute import SECONDS_TO_LEAVE, check_backend, execute, warm_workers
from seqtasks.studies.execute.slurm import block_of, writer_name
from seqtasks.studies.identity import mark_of
from seqtasks.studies.lines import REDONE
from seqtasks.studies.observers import observers_of_runs
from seqtasks.studies.plots import save_plots
from seqtasks.studies.progress import study_progress
from seqtasks.studies.pruning import pruning_of
from seqtasks.studies.reuse import finished_elsewhere
from seqtasks.studies.said_once import said_once
from seqtasks.studies.settings import Point, Row, points_of
from seqtasks.studies.settle import Settled, settle
from seqtasks.studies.stages import next_stage
from seqtasks.studies.study import Study
from seqtasks.studies.study_record import Asked, changed_definitions, read_asked, record_of_study
from seqtasks.studies.weights import keep, merge
from seqtasks.studies.work import Finished, Work

__all__ = ["Execution", "collect_study", "load_study", "resume_study", "run_study"]

logger = logging.getLogger("seqtasks")

SECONDS_FOR_A_CHECKPOINT = 90.0
"""How long a Slurm job waits for its run to make a checkpoint; it hears of its end earlier."""


@dataclass(frozen=True)
class Execution:
    """Where and how the runs of a study are made.

    Attributes:
        backend: `auto`, `threads`, `loky`, `dask` or `ray`.
        jobs: how many runs at once; None for one on each core.
        address: the address of a cluster that is there, for `dask` and `ray`.
        time_limit: the seconds after which the study ends in order; None for no limit.
        slurm: whether to write a script for an array of Slurm jobs instead of making the runs.
        block: the job of an array that this process is, from 0, and the number of jobs; None for a
            process that makes all runs.
    """

    backend: str = "auto"
    jobs: int | None = None
    address: str | None = None
    time_limit: float | None = None
    slurm: bool = False
    block: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check the type of each value; `check_backend` checks what they say."""
        limit: Any = self.time_limit
        if limit is not None and (
            isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0
        ):
            raise UsageError(f"time_limit must be a number of seconds above 0, got {limit!r:.60}")
        for name, wanted in (("backend", str), ("jobs", int | None), ("address", str | None)):
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, wanted):
                kind = {"jobs": "a whole number"}.get(name, "text")
                raise UsageError(f"{name} must be {kind}, got {value!r:.60}")


@own_settings()
def run_study(
    asked: Asked,
    *,
    out: str | Path | None = None,
    execution: Execution = Execution(),
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
            _take_from_others(study, directory, settled)
    if execution.slurm:
        write_script(study, execution.jobs, execution.time_limit)
        study.stopped = "slurm"
        return study
    try:
        return _go_on(
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
    execution: Execution = Execution(),
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
    study, record = _opened(directory, trust)
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
    with said_once(study.said):
        settled = settle(study.asked, make_model)
    for index, now in settled.engines.items():
        if then[index] not in ("auto", now):
            raise UsageError(
                f"{directory.path} was begun with the engine {then[index]}, which cannot run "
                f"{study.settings[index].label} here ({now} would); start a new study"
            )
    study.parameters = tuple(settled.parameters)
    seen, stop = _listed(observers), checked_stop(stop)
    return _go_on(study, directory, settled, execution, seen, stop, make_model, progress)


@own_settings()
def load_study(path: str | Path, *, trust: bool = False) -> Study:
    """Return a study on disk, finished or not.

    Args:
        path: its folder.
        trust: whether to execute code that came with the study; this is remembered.

    Raises:
        UsageError: if it does not exist, is damaged, or brings code that is not trusted.
    """
    return _opened(StudyDirectory.open(path), trust)[0]


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
    study, _ = _opened(directory, trust)
    if study.unfinished:
        write_json(directory.result, study.summary())
        return study
    with directory.locked():
        further = next_stage(study)
        if further is None:
            _finish(study, directory, None)
        else:
            _grow(study, directory, further, settle(study.asked), None)
            write_script(study)
    return study


def _listed(observers: Any) -> list[Any]:
    if observers is not None and (
        isinstance(observers, str) or not isinstance(observers, Iterable)
    ):
        raise UsageError(f"observers must be a list of observers, got {observers!r:.60}")
    return list(observers or ())


def _opened(directory: StudyDirectory, trust: bool) -> tuple[Study, Mapping[str, Any]]:
    record = directory.record()
    asked = read_asked(record, directory.study, trust)
    parameters = [one.get("parameters") for one in record["settings"]]
    study = Study(asked, directory.path, parameters)
    _take_in(study, directory)
    return study, record


def _take_in(study: Study, directory: StudyDirectory) -> None:
    """Read the lines on the disk."""
    marks = _marks(directory)
    places = {point.number: point for point in points_of(study.asked.rows)}
    for line in directory.lines(study.runs):
        point = places[line["point"]]
        if line["seed"] != point.seed:
            raise UsageError(
                f"{directory.path} is damaged: the line of point {point.number} has the seed "
                f"{line['seed']}, not {point.seed}"
            )
        if line.get("of", marks[point.setting]) != marks[point.setting]:
            raise UsageError(
                f"{directory.study} is not what the run of seed {point.seed} was made from: it was "
                "changed afterwards; put it back, or make a new study"
            )
        study.collected[point.setting].add(line)


def _marks(directory: StudyDirectory) -> list[str]:
    """Return the mark that the lines of each setting have."""
    return [mark_of(one["record"]) for one in directory.record()["settings"]]


def _go_on(
    study: Study,
    directory: StudyDirectory | None,
    settled: Settled,
    execution: Execution,
    observers: Sequence[Any],
    stop: Stop,
    make_model: Callable[[int], nn.Module] | None,
    progress: bool,
    reuse: bool = False,
) -> Study:
    """Make the runs that are left, and write the table."""
    observers = [*observers, *pruning_of(study)]
    of_runs = observers_of_runs(observers)
    shown = study_progress() if progress else None
    told = Observers([*observers, *([shown] if shown else [])])
    began = time.monotonic()

    def over() -> int:
        if execution.time_limit is not None and time.monotonic() - began > execution.time_limit:
            study.stopped = "time limit"
            return 1
        number = stop()
        if number:
            study.stopped = "interrupted"
        if told.stop_reason is not None:
            study.stopped = f"observer: {told.stop_reason}"
        return number or int(told.stop_reason is not None)

    with ExitStack() as held:
        held.enter_context(warm_workers())  # from one stage to the next
        if shown is not None:
            held.callback(shown.close)
        writer = None
        if directory is not None:
            one_of_many = execution.block is not None
            held.enter_context(shared(directory.path) if one_of_many else directory.locked())
            _take_in(study, directory)
            writer = directory.writer(writer_name(*execution.block) if execution.block else "")
        told.tell("study_started", study=study)
        takes = _Takes(study, directory, writer, told)
        parts = None if directory is None else directory.parts.absolute()  # for other folders
        left = _left(study, REDONE)
        if execution.block is not None:
            mine = block_of(list(points_of(study.asked.rows)), *execution.block)
            left = sorted({*mine} & {*_left(study)}, key=lambda point: point.number)
        while True:
            long = frozenset(
                index
                for index, setting in enumerate(study.settings)
                if takes_long(setting.experiment, settled.engines.get(index))
            )
            execute(
                left,
                [setting.experiment for setting in study.settings],
                Work(study.asked.keep_weights, of_runs, make_model, parts, long, study.said),
                backend=execution.backend,
                jobs=execution.jobs,
                address=execution.address,
                releases_the_interpreter=set(settled.engines.values()) == {"native"},
                stop=lambda: bool(over()),
                deliver=takes,
                patience=SECONDS_TO_LEAVE if execution.block is None else SECONDS_FOR_A_CHECKPOINT,
            )
            if execution.block is not None:  # the others make theirs
                if writer is not None:
                    writer.write([], last=True)
                return study
            further = None if study.stopped else next_stage(study)
            if further is None or over():
                break
            settled = _grow(study, directory, further, settled, make_model)
            if reuse and directory is not None:
                _take_from_others(study, directory, settled)
            left = _left(study)
        if directory is not None:
            _finish(study, directory, writer)
        told.tell("study_finished", study=study)
    return study


def _grow(
    study: Study,
    directory: StudyDirectory | None,
    asked: Asked,
    settled: Settled,
    make_model: Callable[[int], nn.Module] | None,
) -> Settled:
    """Add settings and points for which the results so far call; on the disk before they run."""
    begun = len(study.settings)
    new = replace(
        asked,
        settings=asked.settings[begun:],
        rows=tuple(Row(r.setting - begun, r.seeds) for r in asked.rows if r.setting >= begun),
    )
    with said_once(study.said):
        more = settle(new, make_model) if new.settings else Settled({}, ())
    engines = {**settled.engines, **{begun + index: one for index, one in more.engines.items()}}
    parameters = [*study.parameters, *more.parameters]
    if directory is not None:
        for setting in new.settings:
            remember_own_code(setting.experiment, make_model)
        directory.extend(*record_of_study(asked, engines, parameters))
    study.grow(asked, parameters)
    return Settled(engines, parameters)


def _take_from_others(study: Study, directory: StudyDirectory, settled: Settled) -> None:
    """Take the lines of equal runs in the other studies of the folder."""
    record, _ = record_of_study(study.asked, settled.engines, study.parameters)
    found = finished_elsewhere(directory.path.parent, record, study.asked)
    left = {point.number: point.setting for point in _left(study)}
    lines = [line for line in found if line["point"] in left]
    if lines:
        directory.writer("reused").write(lines, last=True)
    for line in lines:
        study.collected[left[line["point"]]].add(line)


def _left(study: Study, again: Sequence[str] = ()) -> list[Point]:
    """Return the points whose runs have not ended, or ended with a status that is tried again."""
    return [
        point
        for point in points_of(study.asked.rows)
        if study.collected[point.setting].status(point.seed) in (None, *again)
    ]


class _Takes:
    """Takes in runs that have ended: weights first, so that a line never lacks them."""

    def __init__(
        self,
        study: Study,
        directory: StudyDirectory | None,
        writer: LineWriter | None,
        told: Observers,
    ) -> None:
        self._study, self._directory, self._writer, self._told = study, directory, writer, told
        self._settings: dict[int, int] = {}
        self._marks: list[str] = []

    def __call__(self, finished: Sequence[Finished]) -> None:
        if len(self._settings) < self._study.runs:  # at first, and after the study has grown
            self._settings = {p.number: p.setting for p in points_of(self._study.asked.rows)}
            self._marks = [] if self._directory is None else _marks(self._directory)
        kept: dict[int, dict[int, Any]] = {}
        for one in finished:
            if one.tensors is not None:
                point = one.line["point"]
                kept.setdefault(self._settings[point], {})[point] = one.tensors
        for setting, weights in kept.items():
            if self._directory is None:
                self._study.kept.update(weights)
            else:
                keep(self._directory, setting, weights)
        lines = [self._marked(one.line) for one in finished]
        if self._writer is not None:
            self._writer.write(lines)
        if self._directory is not None:
            for line in lines:  # what was kept of a run on its way is in its line now
                part = self._directory.parts / f"point-{line['point']}.safetensors"
                part.unlink(missing_ok=True)
        for line in lines:
            self._study.collected[self._settings[line["point"]]].add(line)
        self._told.tell("study_advanced", study=self._study, lines=lines)

    def _marked(self, line: dict[str, Any]) -> dict[str, Any]:
        """Return a line with the mark of its setting; lines in memory need none."""
        if not self._marks:
            return line
        return {**line, "of": self._marks[self._settings[line["point"]]]}


def _finish(study: Study, directory: StudyDirectory, writer: LineWriter | None) -> None:
    """Merge the lines and the weights, and write the table and the pictures."""
    if writer is not None:
        writer.write([], last=True)
    directory.merge(study.runs, writer)
    merge(directory)
    with suppress(OSError):  # it is not there, or a run on its way lies in it
        directory.parts.rmdir()
    save_plots(study, directory.path)
    write_json(directory.result, study.summary())
