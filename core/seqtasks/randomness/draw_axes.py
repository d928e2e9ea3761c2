"""Find whether the first axes of a draw are those of the batch, or only as long.

A draw of 64 numbers in a batch of 64 rows may be for each row, or for all rows alike. In a batch of
32 rows it may be two numbers of each row, folded into one axis. A copy of the part that draws says
which: it draws for other numbers of rows.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from seqtasks.randomness.drawing_mode import DrawingMode

__all__ = ["Axes", "axes_of_draws", "folded", "in_front"]

Axes = tuple[int, int]
"""How many axes in front of a draw are the batch's, and how many numbers of each row are folded
into the first one."""

_TRIED = ((2, 5), (3, 4))
"""The numbers of rows and of steps with which a part is tried."""
_known: WeakKeyDictionary[nn.Module, dict[Any, list[Axes]]] = WeakKeyDictionary()


def in_front(shape: tuple[int, ...], sizes: tuple[int, ...]) -> int:
    """Return how many of some sizes a shape begins with."""
    equal = [a == b for a, b in zip(shape, sizes, strict=False)]
    return equal.index(False) if False in equal else len(equal)


def folded(shape: tuple[int, ...], sizes: tuple[int, ...]) -> int:
    """Return how many numbers of each row a shape's first axis may hold; 1 if it holds no row.

    Args:
        shape: of a draw.
        sizes: of the axes that have their own numbers, the rows first.

    >>> folded((64, 3), (32,)), folded((64, 3), (5,)), folded((64, 3), (32, 8))
    (2, 1, 1)
    """
    rows, *more = sizes
    if more or not rows or not shape or not shape[0] or shape[0] % rows:
        return 1
    return shape[0] // rows


def axes_of_draws(
    module: nn.Module, name: str, call: Callable[..., Any], args: tuple[Any, ...], axes: int
) -> list[Axes]:
    """Return, for each draw of a part of a model, which of its axes in front are the batch's.

    Args:
        module: the part.
        name: which part it is.
        call: calls it with the arguments.
        args: what it is called with.
        axes: how many axes have their own numbers: the rows, or the rows and the steps.
    """
    known = _known.setdefault(module, {})
    key = (name, axes, tuple(part.training for part in module.modules()))
    if key not in known:
        known[key] = _tried(module, call, args, axes)
    return known[key]


def _tried(
    module: nn.Module, call: Callable[..., Any], args: tuple[Any, ...], axes: int
) -> list[Axes]:
    found: list[list[Axes]] = []
    try:
        for sizes in _TRIED:
            part = copy.deepcopy(module)
            own: tuple[int, ...] = sizes[:axes]
            shapes = _Shapes(torch.get_default_dtype())
            with torch.no_grad(), shapes:
                call(part, *(_cut(value, own) for value in args))
            found.append([(in_front(shape, own), folded(shape, own)) for shape in shapes.seen])
    except Exception:
        return []
    if len(found[0]) != len(found[1]):
        return []
    pairs = zip(*found, strict=True)
    return [(min(a, c), b if b == d else 1) for (a, b), (c, d) in pairs]


class _Shapes(DrawingMode):
    """Notes the shapes of draws; the numbers come from a generator of its own."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__(dtype)
        self.seen: list[tuple[int, ...]] = []
        self._generator = torch.Generator().manual_seed(0)

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        self.seen.append(tuple(shape))
        return torch.rand(tuple(shape), generator=self._generator, dtype=dtype).to(device)

    normal = uniform


def _cut(value: Any, sizes: tuple[int, ...]) -> Any:
    """Return a tensor, or tensors in any container, with other numbers of rows and steps."""
    return tree_map(lambda leaf: _cut_leaf(leaf, sizes), value)


def _cut_leaf(value: Any, sizes: tuple[int, ...]) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        held = {one.name: _cut(getattr(value, one.name), sizes) for one in fields(value)}
        return replace(value, **held)
    if not isinstance(value, Tensor):
        return value
    for axis, size in enumerate(sizes):
        places = torch.arange(size, device=value.device) % value.shape[axis]
        value = value.index_select(axis, places)
    return value.detach()
