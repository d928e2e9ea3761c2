"""Try the settings of a study before anything is written: mistakes, engines, numbers trained."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from torch import nn

from seqtasks.errors import NotMadeError, SeqtasksError, UsageError, counted
from seqtasks.experiments.experiment import THINGS, Experiment
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.runs.model_and_batches import experiment_model
from seqtasks.runs.prepare import prepare
from seqtasks.runs.training_run import parameter_count
from seqtasks.specs.grammar import SpecError
from seqtasks.studies.collected import ROW
from seqtasks.studies.replicas.ways import Tried, apart_from_rate, equal, way_of
from seqtasks.studies.said_once import heard
from seqtasks.studies.settings import Setting
from seqtasks.studies.study_record import Asked

__all__ = ["Settled", "settle", "trained_numbers"]

logger = logging.getLogger("seqtasks")

GO_ON = ("sweep", "tune")
"""The faces of studies that go on where some of their settings fail: one meets odd values there."""

MOST_TRIED = 32
"""The most settings that are tried; of more, the first with each task, cell and readout."""


@dataclass(frozen=True)
class Settled:
    """What a study settles before it begins.

    Attributes:
        engines: by the index of a setting that was tried, the engine that runs it.
        parameters: the number of trained numbers of each setting.
        drawing: the indices of settings whose models draw by place, if somebody asked for them.
    """

    engines: Mapping[int, str]
    parameters: Sequence[int | None]
    drawing: Collection[int] = ()


def settle(
    asked: Asked,
    make_model: Callable[[int], nn.Module] | None = None,
    watched: Collection[int] = (),
    grown: bool = False,
) -> Settled:
    """Try the settings of a study.

    Args:
        asked: the study.
        make_model: makes the module of a seed, instead of the experiment's own model.
        watched: the indices of settings; find out whether the models of these draw by place.
        grown: whether a study under way adds these settings. It goes on whatever their runs do.

    Raises:
        UsageError: as a run of the setting would. In a sweep, some settings may have a model that
            cannot be made or fails; their runs then fail, and the others go on.
    """
    if not asked.points:
        raise UsageError("the study has no runs: give it at least one setting and one seed")
    engines: dict[int, str] = {}
    drawing: list[int] = []
    parameters: list[int | None] = []
    tried: set[Any] = set()
    known: dict[str, list[tuple[Experiment, int]]] = {}
    failed: list[UsageError] = []
    for index, setting in enumerate(asked.settings):
        experiment = setting.experiment
        twin = _twin(experiment, index, known) if make_model is None else None
        if twin is not None:
            parameters.append(parameters[twin])
            if twin in engines:
                engines[index] = engines[twin]
                drawing += [index] if twin in drawing and index in watched else []
            continue
        alike = tuple(str(getattr(experiment, kind)) for kind in THINGS)
        if len(asked.settings) > MOST_TRIED and alike in tried:
            try:
                parameters.append(trained_numbers(experiment))
            except NotMadeError as error:
                if asked.face not in GO_ON:
                    raise
                failed.append(UsageError(f"{setting.label}: {error}"))
                parameters.append(None)
            continue
        tried.add(alike)
        seed = next(row.seeds[0] for row in asked.rows if row.setting == index)
        try:
            several, watch = len(asked.settings) > 1, index in watched
            found = _tried(setting, seed, make_model, several, watch)
        except UsageError as error:
            if not grown and (asked.face not in GO_ON or not _is_known(experiment)):
                raise
            failed.append(error)
            parameters.append(None)
            continue
        engines[index] = found.engine
        drawing += [index] if found.draws else []
        parameters.append(found.parameters)
    if failed and not engines and not grown:
        raise failed[0]
    for index in engines:
        _warn_of_few_evaluations(asked.settings[index])
    for error in failed:
        logger.warning("its runs will fail: %s", error)
    return Settled(engines, parameters, drawing)


def _twin(
    experiment: Experiment, index: int, known: dict[str, list[tuple[Experiment, int]]]
) -> int | None:
    """Return an earlier setting that differs in its learning rate alone; else note this one."""
    apart = apart_from_rate(experiment)
    alike = known.setdefault(repr(apart), [])
    twin = next((other for one, other in alike if equal(one, apart)), None)
    if twin is None:
        alike.append((apart, index))
    return twin


def _is_known(experiment: Experiment) -> bool:
    """Say whether an experiment names a model that there is; a mistyped name makes none."""
    try:
        experiment_model(experiment, experiment.make_task())
    except NotMadeError:
        return True  # its code was found, and has no such size
    except UsageError:
        return False
    return True


def _warn_of_few_evaluations(setting: Setting) -> None:
    """Warn of runs that end before a task can count as solved."""
    experiment = setting.experiment
    wanted = experiment.solved_after or ROW
    evaluations = experiment.steps // experiment.evaluate_every
    if evaluations < wanted:
        logger.warning(
            f"no run can count as solved: it needs {wanted} evaluations in a row without errors, "
            f"and {counted(experiment.steps, 'step')} have {evaluations}, one every "
            f"{experiment.evaluate_every}; make at least {wanted * experiment.evaluate_every} steps"
        )


def _tried(
    setting: Setting,
    seed: int,
    make_model: Callable[[int], nn.Module] | None,
    named: bool,
    watched: bool,
) -> Tried:
    """Try a setting, unless an earlier study of this process has, and its code is what it was."""
    way = None
    if make_model is None and not watched:
        with suppress(SeqtasksError):  # the trial says what is wrong
            way = way_of(setting.experiment)
    if way is not None and way.settled is not None and way.still_holds():
        for level, message in way.settled.said:
            logger.log(level, "%s", message)
        return way.settled
    model = None
    if make_model is not None:
        with torch_stream(seed, "initialisation").drawing():
            model = make_model(seed)
    with heard() as said:
        try:
            run, trainer = prepare(setting.experiment.with_changes(seed=seed), model, threads=1)
        except SpecError:  # it shows its spec, with a mark below that a label would displace
            raise
        except UsageError as error:
            raise UsageError(f"{setting.label}: {error}" if named else str(error)) from error
    draws = trainer.draws_by_place() if watched else None
    trainer.close()
    found = Tried(trainer.engine, parameter_count(run.model), draws, said)
    if way is not None:
        way.settled = found
    return found


def trained_numbers(experiment: Experiment) -> int:
    """Return the number of trained numbers of an experiment's model."""
    return parameter_count(experiment_model(experiment, experiment.make_task()))
