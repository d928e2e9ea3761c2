"""What recall tasks refuse, and what is special to some of them."""

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task


@pytest.mark.parametrize(
    ("spec", "length", "message"),
    [
        ("mqar:pairs=8", 30, "it has even lengths from 32"),
        ("mqar", 17, "it has even lengths from 16"),
        ("in-context-recall", 8, "it has odd lengths from 3"),
        ("memorization", 3, "it has even lengths from 2"),
        ("fuzzy-recall:key_motif_size=1", 6, "it has lengths from 7"),
    ],
)
def test_lengths_follow_from_the_parameters(spec, length, message):
    with pytest.raises(UsageError, match=message):
        find_task(spec).batch(stream(0, "test"), 3, length)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mqar:vocabulary_size=3", "vocabulary_size must be a whole number from 4 to 65536, got 3"),
        ("mqar:vocabulary_size=8,pairs=4", "pairs must be a whole number from 1 to 3, got 4"),
        ("mqar:power_a=0", "power_a must be above 0 and at most 10, got 0"),
        ("mqar:power_a=nan", "power_a must be above 0 and at most 10, got nan"),
        ("in-context-recall:vocabulary_size=1", "must be a whole number from 2 to 1000, got 1"),
        ("noisy-recall:vocabulary_size=17", "vocabulary_size must be a whole number from 18"),
        ("noisy-recall:frac_noise=1.5", r"frac_noise must be a share, 0 to 1, got 1\.5"),
        ("fuzzy-recall:vocabulary_size=6", "must be a whole number from 7 to 1000, got 6"),
        ("fuzzy-recall:key_motif_size=0", "key_motif_size must be a whole number from 1 to 5"),
        ("memorization:map_seed=-1", "map_seed must be a whole number from 0"),
        ("compression:vocabulary_size=2", "must be a whole number from 3 to 1000, got 2"),
    ],
)
def test_parameters_out_of_range_are_errors_that_say_so(spec, message):
    with pytest.raises(UsageError, match=message):
        find_task(spec)


FUZZY = "must be pads, pairs of a key and its value, and one pair again but its end"


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        ("mqar:pairs=1", "k1 k2 - k1", "must begin with 1 pairs of a key and a value"),
        ("mqar:pairs=1", "- v2 - k1", "must begin with 1 pairs of a key and a value"),
        ("mqar:pairs=2", "k1 v2 k1 v3 k1 - k1 -", "no key twice"),
        ("in-context-recall", "k1 v1 k2", "must be pairs of a key and a value and a key seen"),
        ("in-context-recall", "k1 v1 v1", "must be pairs of a key and a value and a key seen"),
        ("in-context-recall", "k1 k1 k1", "must be pairs of a key and a value and a key seen"),
        ("in-context-recall", "k1 v1 k1 v2 k1", "must have the same value each time"),
        ("noisy-recall", "k1 v1 n1 v1 k1", "or of noise, and a key seen before"),
        ("noisy-recall", "n1 n1 n2", "or of noise, and a key seen before"),
        ("memorization", "k1 k2", "must be keys with a mark"),
        ("memorization", "k1 ? v1 ?", "must be keys with a mark"),
        ("compression", "1 2 3", "must be a string and one mark"),
        ("compression", "1 ; 3 ;", "must be a string and one mark"),
        ("fuzzy-recall", "k1 v1 k2", FUZZY),  # asked for a key that is new
        ("fuzzy-recall", "k1 v1 k1 v1", FUZZY),  # nothing is missing
        ("fuzzy-recall", "k1 v1 v2 k1", FUZZY),  # two symbols are missing
        ("fuzzy-recall", "k1 v1 k1 v2 k1", FUZZY),  # a key with two values
        ("fuzzy-recall", "k1 v1 v2 k1 v1 k1 v1", FUZZY),  # a value that was longer
        ("fuzzy-recall", "k1 v1 k1 v1 v2 k1", FUZZY),  # a value that was shorter
        ("fuzzy-recall", "v1 k1 v1 k1", FUZZY),  # a value without a key
        ("fuzzy-recall", "- v1 k1 v1 k1", FUZZY),
        ("fuzzy-recall", "k1 - v1 k1", FUZZY),  # a pad within
        ("fuzzy-recall", "k1 v1 k1 -", FUZZY),
        ("fuzzy-recall", "- - - -", FUZZY),
        ("fuzzy-recall", "k1 k2 k3 k4 v1 k1 k2 k3 k4", FUZZY),  # a key of four symbols
        ("fuzzy-recall", "k1 v1 v2 v3 v4 k1 v1 v2 v3", FUZZY),  # a value of four symbols
    ],
)
def test_inputs_that_are_no_instances_are_errors_that_say_what_one_is(spec, text, message):
    task = find_task(spec)
    with pytest.raises(UsageError, match=message):
        task.batch_of(task.inputs.encode(text)[None])


def test_filler_that_is_a_key_is_scored_as_the_query_it_looks_like():
    task = find_task("mqar:pairs=1,random_filler=true")
    batch = task.batch_of(task.inputs.encode("k1 v2 k1 v3 k2 k1")[None])
    assert task.targets.words(batch.targets[0]) == [".", ".", "v2", ".", ".", "v2"]


def test_the_map_of_memorization_depends_on_its_seed_alone():
    first, again, other = (
        find_task(f"memorization:map_seed={seed}").encode(
            np.array([[key, 255] for key in range(127)])
        )
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert (first[:, 1] != other[:, 1]).mean() > 0.9
