"""A model's analysis as a program of tensor operations."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.analysis import Analysis
from seqtasks.engine.pointwise import POINTWISE
from seqtasks.engine.tensors.statements import LARGEST_ONE_HOT
from seqtasks.engine.tensors.storage import Buffer
from seqtasks.engine.tensors.writing import write

__all__ = ["Memory", "TensorProgram"]


@dataclass
class Memory:
    """Buffers for batches of one size, kept between steps, and the views of them.

    The pass back reads what the pass forward left; it may run more than once.
    """

    batch: int
    time: int
    buffers: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    forward: tuple[Any, ...] | None = None
    backward: tuple[Any, ...] | None = None
    addresses: tuple[int, ...] = ()


class TensorProgram:
    """Runs an analysed model by tensor operations.

    Args:
        analysis: of the model.
        device: where its parameters are.

    Attributes:
        source: the Python that it runs.
    """

    def __init__(self, analysis: Analysis, device: torch.device | str = "cpu") -> None:
        self.analysis, self.device = analysis, torch.device(device)
        leaves = sorted(analysis.parameters, key=lambda leaf: leaf.value[0])
        self._tensors = [analysis.parameters[leaf] for leaf in leaves]
        written = write(analysis)
        self.source = written.source
        self._buffers = written.forward, written.backward
        self._constants = {n: self._constant(v) for n, v in written.constants.items()}
        self._functions = _functions(analysis)
        exec(compile(self.source, "<seqtasks tensor program>", "exec"), self._functions)

    def tensors(self) -> list[Tensor]:
        """Return all parameters and buffers, in the order of their gradients."""
        return self._tensors

    def memory(self, batch: int, time: int) -> Memory:
        """Return memory for batches of a size."""
        return Memory(batch, time)

    @torch.no_grad()
    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        histories: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Run a batch.

        Args:
            inputs: (batch, time) int64 or (batch, time, features).
            lengths: (batch,) int64 if the program is masked.
            given: the states to start from, each (batch, ...), all layers' in a row.
            memory: of `memory(batch, time)`; the pass back needs it as it is left.
            histories: whether to return the states of every step.

        Returns:
            predictions (batch, time, outputs), the final states, and those of every step.
        """
        self._take_inputs(inputs, lengths, memory)
        if memory.forward is None or memory.addresses != self._addresses():
            memory.addresses = self._addresses()
            memory.forward = self._views("forward", memory)
            memory.backward = None
        rows = self._functions["forward"](memory.forward, given)
        predictions = _by_batch(rows, memory)
        finals: list[Tensor] = []
        past: list[Tensor] = []
        for name, shape in self._states():
            states = memory.buffers[name]
            finals.append(states[-1].clone().view(memory.batch, *shape))
            if histories:
                past.append(_by_batch(states[1:], memory).view(memory.batch, memory.time, *shape))
        return predictions, finals, past

    @torch.no_grad()
    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor],
        histories_back: Sequence[Tensor] | None,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return the gradients of the parameters, the inputs and the given states."""
        del lengths
        if memory.backward is None:
            self._allocate(memory, self._buffers[1])
            memory.backward = self._views("backward", memory)
        buffers = memory.buffers
        buffers["cotangent"].copy_(predictions_back.transpose(0, 1))
        for number, (name, _) in enumerate(self._states()):
            external = buffers.get(name.replace("state", "external", 1))
            if external is None:
                continue
            if histories_back is None:
                external.zero_()
            else:
                external.copy_(histories_back[number].flatten(2).transpose(0, 1))
        if "one_hot" in buffers:
            buffers["one_hot"].zero_().scatter_(1, buffers["tokens"].view(-1, 1), 1.0)
        run = self._functions["backward"]
        gradients, rows = run(memory.backward, given, finals_back, self._empty)
        inputs_back = None
        if inputs.is_floating_point():
            inputs_back = torch.zeros_like(inputs) if rows is None else _by_batch(rows, memory)
        given_back = None
        if given is not None:
            given_back = [
                buffers[name.replace("state", "carried_back", 1)][0].clone().view_as(state)
                for (name, _), state in zip(self._states(), given, strict=True)
            ]
        return gradients, inputs_back, given_back

    # ---- memory

    def _take_inputs(self, inputs: Tensor, lengths: Tensor | None, memory: Memory) -> None:
        buffers = memory.buffers
        if not buffers:
            self._allocate(memory, self._buffers[0])
            self._allocate_inputs(memory)
        past_end = None
        if self.analysis.masked:
            assert lengths is not None
            running = buffers["running"].view(memory.time, memory.batch)
            torch.lt(buffers["step"], lengths, out=running)
            past_end = ~running
        if self.analysis.vocabulary:
            buffers["tokens"].copy_(inputs.t())
        else:
            buffers["inputs"].copy_(inputs.transpose(0, 1))
            if past_end is not None:
                buffers["inputs"].masked_fill_(past_end[..., None], 0)

    def _allocate_inputs(self, memory: Memory) -> None:
        time, batch, vocabulary = memory.time, memory.batch, self.analysis.vocabulary
        buffers = memory.buffers
        if vocabulary:
            buffers["tokens"] = torch.empty((time, batch), dtype=torch.int64, device=self.device)
        elif "inputs" not in buffers:
            buffers["inputs"] = self._empty((time, batch, self.analysis.input_size))
        if self.analysis.masked:
            buffers["step"] = torch.arange(time, device=self.device)[:, None]
            if "running" not in buffers:
                buffers["running"] = self._new((time, batch, 1), True)
        if 0 < vocabulary <= LARGEST_ONE_HOT and "one_hot_t" in self.source:
            buffers["one_hot"] = self._empty((time * batch, vocabulary))

    def _allocate(self, memory: Memory, wanted: Sequence[Buffer]) -> None:
        time, batch = memory.time, memory.batch
        sizes = {
            "one": (),
            "vocabulary": (self.analysis.vocabulary,),
            "scratch": (batch,),
            "steps": (time, batch),
            "states": (time + 1, batch),
        }
        for buffer in wanted:
            shape = (*sizes[buffer.kind], buffer.size)
            memory.buffers[buffer.name] = self._new(shape, buffer.truth)
        if "cotangent" not in memory.buffers and wanted is self._buffers[1]:
            outputs = self.analysis.predictions.size
            memory.buffers["cotangent"] = self._empty((time, batch, outputs))

    def _views(self, name: str, memory: Memory) -> tuple[Any, ...]:
        parameters = [tensor.detach().contiguous() for tensor in self._tensors]
        return self._functions[f"views_{name}"](
            memory.buffers, parameters, self._constants, memory.batch, memory.time
        )

    def _addresses(self) -> tuple[int, ...]:
        """Return where the parameters are; nothing that is equal again for one that is copied."""
        return tuple(
            tensor.data_ptr() if tensor.is_contiguous() else id(object())
            for tensor in self._tensors
        )

    def _states(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return the name of each state's buffer, and its shape."""
        return [
            (f"state_{layer}_{k}", part.shape)
            for layer, loop in enumerate(self.analysis.loops)
            for k, part in enumerate(loop.parts)
        ]

    def _new(self, shape: tuple[int, ...], truth: bool = False) -> Tensor:
        dtype = torch.bool if truth else self.analysis.dtype
        return torch.zeros(shape, dtype=dtype, device=self.device)

    def _empty(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=self.analysis.dtype, device=self.device)

    def _constant(self, value: object) -> Tensor:
        if isinstance(value, np.ndarray):
            return torch.from_numpy(value).to(self.device)
        return torch.tensor(value, dtype=self.analysis.dtype, device=self.device)


