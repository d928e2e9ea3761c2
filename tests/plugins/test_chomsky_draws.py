"""What the Chomsky tasks draw: every instance valid, and all as likely as is said."""

import itertools
import math

import numpy as np
import pytest
from test_chomsky_oracles import ORACLES

from seqtasks.randomness.streams import stream
from seqtasks_chomsky.draws import uniform_below, uniform_symbols


def assert_shares(counts, shares=None):
    """Fail where counts are further from their expected shares than chance makes likely."""
    counts = np.asarray(counts, dtype=float).ravel()
    shares = np.full(counts.size, 1 / counts.size) if shares is None else np.ravel(shares)
    assert shares.sum() == pytest.approx(1)
    assert not counts[shares == 0].any()
    counts, shares = counts[shares > 0], shares[shares > 0]
    expected = counts.sum() * shares
    assert expected.min() >= 5, "too few draws for this test to mean anything"
    square = ((counts - expected) ** 2 / expected).sum()
    freedom = counts.size - 1
    assert square < freedom + 5 * math.sqrt(2 * freedom) + 10


def drawn(name, count, length, seed=0):
    return ORACLES[name][0].generate(stream(seed, "test", length), count, length)


@pytest.mark.parametrize("kinds", [1, 2, 3, 5, 7, 128, 255])
def test_symbols_are_uniform_for_any_number_of_kinds_and_as_many_as_asked(kinds):
    for count in (0, 1, 17, 60_000):
        symbols = uniform_symbols(np.random.default_rng(1), count, kinds)
        assert symbols.shape == (count,)
    assert_shares(np.bincount(symbols, minlength=kinds))


@pytest.mark.parametrize("bound", [1, 2, 3, 38, 498, 1000])
def test_numbers_below_a_bound_are_uniform(bound):
    found = uniform_below(np.random.default_rng(2), np.full(60_000, bound))
    assert_shares(np.bincount(found, minlength=bound))


def test_numbers_below_many_bounds_are_uniform_below_each():
    bounds = np.resize(np.arange(1, 9), 80_000)
    found = uniform_below(np.random.default_rng(3), bounds)
    for bound in range(1, 9):
        assert_shares(np.bincount(found[bounds == bound], minlength=bound))


