"""What every memory task promises: lengths, messages, reproducible draws, no torch.

`python tests/plugins/test_memory_promises.py` writes memory_digests.json anew, which is right only
where draws were meant to change.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.experiment import Experiment
from seqtasks.lookup import task as find_task
from seqtasks.randomness import stream
from seqtasks.registry import current_registry

DIGESTS = Path(__file__).with_name("memory_digests.json")
SHORTEST = {
    "adding": 2,
    "associative-recall": 13,
    "copy": 2,
    "copy-memory": 21,
    "flip-flop": 4,
    "n-bit-flip-flop": 1,
    "repeat-copy": 2,
    "selective-copying": 17,
    "temporal-order": 10,
}
SPECS = (
    *SHORTEST,
    "associative-recall:symbols=64",
    "copy:symbols=256",
    "copy-memory:symbols=2,items=3",
    "flip-flop:ignore=0.1",
    "n-bit-flip-flop:channels=2,rate=0.5",
    "repeat-copy:symbols=3,repeats=4",
    "selective-copying:symbols=300,items=2",
    "temporal-order:relevant=3",
)


def digest(spec, length):
    """Return the start of the digest of a batch's inputs and targets."""
    task = find_task(spec)
    batch = task.batch(stream(7, "training", 0, length), 64, length)
    octets = batch.inputs.astype("<f8").tobytes() + batch.targets.astype("<f8").tobytes()
    return hashlib.sha256(octets).hexdigest()[:16]


def digests():
    """Return the digests of every spec at a short and at a long length."""
    lengths = {spec: find_task(spec).lengths for spec in SPECS}
    pairs = [(s, known.at_least(n)) for s, known in lengths.items() for n in (1, 30, 500)]
    return {f"{spec} at {length}": digest(spec, length) for spec, length in pairs}


def test_the_same_seed_draws_the_same_instances_as_in_earlier_versions():
    assert digests() == json.loads(DIGESTS.read_text())


@pytest.mark.parametrize("spec", SPECS)
def test_another_seed_draws_other_instances(spec):
    task = find_task(spec)
    length = task.lengths.at_least(30)
    first, second = (task.batch(stream(seed, "test"), 8, length).inputs for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("spec", SPECS)
def test_a_generator_serves_many_calls_at_changing_lengths(spec):
    task, rng = find_task(spec), np.random.default_rng(5)
    short, long = task.lengths.at_least(20), task.lengths.at_least(500)
    batches = [task.batch(rng, 16, length) for length in (short, long, short, task.lengths.minimum)]
    assert not np.array_equal(batches[0].inputs, batches[2].inputs)
    for batch in batches:
        assert batch.scored.any(axis=1).all()
        assert len(batch.inputs) == len(batch.targets) == 16


@pytest.mark.parametrize("spec", SPECS)
def test_encoding_leaves_the_inputs_as_they_are_and_says_the_same_twice(spec):
    task = find_task(spec)
    inputs = task.generate(stream(0, "test"), 8, task.lengths.at_least(30))
    before = inputs.copy()
    first, second = task.encode(inputs), task.encode(inputs)
    assert np.array_equal(inputs, before)
    assert np.array_equal(first, second)
    # The harness gives ids as int64 and reals as float32: the answers are the same.
    wide = inputs.astype(np.float32 if inputs.ndim == 3 else np.int64)
    assert np.array_equal(task.encode(wide), first)


@pytest.mark.parametrize("spec", SPECS)
def test_the_answer_to_an_instance_does_not_depend_on_its_companions(spec):
    task = find_task(spec)
    inputs = task.generate(stream(0, "test"), 20, task.lengths.at_least(30))
    together = task.encode(inputs)
    alone = np.concatenate([task.encode(inputs[row : row + 1]) for row in range(20)])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize(("name", "least"), SHORTEST.items())
def test_the_shortest_length_is_as_defined_and_shorter_ones_are_errors_that_say_so(name, least):
    task = find_task(name)
    assert task.batch(stream(0, "test"), 3, least).inputs.shape[1] >= least
    for length in (0, least - 1):
        with pytest.raises(UsageError, match=f"cannot have length {length}: it has .*{least}"):
            task.batch(stream(0, "test"), 3, length)


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


@pytest.mark.parametrize("name", SHORTEST)
def test_each_task_is_registered_with_a_summary_a_source_and_settings_of_an_experiment(name):
    entry = current_registry().entry("task", name)
    assert (entry.family, bool(entry.summary)) == ("memory", True)
    task = find_task(name)
    assert task.source
    assert type(task).__doc__
    assert Experiment.for_task(name).evaluation_lengths


if __name__ == "__main__":
    DIGESTS.write_text(json.dumps(digests(), indent=2) + "\n")
