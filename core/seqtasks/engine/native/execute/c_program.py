"""Call a compiled program from Python, on the memory of the model's own parameters."""

import copy
import ctypes
import weakref
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.cells.padding import EndingTogether
from seqtasks.engine.contract.optimizer_values import OptimizerValues
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.emit.source import Emitted
from seqtasks.engine.native.execute.gradients_by_row import gradients_by_row
from seqtasks.engine.native.execute.interface import PROBLEMS, Call, Job, optimizer_structure
from seqtasks.engine.native.execute.mapped_memory import Memory, Pool, Workspace
from seqtasks.engine.native.execute.open_program import Opened
from seqtasks.engine.native.execute.parameter_table import NEVER, Trained, parameter_table
from seqtasks.engine.native.execute.stack import Stack, StackedLeaf
from seqtasks.engine.native.plan.plan import MOST_LANES

__all__ = ["Program"]

_pool = Pool()


class Program:
    """The compiled program of a model.

    Args:
        model: the model as a graph.
        written: the program's text, and where it keeps the gradients.
        opened: the same program, compiled and loaded.
        used_from: by a parameter's leaf, the fewest steps over which it has a gradient.

    Attributes:
        source: the C source.
    """

    engine = "native"

    def __init__(
        self,
        model: ModelGraph,
        written: Emitted,
        opened: Opened,
        used_from: Mapping[Node | None, int],
    ) -> None:
        self.model_graph, self.source = model, written.source
        self.offsets, self.gradients = written.offsets, written.gradients
        self._opened, self._used_from = opened, used_from
        self._leaves = model.leaves
        self._tensors = [model.parameters[leaf] for leaf in self._leaves]
        self._numbers = sum(
            leaf.size for leaf, first in zip(self._leaves, self.offsets, strict=True) if first >= 0
        )
        self._workspace = Workspace(0)
        weakref.finalize(self, _pool.clear).atexit = False

    def trained(self) -> dict[int, int]:
        """Return, by the id of each trained parameter, the fewest steps that train it.

        Over fewer steps it has no gradient, and its optimiser skips it.
        """
        return {
            id(tensor): self._used_from[leaf]
            for leaf, tensor in zip(self._leaves, self._tensors, strict=True)
            if leaf in self._used_from
        }

    def stack(self, count: int, trained: Collection[int], optimizer: OptimizerValues) -> Stack:
        """Return room for the parameters of many replicas, and for what their optimisers keep.

        Args:
            count: the number of replicas.
            trained: the ids of the parameters that are trained.
            optimizer: the optimiser's values.
        """
        leaves = [
            StackedLeaf(
                tensor.numel(),
                offset,
                self._used_from.get(leaf, NEVER) if id(tensor) in trained else NEVER,
                id(tensor) in trained,
            )
            for leaf, tensor, offset in zip(self._leaves, self._tensors, self.offsets, strict=True)
        ]
        return Stack(count, leaves, self.model_graph.dtype, optimizer.kept)

    @property
    def opened(self) -> Opened:
        """The compiled program's functions."""
        return self._opened

    def memory(self, batch: int, time: int) -> Memory:
        """See `Passes.memory`."""
        return _pool.take(self._opened.memory_needed(batch, time, 1))

    def _parameters(self, states: dict[int, Trained] | None = None) -> Any:
        return parameter_table(self._leaves, self._tensors, self.offsets, self._used_from, states)

    def train(
        self,
        times: NDArray[np.int64],
        batch_sizes: NDArray[np.int64],
        inputs: NDArray[np.uint64],
        targets: NDArray[np.uint64],
        rates: NDArray[np.float64],
        *,
        optimizer: OptimizerValues,
        states: dict[int, Trained],
        loss: str,
        reduction: str,
        clip: float | None,
        threads: int,
    ) -> list[float]:
        """Make training steps and return their losses; a non-finite loss is the last.

        Args:
            times: each step's number of time steps.
            batch_sizes: each step's number of instances.
            inputs: the address of each step's inputs.
            targets: the address of each step's targets.
            rates: each step's learning rate, used instead of the optimizer's own.
            optimizer: the optimiser's values.
            states: by a parameter's id, the data that its optimiser keeps; they are updated.
            loss: a key of LOSSES.
            reduction: `mean` over scored positions, or `sum` over positions and mean over
                instances.
            clip: the largest norm of the whole gradient.
            threads: the number of threads that share a batch's rows.

        Raises:
            ValueError: for an input or a target that is not a symbol.
        """
        steps = len(times)
        needed = self._opened.memory_needed(int(batch_sizes.max()), int(times.max()), threads)
        each = (needed + 63) // 64 * 64
        if self._workspace.size < threads * each:
            self._workspace = Workspace(threads * each)
        losses = np.empty(steps)
        parameters = self._parameters(states)
        job = Job(
            ctypes.addressof(parameters),
            len(self._leaves),
            self._opened.blas,
            self._opened.one_thread,
            optimizer_structure(optimizer, loss, reduction, clip),
            steps,
            threads,
            times.ctypes.data,
            batch_sizes.ctypes.data,
            inputs.ctypes.data,
            targets.ctypes.data,
            rates.ctypes.data,
            losses.ctypes.data,
            self._workspace.address,
            each,
        )
        status = self._opened.train(job)
        if status:
            raise ValueError(PROBLEMS[status])
        for tensor, parameter in zip(self._tensors, parameters, strict=True):
            if id(tensor) in states:
                states[id(tensor)].steps = parameter.steps
        return losses[: job.made].tolist()

    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        histories: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Run a batch; see `Passes.forward`. The inputs must be contiguous."""
        batch, time = inputs.shape[:2]
        dtype = self.model_graph.dtype
        predictions = torch.empty(batch, time, self.model_graph.predictions.size, dtype=dtype)
        shapes = [part.shape for part in self.model_graph.parts]
        finals = [torch.empty(batch, *shape, dtype=dtype) for shape in shapes]
        past = [torch.empty(batch, time, *s, dtype=dtype) for s in shapes] if histories else []
        together = None if lengths is None else EndingTogether(time, lengths)
        if together is not None:
            inputs = together.begun_late(inputs)
        self._run(
            "forward",
            batch,
            time,
            inputs=inputs,
            lengths=lengths,
            given=given,
            predictions=predictions,
            finals=finals,
            histories=past or None,
            memory=memory,
        )
        if together is not None:
            predictions = together.begun_at_once(predictions, zero=True)
            past = [together.begun_at_once(states, zero=False) for states in past]
        return predictions, finals, past

    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor],
        histories_back: Sequence[Tensor] | None,
        of_inputs: bool = True,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return gradients; see `Passes.backward`."""
        batch, time = inputs.shape[:2]
        dtype = self.model_graph.dtype
        parts: list[Tensor | None]
        gradients = torch.empty(self.gradients, dtype=dtype)
        real = inputs.is_floating_point()
        inputs_back = torch.zeros_like(inputs) if real and of_inputs else None
        given_back = None if given is None else [torch.empty_like(t) for t in given]
        together = None if lengths is None else EndingTogether(time, lengths)
        original_back, original_histories = predictions_back, histories_back
        if together is not None:
            predictions_back = together.gradient(predictions_back)
            if histories_back is not None:
                histories_back = [together.gradient_of_repeated(b) for b in histories_back]
        self._run(
            "backward",
            batch,
            time,
            inputs=inputs,
            lengths=lengths,
            given=given,
            predictions_back=predictions_back.contiguous(),
            finals_back=[back.contiguous() for back in finals_back],
            histories_back=histories_back and [back.contiguous() for back in histories_back],
            inputs_back=inputs_back,
            given_back=given_back,
            gradients=gradients,
            memory=memory,
        )
        if together is not None and inputs_back is not None:
            inputs_back = together.begun_at_once(inputs_back, zero=True)
        if batch % MOST_LANES and not bool(gradients[: self._numbers].isfinite().all()):
            parts = gradients_by_row(
                self, inputs, lengths, given, original_back, finals_back, original_histories
            )
            return parts, inputs_back, given_back
        parts = []
        for first, leaf, tensor in zip(self.offsets, self._leaves, self._tensors, strict=True):
            part = gradients[first : first + leaf.size].view_as(tensor) if first >= 0 else None
            parts.append(part)
        return parts, inputs_back, given_back

    def tensors(self) -> list[Tensor]:
        """See `Passes.tensors`."""
        return self._tensors

    def reading(self, tensors: list[Tensor]) -> "Program":
        """See `Passes.reading`."""
        other = copy.copy(self)
        other._tensors = tensors
        return other

    def _run(self, entry: str, batch: int, time: int, **values: Any) -> None:
        parameters = self._parameters()
        call = Call(ctypes.addressof(parameters), self._opened.blas, batch, time)
        alive: list[Any] = []
        for name, value in values.items():
            if isinstance(value, Memory):
                setattr(call, name, value.workspace.address)
            elif isinstance(value, Tensor):
                setattr(call, name, value.data_ptr())
            elif value is not None:
                array = (ctypes.c_void_p * max(1, len(value)))(*(t.data_ptr() for t in value))
                alive.append(array)
                setattr(call, name, ctypes.addressof(array))
        status = self._opened.passes[entry](call)
        if status:
            raise IndexError(PROBLEMS[status])
