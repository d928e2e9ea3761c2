"""Functions that make a module for each seed of a study."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from seqtasks.errors import UsageError

__all__ = ["making"]


def making(make: Any) -> Callable[[int], nn.Module]:
    """Return a function of the seed that makes a module.

    Raises:
        UsageError: if `make` is a module, or no function.
    """
    if isinstance(make, nn.Module) or not callable(make):
        raise UsageError(
            "model must be a function that makes a module, because each seed needs a new one: "
            "model=lambda: MyModule()"
        )
    made: Any = make
    takes = [
        one
        for one in inspect.signature(made).parameters.values()
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    return made if takes else _Without(made)


class _Without:
    """Makes a module without looking at the seed."""

    def __init__(self, make: Callable[[], nn.Module]) -> None:
        self._make = make

    def __call__(self, seed: int) -> nn.Module:
        return self._make()
