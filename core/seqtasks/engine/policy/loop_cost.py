"""Estimate the cost of the plain loop: a batch may be too small to repay a new program."""

from collections.abc import Sequence

from torch import nn

__all__ = ["SMALL", "loop_cost"]

SMALL, SHARED = 2**27, 64
"""Rows times steps times numbers in a row's states up to which the plain loop scores a batch faster
than a program is made; and parameters that count as one such number, since all rows share them."""


def loop_cost(modules: Sequence[nn.Module], steps: int, size: int) -> float:
    """Return what a row costs by the plain loop, to be held against SMALL.

    Sizes decide, never the clock or what was run before, so that results can be had again.

    Args:
        modules: all modules of the model.
        steps: the length of the sequences.
        size: how many numbers a row's states are.
    """
    shared = {id(p): p.numel() for m in modules for p in m.parameters(recurse=False)}
    return steps * (size + sum(shared.values()) / SHARED)
