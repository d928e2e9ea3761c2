"""A cell or a readout under test: it can be made at any sizes, again and again, and run."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from seqtasks.cells import Cell
from seqtasks.cells.plain_loop import brought_to, states_along
from seqtasks.cells.state_tree import tensors_of
from seqtasks.errors import UsageError
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["BATCH", "STEPS", "Specimen", "dtype_of", "numbers", "parts", "random_inputs", "results"]

BATCH, STEPS = 3, 6
"""The rows and the steps of most trials."""
_SIZES: dict[str, tuple[tuple[int, ...], ...]] = {
    "cell": ((5, 8), (4, 4), (8, 8), (32, 32), (64, 64)),
    "readout": ((5, 8, 2), (4, 4, 2), (8, 8, 2), (32, 32, 2)),
}
"""Sizes to try a thing at, the preferred ones first: different sizes show swapped ones."""


@dataclass(frozen=True)
class Specimen:
    """A cell or a readout under test.

    Attributes:
        kind: `cell` or `readout`.
        name: the name by which it was found.
        target: the class or the function that makes it.
        make: makes a new one of some sizes, with weights from torch's global random state.
        size_names: the parameters that take the sizes.
        values: the other parameters that its spec sets.
        untyped: the type of a parameter that has none, when a spec is read.
        is_made: whether only one object was given, whose sizes are fixed.
    """

    kind: Literal["cell", "readout"]
    name: str
    target: Any
    make: Callable[..., Any]
    size_names: tuple[str, ...]
    values: dict[str, Any]
    untyped: Any = str
    is_made: bool = False

    @functools.cached_property
    def sizes(self) -> tuple[int, ...]:
        """The sizes at which it is tried: the first at which it can be made.

        Raises:
            UsageError: if it can be made at none of them.
        """
        errors: list[UsageError] = []
        for sizes in _SIZES[self.kind]:
            try:
                self.new(*sizes)
            except UsageError as error:
                errors.append(error)
            else:
                return sizes
        raise errors[0]

    def new(self, *sizes: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Any:
        """Return a new one, in evaluation.

        Args:
            sizes: its sizes; none for the sizes at which it is tried.
            seed: of its weights.
            dtype: of its numbers.
        """
        with torch_stream(seed, "initialisation").drawing():
            made = self.make(*(sizes or self.sizes))
        return made.eval().to(dtype)


def dtype_of(module: nn.Module) -> torch.dtype:
    """Return the type of a module's real numbers."""
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.get_default_dtype()


def numbers(shape: Sequence[int], dtype: torch.dtype, seed: int = 0) -> Tensor:
    """Return normal random numbers that are the same in each type, but for rounding."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(tuple(shape), dtype=torch.float64, generator=generator).to(dtype)


def random_inputs(
    module: Any, batch: int = BATCH, steps: int = STEPS, seed: int = 0
) -> tuple[Tensor, ...]:
    """Return the inputs of a cell, (batch, steps, input size); or both inputs of a readout."""
    dtype = dtype_of(module)
    x = numbers((batch, steps, module.input_size), dtype, seed)
    if isinstance(module, Cell):
        return (x,)
    return x, numbers((batch, steps, module.state_size), dtype, seed + 1)


def results(module: Any, inputs: tuple[Tensor, ...], state: Any = None) -> tuple[Tensor, ...]:
    """Return what a module makes of inputs, or predictions.

    Of a cell these are its outputs, its final state and its penalties, if it has any. Its draws
    come from a stream of their own.
    """
    with torch_stream(0, "trial").functions_drawing():
        if not isinstance(module, Cell):
            return (module(*inputs),)
        if state is None:
            start = module.initial_state(*inputs[0].shape[:2])
            state = brought_to(inputs[0].dtype, inputs[0].device, start)
        made = states_along(module, inputs[0], state, None, False, with_penalty=True)
    penalties = () if made.penalties is None else (made.penalties,)
    return made.outputs, *parts(made.final), *penalties


def parts(state: Any) -> tuple[Tensor, ...]:
    """Return the tensors of a state."""
    return tuple(tensors_of(state))
