"""Make a function of a tensor whose derivative is another function."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["with_derivative"]

Function = Callable[[Tensor], Tensor]


def with_derivative(compute: Function, derivative: Function) -> Function:
    """Return a function of each number of a tensor, and of its gradient.

    Args:
        compute: returns the values of a tensor, in any shape.
        derivative: returns the derivatives at a tensor's numbers, in the same shape.
    """

    class WithDerivative(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return compute(x)

        @staticmethod
        def backward(ctx: Any, *gradients: Tensor) -> Any:
            (x,) = ctx.saved_tensors
            return gradients[0] * derivative(x)

    def apply(x: Tensor) -> Tensor:
        return WithDerivative.apply(x)  # pyright: ignore[reportReturnType]

    return apply
