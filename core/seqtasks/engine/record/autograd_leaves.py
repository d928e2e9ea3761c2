"""Find the tensors at which torch's autograd ends."""

from typing import Any

from torch import Tensor

__all__ = ["leaves_of"]


def leaves_of(result: Tensor) -> list[Tensor]:
    """Return the tensors at which the gradient of a result ends, made with gradients."""
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
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)
    return found
