"""Keep positions that follow no pattern in tables of the program, which its loops read."""

import textwrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.graph.node import Index

__all__ = ["Tables", "number"]

WIDTH = 96
"""The most characters of a line of a table."""


class Tables:
    """The tables of a program. Equal ones are kept once.

    A permutation of the units, the angles of a Fourier transform and the windows of a convolution
    are places that no sum of strides gives. Without a table, each row would be a loop of its own.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, bytes], str] = {}
        self._texts: dict[str, str] = {}

    def row(self, index: Index, names: list[str]) -> str:
        """Return positions in a box as C: what a table holds, plus strides.

        Args:
            index: the positions, in the box's shape.
            names: the loop variable of each axis, counted from the box's start.
        """
        taken: list[int] = []
        terms: list[str] = []
        for axis, (size, name) in enumerate(zip(index.shape, names, strict=True)):
            steps = np.diff(index, axis=axis)
            if size == 1 or (steps == steps.flat[0]).all():
                stride = int(steps.flat[0]) if size > 1 else 0
                terms += [name if stride == 1 else f"{stride} * {name}"] * bool(stride)
            else:
                taken.append(axis)
        held = index[tuple(slice(None) if a in taken else 0 for a in range(index.ndim))]
        if not taken:
            return " + ".join([*([str(int(held))] if held or not terms else []), *terms])
        name = self._named("places", np.ascontiguousarray(held, dtype=np.int64))
        return " + ".join([f"{name}[{_flat(held.shape, [names[a] for a in taken])}]", *terms])

    def condition(self, true: NDArray[np.bool_], names: list[str]) -> str:
        """Return a condition as C that holds in some places of a box alone."""
        name = self._named("chosen", true)
        return f"{name}[{_flat(true.shape, names)}] == '1'"

    def number(self, numbers: NDArray[np.float64], row: str) -> str:
        """Return one of some numbers as C, whose place is given as C."""
        return f"{self._named('numbers', numbers)}[{row}]"

    def declared(self, text: str) -> list[str]:
        """Return the declarations of the tables that a text reads."""
        return [declared for name, declared in self._texts.items() if f"{name}[" in text]

    def _named(self, kind: str, table: NDArray[Any]) -> str:
        key = kind, table.tobytes()
        if key not in self._names:
            name = self._names[key] = f"{kind}_{len(self._names)}_table"
            self._texts[name] = _WRITTEN[kind](name, table)
        return self._names[key]


def number(value: float) -> str:
    """Return a number as C."""
    if np.isnan(value):
        return "(real)NAN"
    if np.isinf(value):
        return "(real)INFINITY" if value > 0 else "-(real)INFINITY"
    return f"(real){value!r}"


def _flat(shape: tuple[int, ...], names: list[str]) -> str:
    """Return a position in a table of some shape as C."""
    strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    terms = [
        name if stride == 1 else f"{stride} * {name}"
        for size, stride, name in zip(shape, strides, names, strict=True)
        if size > 1
    ]
    return " + ".join(terms) or "0"


def _places(name: str, table: NDArray[np.int64]) -> str:
    numbers = textwrap.fill(", ".join(map(str, table.flat)), WIDTH)
    return f"static const int {name}[] = {{\n{numbers}\n}};"


def _chosen(name: str, table: NDArray[np.bool_]) -> str:
    digits = "".join("01"[int(true)] for true in table.flat)
    lines = "\n".join(f'"{digits[at : at + WIDTH]}"' for at in range(0, len(digits), WIDTH))
    return f"static const char {name}[] =\n{lines};"


def _numbers(name: str, table: NDArray[np.float64]) -> str:
    numbers = textwrap.fill(", ".join(number(float(one)) for one in table), WIDTH)
    return f"static const real {name}[] = {{\n{numbers}\n}};"


_WRITTEN = {"places": _places, "chosen": _chosen, "numbers": _numbers}
