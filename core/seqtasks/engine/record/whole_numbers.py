"""Which functions a recording may compute with whole numbers: places, counts and flags.

A graph holds whole numbers as floating-point numbers: places along an axis and counts of its
elements are small, so all of them are exact. What wraps or works on bits is refused.
"""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = ["check_whole", "is_whole"]

_WHOLE = {torch.int64, torch.int32}
_EXACT = {
    *("add", "__add__", "__radd__", "sub", "subtract", "__sub__", "rsub", "__rsub__"),
    *("mul", "multiply", "__mul__", "__rmul__", "neg", "negative", "__neg__"),
    *("div", "divide", "true_divide", "__truediv__", "__rtruediv__", "__rdiv__"),
    *("floor_divide", "__floordiv__", "remainder", "__mod__", "fmod"),
    *("abs", "absolute", "__abs__", "sign", "sgn", "detach", "square", "positive"),
    *("eq", "__eq__", "ne", "not_equal", "__ne__", "gt", "greater", "__gt__"),
    *("ge", "greater_equal", "__ge__", "lt", "less", "__lt__", "le", "less_equal", "__le__"),
    *("maximum", "minimum", "max", "min", "amax", "amin", "clamp", "clip", "clamp_min"),
    *("clamp_max", "where", "masked_fill", "sum", "cumsum", "logical_not", "logical_and"),
    *("logical_or", "logical_xor", "argmax", "argmin", "sort", "argsort", "topk"),
    *(
        "any",
        "all",
        "gather",
        "take_along_dim",
        "index_select",
        "one_hot",
        "scatter",
        "scatter_add",
    ),
    *("embedding", "to", "type", "type_as", "float", "double", "long", "int", "bool"),
    *("__setitem__", "copy_", "fill_", "zero_"),
    *("zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full", "new_tensor"),
}
"""Functions whose rules are exact for whole numbers too."""


def is_whole(tensor: Any) -> bool:
    """Say whether a tensor holds whole numbers that a recording can follow."""
    return isinstance(tensor, Tensor) and tensor.dtype in _WHOLE


def check_whole(name: str, moves: bool, involved: list[Any]) -> None:
    """Refuse a function of whole numbers whose rule is not exact for them.

    Args:
        name: of the function.
        moves: whether it only puts numbers in other places.
        involved: its results, and the tensors of the recording that it takes.
    """
    if not moves and name not in _EXACT and any(map(is_whole, involved)):
        raise UnsupportedError(f"it calls {name} with whole numbers, which has no rule")
