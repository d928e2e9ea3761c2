"""Several gradients at once, as `is_grads_batched` and `torch.func.vmap` give them: one by one.

A program works on memory, and a batched tensor has no memory of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Batch", "batch_of"]

REFUSAL = (
    "a program takes a batch of gradients, not a batch of batches, nor transforms of torch.func; "
    "the plain loop does: engine='plain', or model.use_engine('plain')"
)


@dataclass(frozen=True)
class Batch:
    """Gradients that stand for several.

    Attributes:
        parts: for each of the several, the gradients of all results.
        wrap: makes one tensor, the several along its first axis, stand for the several.
    """

    parts: list[list[Tensor | None]]
    wrap: Callable[[Tensor], Tensor]

    def joined(self, several: Sequence[Tensor | None]) -> Tensor | None:
        """Return what stands for several gradients; None if there is none."""
        found = [one for one in several if one is not None]
        return self.wrap(torch.stack(found)) if found else None


def batch_of(gradients: Sequence[Tensor | None]) -> Batch | None:
    """Return gradients one by one, if they stand for several; None if each is one.

    Raises:
        RuntimeError: if each of the several stands for several again.
    """
    functorch: Any = torch._C._functorch  # pyright: ignore[reportAttributeAccessIssue]
    present = [gradient for gradient in gradients if gradient is not None]
    if not any(map(_stands_for_more, present)):
        return None
    legacy = any(map(functorch.is_legacy_batchedtensor, present))
    batched = [gradient for gradient in present if functorch.is_batchedtensor(gradient)]
    if not legacy and not batched:
        raise RuntimeError(REFUSAL)
    owner: Any = torch if legacy else functorch
    level = _legacy_level() if legacy else max(map(functorch.maybe_get_level, batched))

    def taken(gradient: Tensor) -> Tensor | None:
        """Return the several of a gradient along its first axis; None if it is one for all."""
        if legacy:
            has_level = functorch.is_legacy_batchedtensor(gradient)
        else:
            is_batched = functorch.is_batchedtensor(gradient)
            has_level = is_batched and functorch.maybe_get_level(gradient) == level
        return owner._remove_batch_dim(gradient, level, 1, 0) if has_level else None

    several = [None if gradient is None else taken(gradient) for gradient in gradients]
    rest = [g if one is None else one for g, one in zip(gradients, several, strict=True)]
    if any(one is not None and _stands_for_more(one) for one in rest):
        raise RuntimeError(REFUSAL)
    count = next(len(one) for one in several if one is not None)
    parts = [
        [
            gradient if one is None else one[number]
            for gradient, one in zip(gradients, several, strict=True)
        ]
        for number in range(count)
    ]
    return Batch(parts, lambda tensor: owner._add_batch_dim(tensor, 0, level))


def _legacy_level() -> int:
    """Return how many of the older `vmap`, which `is_grads_batched` uses, are within each other."""
    state: Any = torch._C
    level = state._vmapmode_increment_nesting() - 1
    state._vmapmode_decrement_nesting()
    return level


def _stands_for_more(tensor: Tensor) -> bool:
    """Say whether a tensor is not what its memory holds."""
    functorch: Any = torch._C._functorch  # pyright: ignore[reportAttributeAccessIssue]
    wrapped = functorch.is_functorch_wrapped_tensor(tensor)
    return wrapped or functorch.is_legacy_batchedtensor(tensor)
