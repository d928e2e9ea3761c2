"""Check gradients against differences of results in float64.

A gradient's product with a random direction must be the slope of the results along this direction.
The fast mode of torch's `gradcheck` compares the same, but with a tolerance that hides one wrong
entry among many; its slow mode takes seconds for a matrix of 64 by 64.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor
from torch.func import functional_call

from seqtasks.cells import Cell
from seqtasks.cells.state_tree import joined, split
from seqtasks.testing.modules.specimen import numbers, parts, random_inputs, results

__all__ = ["wrong_gradients"]

ROWS, STEPS = 2, 3
DISTANCE, TOLERANCE = 1e-5, 1e-8
"""How far to go for a difference, and its error, as a share of the terms that are summed."""
TRIES = 2
"""A gradient is wrong if it is so at this many random points: one may lie beside a kink."""


def wrong_gradients(new: Callable[[int], Any]) -> list[str]:
    """Name each tensor whose gradient does not agree with float64 differences.

    Args:
        new: makes a cell or readout in float64, by a seed.
    """
    wrong = _wrong_at(new(0), 0, None)
    for turn in range(1, TRIES):
        wrong = _wrong_at(new(turn), turn, wrong) if wrong else []
    return wrong


def _wrong_at(module: Any, seed: int, among: list[str] | None) -> list[str]:
    """Name the wrong gradients at one random point, among some tensors or all of them."""
    inputs = random_inputs(module, ROWS, STEPS, seed)
    state: Any = None
    if isinstance(module, Cell):
        with torch.no_grad():  # a state that occurs, for others may lie at a kink or be invalid
            reached = results(module, random_inputs(module, ROWS, STEPS, seed + 7))[1:]
        state = module.initial_state(ROWS, STEPS)
        state = joined(split(state)[0], reached)
    names = ("its input x", "its second input")
    tensors: dict[str, Tensor] = dict(zip(names, inputs, strict=False))
    for number, part in enumerate(parts(state) if state is not None else ()):
        is_one = isinstance(state, Tensor)
        tensors["the state before it" if is_one else f"part {number} of the state"] = part
    tensors |= dict(module.named_parameters())
    wrong: list[str] = []
    for name, tensor in tensors.items():
        real = tensor.is_floating_point() or tensor.is_complex()
        if real and tensor.numel() and (among is None or name in among):
            called = _function_of(name, module, inputs, state)
            if not _is_slope(called, tensor.detach()):
                wrong.append(name)
    return wrong


def _is_slope(called: Callable[[Tensor], tuple[Tensor, ...]], tensor: Tensor) -> bool:
    """Say whether a gradient agrees with the slope of a function along a random direction."""
    direction = _random_like(tensor, 3)
    given = tensor.clone().requires_grad_()
    with torch.enable_grad():
        found = called(given)
        weights = [_random_like(one, 4 + number) for number, one in enumerate(found)]
        total = _weighted(found, weights)
        gradient: Any = None
        if total.requires_grad:
            (gradient,) = torch.autograd.grad(total, given, allow_unused=True)
        gradient = torch.zeros_like(tensor) if gradient is None else gradient

    def at(distance: float) -> float:
        with torch.no_grad():
            return float(_weighted(called(tensor + distance * direction), weights))

    near, far = at(DISTANCE) - at(-DISTANCE), at(2 * DISTANCE) - at(-2 * DISTANCE)
    slope = (8 * near - far) / (12 * DISTANCE)  # exact up to the fourth power of the distance
    terms = (gradient.conj() * direction).real
    rounding = 1e-15 * float(_weighted(found, weights, absolute=True)) / DISTANCE
    tolerance = TOLERANCE * (float(terms.abs().sum()) + abs(slope)) + 10 * rounding
    return abs(slope - float(terms.sum())) <= tolerance


def _weighted(found: tuple[Tensor, ...], weights: list[Tensor], absolute: bool = False) -> Tensor:
    """Return the real part of the weighted sum of all results."""
    total = torch.zeros((), dtype=torch.float64)
    for one, weight in zip(found, weights, strict=True):
        terms = (one * weight).real
        total = total + (terms.detach().abs() if absolute else terms).sum()
    return total


def _random_like(tensor: Tensor, seed: int) -> Tensor:
    """Return normal random numbers of a tensor's shape and type."""
    if tensor.is_complex():
        return torch.view_as_complex(numbers((*tensor.shape, 2), tensor.real.dtype, seed))
    return numbers(tensor.shape, tensor.dtype, seed)


def _function_of(
    name: str, module: Any, inputs: tuple[Tensor, ...], state: Any
) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """Return the results of a module as a function of one of its tensors."""

    def called(tensor: Tensor) -> tuple[Tensor, ...]:
        given, start, weights = list(inputs), state, dict[str, Tensor]()
        if name == "its input x":
            given[0] = tensor
        elif name == "its second input":
            given[1] = tensor
        elif name == "the state before it":
            start = tensor
        elif name.startswith("part "):
            held = list(parts(state))
            held[int(name.split()[1])] = tensor
            start = joined(split(state)[0], held)
        else:
            weights = {f"module.{name}": tensor}
        found = functional_call(_Run(module), weights, (tuple(given), start))
        return tuple(one for one in cast("tuple[Tensor, ...]", found) if _has_gradient(one))

    return called


def _has_gradient(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


class _Run(torch.nn.Module):
    """A module run along inputs, so that other parameters can be put in."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: tuple[Tensor, ...], state: Any) -> tuple[Tensor, ...]:
        return results(self.module, inputs, state)
