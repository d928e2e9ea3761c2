"""Take a nested state apart into its tensors and numbers, and put it together again."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

__all__ = [
    "Branch",
    "Constant",
    "LeafPlace",
    "NotAlikeError",
    "NumberStandIn",
    "Tree",
    "is_flat",
    "joined",
    "labels",
    "leaves_like",
    "split",
    "tensors_of",
]


class NotAlikeError(Exception):
    """Two states are nested differently."""


class NumberStandIn:
    """What stands for a number of Python in a state while a step is recorded."""


@dataclasses.dataclass(frozen=True)
class LeafPlace:
    """The place of a tensor or a number, by its index among all of them."""

    index: int


@dataclasses.dataclass(frozen=True)
class Constant:
    """A value in a state that no step changes, such as None."""

    value: Any


@dataclasses.dataclass(frozen=True)
class Branch:
    """A tuple, NamedTuple, list, dict or dataclass.

    Attributes:
        kind: its class.
        keys: its keys, field names or indices.
        parts: what it holds, in the same order.
    """

    kind: type
    keys: tuple[Any, ...]
    parts: "tuple[Tree, ...]"


Tree = Branch | LeafPlace | Constant
Leaf = Tensor | int | bool


def split(state: Any) -> tuple[Tree, list[Leaf]]:
    """Return how a state is nested, and its tensors and whole numbers."""
    leaves: list[Leaf] = []
    return _split(state, leaves), leaves


def _split(state: Any, leaves: list[Leaf]) -> Tree:
    if isinstance(state, Tensor | int):  # a bool is an int
        leaves.append(state)
        return LeafPlace(len(leaves) - 1)
    items = _items(state)
    if items is None:
        return Constant(state)
    parts = tuple(_split(part, leaves) for _, part in items)
    return Branch(type(state), tuple(key for key, _ in items), parts)


def _items(state: Any) -> list[tuple[Any, Any]] | None:
    """Return the keys and the contents of a container; None for anything else."""
    if getattr(type(state), "is_opaque", False):
        return None
    if isinstance(state, Mapping):
        return list(state.items())
    fields = getattr(type(state), "_fields", None)
    if isinstance(state, tuple) and fields is not None:
        return list(zip(fields, state, strict=True))
    if isinstance(state, tuple | list):
        return list(enumerate(state))
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        return [(one.name, getattr(state, one.name)) for one in dataclasses.fields(state)]
    return None


def is_flat(state: Any) -> bool:
    """Say whether a state is a tuple of tensors, as most are: a loop need not look deeper."""
    return type(state) is tuple and all(isinstance(part, Tensor) for part in state)


def tensors_of(state: Any) -> list[Any]:
    """Return the tensors of a state, and its whole numbers if it holds any."""
    if isinstance(state, Tensor):
        return [state]
    return list(state) if is_flat(state) else split(state)[1]


def joined(tree: Tree, leaves: Sequence[Any]) -> Any:
    """Return the state that is nested like a tree and holds these leaves."""
    if isinstance(tree, LeafPlace):
        return leaves[tree.index]
    if isinstance(tree, Constant):
        return tree.value
    parts = [joined(part, leaves) for part in tree.parts]
    if tree.kind is tuple:
        return tuple(parts)
    if tree.kind is list:
        return parts
    make: Any = tree.kind
    if hasattr(tree.kind, "_fields"):
        return make(*parts)
    if issubclass(tree.kind, Mapping):
        return make(zip(tree.keys, parts, strict=True))
    if dataclasses.is_dataclass(tree.kind):
        return make(**dict(zip(tree.keys, parts, strict=True)))
    return make(parts)


def leaves_like(tree: Tree, state: Any) -> list[Leaf]:
    """Return the leaves of a state in a tree's order; a list may stand for a tuple.

    Raises:
        NotAlikeError: if the state is nested in another way.
    """
    leaves: list[Leaf] = []
    _take(tree, state, leaves)
    return leaves


def _take(tree: Tree, state: Any, leaves: list[Leaf]) -> None:
    if isinstance(tree, LeafPlace):
        if not isinstance(state, Tensor | int | NumberStandIn):
            raise NotAlikeError
        leaf: Any = state
        leaves.append(leaf)
        return
    if isinstance(tree, Constant):
        if state is not tree.value and state != tree.value:
            raise NotAlikeError
        return
    items = _items(state)
    if items is None or len(items) != len(tree.keys):
        raise NotAlikeError
    if type(state) is not tree.kind and {type(state), tree.kind} != {tuple, list}:
        raise NotAlikeError
    held = dict(items)
    for key, part in zip(tree.keys, tree.parts, strict=True):
        if key not in held:
            raise NotAlikeError
        _take(part, held[key], leaves)


def labels(tree: Tree, name: str = "state") -> Iterator[str]:
    """Yield how a program writes each leaf: `state[0]`, `state.h`, `state['h']`."""
    if isinstance(tree, LeafPlace):
        yield name
    elif isinstance(tree, Branch):
        by_name = hasattr(tree.kind, "_fields") or dataclasses.is_dataclass(tree.kind)
        for key, part in zip(tree.keys, tree.parts, strict=True):
            yield from labels(part, f"{name}.{key}" if by_name else f"{name}[{key!r}]")
