"""Say whether results differ by more than rounding explains."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqtasks.engine.contract.trial_passes import Results

__all__ = ["far_from", "first_predictions", "same_kind"]

TIMES, LEAST_TIMES = 20, 3
"""A program's error may be this many times the error of the plain loop. The lower factor holds if
the plain loop's own error is above the share NOISE of a tensor's largest element."""

NOISE = 1e-2

ROUNDINGS = {torch.float32: 64, torch.float64: 2e8}
"""The number of roundings of a tensor's largest element by which a program may always be off. In
float64 nothing is more exact than the plain loop, and some of torch's constants are in float32."""


FLUSHED = 2**24
"""The number of smallest normal numbers by which a program may always be off: native programs count
what is smaller as zero, and later steps may enlarge the difference."""


def same_kind(found: Tensor | None, plain: Tensor | None, strict: bool) -> bool:
    """Say whether two results are both missing, or finite, infinite and NaN alike."""
    if found is None or plain is None:
        return found is plain  # an optimiser skips a parameter without gradient
    if found.shape != plain.shape:
        return False
    infinite = ~plain.isfinite()
    if not strict and bool(infinite.any()):
        return True
    same = torch.where(
        infinite, (found == plain) | (found.isnan() & plain.isnan()), found.isfinite()
    )
    return bool(same.all())


def far_from(found: Results, truth: Results, loops: Sequence[Results]) -> list[str]:
    """Return the names of results whose error is larger than rounding explains.

    Args:
        found: the results of a program.
        truth: the results of the plain loop in float64.
        loops: results of the plain loop, which show the effect of rounding.
    """
    far: list[str] = []
    for name, plain in loops[0].items():
        one, true = found.get(name), truth[name]
        if one is None or plain is None or true is None or not one.numel():
            continue
        finite = plain.isfinite()
        true = torch.where(true.isfinite(), true.double(), plain.double())[finite]
        if not true.numel():
            continue
        own = 0.0
        for loop in loops:
            other = loop[name]
            if other is not None:
                off = (other.double()[finite] - true).abs()
                own = max(own, float(off.nan_to_num(0.0, 0.0).max()))
        error = float((one.double()[finite] - true).abs().max())
        scale = float(true.abs().max())
        explained = max(LEAST_TIMES * own, min(TIMES * own, NOISE * scale))
        about = torch.finfo(plain.dtype)
        rounding = ROUNDINGS[plain.dtype] * about.eps * scale + FLUSHED * about.smallest_normal
        if not error <= explained + rounding:
            far.append(name)
    return far


def first_predictions(results: Results, count: int) -> Results:
    """Return the predictions for the first `count` rows alone."""
    predictions = results["predictions"]
    return {"predictions": None if predictions is None else predictions[:count]}
