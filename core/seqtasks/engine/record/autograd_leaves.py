"""Find the tensors at which torch's autograd ends."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from torch import Tensor

__all__ = ["leaves_of"]

EndT = TypeVar("EndT")


def leaves_of(
    result: Tensor,
    cut: AbstractSet[tuple[Any, int]] = frozenset[tuple[Any, int]](),
    ends: Mapping[tuple[Any, int], EndT] | None = None,
) -> tuple[list[Tensor], list[EndT]]:
    """Return the tensors at which the gradient of a result ends, made with gradients.

    Args:
        result: a tensor.
        cut: (autograd's node, place among what it goes on to) pairs that pass no gradient on.
        ends: (autograd's node, number of its result) -> anything; it looks no further.

    Returns:
        The tensors, and the values of all of `ends` that are met.
    """
    ends = ends or {}
    if result.grad_fn is None:
        return ([result] if result.requires_grad else []), []
    if (result.grad_fn, result.output_nr) in ends:
        return [], [ends[result.grad_fn, result.output_nr]]
    found: list[Tensor] = []
    met: list[EndT] = []
    seen: set[Any] = {result.grad_fn}
    pending: list[Any] = [result.grad_fn]
    while pending:
        node = pending.pop()
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            found.append(variable)
        for place, (following, number) in enumerate(node.next_functions):
            if following is None or (node, place) in cut:
                continue
            if (following, number) in ends:
                met.append(ends[following, number])
            elif following not in seen:
                seen.add(following)
                pending.append(following)
    return found, met
