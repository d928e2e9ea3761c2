"""The seeds of a study: what is read, what is refused, and arithmetic with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.specs.seeds import Seeds

SOME = st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("5", [0, 1, 2, 3, 4]),
        ("1", [0]),
        ("5,", [5]),
        ("0,", [0]),
        ("0..3", [0, 1, 2, 3]),
        ("7..7", [7]),
        ("3,5,8", [3, 5, 8]),
        ("8,3", [8, 3]),
        (" 3 , 5..7 ", [3, 5, 6, 7]),
        ("0..2,9", [0, 1, 2, 9]),
    ],
)
def test_seeds_are_a_number_a_range_or_a_list(text, seeds):
    assert list(Seeds.read(text)) == seeds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no seed"),
        (" ", "no seed"),
        (",", "no seed|missing"),
        ("0", "0 seeds are none"),
        ("3,5,3", "the seed 3 is given twice"),
        ("0..4,2", "the seed 2 is given twice"),
        ("2,0..4", "the seed 2 is given twice"),
        ("9..3", r"backwards; write 3\.\.9"),
        ("1,,2", "missing between two commas"),
        ("-1", "negative"),
        ("-5..3", "negative"),
        ("1.5", "no seed"),
        ("1e3", "no seed"),
        ("five", "no seed"),
        ("1..", "no seed"),
        ("0..9999999999", "too many"),
        ("99999999999999999999999,", f"at most {2**63 - 1}"),
        ("9223372036854775808,", "from 0 to"),
    ],
)
def test_a_mistake_in_the_seeds_is_named_in_one_line(text, words):
    with pytest.raises(UsageError, match=words) as caught:
        Seeds.read(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (5, "range\\(5\\) holds the seeds 0 to 4"),
        (np.int64(5), "range"),
        ([], "at least one seed"),
        (range(0), "at least one seed"),
        (range(5, 2), "at least one seed"),
        ([1, 1], "twice"),
        ([0, -1], "from 0 to"),
        ([True], "whole number"),
        ([1.0], "whole number"),
        (None, "seeds must be"),
        (b"5", "seeds must be"),
        (range(10**18), "too many"),
    ],
)
def test_a_mistake_in_the_seeds_of_a_program_is_named(given, words):
    with pytest.raises(UsageError, match=words):
        Seeds.read(given)


@given(st.text(max_size=12) | st.text("0123456789,.- ", max_size=12))
def test_any_text_is_seeds_or_a_usage_error(text):
    try:
        seeds = Seeds.read(text)
    except UsageError:
        return
    assert len(seeds) >= 1
    assert Seeds.read(str(seeds)) == seeds


@given(SOME)
def test_seeds_of_a_program_keep_their_order_and_are_written_and_read_back(numbers):
    seeds = Seeds.read(numbers)
    assert list(seeds) == numbers
    assert len(seeds) == len(numbers)
    assert [seeds[place] for place in range(len(numbers))] == numbers
    assert list(seeds[1:4]) == numbers[1:4]
    assert Seeds.read(str(seeds)) == seeds == Seeds.read(seeds)


@given(SOME, SOME)
def test_without_leaves_out_exactly_the_others_and_keeps_the_order(some, others):
    left = Seeds.read(some).without(Seeds.read(others))
    assert list(left) == [seed for seed in some if seed not in others]
    assert all((seed in left) == (seed in some and seed not in others) for seed in range(41))


@given(SOME, st.integers(1, 5))
def test_following_seeds_are_new(some, count):
    following = Seeds.read(some).following(count)
    assert list(following) == [max(some) + 1 + place for place in range(count)]


def test_a_million_seeds_are_held_as_a_range():
    seeds = Seeds.read(range(1_000_000))
    assert seeds.ranges == (range(1_000_000),)
    assert (str(seeds), seeds[-1], 999_999 in seeds) == ("0..999999", 999_999, True)
