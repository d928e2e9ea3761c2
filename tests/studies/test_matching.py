"""Cells that are made equal in size before they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.runs.model_and_batches import experiment_model
from seqtasks.runs.training_run import parameter_count
from seqtasks.studies.matching import matched, nearest_size

GROWTH = st.lists(st.integers(1, 60), min_size=1, max_size=60).map(
    lambda steps: [sum(steps[: place + 1]) for place in range(len(steps))]
)


@given(GROWTH, st.integers(0, 2000), st.sets(st.integers(1, 60)))
def test_the_nearest_size_is_that_of_a_search_through_all_sizes(counts, wanted, refused):
    def count(size: int) -> int | None:
        if size in refused:
            return None
        return counts[size - 1] if size <= len(counts) else counts[-1] + 61 * (size - len(counts))

    possible = [size for size in range(1, 200) if count(size) is not None]
    nearest = min(possible, key=lambda size: (abs(count(size) - wanted), size))
    assert nearest_size(count, wanted) == nearest


def test_a_cell_that_does_not_grow_or_refuses_all_sizes_ends_the_search():
    assert nearest_size(lambda size: 7, 100) == 1
    with pytest.raises(UsageError, match="no hidden size"):
        nearest_size(lambda size: None, 100)


def count(experiment: Experiment) -> int:
    return parameter_count(experiment_model(experiment, experiment.make_task()))


def experiments(*cells: str, **settings: object) -> list[Experiment]:
    return [Experiment.for_task("parity", cell=cell, **settings) for cell in cells]


def best(experiment: Experiment, wanted: int) -> Experiment:
    """Return the experiment with the best of all hidden sizes below 80."""
    sizes = [experiment.with_changes(hidden_size=size) for size in range(1, 80)]
    return min(sizes, key=lambda other: abs(count(other) - wanted))


@pytest.mark.parametrize("settings", [{}, {"layers": 2}, {"embedding": "one-hot"}])
def test_each_cell_gets_the_size_nearest_to_the_first_cells_trained_numbers(settings):
    given = experiments("gru", "lstm", "elman", hidden_size=20, **settings)
    found = matched(given, "parameters")
    assert found[0].experiment == given[0]
    assert {one.wanted for one in found} == {count(given[0])}
    for one, experiment in zip(found, given, strict=True):
        assert one.experiment == best(experiment, count(given[0]))
        assert one.parameters == count(one.experiment)


def test_each_setting_is_matched_to_the_first_cell_in_the_same_setting():
    small, large = (experiments("gru", "lstm", hidden_size=size) for size in (16, 32))
    found = matched([*small, *large], "parameters")
    assert [one.wanted for one in found] == [count(small[0])] * 2 + [count(large[0])] * 2
    assert [found[1].experiment, found[3].experiment] == [
        best(small[1], count(small[0])),
        best(large[1], count(large[0])),
    ]


def test_with_equal_hidden_sizes_the_trained_numbers_are_only_counted():
    given = experiments("concat", "lstm", hidden_size=8)
    found = matched(given, "hidden-size")
    assert [one.experiment for one in found] == given
    assert [one.parameters for one in found] == [count(one) for one in given]


def test_a_cell_that_cannot_come_within_five_percent_is_refused_with_the_numbers():
    with pytest.raises(UsageError, match=r"no hidden size of lstm .* the nearest, \d+, has"):
        matched(experiments("elman", "lstm", hidden_size=3), "parameters")


def test_a_single_cell_has_nothing_to_be_matched_to():
    with pytest.raises(UsageError, match="name several with --cell"):
        matched(experiments("gru", "gru"), "parameters")
    with pytest.raises(UsageError, match="Did you mean 'parameters'"):
        matched(experiments("gru", "lstm"), "parametres")
