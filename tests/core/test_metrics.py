"""Scores against a count made position by position."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks.tasks.alphabets import IGNORE
from seqtasks.tasks.metrics import (
    Metric,
    macro_accuracy,
    mean_squared_error,
    r_squared,
    scored,
    sequence_accuracy,
    token_accuracy,
)

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(st.integers(1, 6), st.integers(1, 7))


def ids(seed, size):
    """Return random predictions and targets, some of them not scored, often equal."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(3, size=size)
    predictions = np.where(rng.random(size) < 0.3, rng.integers(3, size=size), targets)
    return predictions, np.where(rng.random(size) < rng.random(), IGNORE, targets)


def vectors(seed, size):
    """Return random predictions and targets, some positions of them not scored."""
    rng = np.random.default_rng(seed)
    features = int(rng.integers(1, 4))
    predictions, targets = rng.normal(size=(2, *size, features)).astype(np.float32)
    for row, step in zip(*np.nonzero(rng.random(size) < rng.random()), strict=True):
        # One missing feature makes the whole position unscored.
        targets[row, step, int(rng.integers(features))] = np.nan
    return predictions, targets


@settings(deadline=None)
@given(SEEDS, SIZES)
def test_token_accuracy_counts_the_scored_symbols_that_are_right(seed, size):
    predictions, targets = ids(seed, size)
    rights, trials = token_accuracy(predictions, targets)
    for row in range(size[0]):
        steps = [step for step in range(size[1]) if targets[row, step] != IGNORE]
        assert trials[row] == len(steps)
        assert rights[row] == sum(predictions[row, step] == targets[row, step] for step in steps)


@settings(deadline=None)
@given(SEEDS, SIZES)
def test_sequence_accuracy_counts_the_sequences_without_an_error(seed, size):
    predictions, targets = ids(seed, size)
    rights, trials = sequence_accuracy(predictions, targets)
    for row in range(size[0]):
        wrong = [
            step
            for step in range(size[1])
            if targets[row, step] != IGNORE and predictions[row, step] != targets[row, step]
        ]
        assert rights[row] == (0 if wrong else 1)
        assert trials[row] == 1


def test_a_prediction_at_an_unscored_position_changes_no_score():
    targets = np.array([[IGNORE, 1, 0], [1, IGNORE, IGNORE]])
    right = np.array([[0, 1, 0], [1, 0, 0]])
    for unscored in (IGNORE, 1, 7):
        predictions = np.where(targets == IGNORE, unscored, right)
        assert token_accuracy(predictions, targets)[0].tolist() == [2, 1]
        assert sequence_accuracy(predictions, targets)[0].tolist() == [1, 1]


@settings(deadline=None)
@given(SEEDS, SIZES)
def test_mean_squared_error_sums_over_scored_positions_and_all_their_features(seed, size):
    predictions, targets = vectors(seed, size)
    shares, weights = mean_squared_error(predictions, targets)
    for row in range(size[0]):
        squares = []
        for step in range(size[1]):
            pairs = list(zip(predictions[row, step], targets[row, step], strict=True))
            if not any(math.isnan(target) for _, target in pairs):
                squares += [(float(guess) - float(target)) ** 2 for guess, target in pairs]
        assert weights[row] == len(squares)
        assert shares[row] == pytest.approx(math.fsum(squares), rel=1e-5)


@settings(deadline=None)
@given(SEEDS, SIZES)
def test_scored_positions_are_those_with_a_target(seed, size):
    targets, reals = ids(seed, size)[1], vectors(seed, size)[1]
    assert scored(targets).tolist() == [[value != IGNORE for value in row] for row in targets]
    assert scored(reals).tolist() == [
        [not any(math.isnan(number) for number in vector) for vector in row] for row in reals
    ]


def test_a_prediction_that_is_no_number_is_not_taken_for_right():
    targets = np.array([[[1.0], [np.nan]]])
    shares, weights = mean_squared_error(np.array([[[np.nan], [0.0]]]), targets)
    assert math.isnan(shares[0])
    assert weights[0] == 1


@pytest.mark.parametrize("metric", [token_accuracy, sequence_accuracy, mean_squared_error])
def test_shares_and_weights_are_double_precision_for_each_instance(metric):
    drawn = vectors(1, (4, 5)) if metric is mean_squared_error else ids(1, (4, 5))
    for counts in metric(*drawn):
        assert counts.dtype == np.float64
        assert counts.shape == (4,)


@pytest.mark.parametrize("metric", [token_accuracy, sequence_accuracy, mean_squared_error])
def test_predictions_of_another_shape_are_refused(metric):
    with pytest.raises(ValueError, match=r"predictions \(2, 3\) and targets \(2, 4\) differ"):
        metric(np.zeros((2, 3), dtype=int), np.zeros((2, 4), dtype=int))


