"""Try the settings of a study before anything is written: mistakes, engines, numbers trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import THINGS, Experiment
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.runs.prepare import experiment_model, prepare
from seqtasks.runs.training_run import parameter_count
from seqtasks.studies.settings import Setting
from seqtasks.studies.study_record import Asked

__all__ = ["Settled", "settle", "trained_numbers"]

MOST_TRIED = 32
"""The most settings that are tried; of more, the first with each task, cell and readout."""


@dataclass(frozen=True)
class Settled:
    """What a study settles before it begins.

    Attributes:
        engines: by the index of a setting that was tried, the engine that runs it.
        parameters: the number of trained numbers of each setting.
    """

    engines: Mapping[int, str]
    parameters: Sequence[int | None]


def settle(asked: Asked, make_model: Callable[[int], nn.Module] | None = None) -> Settled:
    """Try the settings of a study.

    Args:
        asked: the study.
        make_model: makes the module of a seed, instead of the experiment's own model.

    Raises:
        UsageError: as a run of the setting would; it names the setting where there are several.
    """
    if not asked.points:
        raise UsageError("the study has no runs: give it at least one setting and one seed")
    engines: dict[int, str] = {}
    parameters: list[int | None] = []
    tried: set[Any] = set()
    for index, setting in enumerate(asked.settings):
        experiment = setting.experiment
        alike = tuple(str(getattr(experiment, kind)) for kind in THINGS)
        if len(asked.settings) > MOST_TRIED and alike in tried:
            parameters.append(trained_numbers(experiment))
            continue
        tried.add(alike)
        seed = next(row.seeds[0] for row in asked.rows if row.setting == index)
        engine, count = _tried(setting, seed, make_model, len(asked.settings) > 1)
        engines[index] = engine
        parameters.append(count)
    return Settled(engines, parameters)


def _tried(
    setting: Setting,
    seed: int,
    make_model: Callable[[int], nn.Module] | None,
    named: bool,
) -> tuple[str, int]:
    model = None
    if make_model is not None:
        with torch_stream(seed, "initialisation").drawing():
            model = make_model(seed)
    try:
        run, trainer = prepare(setting.experiment.with_changes(seed=seed), model, threads=1)
    except UsageError as error:
        raise UsageError(f"{setting.label}: {error}" if named else str(error)) from error
    trainer.close()
    return trainer.engine, parameter_count(run.model)


def trained_numbers(experiment: Experiment) -> int:
    """Return the number of trained numbers of an experiment's model."""
    return parameter_count(experiment_model(experiment, experiment.make_task()))
