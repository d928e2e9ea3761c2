"""What every memory and recall task promises: reproducible draws, pure answers, shortest lengths.

`python tests/plugins/test_memory_and_recall.py` writes their digests anew, which is right only
where draws were meant to change.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.randomness.streams import stream
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.find import task as find_task

FAMILIES = {
    "memory": {
        "adding": 2,
        "associative-recall": 13,
        "copy": 2,
        "copy-memory": 21,
        "flip-flop": 4,
        "n-bit-flip-flop": 1,
        "repeat-copy": 2,
        "selective-copying": 17,
        "temporal-order": 10,
    },
    "recall": {
        "compression": 2,
        "fuzzy-recall": 11,
        "in-context-recall": 3,
        "memorization": 2,
        "mqar": 16,
        "noisy-recall": 3,
    },
}
VARIANTS = {
    "memory": (
        "associative-recall:symbols=64",
        "copy:symbols=256",
        "copy-memory:symbols=2,items=3",
        "flip-flop:ignore=0.1",
        "n-bit-flip-flop:channels=2,rate=0.5",
        "repeat-copy:symbols=3,repeats=4",
        "selective-copying:symbols=300,items=2",
        "temporal-order:relevant=3",
    ),
    "recall": (
        "compression:vocabulary_size=128",
        "fuzzy-recall:vary_keys=false,vocabulary_size=64",
        "fuzzy-recall:vocabulary_size=1000,key_motif_size=5,value_motif_size=1",
        "in-context-recall:vocabulary_size=700",
        "memorization:vocabulary_size=8192,map_seed=1",
        "mqar:vocabulary_size=8192,pairs=16",
        "mqar:random_filler=true,power_a=1",
        "noisy-recall:frac_noise=0.8,vocabulary_size=144",
    ),
}
SHORTEST = {name: least for shortest in FAMILIES.values() for name, least in shortest.items()}
SPECS = [*SHORTEST, *(spec for specs in VARIANTS.values() for spec in specs)]


def kept(family):
    """Return the file of a family's digests."""
    return Path(__file__).with_name(f"{family}_digests.json")


def digest(spec, length):
    """Return the start of the digest of a batch's inputs and targets."""
    task = find_task(spec)
    batch = task.batch(stream(7, "training", 0, length), 64, length)
    octets = batch.inputs.astype("<f8").tobytes() + batch.targets.astype("<f8").tobytes()
    return hashlib.sha256(octets).hexdigest()[:16]


def digests(family):
    """Return the digests of a family's specs at a short, a middle and a long length."""
    lengths = {spec: find_task(spec).lengths for spec in (*FAMILIES[family], *VARIANTS[family])}
    pairs = [(s, known.at_least(n)) for s, known in lengths.items() for n in (1, 30, 500)]
    return {f"{spec} at {length}": digest(spec, length) for spec, length in pairs}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_draws_the_same_instances_as_in_earlier_versions(family):
    assert digests(family) == json.loads(kept(family).read_text())


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


@pytest.mark.parametrize("family", FAMILIES)
def test_each_task_is_registered_with_a_summary_a_source_and_settings_of_an_experiment(family):
    for name in FAMILIES[family]:
        entry = current_registry().entry("task", name)
        assert (entry.family, bool(entry.summary)) == (family, True)
        task = find_task(name)
        assert task.source
        assert type(task).__doc__
        assert Experiment.for_task(name).evaluation_lengths


if __name__ == "__main__":
    for family in FAMILIES:
        kept(family).write_text(json.dumps(digests(family), indent=2) + "\n")
