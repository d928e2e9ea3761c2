"""The expected best of n runs: what a paper that reports the best of n seeds would print."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["expected_best"]


def expected_best(
    values: NDArray[np.float64], number: int, lower_is_better: bool = False
) -> float | None:
    """Return the mean of the best of `number` values drawn with replacement, exactly.

    The largest of n draws is at most the i-th smallest of N values with probability (i / N)^n.

    Args:
        values: (runs,) the value of each run.
        number: how many are drawn.
        lower_is_better: whether the best is the smallest.

    Returns:
        The expectation; None if there are fewer than `number` values, which cannot tell.

    Source: J. Dodge et al., Show Your Work: Improved Reporting of Experimental Results,
    EMNLP 2019, equation 7. It lies a little below the truth, by the order of 1 / N (R. Tang et al.,
    Showing Your Work Doesn't Always Work, ACL 2020).

    Example:
        >>> import numpy as np
        >>> expected_best(np.array([0.0, 1.0]), 2)
        0.75
    """
    runs = len(values)
    if runs < number or runs == 0:
        return None
    ordered = np.sort(-values if lower_is_better else values)
    probabilities = np.diff((np.arange(runs + 1) / runs) ** number)
    # Rounding must not carry the mean of equal values past them.
    best = float(np.clip(probabilities @ ordered, ordered[0], ordered[-1]))
    return -best if lower_is_better else best
