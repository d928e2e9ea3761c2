"""Record a call on tensors whose first axis is the batch and, folded into it, places of each row.

A step may fold slots or heads into the batch, call a layer on them, and unfold them again. Such a
call does the same for each place, so it is recorded once for each.
"""

from typing import Any

from torch import Tensor

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder

__all__ = ["record_folded"]

MOST_PLACES = 64
"""The most places of a row that may be folded into the batch."""
_MIX = "its rows mix: it combines places folded into the batch with others"


def record_folded(
    recorder: Recorder, func: Any, rule: Any, result: Any, args: Any, kwargs: Any
) -> Any:
    """Return what a rule says of a call, made of what it says for each place.

    Raises:
        UnsupportedError: if the call goes over the places or the rows.
    """
    given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
    found = [recorder.find_folded(v) for v in given if recorder.is_tracked(v)]
    folds = {one.fold for one in found if one.rows}
    if len(folds) != 1 or max(folds) > MOST_PLACES:
        raise UnsupportedError(_MIX)
    (fold,) = folds
    results = [result] if isinstance(result, Tensor) else list(result)
    if any(one.dim() == 0 or one.shape[0] != recorder.rows[0] * fold for one in results):
        raise UnsupportedError(_MIX)
    made: list[list[Node]] = [[] for _ in results]
    for place in range(fold):
        parts = [_part(recorder, one, fold, place) for one in results]

        def of_place(value: Any, place: int = place) -> Any:
            return _given(recorder, value, place, fold)

        outcome = rule(
            recorder,
            func,
            parts[0] if isinstance(result, Tensor) else parts,
            *mapped_arguments(args, of_place),
            **mapped_arguments(kwargs, of_place),
        )
        outcomes = [outcome] if isinstance(result, Tensor) else outcome
        for nodes, (node, rows, *axes) in zip(made, outcomes, strict=True):
            if not rows or any(axes[:1]):
                raise UnsupportedError(_MIX)
            nodes.append(node)
    together = [(_joined(recorder, nodes), True, 0, fold) for nodes in made]
    return together[0] if isinstance(result, Tensor) else together


def _part(recorder: Recorder, tensor: Tensor, fold: int, place: int) -> Tensor:
    return tensor.unflatten(0, (recorder.rows[0], fold))[:, place]


def _given(recorder: Recorder, value: Any, place: int, fold: int) -> Any:
    if not isinstance(value, Tensor) or not recorder.is_tracked(value):
        return value
    found: Tracked = recorder.find_folded(value)
    if found.fold == 1:
        return value if found.rows or fold == 1 else _of_alike(recorder, found, place, fold)
    part = _part(recorder, value, found.fold, place)
    places = recorder.graph.places(found.node)[place]
    recorder.track(part, recorder.graph.view(found.node, places, places.shape))
    return part


def _of_alike(recorder: Recorder, found: Tracked, place: int, fold: int) -> Tensor:
    """Return a place's part of numbers, such as zeros, that are the same for all rows."""
    count, shape, graph = recorder.rows[0], found.node.shape, recorder.graph
    if not shape or shape[0] != count * fold:
        return found.tensor
    places = graph.places(found.node).reshape(count, fold, *shape[1:])[:, place]
    parts = {graph.view(found.node, one, one.shape) for one in places}
    if len(parts) > 1:
        return found.tensor
    part = _part(recorder, found.tensor, fold, place)
    return recorder.track(part, parts.pop())


def _joined(recorder: Recorder, nodes: list[Node]) -> Node:
    graph = recorder.graph
    whole = graph.concatenate([graph.reshape(node, (node.size,)) for node in nodes])
    return graph.reshape(whole, (len(nodes), *nodes[0].shape))
