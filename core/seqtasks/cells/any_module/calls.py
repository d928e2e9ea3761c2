"""Call a module on trial: with copies of its arguments, and draws from a stream of the trial."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells.any_module.arguments import Entering, given_to
from seqtasks.cells.any_module.convention import ELAPSED, Batch, Returns, TimeArgument
from seqtasks.cells.state_tree import Tree, joined, split
from seqtasks.randomness.streams import torch_seed
from seqtasks.randomness.torch_streams import RandomStream

__all__ = ["ABSENT", "Calls", "Form", "alike", "form_of", "read", "same_draws"]

ABSENT: Any = object()
"""In place of a state: the call is made without one."""

_TOLERANCE = 1e-5
Form = tuple[Tree, tuple[tuple[Any, ...], ...]]
"""How a state is nested, and the kind, shape and type of each tensor and number in it."""


@dataclass
class Calls:
    """Calls of one module, which is a copy for trials.

    Attributes:
        module: the module.
        batch: where x has the batch axis.
        features: the features of x.
        times: the arguments that name a time or a step.
        entering: how the module is given its state.
        changed: whether a call changed x or a tensor of the state in place.
        derives: whether the module needs gradients on its way forward.
        error: the first error of a call.
        grows: what is said of a state that changes its form from step to step.
    """

    module: nn.Module
    batch: Batch
    features: int
    times: tuple[TimeArgument, ...]
    entering: Entering = "second"
    changed: bool = False
    derives: bool = False
    error: Exception | None = None
    grows: str = ""
    _inputs: dict[tuple[int, int], Tensor] = field(default_factory=dict[tuple[int, int], Tensor])

    @property
    def dtype(self) -> torch.dtype:
        """The module's floating-point type."""
        held = [*self.module.parameters(), *self.module.buffers()]
        return next((t.dtype for t in held if t.is_floating_point()), torch.get_default_dtype())

    def x(self, rows: int, turn: int) -> Tensor:
        """Return the inputs of a step, (rows, features); they are the same at each call."""
        if (rows, turn) not in self._inputs:
            self._inputs[rows, turn] = self.random(turn, rows, self.features)
        return self._inputs[rows, turn]

    def random(self, seed: int, *shape: int) -> Tensor:
        """Return random numbers of the module's type."""
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randn(shape, dtype=torch.float64, generator=generator)
        return drawn.to(self.dtype)

    def call(self, x: Tensor, state: Any, number: int = 0) -> Any:
        """Return what a step returns.

        Args:
            x: (rows, features); a module that takes one instance gets the first.
            state: the module's state, or ABSENT.
            number: the number of the step.
        """
        given = x.detach().clone()
        entered = {"first": given, "second": given.t(), "rows": given[0]}[self.batch]
        tree, leaves = split(None if state is ABSENT else state)
        copies = [self.copied(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        times = {one.name: self.time(one, number, len(x)) for one in self.times}
        with same_draws(), torch.set_grad_enabled(self.derives):
            if state is ABSENT:
                result = self.module(entered, **times)
            else:
                result = self.module(
                    *given_to(self.entering, entered, joined(tree, copies)), **times
                )
        tensors = [given, *(leaf for leaf in copies if isinstance(leaf, Tensor))]
        self.changed = self.changed or any(t._version for t in tensors)
        return _without_gradient(result) if self.derives else result

    def copied(self, leaf: Tensor) -> Tensor:
        """Return a copy of a tensor of a state, with a gradient if the module takes one of it."""
        if not (self.derives and leaf.is_floating_point()):
            return leaf.clone()
        with torch.enable_grad():
            return leaf.detach().requires_grad_().clone()

    def time(self, one: TimeArgument, number: int, rows: int) -> Any:
        """Return what an argument that names a time is given."""
        value = number if one.is_number else ELAPSED
        if one.form == "number":
            return value
        kind = torch.int64 if one.is_number else self.dtype
        if one.form == "scalar":
            return torch.tensor(value, dtype=kind)
        return torch.full((1,) if self.batch == "rows" else (rows, 1), value, dtype=kind)

    def attempt(self, x: Tensor, state: Any, number: int = 0) -> Any:
        """Return what a step returns, or ABSENT if the call fails."""
        try:
            return self.call(x, state, number)
        except Exception as error:  # the module is someone's code, and this is a trial
            if not self.derives:  # a step may take a gradient of its own
                self.derives = True
                found = self.attempt(x, state, number)
                self.derives = found is not ABSENT
                if self.derives:
                    return found
            self.error = self.error or error
            return ABSENT


def _without_gradient(result: Any) -> Any:
    tree, leaves = split(result)
    return joined(tree, [t.detach() if isinstance(t, Tensor) else t for t in leaves])


@contextmanager
def same_draws() -> Generator[None]:
    """Let the module draw the same random numbers at each call, from no one else's generator."""
    with RandomStream(_seed()).drawing():
        yield


@cache
def _seed() -> int:
    return torch_seed(0, "trial")


def read(result: Any, returns: Returns) -> tuple[Any, Any]:
    """Return the output (None if it is in the state) and the state that a call returned."""
    if returns == "state":
        return None, result
    first, second = result
    return (first, second) if returns == "output and state" else (second, first)


def form_of(state: Any) -> Form:
    """Return the form of a state."""
    tree, leaves = split(state)
    return tree, tuple(
        (Tensor, tuple(leaf.shape), leaf.dtype) if isinstance(leaf, Tensor) else (type(leaf),)
        for leaf in leaves
    )


def alike(one: Any, other: Any) -> bool:
    """Say whether two results hold the same numbers."""
    first, second = split(one), split(other)
    if first[0] != second[0]:
        return False
    return all(map(_alike, first[1], second[1]))


def _alike(one: Any, other: Any) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return type(one) is type(other) and one == other
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.allclose(one, other, _TOLERANCE, _TOLERANCE, equal_nan=True)
