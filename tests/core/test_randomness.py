"""Random streams: one for each purpose, the same wherever and whenever they are made."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.randomness.streams import random_octets, stream, torch_seed

PURPOSES = (
    "training",
    "lengths",
    "epoch",
    "evaluation",
    "validation",
    "trial",
    "initialisation",
    "forward",
)
SEEDS = st.integers(0, 2**40)
KEYS = st.lists(st.integers(0, 2**32 - 1), max_size=3).map(tuple)


def bits(seed, purpose, *key):
    """Return the first bytes of a stream."""
    return stream(seed, purpose, *key).bytes(16)


@settings(deadline=None)
@given(SEEDS, st.text(), KEYS)
def test_the_same_arguments_give_the_same_bits(seed, purpose, key):
    assert bits(seed, purpose, *key) == bits(seed, purpose, *key)


@settings(deadline=None)
@given(SEEDS, SEEDS, st.sampled_from(PURPOSES), KEYS)
def test_streams_of_two_seeds_differ(first, second, purpose, key):
    assert (bits(first, purpose, *key) == bits(second, purpose, *key)) == (first == second)


@settings(deadline=None)
@given(SEEDS, st.sampled_from(PURPOSES), KEYS, KEYS)
def test_streams_of_two_keys_differ(seed, purpose, first, second):
    assert (bits(seed, purpose, *first) == bits(seed, purpose, *second)) == (first == second)


@settings(deadline=None)
@given(SEEDS, KEYS)
def test_streams_of_two_purposes_differ(seed, key):
    drawn = {bits(seed, purpose, *key) for purpose in PURPOSES}
    assert len(drawn) == len(PURPOSES)


def test_neighbouring_seeds_blocks_and_lengths_never_share_a_stream():
    places = list(itertools.product(range(6), PURPOSES, range(6), range(6)))
    assert len({bits(seed, purpose, *key) for seed, purpose, *key in places}) == len(places)


def test_the_order_and_number_of_keys_matter():
    keys = [(), (0,), (0, 0), (1,), (0, 1), (1, 0), (1, 0, 0)]
    assert len({bits(3, "training", *key) for key in keys}) == len(keys)


def test_neighbouring_streams_are_not_correlated():
    drawn = np.array([stream(0, "training", 0, key).standard_normal(2000) for key in range(8)])
    shares = np.corrcoef(drawn) - np.eye(8)
    assert np.abs(shares).max() < 5 / np.sqrt(2000)


def test_drawing_from_a_stream_leaves_numpys_global_state_alone():
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    stream(1, "training", 2).bytes(100)
    assert (np.random.get_state()[1] == before).all()


def test_streams_stay_as_they_were_in_earlier_versions():
    assert bits(0, "training", 0, 10).hex() == "bab0abcc4151a670e95eec50f5b23335"
    assert bits(123, "evaluation", 500).hex() == "b628ddd2adfd474830e576043421d55b"


def test_torch_seeds_stay_as_they_were_in_earlier_versions():
    assert torch_seed(0, "initialisation") == 7627954304060881761


@settings(deadline=None)
@given(SEEDS)
def test_torch_seeds_lie_in_torchs_range_and_differ_by_purpose(seed):
    seeds = [torch_seed(seed, purpose) for purpose in PURPOSES]
    assert all(0 <= drawn < 2**63 and type(drawn) is int for drawn in seeds)
    assert len(set(seeds)) == len(seeds)
    assert seeds == [torch_seed(seed, purpose) for purpose in PURPOSES]


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "training")


@pytest.mark.parametrize("count", [0, 1, 8, 9, 4001])
def test_random_octets_are_those_of_the_bit_stream(count):
    words = stream(1, "test").bit_generator.random_raw(501).tolist()
    octets = b"".join(word.to_bytes(8, "little") for word in words)
    assert random_octets(stream(1, "test"), count).tobytes() == octets[:count]


def test_a_generator_of_narrower_words_fills_all_octets_too():
    octets = random_octets(np.random.Generator(np.random.MT19937(1)), 8 * 4096).reshape(-1, 8)
    assert (np.abs(octets.mean(axis=0) - 127.5) < 5 * 73.9 / 64).all()
