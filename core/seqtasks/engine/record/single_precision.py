"""What a model of float64 computes in float32: masks, counts and constants, in torch's numbers.

A program holds such numbers in float64, rounded where torch rounds them. Only functions that round
once are recorded, and no gradients: of others, torch's roundings depend on how it computes them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import POINTWISE
from seqtasks.engine.graph.simplify import truth_of
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments

if TYPE_CHECKING:
    from seqtasks.engine.record.recorder import Recorder

__all__ = ["arguments_in_single", "held_in_single"]

_ROUNDING_ONCE = {
    *("add", "__add__", "__radd__", "sub", "subtract", "__sub__", "rsub", "__rsub__"),
    *("mul", "multiply", "__mul__", "__rmul__", "div", "divide", "true_divide"),
    *("__truediv__", "__rtruediv__", "__rdiv__", "reciprocal", "square", "sqrt"),
    *("neg", "negative", "__neg__", "abs", "absolute", "__abs__", "sign", "relu", "detach"),
    *("maximum", "minimum", "clamp", "clip", "clamp_min", "clamp_max", "where", "masked_fill"),
    *("floor", "ceil", "round", "trunc", "to", "type", "type_as", "float", "one_hot"),
    *("zeros_like", "ones_like", "full_like", "amax", "amin", "argmax", "argmin", "data"),
}
_CONVERTING = {"to", "type", "type_as", "float"}


def arguments_in_single(args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Return arguments with all plain numbers rounded to float32, as torch rounds them."""

    def rounded(value: Any) -> Any:
        return float(np.float32(value)) if isinstance(value, float) else value

    return mapped_arguments(args, rounded), mapped_arguments(kwargs, rounded)


def held_in_single(
    recorder: "Recorder", node: Node, name: str, moves: bool, result: Tensor, args: Any, kwargs: Any
) -> Node:
    """Return the value of a result of another type than the recording's, as torch rounds it.

    Args:
        recorder: receives the nodes.
        node: the value before rounding.
        name: of the function.
        moves: whether it only puts numbers in other places.
        result: what it returned.
        args: what it was called with.
        kwargs: what it was called with by name.

    Raises:
        UnsupportedError: if a program would not compute it to the last bit.
    """
    graph, single = recorder.graph, result.dtype == torch.float32
    if single and truth_of(graph, node) is node:
        return node
    if not single or recorder.dtype != torch.float64:
        raise UnsupportedError(f"{name} gives numbers of type {result.dtype}")
    given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
    wider = any(v.dtype == torch.float64 for v in given) and name not in _CONVERTING
    once = name in _ROUNDING_ONCE and not wider and kwargs.get("alpha", 1) == 1
    if result.requires_grad or not (moves or once):
        raise UnsupportedError(
            f"it computes {name} in float32, and its parameters are of float64: a program would "
            "give the same numbers to the rounding of float32 alone; convert by x.to(w.dtype), "
            "with a parameter w, or take float32 for the whole model"
        )
    return node if _is_in_single(graph, node) else graph.pointwise("single", node)


def _is_in_single(graph: Graph, node: Node) -> bool:
    if node.operation == "constant":
        return node.value != node.value or POINTWISE["single"].number(node.value) == node.value
    if node.operation in ("view", "concatenate", "lookup", "spread", "stopped", "negative"):
        return all(_is_in_single(graph, source) for source in node.inputs)
    return node.operation == "single" or truth_of(graph, node) is node
