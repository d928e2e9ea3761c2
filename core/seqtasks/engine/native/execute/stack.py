"""Hold the parameters of many replicas of a model, and train and run each by one program."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqtasks.engine.native.execute.call_each import address_of
from seqtasks.engine.native.execute.interface import Call, Job, Optimizer, Parameter
from seqtasks.engine.native.execute.mapped_memory import Workspace
from seqtasks.engine.native.execute.open_program import Opened

__all__ = ["ForwardPasses", "Stack", "StackedLeaf", "Structures"]

ALIGNMENT = 64
_NUMBERS = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


@dataclass(frozen=True)
class StackedLeaf:
    """A parameter of a program.

    Attributes:
        size: how many numbers it has.
        offset: its place among all gradients.
        used_from: the fewest steps that train it.
        trained: whether the optimiser changes it.
    """

    size: int
    offset: int
    used_from: int
    trained: bool


class Structures:
    """Structures of one kind that C reads, as a NumPy array with a field for each of theirs.

    Args:
        kind: the structure.
        shape: the shape of the array.

    Attributes:
        fields: the array.
        addresses: the address of each structure, of the shape of the array.
    """

    def __init__(self, kind: Any, shape: tuple[int, ...]) -> None:
        self.fields: NDArray[Any] = np.zeros(shape, np.dtype(kind))
        start, places = self.fields.ctypes.data, np.arange(self.fields.size, dtype=np.uint64)
        each = np.uint64(self.fields.itemsize)
        self.addresses = (np.uint64(start) + each * places).reshape(shape)


class Stack:
    """The parameters of many replicas, and what their optimisers keep.

    Args:
        count: the number of replicas.
        leaves: the parameters, in the order of the program.
        dtype: the type of the numbers.
        kept: the names of the two tensors that the optimiser keeps of a parameter, or None.

    Attributes:
        values: for each parameter the numbers of all replicas, (replicas, size).
        jobs: the training steps that each replica is to make next: a `Job` each.
    """

    def __init__(
        self,
        count: int,
        leaves: Sequence[StackedLeaf],
        dtype: torch.dtype,
        kept: tuple[str | None, str | None],
    ) -> None:
        number = _NUMBERS[dtype]
        rows = [-(-leaf.size * number.itemsize // ALIGNMENT) * ALIGNMENT for leaf in leaves]
        sides = 1 + sum(name is not None for name in kept)
        self._memory = Workspace(max(1, count * sum(rows) * sides))
        self._number, self._next = number, self._memory.address
        self.values = [
            self._rows(count, leaf.size, row) for leaf, row in zip(leaves, rows, strict=True)
        ]
        self._table = Structures(Parameter, (count, len(leaves)))
        table = self._table.fields
        for k, leaf in enumerate(leaves):
            table["offset"][:, k], table["size"][:, k] = leaf.offset, leaf.size
            table["used_from"][:, k] = leaf.used_from
            table["values"][:, k] = _addresses(self.values[k])
        self._kept: list[NDArray[Any]] = []
        for side, name in zip(("first", "second"), kept, strict=True):
            for k, leaf in enumerate(leaves):
                if name is not None and leaf.trained:
                    held = self._rows(count, leaf.size, rows[k])
                    self._kept.append(held)
                    table[side][:, k] = _addresses(held)
        self._jobs = Structures(Job, (count,))
        self.jobs = self._jobs.fields
        self.jobs["parameters"] = self.parameters
        self.jobs["parameter_count"] = len(leaves)
        self._workspace = Workspace(1)

    def _rows(self, count: int, size: int, row: int) -> NDArray[Any]:
        """Return the next part of the memory, (count, size), each row aligned."""
        octets: Any = (ctypes.c_char * max(1, count * row)).from_address(self._next)
        self._next += count * row
        width = row // self._number.itemsize
        return np.frombuffer(octets, self._number, count * width).reshape(count, width)[:, :size]

    @property
    def parameters(self) -> NDArray[np.uint64]:
        """The address of each replica's table of parameters, (replicas,)."""
        return self._table.addresses[:, 0]

    def begin(self) -> None:
        """Forget what the optimisers keep, before the first step of new replicas."""
        self._table.fields["steps"] = 0
        for held in self._kept:
            held[...] = 0

    def prepare(self, opened: Opened, optimizer: Optimizer, batch: int, time: int) -> None:
        """Make the jobs fit a program, for batches of up to a size and a number of time steps."""
        needed = int(opened.memory_needed(batch, time, 1))
        jobs = self.jobs
        jobs["memory"], jobs["memory_each"] = self.memory(needed), needed
        jobs["blas"], jobs["one_thread"], jobs["threads"] = opened.blas, opened.one_thread, 1
        jobs["optimizer"] = np.frombuffer(bytes(optimizer), jobs["optimizer"].dtype)[0]

    def memory(self, size: int) -> int:
        """Return the address of memory to work in: one replica is trained or run at a time."""
        if self._workspace.size < size:
            self._workspace = Workspace(size)
            self.jobs["memory"] = self._workspace.address
        return self._workspace.address

    def training(
        self, opened: Opened, replicas: NDArray[np.intp]
    ) -> tuple[int, NDArray[np.uint64]]:
        """Return the function that does a job, by its address, and the jobs of some replicas."""
        return address_of(opened.train), self._jobs.addresses[replicas]


class ForwardPasses:
    """Forward passes of the replicas of a stack, each over its own instances.

    Args:
        stack: the replicas.
        opened: a program for their parameters.
        states: the total size of a row's states, as their parts.
        rows, time: the size of a batch.
    """

    def __init__(
        self, stack: Stack, opened: Opened, states: Sequence[int], rows: int, time: int
    ) -> None:
        self._stack, self._opened = stack, opened
        count = len(stack.jobs)
        self._calls = Structures(Call, (count,))
        self._size = int(opened.memory_needed(rows, time, 1))
        number = stack.values[0].dtype if stack.values else np.dtype(np.float32)
        self._finals = [np.empty((rows, size), number) for size in states]  # nobody reads them
        addresses = [final.ctypes.data for final in self._finals]
        self._places = np.array(addresses or [0], dtype=np.uint64)
        calls = self._calls.fields
        calls["parameters"], calls["blas"] = stack.parameters, opened.blas
        calls["batch"], calls["time"] = rows, time
        calls["finals"] = self._places.ctypes.data

    def passes(
        self,
        replicas: NDArray[np.intp],
        inputs: NDArray[np.uint64],
        predictions: NDArray[np.uint64],
    ) -> tuple[int, NDArray[np.uint64]]:
        """Return the function that makes a pass, by its address, and the calls of some replicas.

        It returns 0 if every input is a symbol of the model's alphabet.

        Args:
            replicas: the replicas.
            inputs: (replicas,) the address of each one's inputs.
            predictions: (replicas,) the address that gets each one's predictions.
        """
        calls = self._calls.fields
        calls["inputs"][replicas], calls["predictions"][replicas] = inputs, predictions
        calls["memory"] = self._stack.memory(self._size)
        return address_of(self._opened.passes["forward"]), self._calls.addresses[replicas]


def _addresses(rows: NDArray[Any]) -> NDArray[np.uint64]:
    """Return the address of each row."""
    places = np.arange(len(rows), dtype=np.uint64) * np.uint64(rows.strides[0])
    return np.uint64(rows.ctypes.data) + places
