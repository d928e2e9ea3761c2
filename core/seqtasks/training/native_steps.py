"""Train by a compiled program, many steps in one call.

Some programs hold for one number of time steps alone, and another number may have no program. torch
then makes the steps of such a batch, starting from the state of the program's optimiser.
"""

import itertools
import math
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.engine.contract.optimizer_values import OptimizerValues
from seqtasks.engine.contract.trial import disagreement
from seqtasks.engine.engines import Engines
from seqtasks.engine.native.execute.c_program import Annealed, Program
from seqtasks.engine.native.execute.parameter_table import Trained
from seqtasks.models.model import Model
from seqtasks.randomness.philox import StepKeys
from seqtasks.tasks.learning_rates import Schedule
from seqtasks.tasks.settings import LossReduction
from seqtasks.training.batches import BatchSource, Block
from seqtasks.training.between_steps import BetweenSteps
from seqtasks.training.constraint_trial import constraints_agree
from seqtasks.training.parameters import trained_parameters
from seqtasks.training.torch_steps import TorchSteps

__all__ = ["NativeSteps"]

SECONDS_PER_CALL = 0.2
"""How long a call takes, roughly. A signal is noticed between calls."""
MOST_THREADS = 64
"""The most batches that a program has room for."""
WORK_PER_THREAD = 4_000_000
"""The product of weights, instances and steps from which one more thread pays."""


