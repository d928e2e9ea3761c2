"""Call a compiled program from Python, on the memory of the model's own parameters."""

import copy
import ctypes
import math
import weakref
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

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
from seqtasks.engine.native.execute.portions import portion
from seqtasks.engine.native.execute.stack import Stack, StackedLeaf
from seqtasks.engine.native.execute.tensors_in_c import pointers, strides_of
from seqtasks.engine.native.plan.plan import MOST_LANES
from seqtasks.randomness.counted_draws import DrawKey

__all__ = ["Annealed", "Program"]

NO_KEY = "a program of a model that draws needs a key of its random numbers"

_pool = Pool()


class Annealed(NamedTuple):
    """Values that some parameters of one number have in each training step.

    Attributes:
        leaves: (count,) the places of the parameters among those of the program.
        values: (steps, count).
    """

    leaves: NDArray[np.int64]
    values: NDArray[np.float64]


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
        self._shapes = [part.shape for part in model.parts]
        self._output_size = model.predictions.size
        self._views = [
            (first, tensor.shape, strides_of(tensor.shape)) if first >= 0 else None
            for first, tensor in zip(self.offsets, self._tensors, strict=True)
        ]
        self._table: tuple[list[int], Any] = ([], None)
        self._zeros = torch.zeros(self.gradients, dtype=model.dtype)
        self._needed: tuple[tuple[int, int], int] = ((0, 0), 0)
        self._workspace = Workspace(0)
        self.draws: DrawKey | None = None
        self._draw_rows: Tensor | None = None
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
        sizes, needed = self._needed
        if sizes != (batch, time):
            needed = self._opened.memory_needed(batch, time, 1)
            self._needed = (batch, time), needed
        return _pool.take(needed)

    def _parameters(self, states: dict[int, Trained] | None = None) -> Any:
        return parameter_table(self._leaves, self._tensors, self.offsets, self._used_from, states)

    def _parameters_read(self) -> Any:
        """Return the table for a single pass, which no pass changes: kept while nothing moves."""
        addresses, table = self._table
        now = [tensor.data_ptr() for tensor in self._tensors]
        if addresses != now or table is None:
            table = self._parameters()
            self._table = now, table
        return table

    def train(
        self,
        times: NDArray[np.int64],
        batch_sizes: NDArray[np.int64],
        inputs: NDArray[np.uint64],
        targets: NDArray[np.uint64],
        rates: NDArray[np.float64],
        keys: NDArray[np.uint64] | None = None,
        *,
        annealed: Annealed | None = None,
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
            keys: the key of each step's draws; None if the model draws nothing.
            annealed: values that are set before each step.
            optimizer: the optimiser's values.
            states: by a parameter's id, the data that its optimiser keeps; they are updated.
            loss: a key of LOSSES.
            reduction: `mean` over scored positions, or `sum` over positions and mean over
                instances.
            clip: the largest norm of the whole gradient.
            threads: the number of threads that share a batch's rows.

        Raises:
            ValueError: for an input or a target that is not a symbol, or if the model draws and
                there are no keys.
        """
        steps = len(times)
        leaves, values = annealed or (np.empty(0, np.int64), np.empty((steps, 0)))
        if keys is None and self.model_graph.draws:
            raise ValueError(NO_KEY)
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
            None if keys is None else keys.ctypes.data,
            values.ctypes.data,
            leaves.ctypes.data,
            len(leaves),
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
        predictions, finals = self._results(batch, time)
        past: list[Tensor] = []
        if histories:
            past = [torch.empty(batch, time, *shape, dtype=dtype) for shape in self._shapes]
        together = None if lengths is None else EndingTogether(time, lengths)
        if together is not None:
            inputs = together.begun_late(inputs)
        self._run(
            "forward",
            (batch, time, 0, 0),
            {"given": given, "finals": finals, "histories": past if histories else None},
            inputs=inputs.data_ptr(),
            lengths=None if lengths is None else lengths.data_ptr(),
            predictions=predictions.data_ptr(),
            memory=memory.workspace.address,
        )
        if together is not None:
            predictions = together.begun_at_once(predictions, zero=True)
            past = [together.begun_at_once(states, zero=False) for states in past]
        return predictions, finals, past

    def along(
        self, inputs: Tensor, given: Sequence[Tensor] | None
    ) -> tuple[Tensor, list[Tensor]] | None:
        """Run a batch without gradients; see `Passes.along`."""
        if self.model_graph.draws:  # the numbers of a portion depend on where it begins
            return None
        batch, time = inputs.shape[:2]
        rows, steps = portion(sum(math.prod(shape) for shape in self._shapes), batch, time)
        predictions, finals = self._results(batch, time)
        memory = self.memory(rows, steps)
        self._run(
            "along",
            (batch, time, rows, steps),
            {"given": given, "finals": finals},
            inputs=inputs.data_ptr(),
            predictions=predictions.data_ptr(),
            memory=memory.workspace.address,
        )
        return predictions, finals

    def _results(self, batch: int, time: int) -> tuple[Tensor, list[Tensor]]:
        """Return room for predictions and final states."""
        dtype = self.model_graph.dtype
        predictions = torch.empty(batch, time, self._output_size, dtype=dtype)
        return predictions, [torch.empty(batch, *shape, dtype=dtype) for shape in self._shapes]

    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor | None],
        histories_back: Sequence[Tensor] | None,
        of_inputs: bool = True,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return gradients; see `Passes.backward`."""
        batch, time = inputs.shape[:2]
        gradients = torch.empty(self.gradients, dtype=self.model_graph.dtype)
        real = inputs.is_floating_point()
        inputs_back = torch.zeros_like(inputs) if real and of_inputs else None
        given_back = None if given is None else [torch.empty_like(t) for t in given]
        together = None if lengths is None else EndingTogether(time, lengths)
        original_back, original_histories = predictions_back, histories_back
        if together is not None:
            predictions_back = together.gradient(predictions_back)
            if histories_back is not None:
                histories_back = [together.gradient_of_repeated(b) for b in histories_back]
        predictions_back = predictions_back.contiguous()  # and alive until the end of the call
        finals_back = [None if back is None else back.contiguous() for back in finals_back]
        if histories_back is not None:
            histories_back = [back.contiguous() for back in histories_back]
        lists = {
            "given": given,
            "finals_back": finals_back,
            "histories_back": histories_back,
            "given_back": given_back,
        }
        self._run(
            "backward",
            (batch, time, 0, 0),
            lists,
            inputs=inputs.data_ptr(),
            lengths=None if lengths is None else lengths.data_ptr(),
            predictions_back=predictions_back.data_ptr(),
            inputs_back=None if inputs_back is None else inputs_back.data_ptr(),
            gradients=gradients.data_ptr(),
            memory=memory.workspace.address,
        )
        if together is not None and inputs_back is not None:
            inputs_back = together.begun_at_once(inputs_back, zero=True)
        # Zero times a number is zero, unless the number is infinite or none; padding is zero.
        if batch % MOST_LANES and torch.dot(gradients, self._zeros).item() != 0:
            parts = gradients_by_row(
                self, inputs, lengths, given, original_back, finals_back, original_histories
            )
            return parts, inputs_back, given_back
        parts = [
            None if view is None else gradients.as_strided(view[1], view[2], view[0])
            for view in self._views
        ]
        return parts, inputs_back, given_back

    def constrain(self) -> None:
        """Change the parameters as `train` does after each step."""
        memory, table = self.memory(1, 1), self._parameters()
        call = Call(ctypes.addressof(table), self._opened.blas, 1, 1)
        call.memory = memory.workspace.address
        self._opened.passes["constrain"](call)

    def tensors(self) -> list[Tensor]:
        """See `Passes.tensors`."""
        return self._tensors

    def reading(self, tensors: list[Tensor]) -> "Program":
        """See `Passes.reading`."""
        other = copy.copy(self)
        other._tensors = tensors
        return other

    def drawing(self, key: DrawKey, rows: Tensor | None = None) -> "Program":
        """See `Passes.drawing`."""
        other = copy.copy(self)
        other.draws, other._draw_rows = key, rows
        return other

    def _run(
        self,
        entry: str,
        sizes: tuple[int, int, int, int],
        lists: Mapping[str, Sequence[Tensor | None] | None],
        **addresses: int | None,
    ) -> None:
        """Call a pass.

        Args:
            entry: its name.
            sizes: rows and steps, of the batch and of a portion.
            lists: by field, tensors whose addresses it gets as a list; null for None.
            addresses: by field, the address of a tensor or of memory.
        """
        table, opened = self._parameters_read(), self._opened
        call = Call(ctypes.addressof(table), opened.blas, *sizes, **addresses)
        arrays = [(name, pointers(some)) for name, some in lists.items() if some is not None]
        for name, array in arrays:
            setattr(call, name, ctypes.addressof(array))
        if self.draws is not None:
            key, rows = self.draws, self._draw_rows
            call.key, call.first_row, call.first_time = key.key, key.row, key.time
            call.draw_rows = None if rows is None else rows.data_ptr()
        elif self.model_graph.draws:
            raise ValueError(NO_KEY)
        status = opened.passes[entry](call)
        if status:
            raise IndexError(PROBLEMS[status])
