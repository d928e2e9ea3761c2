"""A rule for all functions that put numbers in other places and compute nothing."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.nodes import Index, Node
from seqtasks.engine.recording import Recorder, Tracked
from seqtasks.engine.unsupported import UnsupportedError

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
    "repeat_interleave",
    "_pad",
    "alias",
    "atleast_2d",
}
"""Functions that put numbers in other places, or zeros between them, and compute nothing."""


def rearranged(recorder: Recorder, func: Any, result: Any, *args: Any, **kwargs: Any) -> Any:
    """Run the function on the places of its inputs' elements, to see where each one goes."""
    sources: list[Tracked] = []
    bases: list[int] = []
    widest = max(1, *(_width(recorder, v) for v in flat_arguments((args, kwargs))))
    count = int(np.prod(recorder.rows))

    def places(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if value.dtype in (torch.int64, torch.int32) and not recorder.is_tracked(value):
            return recorder.index(value)
        source = recorder.find(value)
        base = len(sources) * widest * (count + 1) + 1
        sources.append(source)
        bases.append(base)
        size = source.node.size
        within = torch.arange(size)
        if source.rows:
            rows = torch.arange(count)[:, None] * widest
            return (base + rows + within).view(value.shape)
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
) -> tuple[Node, bool]:
    rows = len(recorder.rows)
    has_rows = tuple(places.shape[:rows]) == recorder.rows
    shape = places.shape[rows:] if has_rows else places.shape
    by_row = places.reshape(count if has_rows else 1, -1)
    which, rest = np.divmod(by_row - 1, widest * (count + 1))
    row, within = np.divmod(rest, widest)
    inside = by_row > 0
    own = np.arange(count)[:, None] if has_rows else -1
    if not ((row == own) | (row == count) | ~inside).all():
        raise UnsupportedError("its rows mix: a row of the batch depends on another")
    index: Index = np.where(inside, np.take(firsts, np.maximum(which, 0)) + within, -1)
    if not (index == index[:1]).all():
        raise UnsupportedError("it treats the rows of a batch differently")
    return recorder.graph.view(whole, index[0], tuple(shape)), has_rows


def _width(recorder: Recorder, value: Any) -> int:
    return (
        recorder.find(value).node.size
        if recorder.is_tracked(value)
        else (value.numel() if isinstance(value, Tensor) else 0)
    )
