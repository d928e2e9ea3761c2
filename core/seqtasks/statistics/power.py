"""Power: the difference that a number of pairs would have found."""

from functools import lru_cache

from seqtasks.statistics.paired_tests import pairs_needed
from seqtasks.statistics.scipy_edge import paired_power, root

__all__ = ["POWER", "detectable_difference"]

POWER = 0.8
"""The share of repetitions in which a difference should be found."""


@lru_cache(maxsize=1000)
def detectable_difference(
    pairs: int, tests: int = 1, error: float = 0.05, power: float = POWER
) -> float | None:
    """Return the difference that a number of pairs finds with a given probability.

    The unit is the standard deviation of the paired differences (d, or d_z). The power is the one
    of the paired t-test, which the sign-flip test shares closely. With Holm's correction over
    several tests, it is the power where no other difference is found: a bound from below.

    Args:
        pairs: the number of pairs.
        tests: the number of tests that Holm's correction takes in.
        error: the error rate over all tests.
        power: the share of repetitions in which the difference is found.

    Returns:
        The standardised difference; None if so few pairs can find none.

    Source: J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988.

    Example:
        >>> round(detectable_difference(200), 3), detectable_difference(5)
        (0.199, None)
    """
    if pairs < pairs_needed(tests, error):
        return None
    level = error / tests

    def missing(difference: float) -> float:
        return paired_power(difference, pairs, level) - power

    high = 1.0
    while missing(high) < 0:
        high *= 2
    return root(missing, 0.0, high)