def test_numbers_below_a_bound_that_32_bits_do_not_share_out_evenly_are_uniform():
    # Without second draws, the remainder 0 of 3 would come as often as the others together.
    found = uniform_below(np.random.default_rng(4), np.full(30_000, 3 * 2**30))
    assert_shares(np.bincount(found % 3))
    assert found.max() < 3 * 2**30
    assert_shares(np.bincount(found // 2**30))


SYMBOLS = {
    "parity-check": (0, [2] * 7),
    "even-pairs": (0, [2] * 7),
    "cycle-navigation": (0, [3] * 5),
    "reverse-string": (0, [2] * 7),
    "duplicate-string": (0, [2] * 7),
    "odds-first": (0, [2] * 7),
    "bucket-sort": (0, [5] * 4),
    "modular-arithmetic": (5, [5, 3, 5, 3, 5]),
}
REGULAR = ("parity-check", "even-pairs", "cycle-navigation", "modular-arithmetic")


@pytest.mark.parametrize("name", SYMBOLS)
def test_every_string_is_as_likely_as_any_other(name):
    offset, kinds = SYMBOLS[name]
    inputs = drawn(name, 60_000, len(kinds)).astype(np.int64)
    inputs[:, 1::2] -= offset
    strings = np.ravel_multi_index(tuple(inputs.T), kinds)
    assert_shares(np.bincount(strings, minlength=math.prod(kinds)))


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_at_length_500_are_uniform_and_do_not_depend_on_their_neighbours(name):
    if name == "modular-arithmetic":
        inputs = drawn(name, 400, 499)
        assert_shares(np.bincount(inputs[:, ::2].ravel(), minlength=5))
        assert_shares(np.bincount(inputs[:, 1::2].ravel() - 5, minlength=3))
        return
    kinds = SYMBOLS[name][1][0]
    inputs = drawn(name, 400, 500).astype(np.int64)
    pairs = kinds * inputs[:, ::2] + inputs[:, 1::2]
    assert_shares(np.bincount(pairs.ravel(), minlength=kinds**2))
    below = kinds * inputs[::2] + inputs[1::2]
    assert_shares(np.bincount(below.ravel(), minlength=kinds**2))


@pytest.mark.parametrize("name", REGULAR)
def test_answers_are_as_frequent_as_among_all_inputs(name):
    task, _ = ORACLES[name]
    for length in (3, 5):
        every = np.bincount(task.encode(task.enumerate(length)), minlength=task.targets.size)
        found = np.bincount(task.encode(drawn(name, 30_000, length)), minlength=task.targets.size)
        assert_shares(found, every / every.sum())


@pytest.mark.parametrize("name", [*REGULAR[:3], "missing-duplicate", "solve-equation"])
def test_every_answer_is_as_likely_as_any_other_at_length_40(name):
    task, _ = ORACLES[name]
    assert_shares(np.bincount(task.encode(drawn(name, 20_000, 40)), minlength=task.targets.size))


def test_every_number_above_zero_is_as_likely_to_have_its_root_asked_for():
    for length in (1, 2, 5):
        found = drawn("compute-sqrt", 40_000, length) @ (1 << np.arange(length)[::-1])
        assert_shares(np.bincount(found)[1:])
        assert found.min() == 1
        assert found.max() == 2**length - 1


@pytest.mark.parametrize("name", ["binary-addition", "binary-multiplication"])
def test_first_numbers_are_equally_often_of_each_length_and_numbers_above_zero_uniform(name):
    assert_shares(np.bincount((drawn(name, 38_000, 40) == 2).argmax(axis=1), minlength=39)[1:])
    inputs = drawn(name, 60_000, 6)
    for place in range(1, 5):
        rows = inputs[(inputs == 2).argmax(axis=1) == place]
        first = rows[:, :place] @ (1 << np.arange(place))
        second = rows[:, place + 1 :] @ (1 << np.arange(5 - place))
        counts = np.zeros((2**place, 2 ** (5 - place)))
        np.add.at(counts, (first, second), 1)
        assert not counts[0].any()
        assert not counts[:, 0].any()
        assert_shares(counts[1:, 1:])


def test_stacks_are_equally_often_of_each_height_and_every_action_and_bit_as_likely():
    inputs = drawn("stack-manipulation", 39_000, 40)
    heights = (inputs < 2).sum(axis=1)
    assert_shares(np.bincount(heights, minlength=40)[1:])
    assert ((inputs < 2) == (np.arange(40) < heights[:, None])).all()
    assert_shares(np.bincount(inputs[inputs < 2]))
    assert_shares(np.bincount(inputs[inputs >= 2] - 2))
    assert_shares(np.bincount(inputs[:, -1] - 2))


@pytest.mark.parametrize("length", [2, 3, 8, 9])
def test_words_are_uniform_and_a_bit_is_missing_anywhere_with_equal_chance(length):
    inputs = drawn("missing-duplicate", 40_000, length)
    half = length // 2
    assert_shares(np.bincount((inputs == 2).argmax(axis=1), minlength=2 * half))
    first, second = inputs[:, :half], inputs[:, half : 2 * half]
    words = np.minimum(first, second) @ (1 << np.arange(half))
    assert_shares(np.bincount(words, minlength=2**half))
    assert (inputs[:, 2 * half :] == 3).all()


@pytest.mark.parametrize("name", ["modular-arithmetic-brackets", "solve-equation"])
def test_expressions_split_uniformly_with_every_operator_and_digit_as_likely(name):
    task, operators = ORACLES[name][0], 3 if name == "modular-arithmetic-brackets" else 2
    inputs = drawn(name, 10_000, 12 if operators == 3 else 14)
    splits = np.zeros((8, operators))
    digits = np.zeros(5)
    for row in inputs:
        words = task.inputs.words(row)[:12]
        left = words[1:-1]
        depth = list(itertools.accumulate((w == "(") - (w == ")") for w in left))
        # The operator is the first after a whole operand: a digit, or a closed bracket.
        ends = (p for p, w in enumerate(left) if depth[p] == 0 and (w == ")" or w in "01234x"))
        length = next(ends) + 1
        splits[length - 1, "+-*".index(left[length])] += 1
        for digit in range(5):
            digits[digit] += words.count(str(digit))
    assert_shares(splits)
    assert_shares(digits)


def test_the_unknown_is_the_first_digit_at_or_after_a_place_drawn_uniformly():
    inputs = drawn("solve-equation", 30_000, 7)  # (a+b)=c
    assert_shares(np.bincount((inputs == 9).argmax(axis=1), minlength=4), [0, 3 / 5, 0, 2 / 5])
    for length, place in ((3, 0), (4, 1), (5, 1), (6, 2)):
        assert (drawn("solve-equation", 50, length)[:, place] == 9).all()


@pytest.mark.parametrize(
    ("length", "texts"),
    [
        (1, {"d"}),
        (2, {"-d"}),
        (3, {"(d)"}),
        (4, {"(-d)"}),
        (5, {"(d+d)"}),
        (6, {"(d+-d)", "(-d+d)"}),
        (7, {"(d+(d))", "(-d+-d)", "((d)+d)"}),
        (9, {"(d+(d+d))", "(-d+(-d))", "((d)+(d))", "((-d)+-d)", "((d+d)+d)"}),
    ],
)
def test_expressions_have_the_shapes_they_are_defined_to_have(length, texts):
    task, _ = ORACLES["modular-arithmetic-brackets"]
    shapes = set()
    for row in drawn("modular-arithmetic-brackets", 500, length):
        words = ["d" if word.isdigit() else word for word in task.inputs.words(row)]
        # A - is an operator where a digit or ) stands before it.
        pairs = zip(["", *words[:-1]], words, strict=True)
        shapes.add("".join("+" if w in "+-*" and b in ("d", ")") else w for b, w in pairs))
    assert shapes == texts
