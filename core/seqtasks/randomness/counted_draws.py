"""Let torch's random functions draw by their place: row, step of the sequence, element.

While `CountedDraws` is entered, the parts of a model that run through `CountedDraws.call` draw from
Philox (see `philox`), and every engine that runs the model draws the same numbers. All other draws
are left to torch, or to the stream that is in use.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqtasks.randomness.draw_axes import Axes, axes_of_draws, folded, in_front
from seqtasks.randomness.drawing_mode import DrawingMode
from seqtasks.randomness.philox import NOWHERE, normals, uniforms, words

__all__ = [
    "BY_STEP",
    "CountedDraws",
    "DrawKey",
    "Part",
    "applied",
    "counted_draws",
    "number_of",
    "numbers_of",
    "started",
]

Part = Literal["embedding", "readout", "start", "step", "output", "penalty"]
"""What of a model draws: its embedding, its readout, or of a cell its initial state, its step, its
output or what it adds to the loss."""
BY_STEP: tuple[Part, ...] = ("step", "output", "penalty")
"""The parts that run once a step."""

_OF_CELL: dict[Part, int] = {"start": 0, "step": 1, "output": 2, "penalty": 3}
_OF_MODEL: dict[Part, int] = {"embedding": 0, "readout": 1}
_MOST_AHEAD = 2**15
"""How many numbers of a draw are made at once for the steps to come."""


def number_of(part: Part, layer: int, draw: int) -> int:
    """Return the number of a draw in a pass through a model, a word of 32 bits."""
    code = _OF_MODEL[part] if part in _OF_MODEL else 4 * (layer + 1) + _OF_CELL[part]
    return code << 16 | draw


@dataclass(frozen=True)
class DrawKey:
    """Which random numbers a pass through a model draws.

    Attributes:
        key: of the training step, or of the call; 64 bits.
        row: the number of the first row of the batch.
        time: the number of the first step.
    """

    key: int
    row: int = 0
    time: int = 0

    def later(self, steps: int) -> "DrawKey":
        """Return the key for the rest of a sequence."""
        return replace(self, time=self.time + steps)


@dataclass
class _Call:
    """A part of a model that is being run.

    Attributes:
        module: the part.
        name: which part it is.
        layer: of a cell.
        call: calls it with the arguments.
        args: what it is called with.
        sizes: of the axes that have their own numbers: (rows,), or (rows, steps).
        times: the step of each row; None for a part that runs for all steps at once.
        draw: how many numbers of it have been drawn.
        axes: of each draw; None until somebody looks.
    """

    module: nn.Module
    name: Part
    layer: int
    call: Callable[..., Any]
    args: tuple[Any, ...]
    sizes: tuple[int, ...]
    times: NDArray[np.int64] | None
    draw: int = 0
    axes: list[Axes] | None = None


_entered = threading.local()


def counted_draws() -> "CountedDraws | None":
    """Return the draws that this thread has entered last; None for none."""
    stack: list[CountedDraws] = getattr(_entered, "stack", [])
    return stack[-1] if stack else None


class CountedDraws(DrawingMode):
    """The draws of one pass through a model.

    Args:
        key: which numbers.
        dtype: of the model's numbers.

    Attributes:
        drawn: the kinds and numbers of what the plain loop drew.
    """

    def __init__(self, key: DrawKey, dtype: torch.dtype) -> None:
        super().__init__(dtype)
        self.key = key
        self.drawn: set[tuple[str, int]] = set()
        self._call: _Call | None = None
        self._ahead: dict[Any, tuple[int, NDArray[Any]]] = {}

    def __enter__(self) -> "CountedDraws":
        """Let the parts of models draw from here."""
        if not hasattr(_entered, "stack"):
            _entered.stack = []
        _entered.stack.append(self)
        super().__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        """Stop."""
        super().__exit__(*about)
        _entered.stack.pop()

    # ---- parts of a model

    def start(self, cell: Any, layer: int, batch: int, steps: int) -> Any:
        """Return the initial state of a cell."""
        args = (batch, steps)
        return self._run(_Call(cell, "start", layer, _initial_state, args, (batch,), None))

    def run(
        self,
        part: Part,
        cell: Any,
        call: Callable[..., Any],
        args: tuple[Any, ...],
        layer: int,
        time: int,
        lengths: Tensor | None,
    ) -> Any:
        """Return the next state of a cell, its output, or what it adds to the loss.

        Args:
            part: `step`, `output` or `penalty`.
            cell: the cell.
            call: calls a cell with the arguments.
            args: (batch, features) first.
            layer: which of the model's cells.
            time: the number of the step.
            lengths: (batch,) the steps of each instance; past them the last one is made again.
        """
        rows = len(args[0])
        times = self._times(rows, time, lengths)
        return self._run(_Call(cell, part, layer, call, args, (rows,), times))

    def applied(self, module: Any, part: Part, *inputs: Tensor) -> Any:
        """Return the result of a module that is applied to all steps, (batch, time, ...)."""
        sizes = tuple(inputs[0].shape[:2])
        return self._run(_Call(module, part, 0, _itself, inputs, sizes, None))

    def _times(self, rows: int, time: int, lengths: Tensor | None) -> NDArray[np.int64]:
        times = np.full(rows, time, dtype=np.int64)
        if lengths is not None:
            times = np.minimum(times, np.maximum(lengths.cpu().numpy() - 1, 0))
        return times + self.key.time

    def _run(self, call: _Call) -> Any:
        before, self._call = self._call, call
        try:
            return call.call(call.module, *call.args)
        finally:
            self._call = before

    # ---- draws

    def is_drawing(self) -> bool:
        """Say whether a part of a model is being run."""
        return self._call is not None

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """See `Source`."""
        return self._numbers("uniform", shape, dtype).to(device)

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """See `Source`."""
        return self._numbers("normal", shape, dtype).to(device)

    def _numbers(self, kind: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        call = self._call
        assert call is not None
        shape = tuple(shape)
        count, fold = self._axes(call, shape)
        draw, call.draw = call.draw, call.draw + 1
        size = int(np.prod(shape[count:], dtype=np.int64))
        if fold > 1:
            count, size = 1, size // call.sizes[0]
        number = number_of(call.name, call.layer, draw)
        self.drawn.add((kind, number))
        rows, times = self._places(call, count)
        if call.name in BY_STEP and not (times != times[:1]).any() and size:
            made = self._soon((number, kind, size, count, dtype), rows, int(times[0]))
        else:
            made = numbers_of(self.key.key, kind, number, rows, times, size, dtype)
        return torch.from_numpy(made.reshape(shape))

    def _places(self, call: _Call, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and the step of each line of a draw that has `count` axes in front."""
        batch = np.arange(call.sizes[0], dtype=np.int64) + self.key.row
        if call.times is not None:
            return (batch, call.times) if count else (np.array([NOWHERE]), call.times[:1])
        if count == 2:
            steps = np.arange(call.sizes[1], dtype=np.int64) + self.key.time
            return np.repeat(batch, len(steps)), np.tile(steps, len(batch))
        rows = batch if count else np.array([NOWHERE])
        return rows, np.full(len(rows), NOWHERE)

    def _soon(self, key: tuple[Any, ...], rows: NDArray[np.int64], time: int) -> NDArray[Any]:
        """Return the numbers of a step, which are made for some steps together."""
        number, kind, size, _, dtype = key
        first, made = self._ahead.get(key, (0, np.empty((0, 0))))
        if not first <= time < first + len(made) or made.shape[1] != len(rows) * size:
            steps = max(1, _MOST_AHEAD // (len(rows) * size))
            times = np.repeat(np.arange(time, time + steps), len(rows))
            lines = np.tile(rows, steps), times
            made = numbers_of(self.key.key, kind, number, *lines, size, dtype).reshape(steps, -1)
            first = time
            self._ahead[key] = first, made
        return made[time - first].copy()

    def _axes(self, call: _Call, shape: tuple[int, ...]) -> Axes:
        """Return how many of the axes in front of a draw have their own numbers, and the fold."""
        count = in_front(shape, call.sizes)
        may_fold = folded(shape, call.sizes) > 1
        if call.name == "start" or not (count or may_fold):
            return count, 1
        if call.axes is None:
            axes = len(call.sizes)
            call.axes = axes_of_draws(call.module, call.name, call.call, call.args, axes)
        if call.draw >= len(call.axes):
            return count, 1
        count, fold = call.axes[call.draw]
        return count, fold if may_fold and not count else 1


def applied(module: Any, part: Part, *inputs: Tensor) -> Any:
    """Return the result of a module that is applied to all steps, with the draws entered last."""
    draws = counted_draws()
    return module(*inputs) if draws is None else draws.applied(module, part, *inputs)


def started(cell: Any, layer: int, batch: int, steps: int) -> Any:
    """Return the initial state of a cell, with the draws entered last."""
    draws = counted_draws()
    if draws is None:
        return cell.initial_state(batch, steps)
    return draws.start(cell, layer, batch, steps)


_NUMBERS = {torch.float32: np.float32, torch.float64: np.float64}


def numbers_of(
    key: int,
    kind: str,
    number: int,
    rows: NDArray[np.int64],
    times: NDArray[np.int64],
    size: int,
    dtype: torch.dtype,
) -> NDArray[Any]:
    """Return the numbers of a draw, (lines, size).

    Args:
        key: of the pass.
        kind: `uniform` or `normal`.
        number: of the draw; see `number_of`.
        rows: (lines,) the row of each line, or NOWHERE.
        times: (lines,) the step of each line, or NOWHERE.
        size: how many numbers a line has.
        dtype: float32 or float64.
    """
    drawn = words(key, number, rows, times, size)
    return (uniforms if kind == "uniform" else normals)(drawn, _NUMBERS[dtype])


def _initial_state(cell: Any, batch: int, steps: int) -> Any:
    return cell.initial_state(batch, steps)


def _itself(module: Any, *inputs: Tensor) -> Any:
    return module(*inputs)
