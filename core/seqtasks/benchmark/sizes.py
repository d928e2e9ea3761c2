"""The sizes at which whole training steps are measured. Imports no torch."""

from dataclasses import dataclass, replace

from seqtasks.errors import UsageError, did_you_mean

__all__ = ["SIZES", "Size", "find_size", "of_width"]


@dataclass(frozen=True)
class Size:
    """The size of a problem: instances in a batch, steps in time, and the width of all layers."""

    name: str
    batch: int
    time: int
    width: int


SIZES = {
    size.name: size
    for size in (
        Size("tiny", 8, 10, 3),
        Size("small", 64, 10, 10),
        Size("middle", 128, 40, 64),
        Size("chomsky", 128, 40, 256),
        Size("long", 32, 500, 128),
    )
}
"""`tiny` is the notebook's bit flip, `chomsky` the networks of Delétang et al. (ICLR 2023)."""


def find_size(name: str) -> Size:
    """Return the size with a name.

    Raises:
        UsageError: for an unknown name; it suggests the nearest.
    """
    if name not in SIZES:
        raise UsageError(
            f"unknown size '{name}'; known: {', '.join(SIZES)}.{did_you_mean(name, SIZES)}"
        )
    return SIZES[name]


def of_width(size: Size, width: int) -> Size:
    """Return a size with another width, which its name says."""
    return replace(size, name=f"{size.name}, {width} wide", width=width)
