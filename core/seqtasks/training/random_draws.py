"""Find out, by trying a copy, how a model draws random numbers in training."""

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["Draws", "draws_of"]

Draws = Literal["nothing seen", "by function", "by operation", "on the way back"]
"""The result of a trial: no draw; draws by torch's random functions; draws inside other functions,
such as scripts; draws in the backward pass. `torch.utils.checkpoint`, for example, resets torch's
global generator in the backward pass to draw the same numbers again."""

ROWS = 2


def draws_of(model: nn.Module, inputs: Tensor) -> Draws:
    """Return how a model draws, after one forward and backward pass of a copy of it.

    Args:
        model: a model in training mode.
        inputs: a batch; the trial takes a few of its rows.
    """
    inside, outside = torch_stream(0, "trial"), torch_stream(1, "trial")
    try:
        twin = copy.deepcopy(model)
        if isinstance(twin, Model):
            twin.use_engine("plain")
        with (
            torch_stream(2, "trial").exchanged(),  # a checkpoint sets torch's global state
            torch.enable_grad(),
            outside.drawing(),
            inside.functions_drawing(),
        ):
            result = twin(inputs[:ROWS])
            predictions = result[0] if isinstance(result, tuple) else result
            before = [*inside.states(), *outside.states()]
            predictions.sum().backward()
            after = [*inside.states(), *outside.states()]
    except Exception:
        return "by operation"  # which works for every model
    if not all(torch.equal(old, new) for old, new in zip(before, after, strict=True)):
        return "on the way back"
    if outside.is_used:
        return "by operation"
    return "by function" if inside.is_used else "nothing seen"
