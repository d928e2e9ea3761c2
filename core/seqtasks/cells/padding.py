"""Past an instance's end, compute one of its own steps again, never a step on padding.

Instances of a batch have lengths of their own, yet a loop over the batch takes as many steps as the
longest. What is computed for an instance that has ended is discarded, and its gradient is zero. But
zero times infinity is not a number: a division by zero in the padding would spoil the gradient of
every weight. So a step that is discarded is one that the instance takes anyway.
"""

from typing import Any

import torch
from torch import Tensor

__all__ = ["EndingTogether", "checked_lengths", "last_repeated", "past_end"]


def checked_lengths(values: Tensor, lengths: Any) -> Tensor:
    """Return the lengths of the instances of (batch, time, ...) as int64, on the same device.

    Narrow types would wrap where they are compared with a step: 300 is 44 in uint8.

    Raises:
        ValueError: if they are no tensor of (batch,) whole numbers within 0 .. time.
    """
    batch, steps = values.shape[0], values.shape[1]
    if not isinstance(lengths, Tensor):
        raise ValueError(
            f"lengths must be a tensor of shape ({batch},), got {lengths!r}: "
            "give torch.tensor(lengths)"
        )
    if lengths.shape != (batch,):
        raise ValueError(f"lengths must be a tensor of shape ({batch},), got {lengths!r}")
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths must be whole numbers, got {lengths.dtype}")
    lengths = lengths.to(values.device, torch.int64)
    if batch and not 0 <= int(lengths.min()) <= int(lengths.max()) <= steps:
        raise ValueError(f"lengths must lie within 0 and {steps}, got {lengths.tolist()}")
    return lengths


def past_end(steps: int, lengths: Tensor) -> Tensor:
    """Return which positions lie past their instance's length, (batch, steps) bool."""
    return torch.arange(steps, device=lengths.device) >= lengths[:, None]


def last_repeated(values: Tensor, lengths: Tensor) -> Tensor:
    """Return each instance's last value again at every position past its end.

    Args:
        values: (batch, time, ...).
        lengths: (batch,) int64. An instance of length 0 repeats its first value; if that is no
            number, or no id, the first value of an instance that has one.
    """
    steps = values.shape[1]
    last = (lengths - 1).clamp(min=0)[:, None]
    repeated = _picked(values, torch.arange(steps, device=lengths.device).minimum(last))
    empty = lengths == 0
    if not empty.any():
        return repeated
    first = repeated.detach()[:, 0].flatten(1) if values.dim() > 2 else repeated[:, :1]
    usable = (first.isfinite() if values.is_floating_point() else first >= 0).all(1)
    donor = int((usable & ~empty).to(torch.int8).argmax())
    lent = (empty & ~usable).view(-1, *[1] * (values.dim() - 1))
    return torch.where(lent, repeated[donor, 0].detach(), repeated)


class EndingTogether:
    """Instances that begin late, so that all end at the last step.

    Until its first step, an instance waits: its first step is computed, and its state stays what
    it was. A loop needs no memory of what it has computed for that, as waiting at the end would.

    Args:
        steps: of the loop.
        lengths: (batch,) int64, the steps of each instance.
    """

    def __init__(self, steps: int, lengths: Tensor) -> None:
        time = torch.arange(steps, device=lengths.device)
        wait = steps - lengths[:, None]
        self._own = (time - wait).clamp(min=0)
        self._late = (time + wait).clamp(max=steps - 1)
        self._waiting = time < wait
        self._past_end = time >= lengths[:, None]

    def begun_late(self, values: Tensor) -> Tensor:
        """Return values of (batch, time, ...) at the steps of the loop, the first one repeated."""
        return _picked(values, self._own)

    def begun_at_once(self, values: Tensor, zero: bool) -> Tensor:
        """Return values at an instance's own steps; past its end zeros, or the last one again."""
        found = _picked(values, self._late)
        return found.masked_fill_(_like(self._past_end, found), 0) if zero else found

    def gradient(self, back: Tensor) -> Tensor:
        """Return the gradient of what was `begun_at_once` with zeros."""
        found = _picked(back, self._own)
        return found.masked_fill_(_like(self._waiting, found), 0)

    def gradient_of_repeated(self, back: Tensor) -> Tensor:
        """Return the gradient of what was `begun_at_once` with the last one repeated."""
        found = self.gradient(back)
        found[:, -1] += torch.where(_like(self._past_end, back), back, 0).sum(1)
        return found


def _like(positions: Tensor, values: Tensor) -> Tensor:
    return positions.view(*positions.shape, *[1] * (values.dim() - 2))


def _picked(values: Tensor, places: Tensor) -> Tensor:
    """Return for each instance its values at some steps; both are (batch, time, ...)."""
    batch, steps = values.shape[:2]
    rows = torch.arange(batch, device=places.device)[:, None] * steps
    return values.flatten(0, 1).index_select(0, (rows + places).flatten()).view(values.shape)