class NativeSteps:
    """Makes the training steps of a model by its compiled program.

    Attributes:
        optimizer: the optimiser's values.
        clip: the largest norm of the gradient; None for no limit.
        reduction: the reduction of the loss.
        schedule: the learning rates.
        loss: how the loss is computed: `symbols`, `sets` or `reals`.
        input_size: features of real inputs; 0 for symbols.
        threads: the threads that share the rows of a batch.
        between: what the model does between the steps.
    """

    def __init__(
        self,
        model: Model,
        engines: Engines,
        source: BatchSource,
        optimizer: OptimizerValues,
        clip: float | None,
        reduction: LossReduction,
        schedule: Schedule,
        threads: int | None,
        between: BetweenSteps,
        keys: StepKeys | None = None,
    ) -> None:
        self._model, self._engines, self._source = model, engines, source
        self.optimizer, self.clip = optimizer, clip
        self.reduction: LossReduction = reduction
        self.schedule, self.between = schedule, between
        self._parameters = trained_parameters(model)
        self._steps_per_call, self._keys = 1, keys
        first = source.batch(0)
        self.input_size = first.inputs.shape[-1] if first.inputs.is_floating_point() else 0
        self.loss = {torch.int64: "symbols", torch.bool: "sets"}.get(first.targets.dtype, "reals")
        self._by_torch = False
        program = self.program(0)
        assert program is not None
        self._by_torch = not constraints_agree(program, model)
        self._trained = program.trained()
        self._kept: dict[int, Trained] = {
            id(p): self._new_state(p) for p in self._parameters if id(p) in self._trained
        }
        work = (
            sum(p.numel() for p in self._parameters) * first.inputs.shape[0] * first.inputs.shape[1]
        )
        most = min(MOST_THREADS, _cores() if threads is None else threads)
        self.threads = most if threads is not None else max(1, min(most, work // WORK_PER_THREAD))

    def advance(self, step: int, steps: int, stop: Callable[[], bool]) -> list[float]:
        """Make steps and return their losses; see `Trainer.advance`."""
        losses: list[float] = []
        while len(losses) < steps:
            block = self._source.block(step + len(losses))
            first = step + len(losses) - block.first_step
            last = min(block.steps, first + min(steps - len(losses), self._steps_per_call))
            began = time.perf_counter()
            for piece in self._pieces(block, first, last):
                made = self._train(block, piece)
                losses += made
                if not math.isfinite(made[-1]):
                    return losses
            each = (time.perf_counter() - began) / (last - first)
            self._steps_per_call = max(1, int(SECONDS_PER_CALL / max(each, 1e-7)))
            if stop():
                break
        return losses

    def _pieces(self, block: Block, first: int, last: int) -> Iterator[slice]:
        """Yield the steps of each call; their numbers of time steps share a program."""
        alike = self._engines.alike(block.times[first:last])
        cuts = [0, *(np.flatnonzero(np.diff(alike)) + 1), last - first]
        for start, end in itertools.pairwise(cuts):
            yield slice(first + int(start), first + int(end))

    def _train(self, block: Block, piece: slice) -> list[float]:
        program = self.program(block.first_step + piece.start)
        if program is None:
            return self._train_by_torch(block.first_step + piece.start, piece.stop - piece.start)
        first, annealing = block.first_step + piece.start, self.between.annealing
        losses = program.train(
            np.ascontiguousarray(block.times[piece]),
            np.ascontiguousarray(block.batch_sizes[piece]),
            np.ascontiguousarray(block.input_addresses[piece]),
            np.ascontiguousarray(block.target_addresses[piece]),
            self.optimizer.learning_rate * self.schedule.shares(first, piece.stop - piece.start),
            self._keys_of(program, first, piece.stop - piece.start),
            annealed=self.annealed(program, first, piece.stop - piece.start),
            optimizer=self.optimizer,
            states=self._kept,
            loss=self.loss,
            reduction=self.reduction,
            clip=self.clip,
            threads=self.threads,
        )
        annealing.set(first + len(losses) - 1)
        return losses

    def annealed(self, program: Program, first: int, steps: int) -> Annealed:
        """Return the values of the annealed buffers that a program reads, in some steps."""
        annealing = self.between.annealing
        places = {id(tensor): place for place, tensor in enumerate(program.tensors())}
        found = [places.get(id(buffer)) for buffer in annealing.buffers()]
        read = [k for k, place in enumerate(found) if place is not None]
        leaves = np.array([found[k] for k in read], dtype=np.int64)
        values = annealing.values(first, steps)[:, read] if read else np.empty((steps, 0))
        return Annealed(leaves, np.ascontiguousarray(values))

    def _keys_of(self, program: Program, first: int, steps: int) -> NDArray[np.uint64] | None:
        if self._keys is None or not program.model_graph.draws:
            return None
        return self._keys.between(first, steps)

    def program(self, step: int) -> Program | None:
        """Return the program for the batch of a step, or None if torch must make the step."""
        engines, model = self._engines, self._model
        if not model.is_its_parts:
            engines.run_plain("it has a hook or a method that an observer gave it")
            return None
        inputs = self._source.batch(step).inputs
        program = engines.program(
            inputs.shape[1],
            input_size=self.input_size,
            check=lambda made: disagreement(
                made, model.plain_pass, engines.parts, inputs, [None] * len(model.cells), None
            ),
        )
        if program is None or program.model_graph.needs_torch or self._by_torch:
            return None
        return program if isinstance(program, Program) else None

    @property
    def trained(self) -> frozenset[int]:
        """The ids of the parameters that the optimiser changes."""
        return frozenset(self._kept)

    def _train_by_torch(self, step: int, steps: int) -> list[float]:
        by_torch = TorchSteps(
            self._model,
            *(self._source, self.optimizer, self.clip, self.reduction, self.schedule),
            keys=self._keys,
            between=self.between,
        )
        by_torch.restore(self.optimizer_state(), step)
        losses = by_torch.advance(step, steps, lambda: False)
        self.restore(by_torch.optimizer_state(), step + len(losses))
        return losses

    def _new_state(self, parameter: Tensor) -> Trained:
        first, second = self.optimizer.kept
        return Trained(
            None if first is None else torch.zeros_like(parameter, requires_grad=False),
            None if second is None else torch.zeros_like(parameter, requires_grad=False),
        )

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return the optimiser's state, with the names of torch's own optimisers."""
        tensors: dict[str, Tensor] = {}
        for index, parameter in enumerate(self._parameters):
            kept = self._kept.get(id(parameter))
            if kept is None or kept.steps == 0:
                continue
            if self.optimizer.kind != "sgd":
                tensors[f"{index}.step"] = torch.tensor(float(kept.steps))
            for name, tensor in self._named(kept):
                tensors[f"{index}.{name}"] = tensor
        return tensors

    def restore(self, tensors: dict[str, Tensor], step: int) -> None:
        """Load a state that `optimizer_state` returned.

        Raises:
            KeyError, RuntimeError: if the tensors belong to another model.
        """
        for index, parameter in enumerate(self._parameters):
            kept = self._kept.get(id(parameter))
            if kept is None:
                continue
            named = self._named(kept)
            # torch's optimisers keep nothing for a parameter if all batches were too short for it
            may_lack = step == 0 or self._trained[id(parameter)] > 1
            if may_lack and not any(f"{index}.{name}" in tensors for name, _ in named):
                kept.steps = 0
                for _, tensor in named:
                    tensor.zero_()
                continue
            kept.steps = int(tensors.get(f"{index}.step", step))
            for name, tensor in named:
                tensor.copy_(tensors[f"{index}.{name}"])

    def _named(self, kept: Trained) -> list[tuple[str, Tensor]]:
        pairs = zip(self.optimizer.kept, (kept.first, kept.second), strict=True)
        return [(name, tensor) for name, tensor in pairs if name is not None and tensor is not None]


def _cores() -> int:
    named: Any = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    if hasattr(os, "sched_getaffinity"):
        return min(16, len(os.sched_getaffinity(0)))
    return min(16, os.cpu_count() or 1)
