"""Copies of a model with other numbers, on which a program is tried too."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["negated", "rounded", "shuffled"]


def _changed(model: nn.ModuleDict, change: Callable[[Tensor], Tensor]) -> nn.ModuleDict:
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for tensor in [*copied.parameters(), *copied.buffers()]:
            if tensor.is_complex():
                tensor = torch.view_as_real(tensor)
            if tensor.is_floating_point():
                tensor.copy_(change(tensor))
    return copied


def shuffled(model: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy whose parameters have their values in another order, slightly changed."""
    generator = torch.Generator().manual_seed(1)

    def change(tensor: Tensor) -> Tensor:
        order = torch.randperm(tensor.numel(), generator=generator)
        factors = 0.9 + 0.2 * torch.rand(tensor.numel(), generator=generator, dtype=torch.float64)
        numbers = tensor.flatten().cpu()[order].double()
        if not numbers.any():  # at zero many gradients vanish
            numbers = torch.full_like(numbers, 0.1) * order.sign().sub(0.5)
        return (numbers * factors).view(tensor.shape).to(tensor)

    return _changed(model, change)


def negated(model: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy with the sign of every parameter changed."""
    return _changed(model, torch.neg)


def rounded(model: nn.ModuleDict, number: int) -> nn.ModuleDict:
    """Return a copy whose parameters are all rounded once more, up or down."""
    generator = torch.Generator().manual_seed(number)

    def change(tensor: Tensor) -> Tensor:
        signs = torch.randint(0, 2, tensor.shape, generator=generator) * 2 - 1
        largest = float(tensor.abs().max()) if tensor.numel() else 0.0
        unit = torch.finfo(tensor.dtype).eps * (largest or 1.0)
        return tensor + signs.to(tensor) * unit

    return _changed(model, change)
