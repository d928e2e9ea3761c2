"""Lengths as a user writes them, and those that a task can have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.tasks.lengths import (
    AllowedLengths,
    LengthRange,
    describe_lengths,
    parse_length_list,
)

RANGES = st.tuples(st.integers(1, 60), st.integers(0, 60)).map(
    lambda pair: LengthRange(pair[0], sum(pair))
)
RULES = st.builds(
    AllowedLengths, st.integers(1, 30), st.integers(1, 7), st.none() | st.integers(1, 90)
)


def allowed(rule: AllowedLengths) -> list[int]:
    """Return the lengths of a rule up to 150, by counting from its first."""
    lengths, length = [], rule.minimum
    while length <= (150 if rule.maximum is None else rule.maximum):
        lengths.append(length)
        length += rule.step
    return lengths


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        (10, 10, 10),
        ("10", 10, 10),
        (" 7 ", 7, 7),
        ("1..20", 1, 20),
        ("5..5", 5, 5),
        (LengthRange(2, 4), 2, 4),
    ],
)
def test_a_length_or_range_is_read(written, first, last):
    assert LengthRange.parse(written) == LengthRange(first, last)


@settings(deadline=None)
@given(RANGES)
def test_a_range_is_written_as_it_is_read(wanted):
    assert LengthRange.parse(str(wanted)) == wanted
    assert (".." in str(wanted)) == (wanted.first != wanted.last)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("20..1", r"the range 20\.\.1 is reversed; write 1\.\.20"),
        ("0", "a length must be at least 1, got 0"),
        (0, "a length must be at least 1, got 0"),
        ("-5", "a length must be at least 1, got -5"),
        ("0..5", "a length must be at least 1, got 0"),
        ("5..0", "a length must be at least 1, got 0"),
        ("5..-1", "a length must be at least 1, got -1"),
        *(
            (garbage, r"is not a length; write a number \(10\) or a range \(1\.\.20\)")
            for garbage in ("", "ten", "1-20", "1..", "..5", "1...5", "1..5..9", "1.5", "1 2", "٣x")
        ),
        (1.5, "'1.5' is not a length"),
        (None, "'None' is not a length"),
        (True, "'True' is not a length"),
        ("9" * 5000, "is not a length|too long|too large"),
    ],
)
def test_what_is_no_length_is_refused_with_the_remedy(written, message):
    with pytest.raises(UsageError, match=message):
        LengthRange.parse(written)


def test_a_list_of_lengths_and_ranges_is_read():
    expected = (LengthRange(10, 10), LengthRange(20, 20), LengthRange(50, 60))
    assert parse_length_list("10, 20,50..60") == expected
    assert parse_length_list(["10,20", "50..60"]) == expected
    assert parse_length_list(10) == (LengthRange(10, 10),)
    assert parse_length_list([10, "20", "50..60"]) == expected


@pytest.mark.parametrize("written", ["", "10,", ",10", "10,,20", "10;20", ["10", ""]])
def test_a_list_with_a_gap_or_garbage_is_refused(written):
    with pytest.raises(UsageError, match="is not a length"):
        parse_length_list(written)


@settings(deadline=None)
@given(RULES, RANGES)
def test_the_lengths_within_a_range_are_those_allowed_one_by_one(rule, wanted):
    everything = allowed(rule)
    expected = [length for length in everything if wanted.first <= length <= wanted.last]
    assert list(rule.within(wanted)) == expected


@settings(deadline=None)
@given(RULES, st.integers(-5, 150))
def test_a_length_is_allowed_if_counting_from_the_first_reaches_it(rule, length):
    assert (length in rule) == (length in allowed(rule))


@settings(deadline=None)
@given(RULES, st.integers(1, 100))
def test_the_next_allowed_length_is_the_first_that_is_not_below(rule, length):
    expected = [candidate for candidate in allowed(rule) if candidate >= length]
    assert rule.at_least(length) == (expected[0] if expected else None)


@settings(deadline=None)
@given(RULES, RANGES)
def test_selecting_gives_the_allowed_lengths_or_says_which_there_are(rule, wanted):
    expected = [length for length in allowed(rule) if wanted.first <= length <= wanted.last]
    if expected:
        assert list(rule.select(wanted, "majority")) == expected
    else:
        with pytest.raises(UsageError) as caught:
            rule.select(wanted, "majority")
        assert str(caught.value) == (
            f"majority cannot have length {wanted}: it has {rule.describe()}"
        )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (AllowedLengths(), "lengths from 1"),
        (AllowedLengths(3), "lengths from 3"),
        (AllowedLengths(1, 2), "odd lengths from 1"),
        (AllowedLengths(4, 2), "even lengths from 4"),
        (AllowedLengths(2, 3), "lengths 2, 5, ..."),
        (AllowedLengths(1, 1, 9), "lengths from 1 to 9"),
        (AllowedLengths(1, 2, 9), "odd lengths from 1 to 9"),
        (AllowedLengths(2, 3, 11), "lengths 2, 5, ... to 11"),
    ],
)
def test_a_rule_is_described_in_words(rule, words):
    assert rule.describe() == words


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        (range(7, 8), "7"),
        (range(7, 8, 2), "7"),
        (range(2, 41), "2..40"),
        (range(1, 40, 2), "odd 1..39"),
        (range(2, 41, 2), "even 2..40"),
        (range(3, 62, 3), "3..60 in steps of 3"),
    ],
)
def test_lengths_are_described_in_words(lengths, words):
    assert describe_lengths(lengths) == words


@settings(deadline=None)
@given(RULES.filter(allowed), st.integers(1, 120))
def test_the_nearest_allowed_length_is_found(rule, wanted):
    distances = [(abs(length - wanted), length) for length in allowed(rule)]
    assert rule.nearest(wanted) == min(distances)[1]
