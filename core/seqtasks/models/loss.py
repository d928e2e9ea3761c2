"""The loss of a batch. `engine/native/c/losses.h` is its twin in C."""

import torch
from torch import Tensor, nn

from seqtasks.cells.padding import checked_lengths
from seqtasks.cells.plain_loop import past_end
from seqtasks.tasks.alphabets import IGNORE
from seqtasks.tasks.settings import LossReduction

__all__ = ["mean_penalty", "sequence_loss"]


def sequence_loss(
    predictions: Tensor,
    targets: Tensor,
    lengths: Tensor | None = None,
    reduction: LossReduction = "mean",
) -> Tensor:
    """Return the loss over scored positions, a scalar.

    Args:
        predictions: (batch, time, symbols) logits, or (batch, time, features) reals.
        targets: (batch, time) ids with IGNORE where nothing is scored: cross-entropy, in nats;
            (batch, time, symbols) bool with empty sets there: the cross-entropy of membership in
            the set, averaged over symbols; or (batch, time, features) reals with NaN there:
            squared error, averaged over features.
        lengths: (batch,) the steps of each instance; positions beyond them are not scored, even if
            the prediction there is NaN.
        reduction: `mean` over scored positions; or `sum` over an instance's positions, then the
            mean over instances.

    Raises:
        ValueError: if lengths are not (batch,) whole numbers within 0 .. time.
    """
    if lengths is not None:
        lengths = checked_lengths(targets, lengths)
        predictions = predictions.masked_fill(past_end(targets.shape[1], lengths)[..., None], 0.0)
    if targets.is_floating_point():
        scored = ~targets.isnan().any(-1)
        errors = torch.where(scored[..., None], predictions - targets, 0.0)
        losses = errors.square().mean(-1)
    elif targets.dtype == torch.bool:
        scored = targets.any(-1)
        losses = nn.functional.binary_cross_entropy_with_logits(
            predictions, targets.to(predictions.dtype), reduction="none"
        )
        losses = losses.mean(-1).masked_fill(~scored, 0.0)
    else:
        if lengths is not None:
            targets = targets.masked_fill(past_end(targets.shape[1], lengths), IGNORE)
        flat = predictions.flatten(0, 1), targets.flatten()
        if reduction == "mean":
            return nn.functional.cross_entropy(*flat, ignore_index=IGNORE)
        scored = targets != IGNORE
        losses = nn.functional.cross_entropy(*flat, ignore_index=IGNORE, reduction="none")
        losses = losses.view_as(targets)
    if lengths is not None:
        scored = scored & ~past_end(scored.shape[1], lengths)
        losses = losses.masked_fill(~scored, 0.0)
    return losses.sum() / (len(targets) if reduction == "sum" else scored.sum())


def mean_penalty(penalties: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return the mean of what steps add to the loss, over all steps of all instances, a scalar.

    Args:
        penalties: (batch, time) what each step adds; zero beyond an instance's length.
        lengths: (batch,) the steps of each instance; None for all of them.
    """
    if lengths is None:
        return penalties.mean()
    return penalties.sum() / lengths.sum().clamp(min=1)
