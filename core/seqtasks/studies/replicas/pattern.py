"""What all replicas of an experiment share: its task, its compiled program, where its tensors lie.

A pattern is made from an ordinary run of one seed, whose program it takes over. It refuses whatever
is not certain to be the same for other seeds; those go through ordinary runs.
"""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqtasks.engine.engines import Engines
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.calling import scoring
from seqtasks.models.model import Model
from seqtasks.runs.model_and_batches import DTYPES, in_type, model_as_drawn
from seqtasks.runs.training_run import Run
from seqtasks.scoring.predict import width
from seqtasks.studies.replicas.initial_weights import named_tensors
from seqtasks.tasks import Task
from seqtasks.training import Trainer
from seqtasks.training.native_steps import NativeSteps

__all__ = ["NotAlikeError", "Pattern", "pattern_of"]


class NotAlikeError(Exception):
    """Replicas are not certain to have the numbers of ordinary runs; the text says why."""


@dataclass
class Pattern:
    """What all replicas of an experiment share.

    Attributes:
        experiment: the experiment; its seed counts for nothing.
        task: its task.
        steps: the training steps of the ordinary run, with the settings of its optimiser.
        program: the program that trains.
        leaves: the names of the parameters that the program reads, in its order.
        state: by the name of each tensor of the model's state, its index in `leaves`, or None for a
            tensor that no program reads.
        width: about how many numbers the model makes in one step.
    """

    experiment: Experiment
    task: Task
    steps: NativeSteps
    program: Program
    leaves: list[str]
    state: dict[str, int | None]
    width: int
    _model: Model = field(repr=False)
    _engines: Engines = field(repr=False)
    _lock: Any = field(default_factory=threading.RLock, repr=False)
    _alike: dict[int, int] = field(default_factory=dict[int, int], repr=False)
    _scoring: dict[tuple[int, int], Program] = field(
        default_factory=dict[tuple[int, int], Program], repr=False
    )

    @property
    def dtype(self) -> torch.dtype:
        """The type of the model's numbers."""
        return DTYPES[self.experiment.dtype]

    def makers(self, seed: int) -> tuple[Callable[[], nn.Module], Callable[[nn.Module], nn.Module]]:
        """Return what makes the model of a seed, and what brings it to its type."""
        experiment = self.experiment.with_changes(seed=seed)
        return partial(model_as_drawn, experiment, self.task), partial(in_type, experiment)

    def model_of(self, seed: int) -> nn.Module:
        """Return the untrained model of a seed."""
        make, settle = self.makers(seed)
        return settle(make())

    def still_holds(self) -> bool:
        """Say whether the code and the settings that the model reads are what they were."""
        with self._lock:
            self._model.train()
            if self.steps.program(0) is not self.program:
                return False
            scored, self._scoring = self._scoring, {}
            return all(self.scoring_program(*key) is program for key, program in scored.items())

    def with_learning_rate(self, learning_rate: float) -> "Pattern":
        """Return the pattern of the same experiment at another learning rate.

        The rates are numbers that a program is given at each step, so everything else is shared.
        """
        steps = copy.copy(self.steps)
        steps.optimizer = replace(steps.optimizer, learning_rate=learning_rate)
        experiment = self.experiment.with_changes(learning_rate=learning_rate)
        return replace(self, experiment=experiment, steps=steps)

    def check_times(self, times: NDArray[np.int64]) -> None:
        """Refuse numbers of time steps that do not share one program.

        Raises:
            NotAlikeError: if they do not.
        """
        different = {int(time) for time in np.unique(times)} - set(self._alike)
        if not different:
            return
        with self._lock:
            numbers = self._engines.alike(np.array(sorted(different), dtype=np.int64))
            self._alike |= dict(zip(sorted(different), map(int, numbers), strict=True))
        if len(set(self._alike.values())) > 1:
            raise NotAlikeError("its training lengths need several programs")

    def scoring_program(self, rows: int, time: int) -> Program:
        """Return the program that scores batches of a size, as it would in an ordinary run.

        Raises:
            NotAlikeError: if the plain loop would score them, or another kind of program.
        """
        key = rows, time
        if key not in self._scoring:
            with self._lock, scoring(self._model):
                here, next_to_it = self._engines.alike(np.array([time, time + 1]))
                if here != next_to_it:  # a small batch may be scored by the plain loop
                    raise NotAlikeError("its initial state depends on the number of steps")
                program = self._engines.program(time, input_size=self.steps.input_size, rows=rows)
            self._scoring[key] = self._checked(program)
        return self._scoring[key]

    def _checked(self, program: Any) -> Program:
        if not isinstance(program, Program):
            raise NotAlikeError("the plain loop scores it")
        if list(map(id, program.tensors())) != list(map(id, self.program.tensors())):
            raise NotAlikeError("its scores are computed from other tensors")
        if program.model_graph.draws:
            raise NotAlikeError("it draws random numbers while it is scored")
        _check_rows(program)
        return program


def pattern_of(run: Run, trainer: Trainer) -> Pattern:
    """Return the pattern of an ordinary run that has just been made.

    Raises:
        NotAlikeError: if other seeds are not certain to be like it.
    """
    model, steps = run.model, trainer.compiled_steps
    if steps is None or not isinstance(model, Model) or not model.is_its_parts:
        raise NotAlikeError(f"the engine {trainer.engine} trains it")
    model.train()
    program = steps.program(0)
    if program is None:
        raise NotAlikeError("no program trains it")
    if program.model_graph.draws:
        raise NotAlikeError("it draws random numbers in its steps")
    _check_rows(program)
    names = {id(tensor): name for name, tensor in named_tensors(model).items()}
    leaves = [names[id(tensor)] for tensor in program.tensors()]
    if any(tensor.dtype != program.model_graph.dtype for tensor in program.tensors()):
        raise NotAlikeError("its tensors are of several types")
    kept: dict[str, Any] = model.state_dict(keep_vars=True)
    if not all(isinstance(value, Tensor) for value in kept.values()):
        raise NotAlikeError("its state holds more than tensors")
    read = {id(tensor) for tensor in program.tensors()}
    if not all(id(p) in read for p in model.parameters() if p.requires_grad):
        raise NotAlikeError("no program reads some of its parameters")
    places = {id(tensor): k for k, tensor in enumerate(program.tensors())}
    return Pattern(
        run.experiment,
        run.task,
        steps,
        program,
        leaves,
        {name: places.get(id(tensor)) for name, tensor in kept.items()},
        width(model),
        model,
        model.engines,
    )


def _check_rows(program: Program) -> None:
    if program.model_graph.graph.looks_at_rows:
        raise NotAlikeError("a step asks for the number of rows")
