"""Predict the instances of a batch, a few rows at a time."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqtasks.models.calling import predictions_of, scoring, to_torch
from seqtasks.models.model import Model, likeliest
from seqtasks.randomness.counted_draws import CountedDraws, DrawKey
from seqtasks.randomness.torch_streams import RandomStream
from seqtasks.tasks import Batch, Reals, Task, Tokens, TokenSets

__all__ = [
    "answers",
    "answers_of",
    "decide",
    "drawing",
    "inputs_at_once",
    "rows_at_once",
    "width",
]

FORWARD_NUMBERS = 2**23


def decide(targets: Tokens | TokenSets | Reals, predictions: Tensor) -> Tensor:
    """Convert a model's predictions, (batch, time, ...), to the form of the targets.

    They become the likeliest ids (batch, time), with IGNORE where a logit is NaN; the sets of
    symbols with a positive logit (batch, time, symbols); or they stay reals.
    """
    if isinstance(targets, Tokens):
        return likeliest(predictions)
    return predictions > 0 if isinstance(targets, TokenSets) else predictions


def answers(
    model: nn.Module, task: Task, batch: Batch, draws: RandomStream
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the predictions, as `decide` does, and the positions at which they are NaN.

    A set that is NaN becomes a set that is wrong at every symbol.
    """
    with scoring(model):
        return answers_of(
            lambda inputs: drawing(model, inputs, draws),
            task,
            batch,
            rows_at_once(batch.inputs.shape[1], width(model)),
            *_kept_in(model),
        )


def answers_of(
    predict: Callable[[Tensor], Tensor],
    task: Task,
    batch: Batch,
    rows: int,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return what `answers` returns, for a function of inputs that returns predictions.

    Args:
        predict: from inputs as tensors to predictions, (batch, time, ...).
        task: the task.
        batch: the instances.
        rows: how many of them `predict` gets at once.
        dtype: the type of real inputs.
        device: the device of the inputs.
    """
    parts: list[Tensor] = []
    undefined: list[Tensor] = []
    for start in range(0, len(batch.inputs), rows):
        predictions = predict(to_torch(batch.inputs[start : start + rows], dtype, device))
        parts.append(decide(task.targets, predictions).cpu())
        undefined.append(predictions.isnan().any(-1).cpu())
    decided, nowhere = torch.cat(parts).numpy(), torch.cat(undefined).numpy()
    if isinstance(task.targets, TokenSets) and nowhere.any():
        decided = np.where(nowhere[..., None], ~batch.targets, decided)
    return decided, nowhere


def inputs_at_once(model: nn.Module, batch: Batch) -> Tensor:
    """Return the inputs of a batch in the form that a model receives."""
    rows = rows_at_once(batch.inputs.shape[1], width(model))
    return to_torch(batch.inputs[:rows], *_kept_in(model))


def width(model: nn.Module) -> int:
    """Return about how many numbers a model makes in one step: its widest parameter."""
    return max([64, *(max(p.shape, default=1) for p in model.parameters())])


def _kept_in(model: nn.Module) -> tuple[torch.dtype, torch.device]:
    """Return the floating-point type of a model's parameters, and their device."""
    parameters = list(model.parameters())
    floats = [p.dtype for p in parameters if p.is_floating_point()]
    device = parameters[0].device if parameters else torch.device("cpu")
    return (floats[0] if floats else torch.float32), device


def rows_at_once(steps: int, wide: int) -> int:
    """Return how many rows one forward pass takes, given the steps and the model's `width`."""
    return max(1, FORWARD_NUMBERS // (steps * wide))


_draw_nothing: "WeakSet[nn.Module]" = WeakSet()
"""Models that drew nothing while they were scored before."""


def drawing(model: nn.Module, inputs: Tensor, draws: RandomStream) -> Tensor:
    """Return a model's predictions; the model draws from a stream.

    In a run, the draws that all engines make alike are functions of the rows' numbers. The rows of
    one call follow those of the call before.
    """
    call = partial(predictions_of, model, inputs)
    if model in _draw_nothing:
        return draws.used_by(call, inputs.device)
    counts = isinstance(model, Model) and model.against_draws is None
    key = DrawKey(draws.keys.at(0), row=draws.rows)
    counted = CountedDraws(key, _kept_in(model)[0]) if counts else None
    draws.rows += len(inputs)
    with draws.drawing(), counted or nullcontext():
        predictions = call()
    by_program = isinstance(model, Model) and model.engines.has_draws
    if not (draws.is_used or by_program or (counted is not None and counted.drawn)):
        _draw_nothing.add(model)
    return predictions
