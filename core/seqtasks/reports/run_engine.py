"""The engine that runs a trained model: its parts, and its program in C."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from seqtasks.engine.graph.describe import described
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.model import Model
from seqtasks.randomness.streams import stream
from seqtasks.scoring.predict import inputs_at_once
from seqtasks.tasks import Task

__all__ = ["EngineSaid", "engine_of"]

ROWS = 2


@dataclass(frozen=True)
class EngineSaid:
    """The engine of a model.

    Attributes:
        name: the engine.
        not_faster: by each faster engine, why it does not run the model.
        parts: what runs before, in and after the loop, by the part.
        source: the program in C, or None if the model is not compiled.
    """

    name: str
    not_faster: Mapping[str, str]
    parts: Mapping[str, str]
    source: str | None


def engine_of(model: nn.Module, task: Task, experiment: Experiment) -> EngineSaid | None:
    """Return the engine that runs a model here, or None for a module of the user's own."""
    if not isinstance(model, Model):
        return None
    model = copy.deepcopy(model)  # the caller's model keeps its engine
    engines = model.use_engine(experiment.engine)
    length = task.lengths.within(experiment.length_range)[-1]
    batch = task.batch(stream(experiment.seed, "report", length), ROWS, length)
    inputs = inputs_at_once(model.train(), batch)
    name = engines.settle(model.plain_pass, inputs, experiment.layers)
    size = inputs.shape[-1] if inputs.is_floating_point() else 0
    program = None if name == "plain" else engines.program(inputs.shape[1], input_size=size)
    return EngineSaid(
        name=name,
        not_faster=dict(engines.reasons),
        parts={} if program is None else dict(described(program.model_graph)),
        source=program.source if isinstance(program, Program) else None,
    )
