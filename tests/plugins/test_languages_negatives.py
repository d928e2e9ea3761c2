"""Strings to recognise that are no members, as the literature draws them."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks_languages.negatives import edited, uniform_strings

KINDS = ("random", "mixed")
LANGUAGES = {
    "tomita:number=1": (20, re.compile("1*")),
    "tomita:number=2": (20, re.compile("(10)*")),
    "tomita:number=4": (20, re.compile("(?!.*000).*")),
    "anbn": (12, None),
    "dyck": (12, None),
}


def recognise(spec, negatives):
    return st.task(f"{spec}{',' if ':' in spec else ':'}mode=recognise,negatives={negatives}")


def is_anbn(word):
    half = len(word) // 2
    return word == "a" * half + "b" * half


def is_dyck(word, task):
    opens = dict(zip(")]", "([", strict=True))
    stack = []
    for symbol in word:
        if symbol in opens.values():
            stack.append(symbol)
        elif not stack or stack.pop() != opens[symbol]:
            return False
    return not stack


def is_member(spec, word, task):
    if spec == "anbn":
        return is_anbn(word)
    if spec == "dyck":
        return is_dyck(word, task)
    return LANGUAGES[spec][1].fullmatch(word) is not None


@pytest.mark.parametrize("negatives", KINDS)
@pytest.mark.parametrize("spec", LANGUAGES)
def test_half_of_the_strings_are_members_and_the_others_are_none(spec, negatives):
    task = recognise(spec, negatives)
    length = LANGUAGES[spec][0]
    batch = task.batch(np.random.default_rng(3), 600, length)
    for inputs, target in zip(batch.inputs, batch.targets[:, -1], strict=True):
        assert is_member(spec, task.inputs.decode(inputs), task) is bool(target)
    assert abs(batch.targets[:, -1].mean() - 0.5) < 0.1
    assert batch.inputs.shape == (600, length)


def test_random_strings_are_uniform_outside_the_language():
    task = recognise("tomita:number=1", "random")
    batch = task.batch(np.random.default_rng(0), 30_000, 3)
    outside = batch.inputs[batch.targets[:, -1] == 0]
    words = ["".join(map(str, row)) for row in outside]
    possible = ["".join(bits) for bits in itertools.product("01", repeat=3)]
    counts = {word: words.count(word) for word in possible}
    assert counts.pop("111") == 0
    expected = len(words) / 7
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 22.5  # p = 0.001


def test_a_mixture_has_strings_near_to_members_and_far_from_them():
    near, random, mixed = (recognise("anbn", n) for n in ("near", *KINDS))

    def distances(task):
        batch = task.batch(np.random.default_rng(1), 2000, 20)
        member = np.repeat([0, 1], 10)
        return (batch.inputs[batch.targets[:, -1] == 0] != member).sum(1)

    assert distances(near).max() <= 2
    assert (distances(random) > 4).mean() > 0.95
    assert 0.35 < (distances(mixed) > 4).mean() < 0.75


@given(some.integers(0, 2**32 - 1), some.integers(1, 9), some.integers(2, 5))
def test_an_edit_keeps_the_length_and_the_alphabet(seed, length, symbols):
    rng = np.random.default_rng(seed)
    members = rng.integers(symbols, size=(40, length))
    before = members.copy()
    found = edited(rng, members, symbols)
    assert found.shape == members.shape
    assert (members == before).all()
    assert ((found >= 0) & (found < symbols)).all()


def test_k_edits_are_geometric_and_of_both_kinds():
    # In a long string of one symbol, of many, nearly every edit leaves one place that differs.
    members = np.zeros((40_000, 400), dtype=np.int64)
    found = edited(np.random.default_rng(2), members, 1000)
    places = (found != 0).sum(1)
    for k in (1, 2, 3, 4):
        assert abs((places == k).mean() - 0.5**k) < 0.02
    # In a string of different symbols, a replacement shifts nothing, a move does.
    members = np.tile(np.arange(400), (20_000, 1))
    differing = (edited(np.random.default_rng(4), members, 1000) != members).sum(1)
    assert abs((differing == 1).mean() - 0.25) < 0.02
    assert abs((differing > 4).mean() - 2 / 3) < 0.02


def test_uniform_strings_have_each_symbol_as_often():
    drawn = uniform_strings(np.random.default_rng(0), 3, 4000, 5)
    assert drawn.shape == (4000, 5)
    assert all(abs((drawn == symbol).mean() - 1 / 3) < 0.02 for symbol in range(3))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("anbn:negatives=random", "needs mode=recognise"),
        ("anbn:mode=recognise,negatives=far", r"near\|random\|mixed"),
    ],
)
def test_negatives_that_mean_nothing_are_refused(spec, why):
    with pytest.raises(UsageError, match=why):
        st.task(spec)
