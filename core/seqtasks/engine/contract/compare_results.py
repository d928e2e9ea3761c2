"""Say whether results differ by more than rounding explains."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqtasks.engine.contract.trial_passes import Results

__all__ = ["far_from", "first_predictions", "same_kind", "steady_rows"]

TIMES, LEAST_TIMES = 20, 3
"""A program's error may be this many times the error of the plain loop. The lower factor holds if
the plain loop's own error is above the share NOISE of a tensor's largest element."""

NOISE = 1e-2

ROUNDINGS_ALONE = 0.25
"""A gradient is nothing but roundings of terms that cancel if the plain loop's own error is above
this share of its largest element. The higher factor holds for it."""

ROUNDINGS = {torch.float32: 64, torch.float64: 2e8}
"""The number of roundings of a tensor's largest element by which a program may always be off. In
float64 nothing is more exact than the plain loop, and some of torch's constants are in float32."""


FLUSHED = 2**24
"""The number of smallest normal numbers by which a program may always be off: native programs count
what is smaller as zero, and later steps may enlarge the difference."""


def same_kind(found: Tensor | None, plain: Tensor | None, truth: Tensor | None) -> bool:
    """Say whether two results are both missing, or finite, infinite and NaN alike.

    Where only the plain loop's own type overflows, the order of a sum decides what comes of it:
    there a result may be anything.

    Args:
        found: the result of a program.
        plain: the plain loop's result.
        truth: the plain loop's result in float64, or None.
    """
    if found is None or plain is None:
        return found is plain  # an optimiser skips a parameter without gradient
    if found.shape != plain.shape:
        return False
    infinite = ~plain.isfinite()
    same = torch.where(
        infinite, (found == plain) | (found.isnan() & plain.isnan()), found.isfinite()
    )
    if truth is not None:
        same |= infinite & truth.isfinite()
    return bool(same.all())


def far_from(found: Results, truth: Results, loops: Sequence[Results]) -> list[str]:
    """Return the names of results whose error is larger than rounding explains.

    Args:
        found: the results of a program.
        truth: the results of the plain loop in float64.
        loops: results of the plain loop, which show the effect of rounding.
    """
    far: list[str] = []
    largest = max((_largest(true) for true in truth.values()), default=0.0)
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
        if own > ROUNDINGS_ALONE * scale:
            explained = TIMES * own
        # of terms that cancel to zero, and not of any other, the largest result tells the size
        size = scale if scale or own else largest
        about = torch.finfo(plain.dtype)
        rounding = ROUNDINGS[plain.dtype] * about.eps * size + FLUSHED * about.smallest_normal
        if not error <= explained + rounding:
            far.append(name)
    return far


def _largest(result: Tensor | None) -> float:
    if result is None or not result.numel():
        return 0.0
    return float(result.abs().nan_to_num(0.0, 0.0).max())


_BY_ROW = ("predictions", "final state", "gradient of the inputs", "gradient of given state")


def steady_rows(loops: Sequence[Results], truth: Results) -> Tensor:
    """Say for which rows roundings change the plain loop's results by roundings alone.

    Elsewhere a decision was closer than rounding, and went the other way.

    Args:
        loops: results of the plain loop.
        truth: its results in float64.

    Returns:
        (rows,) bool.
    """
    predictions = truth["predictions"]
    assert predictions is not None
    steady = torch.ones(len(predictions), dtype=torch.bool, device=predictions.device)
    for name, true in truth.items():
        if not name.startswith(_BY_ROW) or true is None or not true.numel():
            continue
        for loop in loops:
            other = loop[name]
            if other is not None:
                off = (other.double() - true.double()).abs().nan_to_num(0.0, 0.0)
                steady &= off.reshape(len(off), -1).amax(1) <= NOISE * _largest(true)
    return steady


def first_predictions(results: Results, count: int) -> Results:
    """Return the predictions for the first `count` rows alone."""
    predictions = results["predictions"]
    return {"predictions": None if predictions is None else predictions[:count]}
