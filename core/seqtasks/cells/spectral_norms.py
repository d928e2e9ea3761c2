"""Let a spectral norm go on with its power iteration once a forward pass, not at each step.

In training, `torch.nn.utils.parametrizations.spectral_norm` changes its two vectors whenever its
weight is read. In a loop over time each step would have a weight of its own. Torch's documentation
recommends to read a weight once for such a loop; then it is a function of the parameters alone.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrizations import _SpectralNorm
from torch.nn.utils.parametrize import ParametrizationList

__all__ = ["held", "iterated_once", "norms_in_training"]


@contextmanager
def iterated_once(model: nn.Module) -> Generator[None]:
    """Make the power iterations of a model in training, and hold its norms for one forward pass."""
    norms = norms_in_training(model)
    if norms:
        with torch.no_grad():
            for weight in _lists(model):
                if any(norm in norms for norm in weight):
                    weight()
    with _without_training(norms):
        yield


@contextmanager
def held(model: nn.Module) -> Generator[None]:
    """Run a model without power iterations, as within a forward pass."""
    with _without_training(norms_in_training(model)):
        yield


def norms_in_training(module: nn.Module) -> list[nn.Module]:
    """Return the spectral norms within a module that would change their vectors when called."""
    found: list[nn.Module] = []
    pending: list[Any] = [module]
    while pending:  # at each call of a model: `modules()` takes three times as long
        one = pending.pop()
        if type(one) is _SpectralNorm and one.training:
            found.append(one)
        children: Mapping[str, Any] = one.__dict__.get("_modules") or {}
        pending += children.values() if type(children) is dict else ()
    return found


def _lists(module: nn.Module) -> list[ParametrizationList]:
    return [one for one in module.modules() if isinstance(one, ParametrizationList)]


@contextmanager
def _without_training(norms: list[nn.Module]) -> Generator[None]:
    for norm in norms:
        norm.training = False
    try:
        yield
    finally:
        for norm in norms:
            norm.training = True
