"""Record a step on a single row, where the batch lies in other axes than those of its own.

A step may go through the rows of its batch in Python, or fold them behind its features. On a batch
of one row it does the same for this row, and its values need no axis for the rows: all axes are the
row's own, and the first one has one place. `rows_apart` checks that a batch does the same as its
rows do alone.
"""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.record.recorder import Recorder

__all__ = ["given_row", "needs_rows", "record_by_rows", "row_of"]

_BATCHED = {
    **dict.fromkeys(("gru_cell", "lstm_cell", "rnn_tanh_cell", "rnn_relu_cell"), 2),
    **{"group_norm": 1, "scaled_dot_product_attention": 3},
}
"""Functions whose rules take the first axis for the batch, and how many arguments have it."""
_CHOOSING = {"__getitem__", "index_select"}
"""Functions that do so if an index depends on values."""
MOST_PLACES = 64
"""The most places of the first axis for which such a call is recorded one by one."""


def given_row(recorder: Recorder, tensor: Tensor, node: Node) -> Tensor:
    """Note an input or a state, (rows, ...), and the node of one of its rows."""
    if not recorder.rows:
        node = recorder.graph.reshape(node, (1, *node.shape))
    return recorder.given(tensor, node)


def row_of(recorder: Recorder, result: Tensor, node: Node) -> Node:
    """Return the node of a row of a result that was computed for one row.

    Raises:
        UnsupportedError: if the result has another number of rows than one.
    """
    if not result.dim() or result.shape[0] != 1:
        raise UnsupportedError("a batch of one row gives a result of other rows")
    return recorder.graph.broadcast_columns(recorder.graph.reshape(node, node.shape[1:]))


def needs_rows(recorder: Recorder, name: str, args: Any, kwargs: Any) -> bool:
    """Say whether a call on a single row is to be recorded as a call on a batch of one."""
    if recorder.rows:
        return False
    if name in _CHOOSING:
        index = flat_arguments((args[1:], kwargs))
        return any(isinstance(v, Tensor) and recorder.is_tracked(v) for v in index)
    return name in _BATCHED


def record_by_rows(
    recorder: Recorder, func: Any, rule: Any, result: Any, args: Any, kwargs: Any
) -> Any:
    """Return what a rule says of a call, place for place of its first axis.

    Raises:
        UnsupportedError: if the first axes of what it takes and gives differ.
    """
    results = [result] if isinstance(result, Tensor) else list(result)
    count = results[0].shape[0] if results[0].dim() else 0
    if not 0 < count <= MOST_PLACES or any(one.shape[:1] != (count,) for one in results):
        raise UnsupportedError("its rows mix: it takes a batch of one row for another")
    for value in flat_arguments((args, kwargs)):
        if isinstance(value, Tensor) and (value.is_floating_point() or value.dtype == torch.bool):
            recorder.find_folded(value)  # while none of its axes is taken for rows
    batched = _BATCHED.get(getattr(func, "__name__", ""), 0)
    made: list[list[Node]] = [[] for _ in results]
    recorder.rows = (1,)
    try:
        for place in range(count):

            def of_place(value: Any, place: int = place) -> Any:
                return _part(recorder, value, place, count)

            def of_batch(value: Any, place: int = place) -> Any:
                return _part(recorder, value, place, count, has_rows=True)

            outcome = rule(
                recorder,
                func,
                mapped_arguments((result,), lambda one, at=place: one[at : at + 1])[0],
                *mapped_arguments(args[:batched], of_batch),
                *mapped_arguments(args[batched:], of_place),
                **mapped_arguments(kwargs, of_place),
            )
            outcomes = [outcome] if isinstance(result, Tensor) else outcome
            for nodes, (node, rows, *_) in zip(made, outcomes, strict=True):
                if not rows:
                    raise UnsupportedError("its rows mix: it takes a batch of one row for another")
                nodes.append(node)
    finally:
        recorder.rows = ()
    graph = recorder.graph
    whole = [graph.concatenate([graph.reshape(n, (n.size,)) for n in nodes]) for nodes in made]
    shapes = [(count, *nodes[0].shape) for nodes in made]
    together = [(graph.reshape(n, of), True) for n, of in zip(whole, shapes, strict=True)]
    return together[0] if isinstance(result, Tensor) else together


def _part(recorder: Recorder, value: Any, place: int, count: int, *, has_rows: bool = False) -> Any:
    """Return a place of a value that is computed for the row; another value as it is.

    Args:
        recorder: knows the values.
        value: the value.
        place: the place in its first axis.
        count: how many places the call goes through.
        has_rows: whether the value has them whatever it is computed from.
    """
    if not isinstance(value, Tensor) or not recorder.is_tracked(value):
        return value
    found = recorder.find_folded(value)
    if not (found.rows or has_rows):
        return value
    if value.shape[:1] not in ((count,), (1,)):
        raise UnsupportedError("its rows mix: it takes a batch of one row for another")
    at = place if len(value) == count else 0
    places = recorder.graph.places(found.node)[at]
    node = recorder.graph.view(found.node, places, places.shape)
    return recorder.track(value[at : at + 1], node)
