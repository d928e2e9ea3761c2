"""What the memory tasks draw: frequencies, places, balance, and the baselines these entail."""

import math

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks.tasks.metrics import mean_squared_error

COUNT = 20_000


def drawn(spec, length, count=COUNT):
    """Return a large batch, of a fixed seed."""
    return find_task(spec).batch(stream(11, "test", length), count, length)


def fits(counts, shares):
    """Say whether counts could come of these shares: chi-square within five of its deviations."""
    counts = np.asarray(counts, dtype=float)
    expected = counts.sum() * np.asarray(shares) / np.sum(shares)
    assert expected.min() > 5
    freedom = len(counts) - 1
    return ((counts - expected) ** 2 / expected).sum() < freedom + 5 * math.sqrt(2 * freedom)


def evenly(ids, size):
    """Say whether ids from 0 to size - 1 come equally often."""
    counts = np.bincount(np.ravel(ids), minlength=size)
    return len(counts) == size and fits(counts, np.ones(size))


def near(value, expected, deviation):
    """Say whether a mean lies within five of its deviations."""
    return abs(value - expected) < 5 * deviation


def test_the_test_of_frequencies_tells_fair_from_unfair():
    assert fits([1000, 1010, 990], [1, 1, 1])
    assert not fits([1000, 1200, 800], [1, 1, 1])


@pytest.mark.parametrize("length", [21, 22, 50])
def test_copy_memory_has_even_symbols_and_a_marker_as_long_before_the_end_as_there_are_symbols(
    length,
):
    inputs = drawn("copy-memory", length).inputs
    assert all(evenly(inputs[:, place], 8) for place in range(10))
    assert evenly(inputs[:, 0] * 8 + inputs[:, 1], 64)
    assert evenly(inputs[:, 0] * 8 + inputs[:, 9], 64)
    rest = [8] * (length - 21) + [9] + [8] * 10
    assert (inputs[:, 10:] == rest).all()


@pytest.mark.parametrize("length", [21, 120])
def test_copy_memory_without_memory_costs_ten_ln_eight_over_its_length(length):
    # The best answer that knows the step alone: the frequencies of each target at each step.
    targets = drawn("copy-memory", length).targets
    shares = np.stack([(targets == symbol).mean(axis=0) for symbol in range(9)])
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    assert math.isclose(-(shares * logs).sum(0).mean(), 10 * math.log(8) / length, rel_tol=1e-3)


def test_copy_has_even_symbols_that_do_not_depend_on_their_neighbours():
    inputs = drawn("copy", 7).inputs
    assert (inputs[:, 6] == 8).all()
    assert all(evenly(inputs[:, place], 8) for place in range(6))
    assert evenly(inputs[:, 2] * 8 + inputs[:, 3], 64)
    assert evenly(inputs[1:, 5] * 8 + inputs[:-1, 0], 64)


def test_repeat_copy_has_even_symbols_and_even_counts():
    batch = drawn("repeat-copy", 5)
    assert all(evenly(batch.inputs[:, place], 8) for place in range(4))
    counts = batch.inputs[:, 4] - 8
    assert evenly(counts, 10)
    assert evenly(counts * 8 + batch.inputs[:, 3], 80)
    assert (batch.scored.sum(axis=1) == 4 * (counts + 1) + 1).all()


def test_selective_copying_chooses_every_set_of_places_as_often():
    inputs = drawn("selective-copying:symbols=4,items=3", 7).inputs
    chosen = inputs[:, :6] < 4
    assert (chosen.sum(axis=1) == 3).all()
    sets = chosen @ (1 << np.arange(6))
    possible = [number for number in range(64) if bin(number).count("1") == 3]
    assert fits([(sets == number).sum() for number in possible], np.ones(20))


@pytest.mark.parametrize("length", [17, 24, 100])
def test_selective_copying_has_even_symbols_at_even_places(length):
    batch = drawn("selective-copying", length)
    chosen = batch.inputs[:, : length - 1] < 14
    if length > 17:
        # Places of one input exclude each other, which makes the counts more even than chi-square.
        assert fits(chosen.sum(axis=0), np.ones(length - 1))
    assert (chosen.sum(axis=1) == 16).all()
    assert all(evenly(batch.targets[:, length + place], 14) for place in range(16))


def test_associative_recall_asks_about_each_item_but_the_last_as_often():
    inputs = drawn("associative-recall", 21).inputs
    blocks = inputs[:, :20].reshape(COUNT, 5, 4)[:, :, 1:]
    same = (blocks[:, :4] == blocks[:, 4:]).all(axis=2)
    assert (same.sum(axis=1) == 1).all()
    assert not same[:, 3].any()
    assert evenly(same[:, :3].argmax(axis=1), 3)


def test_associative_recall_has_even_items_and_answers():
    batch = drawn("associative-recall:symbols=2", 13)
    items = batch.inputs[:, :12].reshape(COUNT, 3, 4)[:, :, 1:] @ np.array([4, 2, 1])
    assert evenly(items[:, 0], 8)
    assert evenly(items[:, 1], 8)
    # Of 64 pairs of items, the second is any of the seven that are not the first.
    pairs = np.bincount(items[:, 0] * 8 + items[:, 1], minlength=64).reshape(8, 8)
    assert not np.diag(pairs).any()
    assert fits(pairs[~np.eye(8, dtype=bool)], np.ones(56))
    answers = batch.targets[:, 13:16] @ np.array([4, 2, 1])
    assert (answers == items[:, 1]).all()


