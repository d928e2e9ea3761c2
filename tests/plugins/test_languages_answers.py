"""The answers of the languages against slow recognisers, all short strings and many long ones."""

import itertools

import numpy as np
import pytest
from test_languages_oracles import CASES, all_words

from seqtasks.randomness.streams import stream
from seqtasks_languages.language import END

NAMES = list(CASES)


def texts_of(task, inputs):
    return [task.inputs.decode(row) for row in inputs]


def expected_sets(prefixes, words, symbols, text):
    """Return the set after each symbol of a text, from the members and all that begins one."""
    found = []
    for seen in range(1, len(text) + 1):
        read = text[:seen]
        legal = [read + symbol in prefixes for symbol in symbols] + [read in words]
        found.append(legal if read in prefixes else [False] * len(legal))
    return found


def test_the_alphabets_are_those_of_the_definitions():
    for case in CASES.values():
        assert "".join(case.make().inputs.symbols) == case.symbols
        assert case.make().targets.symbols == (*case.symbols, END)
        assert case.make("recognise").targets.symbols == ("no", "yes")


@pytest.mark.parametrize("name", NAMES)
def test_every_short_string_is_recognised(name):
    case = CASES[name]
    task = case.make("recognise")
    for length in range(1, {2: 10, 3: 7, 4: 6, 6: 5, 7: 4}[len(case.symbols)] + 1):
        strings = np.array(list(itertools.product(range(len(case.symbols)), repeat=length)))
        expected = [case.oracle(text) for text in texts_of(task, strings)]
        assert task.encode(strings).tolist() == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_short_string_has_the_sets_that_can_still_be_completed(name):
    case = CASES[name]
    task = case.make()
    words = all_words(name, case.complete)
    prefixes = {word[:end] for word in words for end in range(len(word) + 1)}
    for length in range(1, case.read + 1):
        strings = np.array(list(itertools.product(range(len(case.symbols)), repeat=length)))
        sets = task.encode(strings).tolist()
        for text, found in zip(texts_of(task, strings), sets, strict=True):
            assert found == expected_sets(prefixes, words, case.symbols, text)


@pytest.mark.parametrize("name", ["reber", "embedded-reber"])
def test_every_beginning_of_a_reber_string_has_the_sets_that_can_still_be_completed(name):
    case = CASES[name]
    task = case.make()
    words = all_words(name, case.complete)
    prefixes = {word[:end] for word in words for end in range(len(word) + 1)}
    for length in range(5, case.complete - 6):  # 6 more symbols complete any beginning
        begun = sorted(prefix for prefix in prefixes if len(prefix) == length - 1)
        texts = [prefix + symbol for prefix in begun for symbol in case.symbols]
        sets = task.encode(np.array([task.inputs.encode(text) for text in texts])).tolist()
        for text, found in zip(texts, sets, strict=True):
            assert found == expected_sets(prefixes, words, case.symbols, text)


@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_strings_up_to_500_symbols_are_recognised(name):
    case = CASES[name]
    task, rng = case.make("recognise"), stream(3, "test")
    for wanted in (10, 12, 20, 30, 50, 100, 300, 500):
        length = task.lengths.at_least(wanted)
        drawn = task.generate(rng, 200, length)
        changed = drawn.copy()
        changed[np.arange(200), rng.integers(length, size=200)] = 0
        strings = np.concatenate(
            [drawn, changed, rng.integers(task.inputs.size, size=(50, length))]
        )
        expected = [case.oracle(text) for text in texts_of(task, strings)]
        assert task.encode(strings).tolist() == expected
        assert 50 < sum(expected) < 400


@pytest.mark.parametrize("name", NAMES)
def test_what_a_member_says_next_is_in_the_set_and_end_where_it_may_end(name):
    case = CASES[name]
    task, rng = case.make(), stream(4, "test")
    for wanted in (12, 60):
        length = task.lengths.at_least(wanted)
        members = np.asarray(task.generate(rng, 30, length))
        sets = task.encode(members)
        assert np.take_along_axis(sets[:, :-1], members[:, 1:, None], axis=2).all()
        assert sets[:, -1, -1].all()
        for text, found in zip(texts_of(task, members), sets, strict=True):
            expected = [case.oracle(text[:seen]) for seen in range(1, length + 1)]
            assert found[:, -1].tolist() == expected


@pytest.mark.parametrize("name", NAMES)
def test_after_a_symbol_that_cannot_come_no_step_is_scored(name):
    task, rng = CASES[name].make(), stream(6, "test")
    length = task.lengths.at_least(20)
    strings = rng.integers(task.inputs.size, size=(500, length))
    batch = task.batch_of(strings)
    assert (batch.scored[:, 1:] <= batch.scored[:, :-1]).all()
    followed = np.take_along_axis(batch.targets[:, :-1], strings[:, 1:, None], axis=2)[..., 0]
    assert np.array_equal(batch.scored[:, 1:], batch.scored[:, :-1] & followed)


@pytest.mark.parametrize("mode", ["predict", "recognise"])
@pytest.mark.parametrize("name", NAMES)
def test_an_answer_depends_on_its_own_string_alone_and_leaves_it_as_it_is(name, mode):
    task = CASES[name].make(mode)
    length = task.lengths.at_least(15)
    strings = np.asarray(task.generate(stream(7, "test"), 12, length))
    before = strings.copy()
    together = task.encode(strings)
    assert np.array_equal(strings, before)
    for row in range(12):
        assert np.array_equal(task.encode(strings[row : row + 1])[0], together[row])


@pytest.mark.parametrize("name", ["anbn", "anbncn"])
def test_counts_are_kept_over_a_thousand_symbols(name):
    case = CASES[name]
    task = case.make()
    [member] = task.enumerate(1200)
    block = 1200 // len(case.symbols)
    said = task.targets.words(task.encode(member[None])[0])
    assert said[:block] == ["{a,b,END}".replace(",END", "")] * block
    assert said[block : 2 * block - 1] == ["{b}"] * (block - 1)
    assert said[2 * block - 1] == ("{END}" if name == "anbn" else "{c}")
    assert said[-1] == "{END}"


@pytest.mark.parametrize("length", [127, 128, 129, 32_768])
def test_as_many_brackets_can_be_open_as_there_are_symbols(length):
    task, recogniser = CASES["shuffle-dyck"].make(), CASES["shuffle-dyck"].make("recognise")
    opened = np.zeros((1, length), dtype=np.uint8)
    assert task.encode(opened)[0, -1].tolist() == [True, True, True, False, False]
    assert recogniser.encode(opened).tolist() == [0]
    assert recogniser.encode(np.concatenate([opened, opened + 1], axis=1)).tolist() == [1]
