"""Find models whose answer to an instance depends on the other instances of its batch.

A mean over the batch, statistics of it, or a decision by `len(x)`: the scores of such a model are
no property of instances, since batches of another size would give other ones.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.scoring.predict import drawing
from seqtasks.training import scoring

__all__ = ["ROWS_MIX", "mixes_rows"]

ROWS_MIX = (
    "the model's answer to an instance depends on the other instances of its batch: "
    "the scores are of batches of this size, not of instances"
)
TOLERANCE = 1e-3
"""Of the largest prediction. What differs by more is computed again in float64."""
EXACT_TOLERANCE = 1e-6


def mixes_rows(model: nn.Module, inputs: Tensor, seed: int) -> bool:
    """Say whether a model answers a few instances otherwise alone than among others.

    Args:
        model: from inputs to predictions, or to a tuple of these and a state.
        inputs: (batch, time) ids or (batch, time, features).
        seed: of the stream for what the model draws.
    """
    rows = len(inputs)
    chosen = sorted({0, rows // 2, rows - 1})
    if rows < 2 or not _differs(model, inputs, chosen, seed, TOLERANCE):
        return False
    # Rounding grows along a sequence where the model is chaotic; in float64 it stays small.
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
    except Exception:  # it insists on its own type
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
        return True  # a batch of one is too small for it
    if _close(alone, wanted, tolerance):
        return False
    if _close(answered(inputs, seed + 1), together, 0):
        return True
    # It draws, other numbers for a row alone: the rows stay where they are, and the others change.
    others = inputs.flip(0)
    others[chosen] = inputs[chosen]
    return not _close(answered(others)[chosen], wanted, tolerance)


def _close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    """Say whether numbers differ by no more than a share of the largest; NaN is equal to NaN."""
    if one.shape != other.shape:
        return False
    a, b = (tensor.detach().to("cpu", torch.float64).numpy() for tensor in (one, other))
    largest = np.abs(b[np.isfinite(b)]).max(initial=0.0)
    return bool(np.isclose(a, b, rtol=0, atol=tolerance * largest, equal_nan=True).all())
