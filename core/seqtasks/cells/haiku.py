"""How the library Haiku begins the weights of its layers, for runs that follow published code.

Biases begin at zero. Source: `haiku/_src/basic.py`, `initializers.py` and `recurrent.py` of
github.com/google-deepmind/dm-haiku.
"""

import math

import torch
from torch import Tensor, nn

__all__ = ["begin_linear", "begin_scaled"]

CUT = 2.0
"""Standard deviations at which the normal distribution is cut off."""
CUT_DEVIATION = 0.87962566103423978
"""The standard deviation that a standard normal distribution has when it is cut off there."""


def begin_linear(weights: Tensor, inputs: int) -> None:
    """Draw the weights of a linear map as `hk.Linear` does.

    They are normal with deviation 1 / sqrt(inputs), cut off at twice that.

    Args:
        weights: of any shape, a parameter or a part of one.
        inputs: features that the whole map takes; `weights` may see a part of them.
    """
    _begin(weights, 1 / math.sqrt(inputs))


def begin_scaled(weights: Tensor, inputs: int) -> None:
    """Draw weights as `hk.initializers.VarianceScaling` does: like `hk.Linear`, but a little wider.

    The deviation is 1 / sqrt(inputs) after the cut, not before it.
    """
    _begin(weights, 1 / (math.sqrt(inputs) * CUT_DEVIATION))


def _begin(weights: Tensor, deviation: float) -> None:
    """Draw from a normal distribution cut off at two deviations."""
    with torch.no_grad():
        nn.init.trunc_normal_(weights, std=deviation, a=-CUT * deviation, b=CUT * deviation)
