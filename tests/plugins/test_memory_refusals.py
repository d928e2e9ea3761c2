"""What memory tasks refuse, and what is special to some of them."""

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task


@pytest.mark.parametrize(
    ("spec", "length", "message"),
    [
        ("associative-recall", 15, r"it has lengths 13, 17, \.\.\."),
        ("associative-recall:item_length=1", 8, "it has odd lengths from 7"),
        ("flip-flop", 7, "it has even lengths from 4"),
        ("copy-memory:items=3", 6, "it has lengths from 7"),
        ("selective-copying:items=3", 3, "it has lengths from 4"),
    ],
)
def test_lengths_follow_from_the_parameters(spec, length, message):
    with pytest.raises(UsageError, match=message):
        find_task(spec).batch(stream(0, "test"), 3, length)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("copy:symbols=1", "symbols must be a whole number from 2 to 1000, got 1"),
        ("copy-memory:items=0", "items must be a whole number from 1 to 1000, got 0"),
        ("repeat-copy:repeats=0", "repeats must be a whole number from 1 to 1000, got 0"),
        ("selective-copying:items=0", "items must be a whole number from 1 to 1000, got 0"),
        ("associative-recall:symbols=1000,item_length=4", r"must be at most .*, got 1000\^4"),
        ("temporal-order:relevant=4", r"relevant must be one of 2\|3, got '4'"),
        ("flip-flop:ignore=1.5", r"ignore must be a probability, 0 to 1, got 1\.5"),
        ("n-bit-flip-flop:rate=nan", "rate must be a probability, 0 to 1, got nan"),
        ("n-bit-flip-flop:channels=0", "channels must be a whole number from 1 to 1000, got 0"),
    ],
)
def test_parameters_out_of_range_are_errors_that_say_so(spec, message):
    with pytest.raises(UsageError, match=message):
        find_task(spec)


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        ("copy", "0 1 2", "must be a string and one end marker"),
        ("copy", "0 ; 2 ;", "must be a string and one end marker"),
        ("repeat-copy", "0 1 2", "must be a string and one count"),
        ("repeat-copy", "0 x1 x2", "must be a string and one count"),
        ("copy-memory:symbols=4,items=2", "0_>__", "first 2 symbols must be of 0 .. 3"),
        ("selective-copying:items=2", "0 - >", "must have 2 symbols that are not noise"),
        ("temporal-order", "EXaaaaaaaB", "must have 2 symbols of X and Y"),
        ("associative-recall:item_length=1", ";1;2?2?", "must ask about one of its items but the"),
    ],
)
def test_inputs_that_are_no_instances_are_errors_that_say_what_one_is(spec, text, message):
    task = find_task(spec)
    with pytest.raises(UsageError, match=message):
        task.batch_of(task.inputs.encode(text)[None])


def test_what_is_read_before_a_first_write_is_not_scored():
    task = find_task("flip-flop")
    batch = task.batch_of(task.inputs.encode("r0i1w1r1")[None])
    assert task.targets.decode(batch.targets[0]) == "......1."


def test_a_channel_without_a_pulse_yet_holds_zero():
    task = find_task("n-bit-flip-flop:channels=1")
    targets = task.batch_of(np.array([[[0.0], [0.0], [-1.0], [0.0]]])).targets
    assert targets[0, :, 0].tolist() == [0, 0, -1, -1]


@pytest.mark.parametrize("name", ["adding", "n-bit-flip-flop"])
def test_tasks_over_reals_are_solved_by_a_small_error(name):
    task = find_task(name)
    assert [metric.name for metric in task.metrics] == ["mean_squared_error", "r_squared"]
    assert task.is_solved({"mean_squared_error": 0.0009})
    assert not task.is_solved({"mean_squared_error": 0.0011})
    assert not task.is_solved({})
