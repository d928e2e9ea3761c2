"""Everything that seqtasks asks of scipy, with types.

scipy is imported when a function is called: a program that compares nothing never waits for it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "bootstrap_bca",
    "logrank_p",
    "normal_cdf",
    "normal_quantile",
    "paired_power",
    "root",
    "student_quantile",
    "student_tail",
    "survival_function",
    "wilson_interval",
]

Array = NDArray[np.float64]


def normal_quantile(probability: Any) -> Any:
    """Return the quantile of the standard normal distribution, of a number or an array."""
    from scipy.special import ndtri

    return ndtri(probability)


def normal_cdf(value: Any) -> Any:
    """Return the probability that a standard normal number is below a number, or an array."""
    from scipy.special import ndtr

    return ndtr(value)


@lru_cache(maxsize=4096)  # scipy takes 2 ms, and many settings of a sweep have equal counts
def wilson_interval(count: int, total: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's interval of a share: `scipy.stats.binomtest(...).proportion_ci("wilson")`."""
    from scipy import stats

    interval = stats.binomtest(count, total).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def survival_function(times: Array, seen: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the Kaplan-Meier estimate: `scipy.stats.ecdf` of right-censored times.

    Args:
        times: (runs,) the time of the event, or the time up to which none came.
        seen: (runs,) whether the event came.

    Returns:
        (times,) the different times in order; (times,) the share to which no event has come by
        then.
    """
    from scipy import stats

    survival: Any = stats.ecdf(stats.CensoredData(uncensored=times[seen], right=times[~seen])).sf
    quantiles = np.asarray(survival.quantiles, dtype=np.float64)
    return quantiles, np.asarray(survival.probabilities, dtype=np.float64)


def logrank_p(first: Array, first_seen: Any, second: Array, second_seen: Any) -> float:
    """Return the two-sided p-value of `scipy.stats.logrank` for two sets of censored times."""
    from scipy import stats

    one, other = (
        stats.CensoredData(uncensored=times[seen], right=times[~seen])
        for times, seen in ((first, first_seen), (second, second_seen))
    )
    return float(stats.logrank(one, other).pvalue)


def bootstrap_bca(
    sample: Array,
    statistic: Callable[..., Any],
    confidence: float,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the interval of `scipy.stats.bootstrap(..., method="BCa")`; NaN where it has none.

    Args:
        sample: (runs,) values.
        statistic: a function of an array and `axis`.
        confidence: the share of intervals that hold the truth.
        resamples: the number of resamples.
        rng: the source of the resamples.
    """
    import warnings

    from scipy import stats

    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")
        found: Any = stats.bootstrap(
            (sample,),
            statistic,
            n_resamples=resamples,
            batch=max(1, 2_000_000 // len(sample)),
            vectorized=True,
            confidence_level=confidence,
            method="BCa",
            rng=rng,
        )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def paired_power(difference: float, pairs: int, level: float) -> float:
    """Return the probability that a paired t-test finds a standardised difference, on its side."""
    from scipy import stats

    freedom, centre = pairs - 1, difference * pairs**0.5
    limit = float(stats.t.isf(level / 2, freedom))
    return float(stats.nct.sf(limit, freedom, centre))


def student_quantile(probability: float, freedom: int) -> float:
    """Return the value that Student's t exceeds with a probability."""
    from scipy import stats

    return float(stats.t.isf(probability, freedom))


def student_tail(value: float, freedom: int) -> float:
    """Return the probability that Student's t exceeds a value."""
    from scipy import stats

    return float(stats.t.sf(value, freedom))


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function is 0 between two places at which its signs differ."""
    from scipy import optimize

    found: Any = optimize.brentq(function, low, high, xtol=1e-10)
    return float(found)
