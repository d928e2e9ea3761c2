"""The expected best of n runs."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.statistics.best_of import expected_best


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=5), st.integers(1, 3))
def test_it_is_the_mean_over_all_draws_with_replacement(values, number):
    draws = list(product(values, repeat=number))
    array = np.array(values)
    best = sum(max(draw) for draw in draws) / len(draws)
    least = sum(min(draw) for draw in draws) / len(draws)
    assert expected_best(array, number) == pytest.approx(best)
    assert expected_best(array, number, lower_is_better=True) == pytest.approx(least)


def test_the_best_of_n_uniform_numbers_is_as_in_closed_form():
    values = (np.arange(1000) + 0.5) / 1000
    for number in (1, 3, 5, 10):
        assert expected_best(values, number) == pytest.approx(number / (number + 1), abs=1e-3)


def test_fewer_runs_than_are_drawn_cannot_tell():
    assert expected_best(np.ones(4), 5) is None
    assert expected_best(np.zeros(0), 1) is None
    assert expected_best(np.ones(5), 5) == 1
