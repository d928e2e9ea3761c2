"""Name and make the views of buffers and parameters that a pass works on, each once."""

import math

import numpy as np

from seqtasks.engine.graph.index import Strided, strided
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.tensors.plan.buffers import (
    LASTING,
    Buffer,
    Slot,
    Storage,
)

__all__ = ["Views"]

_ROWS = {
    "vocabulary": "vocabulary",
    "scratch": "batch",
    **dict.fromkeys(LASTING, "time * batch"),
}


class Views:
    """Names the views of one pass, and writes the lines that make them.

    Outside loops a value of all steps is (time * batch, ...). In a loop it is a list of (batch,
    ...) values, one for each step, in the loop's order. In the backward pass, `time` is the number
    of steps of a stretch and `start` is its first step.

    Attributes:
        lines: the lines that make the views, given `buffers`, `parameters`, `constants`, `batch`,
            `start` and `time`.
        names: the names of all views.
        steps: for the loop being written: the name of a step's view -> the name of the list.
    """

    def __init__(self, storage: Storage, constants: dict[str, object], back: bool) -> None:
        self.storage, self.constants, self.back = storage, constants, back
        self.lines: list[str] = []
        self.names: list[str] = []
        self.steps: dict[str, str] = {}
        self._known: dict[object, str] = {}
        self._taken: set[str] = set()

    def of(self, node: Node, loop: bool, shape: tuple[int, ...] | None = None) -> str:
        """Return the name of a node's value, if need be in another shape."""
        shape = node.shape if shape is None else shape
        while node.operation == "spread":
            node = node.inputs[0]
        if node.operation == "constant":
            return self.number(node.value)
        source, index = node, np.arange(node.size)
        if node.operation == "view" and node not in self.storage.slots:
            assert node.index is not None
            source, index = node.inputs[0], node.index
        while source.operation == "spread":
            source = source.inputs[0]
        if source.operation == "constant":
            return self.number(source.value)
        pattern = strided(index, shape)
        if pattern is None:  # spread over several axes, needed with one: copy it
            lead = () if node.columns == Columns.ONE else (-1,)
            return f"{self.of(node, loop)}.reshape({(*lead, *shape)})"
        return self.place(source, pattern, shape, loop)

    def place(self, source: Node, pattern: Strided, shape: tuple[int, ...], loop: bool) -> str:
        """Return the name of a view of some positions of a value."""
        if source.operation == "count":
            numbers = self.constant(f"count_{source.size}", np.arange(source.size, dtype=float))
            return self._named(
                f"{numbers}_part", f"strided({numbers}, None, 0, {_places(pattern, shape)})"
            )
        leaf = source.inputs[0] if source.operation == "symbols" else source
        if leaf.operation == "parameter":
            label = f"parameter_{leaf.value[0]}"
            lead = f"vocabulary, {source.size}" if leaf is not source else "None, 0"
            memory = f"parameters[{leaf.value[0]}]"
            return self._named(label, f"strided({memory}, {lead}, {_places(pattern, shape)})")
        return self.slot(self.storage.slots[source], pattern, shape, loop)

    def slot(self, slot: Slot, pattern: Strided, shape: tuple[int, ...], loop: bool) -> str:
        """Return the name of a view of some positions of a slot."""
        buffer = slot.buffer
        whole = math.prod(shape) == buffer.size and 0 not in pattern.strides
        label = buffer.name + ("_next" if slot.later else "") + ("" if whole else "_part")
        memory = f'buffers["{buffer.name}"]'
        pattern = Strided(slot.first + pattern.first, pattern.strides)
        if buffer.kind == "one":
            return self._named(label, f"strided({memory}, None, 0, {_places(pattern, shape)})")
        later = str(slot.later)
        if self.back and buffer.kind in ("steps", "states"):
            later = f"start + {slot.later}" if slot.later else "start"
        if loop and buffer.kind in LASTING:
            backwards = ", True" if self.back else ""
            made = f"steps({memory}, time, {later}, {_places(pattern, shape)}{backwards})"
            name = self._named(label, made, listed=True)
            listed = f"{name}_steps"
            self.steps[name] = listed
            return name
        places = _places(pattern, shape)
        if buffer.kind in LASTING and later != "0":
            places = f"({later}) * batch * {buffer.size} + {places}"
        return self._named(
            label, f"strided({memory}, {_ROWS[buffer.kind]}, {buffer.size}, {places})"
        )

    def step(self, buffer: Buffer, step: str) -> str:
        """Return the name of one step of a buffer, (batch, size)."""
        return self._named(f"{buffer.name}_at", f'buffers["{buffer.name}"][{step}]')

    def transposed(self, name: str) -> str:
        """Return the name of a matrix's transpose."""
        return self._named(f"{name}_t", f"{name}.t()")

    def in_all_rows(self, name: str, size: int, loop: bool) -> str:
        """Return the name of a vector or number that is expanded to all rows."""
        rows = "batch" if loop else "time * batch"
        return self._named(f"{name}_rows", f"{name}.expand({rows}, {size})")

    def tokens(self) -> str:
        """Return the name of the symbols, (time * batch,)."""
        return self._named("tokens", 'buffers["tokens"][start : start + time].view(-1)')

    def one_hot(self) -> str:
        """Return the name of the one-hot matrix of the symbols, (symbols, time * batch)."""
        rows = "start * batch : (start + time) * batch"
        return self._named("one_hot_t", f'buffers["one_hot"][{rows}].t()')

    def buffer(self, buffer: Buffer) -> str:
        """Return the name of a whole buffer."""
        return self._named(buffer.name, f'buffers["{buffer.name}"]')

    def running(self) -> str:
        """Return two names: which rows run at each step, and when they have run once."""
        names = [self._named(name, f'buffers["{name}"]') for name in ("running", "run_once")]
        return ", ".join(names)

    def number(self, value: float) -> str:
        """Return the name of a number, as a tensor without axes."""
        return self.constant(f"number_{len(self.constants)}", float(value))

    def constant(self, name: str, value: object) -> str:
        """Return the name of a constant of the program."""
        for known, other in self.constants.items():
            if type(other) is type(value) and _same(other, value):
                name = known
        self.constants[name] = value
        return self._named(name, f'constants["{name}"]')

    def _named(self, label: str, made: str, listed: bool = False) -> str:
        name = self._known.get(made)
        if name is None:
            name, count = label, 1
            while name in self._taken:
                count += 1
                name = f"{label}_{count}"
            self._taken.add(name)
            self._known[made] = name
            variable = f"{name}_steps" if listed else name
            self.names.append(variable)
            self.lines.append(f"{variable} = {made}")
        return name


def _places(pattern: Strided, shape: tuple[int, ...]) -> str:
    """Write a pattern; an axis of size 1 gets the stride that a longer one would have."""
    strides: list[int] = []
    below = 1
    for size, stride in zip(reversed(shape), reversed(pattern.strides), strict=True):
        strides.append(below if size == 1 else stride)
        below = strides[-1] * size
    return f"{pattern.first}, {shape}, {tuple(reversed(strides))}"


def _same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == np.asarray(other).dtype and np.array_equal(one, np.asarray(other))
    return one == other or (one != one and other != other)
