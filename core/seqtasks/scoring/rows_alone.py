"""Find models whose answer to an instance depends on the other instances of its batch.

Causes are a mean over the batch, statistics of the batch, or a decision by `len(x)`. Such a model's
scores are no property of instances: batches of another size would give other scores.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.models.calling import scoring
from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.scoring.predict import drawing

__all__ = ["ROWS_MIX", "mixes_rows"]

ROWS_MIX = (
    "the model's answer to an instance depends on the other instances of its batch: "
    "the scores are of batches of this size, not of instances"
)
TOLERANCE = 1e-3
"""A share of the largest prediction. Larger differences are computed again in float64."""
EXACT_TOLERANCE = 1e-6


def mixes_rows(model: nn.Module, inputs: Tensor, seed: int) -> bool:
    """Say whether a model answers a few instances differently alone than among others.

    Args:
        model: from inputs to predictions, or to a tuple of predictions and a state.
        inputs: (batch, time) ids or (batch, time, features).
        seed: the seed of the stream for the model's draws.
    """
    rows = len(inputs)
    chosen = sorted({0, rows // 2, rows - 1})
    if rows < 2 or not _differs(model, inputs, chosen, seed, TOLERANCE):
        return False
    # Rounding errors grow along a sequence if the model is chaotic; in float64 they stay small.
    try:
        exact = copy.deepcopy(model).double()
    except Exception:
        return True
    if isinstance(exact, Model):
        exact.use_engine("plain")
    if inputs.is_floating_point():
        inputs = inputs.double()
    try:
        return _differs(exact, inputs, chosen, seed, EXACT_TOLERANCE)
    except Exception:  # the model insists on its own type
        return True


def _differs(
    model: nn.Module, inputs: Tensor, chosen: list[int], seed: int, tolerance: float
) -> bool:
    def answered(some: Tensor, seed: int = seed) -> Tensor:
        with scoring(model):
            return drawing(model, some, torch_stream(seed, "evaluation"))

    together = answered(inputs)
    wanted = together[chosen]
    try:
        alone = torch.cat([answered(inputs[row : row + 1]) for row in chosen])
    except Exception:
        return True  # the model cannot take a batch of one
    if _close(alone, wanted, tolerance):
        return False
    if _close(answered(inputs, seed + 1), together, 0):
        return True
    # It draws, and a row alone would get other draws. So rows keep their places, and others change.
    others = inputs.flip(0)
    others[chosen] = inputs[chosen]
    return not _close(answered(others)[chosen], wanted, tolerance)


def _close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    """Say whether numbers differ by at most a share of the largest; NaN equals NaN."""
    if one.shape != other.shape:
        return False
    a, b = (tensor.detach().to("cpu", torch.float64).numpy() for tensor in (one, other))
    largest = np.abs(b[np.isfinite(b)]).max(initial=0.0)
    return bool(np.isclose(a, b, rtol=0, atol=tolerance * largest, equal_nan=True).all())
