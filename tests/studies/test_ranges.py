"""Ranges of numbers in lists of values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.specs.ranges import read_range

ENDS = st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)).filter(
    lambda ends: ends[1] > ends[0] * 1.01
)


@given(ENDS, st.integers(2, 30))
def test_a_log_range_has_the_values_of_geomspace(ends, count):
    values = read_range(f"{ends[0]!r}..{ends[1]!r}:log{count}").values()
    assert np.allclose(values, np.geomspace(*ends, count), rtol=1e-10)
    assert (values[0], values[-1]) == ends


@given(ENDS, st.integers(2, 30))
def test_a_lin_range_has_the_values_of_linspace(ends, count):
    values = read_range(f"{ends[0]!r}..{ends[1]!r}:lin{count}").values()
    assert np.allclose(values, np.linspace(*ends, count), rtol=1e-10)
    assert (values[0], values[-1]) == ends


def test_round_numbers_stay_round():
    assert read_range("1e-4..1e-2:log3").values() == (1e-4, 1e-3, 1e-2)
    assert read_range("0..1:lin5").values() == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert read_range("0..0.3:lin4").values() == (0.0, 0.1, 0.2, 0.3)
    assert read_range("-1..1:lin3").values() == (-1.0, 0.0, 1.0)


def test_whole_numbers_stay_whole():
    assert read_range("8..11", whole=True).values() == (8, 9, 10, 11)
    assert read_range("-2..1", whole=True).values() == (-2, -1, 0, 1)
    assert read_range("8..64:log4", whole=True).values() == (8, 16, 32, 64)
    assert all(type(v) is int for v in read_range("1..100:lin7", whole=True).values())


@pytest.mark.parametrize("uniform", [0.0, 0.3, 0.5, 0.999999])
@pytest.mark.parametrize("scale", ["lin", "log"])
def test_a_drawn_number_lies_in_its_range(scale, uniform):
    assert 1e-4 <= read_range(f"1e-4..1e-2:{scale}").drawn(uniform) <= 1e-2
    assert read_range(f"2..5:{scale}", whole=True).drawn(uniform) in (2, 3, 4, 5)
    assert 1 <= read_range(f"1..1.0001:{scale}").drawn(uniform) <= 1.0001


def test_drawn_numbers_are_spread_as_the_scale_says():
    uniform = (np.arange(10_000) + 0.5) / 10_000
    log = [read_range("1e-4..1e-2:log").drawn(u) for u in uniform]
    assert np.isclose(np.median(log), 1e-3, rtol=1e-3)
    lin = [read_range("0..1:lin").drawn(u) for u in uniform]
    assert np.isclose(np.median(lin), 0.5, atol=1e-3)
    whole = [read_range("1..4", whole=True).drawn(u) for u in uniform]
    assert np.bincount(whole).tolist() == [0, 2500, 2500, 2500, 2500]


@pytest.mark.parametrize(
    ("text", "whole", "words"),
    [
        ("1..0:lin3", False, r"backwards; write 0\.\.1"),
        ("9..3", True, r"backwards; write 3\.\.9"),
        ("1..2", False, "lin5 .*log5"),
        ("1..2:lg5", False, "Did you mean 'log'"),
        ("1..2:5", False, "lin5"),
        ("0..1:log5", False, "above 0"),
        ("-1..1:log5", False, "above 0"),
        ("a..2:lin3", False, "'a' is not a number"),
        ("1..:lin3", False, "not a number"),
        ("..", False, "not a number"),
        ("1..inf:lin3", False, "not a number"),
        ("1..1e999:lin3", False, "not a number"),
        ("nan..1:lin3", False, "not a number"),
        ("1..2:lin1", False, "at least 2"),
        ("1..2:lin0", False, "at least 2"),
        ("3..3:lin2", False, "one value"),
        ("1.5..4", True, "whole numbers"),
        ("1..2:lin9999999999", False, "lin5"),
    ],
)
def test_a_mistake_in_a_range_is_named_in_one_line(text, whole, words):
    with pytest.raises(UsageError, match=words) as caught:
        read_range(text, whole=whole)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "whole", "words"),
    [
        ("1..2:log", False, "how many values"),
        ("1..3:lin7", True, "7 different whole numbers"),
        ("0..1:lin9999999", False, "at most 1,000,000"),
        ("0..999999999999", True, "at most 1,000,000"),
    ],
)
def test_a_range_without_a_grid_says_why(text, whole, words):
    with pytest.raises(UsageError, match=words):
        read_range(text, whole=whole).values()


@given(st.text(max_size=15) | st.text("0123456789.:e-linog", max_size=15), st.booleans())
def test_any_text_is_a_range_or_a_usage_error(text, whole):
    try:
        found = read_range(text, whole=whole)
        values = found.values() if (found.count or 0) <= 1000 else ()
    except UsageError:
        return
    assert all(found.first <= value <= found.last for value in values)
