"""Past an instance's end, compute one of its own steps again, never a step on padding.

The instances of a batch differ in length, but a loop over the batch makes as many steps as the
longest needs. Results for an instance that has ended are discarded, and their gradient is zero. But
zero times infinity is not a number: a division by zero in the padding would spoil the gradient of
every weight. So the discarded step repeats a step that the instance makes anyway.
"""

from typing import Any

import torch
from torch import Tensor

__all__ = ["EndingTogether", "checked_lengths", "last_repeated", "past_end"]


def checked_lengths(values: Tensor, lengths: Any) -> Tensor:
    """Return the lengths of the instances of (batch, time, ...) as int64, on the same device.

    Comparing narrow types with a step would wrap around: 300 is 44 in uint8.

    Raises:
        ValueError: if lengths is no tensor of (batch,) whole numbers from 0 to time.
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
    """Return which positions lie beyond their instance's length, (batch, steps) bool."""
    return torch.arange(steps, device=lengths.device) >= lengths[:, None]


def last_repeated(values: Tensor, lengths: Tensor) -> Tensor:
    """Repeat each instance's last value at every position beyond its end.

    Args:
        values: (batch, time, ...).
        lengths: (batch,) int64. An instance of length 0 repeats its first value. If that value is
            not finite, or not an id, it takes the first value of an instance that has one.
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
    """Start short instances late, so that all instances end at the last step.

    An instance waits until its first step: the loop computes this first step, and the state stays
    unchanged. Unlike waiting at the end, this needs no memory of earlier results.

    Args:
        steps: the number of steps of the loop.
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
        """Return values of (batch, time, ...) at the loop's steps, with the first one repeated."""
        return _picked(values, self._own)

    def begun_at_once(self, values: Tensor, zero: bool) -> Tensor:
        """Return values at an instance's own steps; beyond its end, zeros or the last value."""
        found = _picked(values, self._late)
        return found.masked_fill_(_like(self._past_end, found), 0) if zero else found

    def gradient(self, back: Tensor) -> Tensor:
        """Return the gradient of values that `begun_at_once` padded with zeros."""
        found = _picked(back, self._own)
        return found.masked_fill_(_like(self._waiting, found), 0)

    def gradient_of_repeated(self, back: Tensor) -> Tensor:
        """Return the gradient of values that `begun_at_once` padded with the last value."""
        found = self.gradient(back)
        found[:, -1] += torch.where(_like(self._past_end, back), back, 0).sum(1)
        return found


def _like(positions: Tensor, values: Tensor) -> Tensor:
    return positions.view(*positions.shape, *[1] * (values.dim() - 2))


def _picked(values: Tensor, places: Tensor) -> Tensor:
    """Return each instance's values at some steps; both are (batch, time, ...)."""
    batch, steps = values.shape[:2]
    rows = torch.arange(batch, device=places.device)[:, None] * steps
    return values.flatten(0, 1).index_select(0, (rows + places).flatten()).view(values.shape)