@pytest.mark.parametrize("length", [10, 13, 100, 105])
@pytest.mark.parametrize("relevant", [2, 3])
def test_temporal_order_has_its_places_and_its_answers_evenly(relevant, length):
    batch = drawn(f"temporal-order:relevant={relevant}", length)
    windows = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}[relevant]
    found = (batch.inputs == 4) | (batch.inputs == 5)
    assert (found.sum(axis=1) == relevant).all()
    places = np.nonzero(found)[1].reshape(COUNT, relevant)
    for column, (first, last) in zip(places.T, windows, strict=True):
        lowest, highest = first * length // 100, last * length // 100
        assert evenly(column - lowest, highest - lowest + 1)
    assert evenly(batch.targets[:, -1], 2**relevant)
    assert evenly(batch.inputs[:, 1:-1][~found[:, 1:-1]], 4)
    assert (batch.inputs[:, [0, -1]] == [6, 7]).all()


@pytest.mark.parametrize("length", [2, 3, 50])
def test_adding_marks_one_step_of_each_half_with_even_places(length):
    inputs = drawn("adding", length).inputs
    markers, half = inputs[:, :, 1], length // 2
    assert set(np.unique(markers).tolist()) <= {0.0, 1.0}
    assert (markers[:, :half].sum(axis=1) == 1).all()
    assert (markers[:, half:].sum(axis=1) == 1).all()
    first, second = markers[:, :half].argmax(axis=1), markers[:, half:].argmax(axis=1)
    if half > 1:
        assert evenly(first, half)
    if length - half > 1:
        assert evenly(second, length - half)


def test_adding_has_values_uniform_on_zero_to_one_whatever_the_marker():
    inputs = drawn("adding", 50).inputs
    assert evenly((inputs[:, :, 0] * 100).astype(int), 100)
    assert evenly((inputs[:, :, 0][inputs[:, :, 1] == 1] * 100).astype(int), 100)
    assert inputs[:, :, 0].min() >= 0
    assert inputs[:, :, 0].max() < 1


def test_always_to_answer_one_in_adding_has_a_mean_squared_error_of_a_sixth():
    batch = drawn("adding", 50)
    errors, weights = mean_squared_error(np.ones_like(batch.targets), batch.targets)
    # Var of (s - 1)^2 for s the sum of two uniform numbers: 1/15 - 1/36.
    deviation = math.sqrt((1 / 15 - 1 / 36) / COUNT)
    assert near(errors.sum() / weights.sum(), 1 / 6, deviation)


@pytest.mark.parametrize("ignore", [0.8, 0.98, 0.1])
def test_flip_flop_has_the_instructions_asked_for_and_fair_bits(ignore):
    inputs = drawn(f"flip-flop:ignore={ignore}", 42).inputs
    instructions, bits = inputs[:, 0::2], inputs[:, 1::2]
    assert (instructions[:, 0] == 2).all()
    assert (instructions[:, -1] == 3).all()
    inner = np.bincount((instructions[:, 1:-1] - 2).ravel())
    assert fits(inner, [(1 - ignore) / 2, (1 - ignore) / 2, ignore])
    for place in (1, 10, 19):
        counts = np.bincount(instructions[:, place] - 2)
        assert fits(counts, [(1 - ignore) / 2, (1 - ignore) / 2, ignore])
    assert evenly(bits[instructions == 2], 2)
    assert evenly(bits[instructions == 4], 2)
    assert evenly(bits[:, -1], 2)


def test_flip_flop_scores_reads_alone_and_the_answer_is_the_bit_that_comes_next():
    batch = drawn("flip-flop", 60, 2000)
    assert (batch.scored == (batch.inputs == 3)).all()
    rows, steps = np.nonzero(batch.scored)
    assert (batch.targets[rows, steps] == batch.inputs[rows, steps + 1]).all()


@pytest.mark.parametrize("rate", [0.1, 0.02, 1.0])
def test_n_bit_flip_flop_pulses_at_its_rate_with_even_signs_in_each_channel(rate):
    inputs = drawn(f"n-bit-flip-flop:rate={rate}", 31, 5000).inputs
    assert set(np.unique(inputs).tolist()) <= {-1.0, 0.0, 1.0}
    assert np.all(inputs[:, 0] != 0)
    later = inputs[:, 1:]
    for channel in range(3):
        assert fits([(inputs[:, 0, channel] == sign).sum() for sign in (-1, 1)], [1, 1])
        values = later[:, :, channel]
        counts = [(values == sign).sum() for sign in (-1, 1)]
        if rate < 1:
            assert fits([*counts, (values == 0).sum()], [rate / 2, rate / 2, 1 - rate])
        else:
            assert fits(counts, [1, 1])
    together = (later[:, :, 0] != 0) & (later[:, :, 1] != 0)
    deviation = math.sqrt(rate**2 * (1 - rate**2) / together.size)
    assert near(together.mean(), rate**2, deviation + 1e-12)


def test_noise_before_symbols_is_shared_out_among_the_gaps_as_in_mad():
    task = find_task("selective-copying:noise=before")
    length, items = 241, 16
    batch = task.batch(np.random.default_rng(0), 3000, length)
    inputs = batch.inputs[:, :length]
    places = np.nonzero(inputs < 14)[1].reshape(3000, items)
    assert (places[:, -1] == length - 2).all()  # nothing but the marker follows the last
    gaps = np.diff(places, axis=1, prepend=-1) - 1
    assert (gaps.sum(1) == length - 1 - items).all()
    noise = length - 1 - items
    assert gaps.mean() == pytest.approx(noise / items, abs=0.01)
    assert gaps.std() == pytest.approx((noise / items * (1 - 1 / items)) ** 0.5, rel=0.03)
    anywhere = find_task("selective-copying").batch(np.random.default_rng(0), 500, length)
    assert (anywhere.inputs[:, length - 2] == 14).mean() > 0.85


def test_noise_is_placed_in_one_of_two_ways():
    with pytest.raises(UsageError, match=r"anywhere\|before"):
        find_task("selective-copying:noise=after")
