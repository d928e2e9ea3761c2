"""Sums over all rows, which only `torch.autograd.grad` may take within a step.

The gradient of a sum over the rows is each row's own. A step that learns at test time calls
`torch.autograd.grad(loss.sum(), weights)`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["Totals"]

_SUMS: Any = {torch.sum, Tensor.sum}
_OF_TOTALS: Any = {
    *(getattr(torch, name) for name in ("add", "sub", "mul", "div", "neg")),
    *(getattr(Tensor, name) for name in ("add", "sub", "mul", "div", "neg")),
    *(getattr(Tensor, f"__{name}__") for name in ("add", "radd", "sub", "rsub", "mul", "rmul")),
    *(getattr(Tensor, f"__{name}__") for name in ("truediv", "neg")),
}
"""Functions that a total may go through on its way to `torch.autograd.grad`."""


class Totals:
    """The totals of a recording. Any other call that takes one is recorded whole, and refused."""

    def __init__(self) -> None:
        self._known: dict[int, Tensor] = {}

    def makes_one(
        self,
        func: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        given: Sequence[Tensor],
        by_row: bool,
    ) -> bool:
        """Say whether a call sums over all rows, or computes with such sums alone.

        Args:
            func: the function.
            args: its arguments.
            kwargs: its arguments by name.
            given: the tensors among them.
            by_row: whether the first argument is a value that the step computes for each row.
        """
        if func in _SUMS:
            return by_row and len(args) == 1 and not kwargs
        if func not in _OF_TOTALS or any(one.dim() for one in given):
            return False
        return bool(given) and all(id(one) in self._known for one in given)

    def kept(self, total: Tensor) -> Tensor:
        """Return a total, after noting that it is one."""
        self._known[id(total)] = total
        return total
