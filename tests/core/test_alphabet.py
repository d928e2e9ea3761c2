"""Alphabets: symbols and their ids, and real vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.tasks.alphabets import (
    BLANK,
    IGNORE,
    Reals,
    Tokens,
)

WORDS = st.text(alphabet="abcXYZ019+-()", min_size=1, max_size=3)
ALPHABETS = st.lists(WORDS, min_size=1, max_size=8, unique=True).map(Tokens)


def test_a_symbol_id_is_its_place():
    assert Tokens("abc").encode("cab").tolist() == [2, 0, 1]
    assert Tokens(["push", "pop", "0"]).encode("pop 0 push").tolist() == [1, 2, 0]


def test_ids_are_int64_even_of_no_symbols():
    assert Tokens("01").encode("01").dtype == np.int64
    assert Tokens("01").encode("").dtype == np.int64
    assert Tokens("01").encode("").shape == (0,)


def test_size_is_the_number_of_symbols():
    assert Tokens("012").size == len(Tokens("012")) == 3
    assert Tokens(["ab", "c"]).size == 2


@settings(deadline=None)
@given(ALPHABETS, st.data())
def test_text_is_the_inverse_of_ids(tokens, data):
    ids = data.draw(st.lists(st.integers(0, tokens.size - 1)))
    assert tokens.encode(tokens.decode(ids)).tolist() == ids
    assert tokens.words(ids) == [tokens.symbols[index] for index in ids]


def test_single_characters_need_no_spaces_and_may_have_them():
    assert Tokens("01").encode(" 01 1\n0 ").tolist() == [0, 1, 1, 0]
    assert Tokens("01").decode([0, 1, 1]) == "011"
    assert Tokens(["0", "10"]).decode([1, 0, 1]) == "10 0 10"


def test_unscored_positions_and_blanks_have_signs_of_their_own():
    assert Tokens("01").words(np.array([0, IGNORE, 2, 1])) == ["0", ".", BLANK, "1"]
    assert Tokens(["a", "POP"]).decode([IGNORE, 1, 2]) == ". POP _"


@pytest.mark.parametrize("wrong", [-1, -2, 3, 99])
def test_an_id_outside_the_alphabet_is_never_shown_as_a_symbol(wrong):
    with pytest.raises((IndexError, ValueError, UsageError)):
        Tokens("01").decode([0, wrong])


@pytest.mark.parametrize(
    ("symbols", "text", "message"),
    [
        ("01", "012", r"symbol '2' \(number 3 of '012'\) is not in the alphabet 0 1\."),
        (["0", "POP"], "0 PIP", r"'PIP' \(number 2 of '0 PIP'\).* Did you mean 'POP'\?"),
        (["0", "POP"], "0 pop", r"'pop' \(number 2 of .* Did you mean 'POP'\?"),
    ],
)
def test_the_first_unknown_symbol_is_named_with_its_number(symbols, text, message):
    with pytest.raises(UsageError, match=message):
        Tokens(symbols).encode(text)


@pytest.mark.parametrize(
    "symbols", ["", [], [""], ["a", ""], "a b", ["a b", "c"], ["\t"], [0, 1], [1, 2], [None]]
)
def test_symbols_that_text_could_not_be_cut_into_are_refused(symbols):
    with pytest.raises(ValueError, match="symbols must be"):
        Tokens(symbols)


@pytest.mark.parametrize("symbols", ["010", ["ab", "c", "ab"]])
def test_a_symbol_that_comes_twice_is_refused(symbols):
    with pytest.raises(ValueError, match="each symbol may come once"):
        Tokens(symbols)


def test_alphabets_of_the_same_symbols_are_equal_and_unchangeable():
    assert Tokens("01") == Tokens(["0", "1"])
    assert hash(Tokens("01")) == hash(Tokens(["0", "1"]))
    assert Tokens("01") != Tokens("10")
    with pytest.raises(AttributeError):
        Tokens("01").symbols = ("a",)


def test_vectors_are_written_a_word_a_step():
    vectors = np.array([[0.5, -1.0], [np.nan, np.nan], [1 / 3, 2.0]], dtype=np.float32)
    assert Reals(2).words(vectors) == ["0.5,-1", ".", "0.333,2"]
    assert Reals(2).decode(vectors) == "0.5,-1 . 0.333,2"
    assert Reals().words(np.array([1.0, np.nan])) == ["1", "."]


def test_text_is_read_as_vectors():
    read = Reals(2).encode("  0.5,-1e1\t.25,+2 ")
    assert (read.tolist(), read.dtype) == ([[0.5, -10], [0.25, 2]], np.float64)
    assert Reals().encode("1 2 3").tolist() == [[1], [2], [3]]
    assert Reals(3).encode("").shape == (0, 3)


@pytest.mark.parametrize(
    ("size", "text", "message"),
    [
        (1, "1 2,3", "step 2, '2,3', must have 1 number(s), as in 0.5, got 2; write a space be"),
        (4, "1", "must have 4 number(s), as in 0.5,0.5,0.5,..., got 1"),
        (1, "1 one", "'one' in step 2, 'one', is not a number"),
        (1, "1 inf", "'inf' in step 2, 'inf', is not a finite number"),
    ],
)
def test_text_that_is_no_vectors_is_refused_at_the_first_wrong_step(size, text, message):
    with pytest.raises(UsageError) as caught:
        Reals(size).encode(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("size", [0, -1])
def test_a_vector_without_numbers_is_refused(size):
    with pytest.raises(ValueError, match=f"at least one number, got size {size}"):
        Reals(size)
