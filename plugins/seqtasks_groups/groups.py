"""Finite groups by name: their elements, as symbols, and their multiplication tables."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import UsageError, did_you_mean
from seqtasks_groups.cycles import IDENTITY, Permutation, cycle_notation, in_sequence, read_cycles

__all__ = ["GROUP_NAMES", "Group", "GroupName", "group"]

GroupName = Literal["Z2", "Z5", "Z60", "S3", "S4", "A4", "S5", "A5", "D4", "Q8", "A4xZ5"]
Element = TypeVar("Element", bound=Hashable)
GROUP_NAMES: tuple[str, ...] = get_args(GroupName)


@dataclass(frozen=True, eq=False)
class Group:
    """A finite group.

    Attributes:
        name: the name, such as `S3`.
        symbols: the written form of its elements; the first is the identity.
        table: the product of elements, (elements, elements) ids: `table[a, b]` is a times b.
        points: the number of points that its permutations move; 0 if its elements are none.
    """

    name: str
    symbols: tuple[str, ...]
    table: NDArray[np.int64]
    points: int = 0

    def element(self, text: str) -> int:
        """Return the id of an element, written as its symbol or in any form of cycle notation.

        Raises:
            UsageError: if it is not an element of the group.
        """
        symbol = "".join(text.split())
        if self.points and symbol not in self.symbols:
            permutation = read_cycles(text, self.points)
            symbol = "" if permutation is None else cycle_notation(permutation)
        if symbol not in self.symbols:
            shown = ", ".join(self.symbols[:8]) + (", ..." if len(self.symbols) > 8 else "")
            raise UsageError(
                f"'{text}' is no element of {self.name}, which has {len(self.symbols)}: {shown}."
                + did_you_mean(text, self.symbols)
            )
        return self.symbols.index(symbol)


@cache
def group(name: str) -> Group:
    """Return the group with a name.

    Raises:
        UsageError: for an unknown name.
    """
    if name not in GROUP_NAMES:
        known = ", ".join(GROUP_NAMES)
        raise UsageError(
            f"unknown group '{name}'; known: {known}.{did_you_mean(str(name), GROUP_NAMES)}"
        )
    if name == "Q8":
        return _quaternions()
    if "x" in name:
        return _product(name, *map(group, name.split("x")))
    size = int(name[1:])
    return _FAMILIES[name[0]](name, size)


def _cyclic(name: str, size: int) -> Group:
    """Return the whole numbers below `size` with addition modulo `size`."""
    numbers = np.arange(size)
    return Group(name, tuple(map(str, range(size))), np.add.outer(numbers, numbers) % size)


def _symmetric(name: str, points: int) -> Group:
    """Return all permutations of some points."""
    return _of_permutations(name, points, permutations(range(points)))


def _alternating(name: str, points: int) -> Group:
    """Return the even permutations of some points."""
    return _of_permutations(name, points, filter(_is_even, permutations(range(points))))


def _of_permutations(name: str, points: int, chosen: Iterable[Permutation]) -> Group:
    elements = list(chosen)
    symbols = tuple(map(cycle_notation, elements))
    return Group(name, symbols, _table(elements, in_sequence), points)


def _is_even(permutation: Permutation) -> bool:
    inversions = sum(
        permutation[left] > permutation[right]
        for right in range(len(permutation))
        for left in range(right)
    )
    return inversions % 2 == 0


def _dihedral(name: str, corners: int) -> Group:
    """Return the symmetries r^a s^b of a polygon, with s r = r^-1 s."""
    elements = list(product(range(corners), range(2)))
    elements.sort(key=lambda element: element[::-1])

    def multiplied(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
        turned = -right[0] if left[1] else right[0]
        return (left[0] + turned) % corners, (left[1] + right[1]) % 2

    symbols = tuple(
        ("r" + (str(turns) if turns > 1 else "") if turns else "") + "s" * flips or IDENTITY
        for turns, flips in elements
    )
    return Group(name, symbols, _table(elements, multiplied))


def _quaternions() -> Group:
    """Return the units 1, i, j, k and their opposites, with i j = k and i i = -1."""
    # Each unit is a sign and a number, where i is 1, j is 2 and k is 3: the numbers multiply as
    # bits do under exclusive or, and the order of i j k gives the sign.
    elements = list(product(range(4), (1, -1)))

    def multiplied(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
        both = left[0] and right[0]
        negative = both and (left[0] == right[0] or (right[0] - left[0]) % 3 == 2)
        return left[0] ^ right[0], left[1] * right[1] * (-1 if negative else 1)

    symbols = tuple(("-" if sign < 0 else "") + "1ijk"[unit] for unit, sign in elements)
    return Group("Q8", symbols, _table(elements, multiplied))


def _product(name: str, left: Group, right: Group) -> Group:
    """Return the pairs of two groups' elements, which multiply componentwise.

    A pair is written as its first element and then z with its second; an identity is left out:
    (123)z2, (123), z2, and e for the pair of both identities.
    """
    pairs = list(product(range(len(left.symbols)), range(len(right.symbols))))
    symbols = tuple(
        (left.symbols[one] if one else "") + (f"z{right.symbols[other]}" if other else "")
        or IDENTITY
        for one, other in pairs
    )

    def multiplied(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
        return int(left.table[first[0], second[0]]), int(right.table[first[1], second[1]])

    return Group(name, symbols, _table(pairs, multiplied))


_FAMILIES: dict[str, Callable[[str, int], Group]] = {
    "Z": _cyclic,
    "S": _symmetric,
    "A": _alternating,
    "D": _dihedral,
}


def _table(
    elements: Sequence[Element], multiplied: Callable[[Element, Element], Element]
) -> NDArray[np.int64]:
    """Return the ids of all products of two elements, (elements, elements)."""
    ids = {element: index for index, element in enumerate(elements)}
    return np.array([[ids[multiplied(left, right)] for right in elements] for left in elements])
