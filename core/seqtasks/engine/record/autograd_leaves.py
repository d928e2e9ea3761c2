"""Find the tensors at which torch's autograd ends."""

from collections.abc import Set as AbstractSet
from typing import Any

from torch import Tensor

__all__ = ["leaves_of"]


def leaves_of(
    result: Tensor, cut: AbstractSet[tuple[Any, int]] = frozenset[tuple[Any, int]]()
) -> list[Tensor]:
    """Return the tensors at which the gradient of a result ends, made with gradients.

    Args:
        result: a tensor.
        cut: (autograd's node, place among what it goes on to) pairs that pass no gradient on.
    """
    if result.grad_fn is None:
        return [result] if result.requires_grad else []
    found: list[Tensor] = []
    seen: set[Any] = {result.grad_fn}
    pending: list[Any] = [result.grad_fn]
    while pending:
        node = pending.pop()
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            found.append(variable)
        for place, (following, _) in enumerate(node.next_functions):
            if following is not None and following not in seen and (node, place) not in cut:
                seen.add(following)
                pending.append(following)
    return found