def test_a_metric_of_ones_own_is_called_alike():
    ones = Metric("ones", lambda predictions, targets: ((targets == 1).sum(1) * 1.0, np.ones(2)))
    shares, weights = ones(np.zeros((2, 3), dtype=int), np.array([[1, 1, 0], [0, 0, 0]]))
    assert (shares.tolist(), weights.tolist()) == ([2, 0], [1, 1])


def r_squared_by_hand(predictions, targets):
    """Return 1 - errors / deviations, position by position, and whether the targets vary."""
    features = targets.shape[-1]
    pairs = [
        (predictions[row, step].astype(float), targets[row, step].astype(float))
        for row in range(len(targets))
        for step in range(targets.shape[1])
        if not np.isnan(targets[row, step]).any()
    ]
    means = [math.fsum(target[f] for _, target in pairs) / len(pairs) for f in range(features)]
    errors = math.fsum((p[f] - t[f]) ** 2 for p, t in pairs for f in range(features))
    spread = math.fsum((t[f] - means[f]) ** 2 for _, t in pairs for f in range(features))
    return 1 - errors / spread if spread > 1e-9 else None


@settings(deadline=None)
@given(SEEDS, SIZES, st.integers(1, 6), st.sampled_from([0.0, 1.0, 50.0]))
def test_r_squared_is_the_share_of_variance_explained_however_it_is_portioned(
    seed, size, portions, offset
):
    predictions, targets = (side + np.float32(offset) for side in vectors(seed, size))
    if not scored(targets).any():
        return
    cuts = [part for part in np.array_split(np.arange(len(targets)), portions) if len(part)]
    columns = [r_squared.columns(predictions[part], targets[part]) for part in cuts]
    shares, weights = r_squared.shares(columns)
    assert len(shares) == len(weights) == len(targets)
    expected = r_squared_by_hand(predictions, targets)
    if expected is not None:
        assert shares.sum() / weights.sum() == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_r_squared_of_right_mean_and_constant_answers():
    targets = np.array([[[1.0], [2.0]], [[3.0], [6.0]]])
    for predictions, expected in ((targets, 1.0), (np.full_like(targets, 3.0), 0.0)):
        shares, weights = r_squared(predictions, targets)
        assert shares.sum() / weights.sum() == pytest.approx(expected)
    alike = np.full((2, 3, 1), 0.1, dtype=np.float32)
    shares, weights = r_squared(alike, alike)
    assert shares.sum() / weights.sum() == 1
    shares, weights = r_squared(alike + np.array([[[0.0]], [[1.0]]]), alike)
    assert shares.sum() / weights.sum() == 0.5


def test_of_adding_always_one_explains_nothing_and_errs_by_a_sixth():
    batch = find_task("adding").batch(stream(0, "test"), 20_000, 50)
    shares, weights = r_squared(np.ones_like(batch.targets), batch.targets)
    assert shares.sum() / weights.sum() == pytest.approx(0, abs=0.01)
    errors, counts = mean_squared_error(np.ones_like(batch.targets), batch.targets)
    assert errors.sum() / counts.sum() == pytest.approx(1 / 6, abs=0.01)


def macro_by_hand(predictions, targets):
    """Return the mean recall over the symbols that are due, counted one by one."""
    recalls = []
    for symbol in sorted(set(targets[targets != IGNORE].tolist())):
        due = [(p, t) for p, t in zip(predictions.flat, targets.flat, strict=True) if t == symbol]
        recalls.append(sum(p == t for p, t in due) / len(due))
    return sum(recalls) / len(recalls)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 6))
def test_macro_accuracy_is_the_mean_recall_over_the_symbols_that_are_due(seed, rows, steps):
    rng = np.random.default_rng(seed)
    targets = rng.choice([IGNORE, 0, 0, 0, 1, 2, 4], size=(rows, steps))
    targets[0, 0] = 0
    predictions = np.where(rng.random((rows, steps)) < 0.6, targets, 1)
    shares, weights = macro_accuracy(predictions, targets)
    expected = macro_by_hand(predictions, targets)
    assert shares.sum() / weights.sum() == pytest.approx(expected)
    assert weights.sum() == pytest.approx((targets != IGNORE).sum())
    cut = rows // 2  # portions that know different symbols give the same
    columns = [
        macro_accuracy.columns(predictions[part], targets[part])
        for part in (slice(cut), slice(cut, None))
    ]
    shares, weights = macro_accuracy.shares(columns)
    assert shares.sum() / weights.sum() == pytest.approx(expected)


def test_macro_accuracy_counts_a_seldom_symbol_as_much_as_a_common_one():
    targets = np.array([[0] * 9 + [1]])
    assert macro_accuracy(np.zeros((1, 10), int), targets)[0].sum() / 10 == pytest.approx(0.5)
