"""How often intervals hold the truth and tests find what is not there, by simulation.

`python tests/statistics/coverage_tables.py` prints the tables of docs/reference/statistics.md.
Tests call the functions with fewer repetitions.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from seqtasks.statistics.bootstrap import difference_intervals, mean_intervals, median_interval
from seqtasks.statistics.paired_tests import sign_flip_tests
from seqtasks.statistics.power import detectable_difference
from seqtasks.statistics.sequential import critical_values, doubling_looks, repeated_interval
from seqtasks.statistics.shares import share_better, share_interval
from seqtasks.statistics.survival import times_to_event
from seqtasks.statistics.unpaired import (
    label_permutation_tests,
    logrank_test,
    probability_larger,
)

REPETITIONS = 2000
LOOKS = doubling_looks(25, 1000)
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

LIMIT = 1000.0


def steps(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Steps to solve, evaluated every 100, of which 8 % are never (the limit)."""
    drawn = 100 * np.ceil(rng.gamma(3.0, 1.5, shape))
    return np.minimum(drawn, LIMIT)


MEAN_STEPS = 100 * float(stats.gamma.sf(np.arange(10), 3, scale=1.5).sum())
"""The mean of these steps: each evaluation adds 100 to those who have not solved the task yet."""


def accuracies(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Accuracies of 1000 sequences: 70 % of the seeds learn all, the others half to all."""
    right = np.where(rng.random(shape) < 0.7, 1.0, rng.uniform(0.5, 1.0, shape))
    return np.round(1000 * right) / 1000


SAMPLES: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0),
    "uniform": (lambda rng, shape: rng.random(shape), 0.5),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0),
    "lognormal": (lambda rng, shape: rng.lognormal(size=shape), math.exp(0.5)),
    "accuracies": (accuracies, 0.7 + 0.3 * 0.75),
    "90 % solved": (lambda rng, shape: (rng.random(shape) < 0.9).astype(float), 0.9),
    "99 % solved": (lambda rng, shape: (rng.random(shape) < 0.99).astype(float), 0.99),
}
"""Draws of values, and their mean."""


def wilson(runs: int) -> float:
    """Return the coverage averaged over all shares, exactly."""
    shares = (np.arange(2000) + 0.5) / 2000
    counts = np.arange(runs + 1)
    ends = np.array([share_interval(int(count), runs)[:2] for count in counts])
    holds = (ends[:, :1] <= shares) & (shares <= ends[:, 1:])
    return float((stats.binom.pmf(counts[:, None], runs, shares) * holds).sum(axis=0).mean())


def bca_mean(sample: str, runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of a mean holds it."""
    draw, truth = SAMPLES[sample]
    values = draw(np.random.default_rng(runs), (repetitions, runs))
    return _share(i.low <= truth <= i.high for i in mean_intervals(list(values)))


def bca_paired(sample: str, runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of the mean difference of two equal settings holds 0."""
    draw, _ = SAMPLES[sample]
    rng = np.random.default_rng(runs)
    values = draw(rng, (repetitions, runs)) - draw(rng, (repetitions, runs))
    return _share(i.low <= 0 <= i.high for i in mean_intervals(list(values)))


def bca_unpaired(sample: str, runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of the difference of two samples without pairs holds 0."""
    draw, _ = SAMPLES[sample]
    rng = np.random.default_rng(runs)
    samples = list(zip(draw(rng, (repetitions, runs)), draw(rng, (repetitions, runs)), strict=True))
    return _share(i.low <= 0 <= i.high for i in difference_intervals(samples))


def bca_median(runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of the median of lognormal values holds it."""
    values = np.random.default_rng(runs).lognormal(size=(repetitions, runs))
    found = (median_interval(column, resamples=999) for column in values)
    return _share(i.low <= 1 <= i.high for i in found)


def median_steps(runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of the median steps to solve holds it."""
    rng = np.random.default_rng(runs)
    truth = 100 * math.ceil(float(stats.gamma.ppf(0.5, 3, scale=1.5)))

    def holds() -> bool:
        drawn = steps(rng, (runs,))
        low, high = times_to_event(drawn, drawn < LIMIT).quantile_interval(0.5)
        return (low or 0) <= truth <= (high or math.inf)

    return _share(holds() for _ in range(repetitions))


def better(runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of `better` holds it, averaged over shares and ties."""
    rng = np.random.default_rng(runs)

    def holds() -> bool:
        win, lose = np.sort(rng.random(2)) * [1, -1] + [0, 1]
        outcomes = rng.choice([1.0, -1.0, 0.0], size=runs, p=[win, lose, 1 - win - lose])
        _, interval = share_better(outcomes, np.zeros(runs))
        return interval.low <= win + (1 - win - lose) / 2 <= interval.high

    return _share(holds() for _ in range(repetitions))


def better_unpaired(runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the interval of `better` without pairs holds it, averaged over shifts."""
    rng = np.random.default_rng(runs)

    def holds() -> bool:
        shift = rng.uniform(-2, 2)
        _, found = probability_larger(rng.normal(shift, 1, runs), rng.normal(0, 1, runs))
        return found.low <= float(stats.norm.cdf(shift / math.sqrt(2))) <= found.high

    return _share(holds() for _ in range(repetitions))


def sign_flips_under_null(draw: Draw, runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the sign-flip test finds a difference between two equal settings."""
    rng = np.random.default_rng(runs)
    values = draw(rng, (repetitions, runs)) - draw(rng, (repetitions, runs))
    return _share(one.p_value <= 0.05 for one in sign_flip_tests(list(values)))


def labels_under_null(draw: Draw, runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the permutation of labels finds a difference between equal settings."""
    rng = np.random.default_rng(runs)
    samples = list(zip(draw(rng, (repetitions, runs)), draw(rng, (repetitions, runs)), strict=True))
    return _share(one.p_value <= 0.05 for one in label_permutation_tests(samples, 4999))


def logrank_under_null(runs: int, repetitions: int = REPETITIONS) -> float:
    """Return how often the log-rank test finds a difference between equal settings."""
    rng = np.random.default_rng(runs)

    def found() -> bool:
        both = steps(rng, (2, runs))
        both[both == LIMIT] = np.inf
        return logrank_test(both[0], both[1], LIMIT).p_value <= 0.05

    return _share(found() for _ in range(repetitions))


def power(runs: int, draw: Draw, deviation: float, repetitions: int = REPETITIONS) -> float:
    """Return how often the sign-flip test finds the difference that it should find in 80 %."""
    planted = detectable_difference(runs)
    assert planted is not None
    rng = np.random.default_rng(runs)
    noise = draw(rng, (repetitions, runs)) - draw(rng, (repetitions, runs))
    values = noise + planted * deviation
    return _share(one.p_value <= 0.05 for one in sign_flip_tests(list(values), 9999))


def differences_of_steps(rng: np.random.Generator, runs: int) -> np.ndarray:
    """Two equal settings' steps to solve, as a share of the limit."""
    first, second = steps(rng, (2, runs)) / LIMIT
    return first - second


def differences_of_rare_failures(rng: np.random.Generator, runs: int) -> np.ndarray:
    """Whether two settings solved the task, which each does in 98 % of seeds."""
    return (rng.random(runs) < 0.98).astype(float) - (rng.random(runs) < 0.98)


def skewed_differences(rng: np.random.Generator, runs: int) -> np.ndarray:
    """One setting always takes as many steps as the other takes on average."""
    return steps(rng, (runs,)) / LIMIT - MEAN_STEPS / LIMIT


UNTIL_SURE = {
    "steps to solve": differences_of_steps,
    "solved in 98 %": differences_of_rare_failures,
    "steps against a fixed number": skewed_differences,
}


def until_sure(
    draw: Callable[[np.random.Generator, int], np.ndarray],
    shift: float = 0.0,
    repetitions: int = REPETITIONS,
) -> tuple[float, float]:
    """Return how often any look finds a difference, and the mean number of seeds until it ends."""
    rng = np.random.default_rng(1)
    criticals = critical_values(LOOKS, 0.05)
    found, seeds = 0, 0
    for _ in range(repetitions):
        differences = draw(rng, LOOKS[-1]) + shift
        for look, critical in zip(LOOKS, criticals, strict=True):
            low, high, _ = repeated_interval(differences[:look], 1.0, critical)
            if low > 0 or high < 0 or look == LOOKS[-1]:
                found += low > 0 or high < 0
                seeds += look
                break
    return found / repetitions, seeds / repetitions


def _share(held: Iterator[bool]) -> float:
    return float(np.mean(list(held)))


def _table(heads: list[str], rows: list[list[object]]) -> None:
    print(f"| {' | '.join(heads)} |")
    print(f"| --- |{' ---: |' * (len(heads) - 1)}")
    for row in rows:
        cells = [f"{100 * cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row]
        print(f"| {' | '.join(cells)} |", flush=True)
    print()


def main() -> None:
    """Print the tables."""
    sizes = [10, 20, 50, 100, 200, 1000]
    heads = ["% of intervals that hold the truth", *(f"n = {n}" for n in sizes)]
    rows: list[list[object]] = [["share: Wilson, averaged over shares", *map(wilson, sizes)]]
    rows.append(["better, averaged over shares and ties", *map(better, sizes)])
    rows.append(["better without pairs, averaged over shifts", *map(better_unpaired, sizes)])
    rows.append(["median steps to solve", *map(median_steps, sizes)])
    rows += [[f"BCa, mean: {name}", *(bca_mean(name, n) for n in sizes)] for name in SAMPLES]
    rows += [
        [f"BCa, difference of equal settings: {name}", *(bca_paired(name, n) for n in sizes)]
        for name in ("normal", "lognormal", "accuracies", "90 % solved")
    ]
    rows += [
        [f"BCa, difference without pairs: {name}", *(bca_unpaired(name, n) for n in sizes)]
        for name in ("normal", "lognormal")
    ]
    rows.append(["BCa, median: lognormal", *(bca_median(n) for n in sizes[:-1]), "–"])
    _table(heads, rows)

    sizes = [10, 20, 50, 200]
    heads = ["% of tests that find a difference that is not there", *(f"n = {n}" for n in sizes)]
    draws = {"steps to solve": steps, "accuracies": accuracies, "normal": SAMPLES["normal"][0]}
    draws["90 % solved"] = SAMPLES["90 % solved"][0]
    rows = [
        [f"sign flips: {name}", *(sign_flips_under_null(draw, n) for n in sizes)]
        for name, draw in draws.items()
    ]
    rows += [
        [f"labels, without pairs: {name}", *(labels_under_null(draw, n) for n in sizes)]
        for name, draw in draws.items()
    ]
    log_rank = [logrank_under_null(n, 5 * REPETITIONS) for n in sizes]
    rows.append(["log-rank, without pairs: steps to solve", *log_rank])
    _table(heads, rows)

    heads = ["% of tests that find a difference planted at 80 %", *(f"n = {n}" for n in sizes)]
    normal = SAMPLES["normal"][0]
    spread = float((steps(np.random.default_rng(0), (10**6,))).std()) * math.sqrt(2)
    _table(
        heads,
        [
            ["sign flips: normal", *(power(n, normal, math.sqrt(2)) for n in sizes)],
            ["sign flips: steps to solve", *(power(n, steps, spread) for n in sizes)],
        ],
    )

    rows = []
    for name, draw in UNTIL_SURE.items():
        wrong, _ = until_sure(draw, repetitions=10 * REPETITIONS)
        rows.append([name, wrong])
    _table(["--until-sure: % of studies that find a difference that is not there", "%"], rows)
    rows = []
    for shift in (0.02, 0.05, 0.1, 0.2):
        share, seeds = until_sure(differences_of_steps, shift)
        rows.append([f"{100 * shift:.0f} % of the step limit", share, f"{seeds:.0f}"])
    _table(["--until-sure: difference of steps to solve", "% found", "seeds on average"], rows)


if __name__ == "__main__":
    main()
