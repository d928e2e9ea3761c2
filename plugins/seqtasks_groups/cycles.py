"""Permutations in cycle notation: (12)(345) takes 1 to 2, 2 to 1, 3 to 4, 4 to 5, 5 to 3."""

import re

__all__ = ["IDENTITY", "Permutation", "cycle_notation", "in_sequence", "read_cycles"]

Permutation = tuple[int, ...]
"""The image of each point, counted from 0."""

IDENTITY = "e"
_CYCLES = re.compile(r"(\(\s*(\d[\s,]*)*\))+")


def in_sequence(first: Permutation, then: Permutation) -> Permutation:
    """Return the permutation that applies one and then another: the product, left to right."""
    return tuple(then[place] for place in first)


def cycle_notation(permutation: Permutation) -> str:
    """Return a permutation as its cycles, each from its smallest point; the identity as `e`."""
    text = ""
    seen: set[int] = set()
    for start in range(len(permutation)):
        cycle: list[int] = []
        point = start
        while point not in seen:
            seen.add(point)
            cycle.append(point + 1)
            point = permutation[point]
        if len(cycle) > 1:
            text += f"({''.join(map(str, cycle))})"
    return text or IDENTITY


def read_cycles(text: str, points: int) -> Permutation | None:
    """Return the permutation written in cycles, multiplied left to right; None if it is invalid.

    Points are single digits, with or without commas or spaces between: `(12)(34)`, `(1,2)`.
    """
    if not _CYCLES.fullmatch("".join(text.split())):
        return None
    result = tuple(range(points))
    for inner in re.findall(r"\(([^)]*)\)", text):
        cycle = [int(digit) - 1 for digit in re.findall(r"\d", inner)]
        if len(set(cycle)) != len(cycle) or not all(0 <= point < points for point in cycle):
            return None
        step = list(range(points))
        for place, point in enumerate(cycle):
            step[point] = cycle[(place + 1) % len(cycle)]
        result = in_sequence(result, tuple(step))
    return result
