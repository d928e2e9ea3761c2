"""Make the runs of a study that are left, let the study grow, and write its table."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

from torch import nn

from seqtasks.files.atomic import write_json
from seqtasks.runs.active_run import Stop
from seqtasks.runs.locking import shared
from seqtasks.runs.observers import Observers
from seqtasks.runs.run_record import remember_own_code
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.duration import takes_long
from seqtasks.studies.execute import SECONDS_TO_LEAVE, execute, warm_workers
from seqtasks.studies.execute.slurm import block_of, writer_name
from seqtasks.studies.execution import Execution
from seqtasks.studies.line_writer import LineWriter
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
from seqtasks.studies.study_record import Asked, record_of_study
from seqtasks.studies.taken_runs import Takes, take_in
from seqtasks.studies.weights import keep, merge
from seqtasks.studies.work import Work

__all__ = ["finish", "go_on", "grow", "take_from_others"]

SECONDS_FOR_A_CHECKPOINT = 90.0
"""How long a Slurm job waits for its run to make a checkpoint; it hears of its end earlier."""


def go_on(
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
            take_in(study, directory)
            writer = directory.writer(writer_name(*execution.block) if execution.block else "")
        told.tell("study_started", study=study)
        takes = Takes(study, directory, writer, told)
        parts = None if directory is None else directory.parts.absolute()  # for other folders
        left = left_of(study, REDONE)
        if execution.block is not None:
            mine = block_of(list(points_of(study.asked.rows)), *execution.block)
            left = sorted({*mine} & {*left_of(study)}, key=lambda point: point.number)
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
            settled = grow(study, directory, further, settled, make_model)
            if reuse and directory is not None:
                take_from_others(study, directory, settled)
            left = left_of(study)
        if directory is not None:
            finish(study, directory, writer)
        told.tell("study_finished", study=study)
    return study


def grow(
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
        more = settle(new, make_model, grown=True) if new.settings else Settled({}, ())
    engines = {**settled.engines, **{begun + index: one for index, one in more.engines.items()}}
    parameters = [*study.parameters, *more.parameters]
    if directory is not None:
        for setting in new.settings:
            remember_own_code(setting.experiment, make_model)
        directory.extend(*record_of_study(asked, engines, parameters))
    study.grow(asked, parameters)
    return Settled(engines, parameters)


def take_from_others(study: Study, directory: StudyDirectory, settled: Settled) -> None:
    """Take the equal runs in the other studies of the folder, with their weights if kept."""
    record, _ = record_of_study(study.asked, settled.engines, study.parameters)
    left = {point.number: point.setting for point in left_of(study)}
    found = finished_elsewhere(directory.path.parent, record, study.asked)
    taken = [one for one in found if one.line["point"] in left]
    weights: dict[int, dict[int, Any]] = {}
    for one in taken:
        if one.tensors is not None:
            point = one.line["point"]
            weights.setdefault(left[point], {})[point] = one.tensors
    for setting, of_points in weights.items():  # first, so that a line never lacks them
        keep(directory, setting, of_points)
    if taken:
        directory.writer("reused").write([one.line for one in taken], last=True)
    for one in taken:
        study.collected[left[one.line["point"]]].add(one.line)


def left_of(study: Study, again: Sequence[str] = ()) -> list[Point]:
    """Return the points whose runs have not ended, or ended with a status that is tried again."""
    return [
        point
        for point in points_of(study.asked.rows)
        if study.collected[point.setting].status(point.seed) in (None, *again)
    ]


def finish(study: Study, directory: StudyDirectory, writer: LineWriter | None) -> None:
    """Merge the lines and the weights, and write the table and the pictures."""
    if writer is not None:
        writer.write([], last=True)
    directory.merge(study.runs, writer)
    merge(directory)
    with suppress(OSError):  # it is not there, or a run on its way lies in it
        directory.parts.rmdir()
    save_plots(study, directory.path)
    write_json(directory.result, study.summary())
