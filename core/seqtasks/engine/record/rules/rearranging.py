"""A rule for all functions that put numbers in other places and compute nothing."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.node import Index, Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder

__all__ = ["REARRANGING", "rearranged"]

REARRANGING = {
    "__get__",
    "__getitem__",
    "cat",
    "concat",
    "concatenate",
    "stack",
    "chunk",
    "split",
    "tensor_split",
    "unbind",
    "view",
    "reshape",
    "flatten",
    "unflatten",
    "transpose",
    "permute",
    "t",
    "swapaxes",
    "movedim",
    "unsqueeze",
    "squeeze",
    "expand",
    "expand_as",
    "broadcast_to",
    "roll",
    "flip",
    "repeat",
    "tile",
    "narrow",
    "select",
    "contiguous",
    "clone",
    "pad",
    "tril",
    "triu",
    "index_select",
    "hstack",
    "view_as",
    "reshape_as",
    "diagonal",
    "diag",
    "diag_embed",
    "block_diag",
    "repeat_interleave",
    "_pad",
    "alias",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "adjoint",
    "broadcast_tensors",
    "column_stack",
    "row_stack",
    "vstack",
    "dstack",
    "hsplit",
    "dsplit",
    "split_with_sizes",
    "unsafe_chunk",
    "unsafe_split",
    "moveaxis",
    "swapdims",
    "ravel",
    "fliplr",
    "rot90",
    "diagflat",
    "slice_scatter",
    "select_scatter",
    "diagonal_scatter",
    "narrow_copy",
    "unfold",
    "channel_shuffle",
    "pixel_shuffle",
    "pixel_unshuffle",
}
"""Functions that move numbers, or put zeros between them, and compute nothing."""
_BY_NUMBERS = {
    "__getitem__",
    "repeat_interleave",
    "narrow",
    "narrow_copy",
    "select",
    "tensor_split",
}
"""Functions that take whole numbers which say what moves where."""
_BY_INDEX = {"__getitem__", "index_select", "repeat_interleave", "tensor_split"}
"""Functions that take a tensor of such numbers."""


def rearranged(recorder: Recorder, func: Any, result: Any, *args: Any, **kwargs: Any) -> Any:
    """Run the function on its inputs' element positions to see where each element goes."""
    numbers = flat_arguments((args[1:], kwargs)) if func.__name__ in _BY_NUMBERS else []
    if any(map(recorder.is_tracked, numbers)):
        raise UnsupportedError("how many numbers it takes depends on the values it computes")
    sources: list[Tracked] = []
    bases: list[int] = []
    widest = max(1, *(_width(recorder, v) for v in flat_arguments((args, kwargs))))
    count = int(np.prod(recorder.rows))

    def places(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        whole = value.dtype in (torch.int64, torch.int32) and value is not args[0]
        whole = whole and getattr(func, "__name__", "") in _BY_INDEX
        mask = value.dtype == torch.bool and func is Tensor.__getitem__ and value is not args[0]
        if (whole or mask) and not recorder.is_tracked(value):
            return recorder.index(value)
        source = recorder.find_folded(value)
        base = len(sources) * widest * (count + 1) + 1
        sources.append(source)
        bases.append(base)
        size = source.node.size
        within = torch.arange(size)
        if source.rows:
            rows = torch.arange(count)[:, None] * widest
            each = (base + rows + within).view((*recorder.rows, *source.node.shape))
            if source.fold > 1:
                return each.flatten(0, 1)
            # contiguous: what the call could view as another shape, it can view so here
            return _with_rows_at(each, len(recorder.rows), source.axis).contiguous()
        return (base + count * widest + within).view(value.shape)

    moved = func(*mapped_arguments(args, places), **mapped_arguments(kwargs, places))
    whole = recorder.graph.concatenate(
        [recorder.graph.reshape(s.node, (s.node.size,)) for s in sources]
    )
    firsts = np.cumsum([0, *(s.node.size for s in sources)])
    results = [moved] if isinstance(moved, Tensor) else list(moved)
    tracked = [
        _moved(recorder, tensor.numpy(), sources, firsts, widest, count, whole)
        for tensor in results
    ]
    return tracked[0] if isinstance(moved, Tensor) else tracked


def _moved(
    recorder: Recorder,
    places: Any,
    sources: list[Tracked],
    firsts: Any,
    widest: int,
    count: int,
    whole: Node,
) -> tuple[Node, bool, int, int]:
    given_rows = any(source.rows for source in sources)
    if not recorder.rows:
        _, index = _by_row(recorder, places, None, firsts, widest, count)
        return recorder.graph.view(whole, index[0], tuple(places.shape)), given_rows, 0, 1
    axis = _axis_of_rows(places.shape, recorder.rows)
    row, index = _by_row(recorder, places, axis, firsts, widest, count)
    if axis is not None and not given_rows and not (index == index[:1]).all():
        # weights alone, joined to as many as there are rows
        axis = None
        row, index = _by_row(recorder, places, axis, firsts, widest, count)
    own = np.arange(count)[:, None] if axis is not None else -1
    if not ((row == own) | (row == count) | (index < 0)).all():
        fold = _fold_of(recorder, places) if given_rows else 1
        if fold > 1:
            unfolded = places.reshape(count, fold, *places.shape[1:])
            node, rows, axis, _ = _moved(recorder, unfolded, sources, firsts, widest, count, whole)
            return node, rows, axis, fold
        raise UnsupportedError("its rows mix: a row of the batch depends on another")
    if not (index == index[:1]).all():
        raise UnsupportedError("it treats the rows of a batch differently")
    shape = tuple(places.shape)
    if axis is not None:
        shape = (*shape[:axis], *shape[axis + len(recorder.rows) :])
    return recorder.graph.view(whole, index[0], shape), axis is not None, axis or 0, 1


def _fold_of(recorder: Recorder, places: Any) -> int:
    """Return how many places of each row may lie in the first axis beside the rows; 1 for none."""
    (count, *more), first = recorder.rows, next(iter(places.shape), 0)
    return 1 if more or not first or first % count else first // count


def _by_row(
    recorder: Recorder, places: Any, axis: int | None, firsts: Any, widest: int, count: int
) -> tuple[Any, Index]:
    """Return the row that each number comes from, and its place there, -1 for a zero.

    Both are (rows, numbers of a row), or (1, numbers) without an axis of rows.
    """
    if axis is not None:
        axes = range(axis, axis + len(recorder.rows))
        places = np.moveaxis(places, axes, range(len(recorder.rows)))
    by_row = places.reshape(1 if axis is None else count, -1)
    which, rest = np.divmod(by_row - 1, widest * (count + 1))
    row, within = np.divmod(rest, widest)
    index: Index = np.where(by_row > 0, np.take(firsts, np.maximum(which, 0)) + within, -1)
    return row, index


def _axis_of_rows(shape: tuple[int, ...], rows: tuple[int, ...]) -> int | None:
    """Return the first axis of the rows, found by their unique sizes; None without rows."""
    count = len(rows)
    firsts = range(len(shape) - count + 1)
    return next((axis for axis in firsts if tuple(shape[axis : axis + count]) == rows), None)


def _with_rows_at(each: Tensor, count: int, axis: int) -> Tensor:
    """Return a tensor whose first `count` axes are moved to begin at `axis`."""
    return each.movedim(tuple(range(count)), tuple(range(axis, axis + count)))


def _width(recorder: Recorder, value: Any) -> int:
    return (
        recorder.find_folded(value).node.size
        if recorder.is_tracked(value)
        else (value.numel() if isinstance(value, Tensor) else 0)
    )
