"""Record random numbers as leaves of the graph: each draw is a value that comes from outside."""

from collections.abc import Sequence

import torch
from torch import Size, Tensor

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.randomness.counted_draws import BY_STEP, Part, number_of
from seqtasks.randomness.draw_axes import Axes, folded

__all__ = ["RecordedDraws"]


class RecordedDraws:
    """The draws of a part of a model in a recording; see `randomness.draw_functions.Source`.

    Args:
        recorder: that sees the part's calls.
        part: which part.
        layer: of a cell.
        phase: in which its draws are known: before any loop.
        generator: of the numbers on which the model is tried.
        axes: of each draw, where a single row is recorded.
    """

    def __init__(
        self,
        recorder: Recorder,
        part: Part,
        layer: int,
        phase: int,
        generator: torch.Generator,
        axes: Sequence[Axes] = (),
    ) -> None:
        self.dtype = recorder.dtype
        self._recorder, self._layer = recorder, layer
        self._part: Part = part
        self._phase, self._generator = phase, generator
        self._count, self._axes = 0, axes

    def shape(self, tensor: Tensor) -> Size:
        """Return the shape of a tensor, which the recorder does not see asked for."""
        with torch._C.DisableTorchFunction():
            return tensor.shape

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """Record uniform numbers."""
        return self._drawn("uniform", shape, dtype)

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """Record standard normal numbers."""
        return self._drawn("normal", shape, dtype)

    def _drawn(self, kind: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        recorder, shape = self._recorder, tuple(shape)
        if dtype != recorder.dtype:
            raise UnsupportedError(
                f"it draws numbers of type {dtype}, while its own are {recorder.dtype}: draw with "
                "dtype=x.dtype, or by torch.randn_like(x)"
            )
        rows, by_step = recorder.rows, self._part in BY_STEP
        by_row, fold = self._lie(shape)
        own = shape[max(1, len(rows)) :] if by_row else shape
        if fold > 1:
            own = (fold, *own)
        if any(size in rows for size in own):
            raise UnsupportedError("it draws numbers whose first axis is not the batch")
        if self._part == "start" and not by_row:
            raise UnsupportedError("its first state draws numbers without the batch as first axis")
        number = number_of(self._part, self._layer, self._count)
        self._count += 1
        key = (kind, number, by_row, by_step or (by_row and len(rows) > 1))
        leaf = recorder.graph.leaf("draw", key, own, Columns.BATCH, self._phase)
        node = leaf if rows else recorder.graph.reshape(leaf, shape)
        return recorder.track(self._numbers(kind, shape), node, by_row, 0, fold if rows else 1)

    def _lie(self, shape: tuple[int, ...]) -> tuple[bool, int]:
        """Say whether each row has its own numbers, and how many are folded into the first axis."""
        rows = self._recorder.rows
        if not rows:
            if self._count >= len(self._axes):
                raise UnsupportedError("it draws numbers for a batch of one row alone")
            count, fold = self._axes[self._count]
            return count > 0 or fold > 1, fold
        if shape[: len(rows)] == rows:
            return True, 1
        fold = folded(shape, rows) if self._part in BY_STEP else 1
        return fold > 1, fold

    def _numbers(self, kind: str, shape: tuple[int, ...]) -> Tensor:
        make = torch.rand if kind == "uniform" else torch.randn
        with self._recorder.provenance.pausing(), torch._C.DisableTorchFunction():
            made = make(shape, generator=self._generator, dtype=self.dtype)
        self._recorder.provenance.draw(made)
        return made