def _by_batch(rows: Tensor, memory: Memory) -> Tensor:
    """Return a copy of what is (time, batch, ...), or its rows, as (batch, time, features)."""
    by_time = rows.view(memory.time, memory.batch, -1)
    return by_time.transpose(0, 1).clone(memory_format=torch.contiguous_format)


def _strided(
    memory: Tensor,
    rows: int | None,
    size: int,
    first: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
) -> Tensor:
    lead = () if rows is None else (rows,)
    steps = () if rows is None else (size,)
    return memory.as_strided((*lead, *shape), (*steps, *strides), memory.storage_offset() + first)


def _steps(
    memory: Tensor,
    time: int,
    later: int,
    first: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    backwards: bool = False,
) -> tuple[Tensor, ...]:
    """Return places of each step, (batch, ...) each."""
    count, batch, size = memory.shape
    whole = memory.as_strided(
        (count, batch, *shape), (batch * size, size, *strides), memory.storage_offset() + first
    )
    steps = whole.unbind(0)[later : later + time]
    return steps[::-1] if backwards else steps


def _functions(analysis: Analysis) -> dict[str, Any]:
    names = ("mm", "addmm", "mv", "lerp", "where", "index_select", "amax", "add", "sub", "mul", "div", "neg",
             "addcmul", "addcdiv", "clamp", "gt", "ge", "lt", "le", "eq", "ne")
    functions: dict[str, Any] = {name: getattr(torch, name) for name in names}
    for operation, pointwise in POINTWISE.items():
        functions[f"pointwise_{operation}"] = pointwise.torch
        name = getattr(pointwise.torch, "__name__", "")
        if getattr(torch, name, None) is pointwise.torch:
            functions[name] = pointwise.torch
    functions["total"] = torch.sum
    functions["strided"], functions["steps"] = _strided, _steps
    functions["embedding_dense_backward"] = torch.ops.aten.embedding_dense_backward
    functions["vocabulary"] = analysis.vocabulary
    return functions
