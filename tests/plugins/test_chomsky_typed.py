"""Inputs that a user types to the Chomsky tasks: published examples, odd ones, and wrong ones."""

import itertools
import re

import numpy as np
import pytest
from test_chomsky_oracles import ORACLES

from seqtasks.errors import UsageError
from seqtasks.registry.find import build_task
from seqtasks_chomsky.expressions import MALFORMED, OTHER, evaluate

PUBLISHED = {
    "even-pairs": [("001110", "0"), ("0101001", "1")],
    "cycle-navigation": [("+1 -1 0 -1 -1", "3"), ("+1 +1 +1 -1", "2")],
    "modular-arithmetic": [("1+2*3", "2"), ("1-1-1", "4"), ("0*1+4*3-2", "0"), ("1_2*__3", "4")],
    "modular-arithmetic-brackets": [("((1-2)*4)", "1"), ("-4", "1"), ("(-4)", "1")],
    "solve-equation": [("x=3", "3"), ("-x=1", "4"), ("(x+(-1))=4", "0"), ("(2-x)=0", "2")],
    "stack-manipulation": [
        ("0 1 1 0 PUSH1 POP POP", "1 1 0 END . . . ."),
        ("1 1 0 POP POP POP", "END . . . . . ."),
        ("1 POP POP PUSH0", "0 END . . ."),
        ("1 0", "0 1 END"),
        ("POP PUSH1", "1 END ."),
    ],
    "missing-duplicate": [("01100x10", "1"), ("1011x1-", "0")],
    "odds-first": [("00110101", "01110100"), ("110", "110")],
    "binary-addition": [
        ("001+01101", "0 1 0 1 1 END . . . ."),
        ("1001+000001", "1 0 0 1 0 1 END . . . . ."),
        ("0+00", "0 END . . ."),
        ("1+1", "0 1 END ."),
    ],
    "binary-multiplication": [
        ("001*01101", "0 0 0 1 1 0 1 END ."),
        ("1001*000001", "0 0 0 0 0 1 0 0 1 END ."),
        ("0*11", "0 END . ."),
    ],
    "compute-sqrt": [("100101", "110"), ("111", "10"), ("000", "00"), ("1", "1")],
    "bucket-sort": [("421302214", "011222344")],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_examples_and_inputs_that_are_never_drawn_are_answered_as_they_should(name):
    task, oracle = ORACLES[name]
    for text, answer in PUBLISHED[name]:
        ids = task.inputs.encode(text)
        words = task.targets.words(task.encode(ids[None]).reshape(-1))
        assert words == (answer.split() if " " in answer else [*answer])
        assert words == oracle(task.inputs.words(ids))


WRONG = {
    "modular-arithmetic": ["1+", "+1+", "11+", "1++", "1+2+"],
    "modular-arithmetic-brackets": ["(", "1)", ")1(", "1+", "+1", "()", "12", "(1+2", "x", "2(3)"],
    "solve-equation": ["1=1", "x+x=2", "x=x", "x=+", "x+=1", "(x=1)", "1=x", "x1", "x+1", "=x=1"],
    "stack-manipulation": ["POP 1", "0 PUSH1 0", "1 PUSH0 POP 1 POP"],
    "missing-duplicate": ["x0x0", "0110", "0x11-0", "01x", "x-", "00x", "-x0-", "01x00-"],
    "binary-addition": ["+01", "01+", "010", "0+1+1", "++1"],
    "binary-multiplication": ["*01", "01*", "010", "0*1*1", "**1"],
}
COPYING = ("even-pairs", "reverse-string", "duplicate-string", "odds-first")
WANTED = {
    "modular-arithmetic": "digits with one of + - * between neighbours",
    "modular-arithmetic-brackets": "an expression of digits, + - * and ( )",
    "solve-equation": "an expression of digits, + - ( ) and one x, then = and a digit",
    "stack-manipulation": "a stack of 0 and 1 followed by POP, PUSH0 and PUSH1",
    "missing-duplicate": "a word of 0 and 1 written twice with one x in it",
    "binary-addition": "two binary numbers with + between",
    "binary-multiplication": "two binary numbers with * between",
}


@pytest.mark.parametrize("name", WRONG)
def test_an_input_that_the_task_is_not_about_is_quoted_with_what_was_wanted(name):
    task, _ = ORACLES[name]
    for text in WRONG[name]:
        ids = task.inputs.encode(text)
        with pytest.raises(UsageError, match=re.escape(WANTED[name]) + "$") as caught:
            task.batch_of(ids[None])
        assert str(caught.value).startswith(f"'{text}' is not")


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_input_among_right_ones_is_the_one_that_is_quoted(name):
    task, _ = ORACLES[name]
    inputs = task.generate(np.random.default_rng(0), 5, 7).astype(np.int64)
    inputs[3] = [2, 1, 2, 1, 2, 1, 2]
    with pytest.raises(UsageError, match="is not") as caught:
        task.encode(inputs)
    assert str(caught.value).startswith(f"'{task.inputs.decode(inputs[3])}' is not")


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in COPYING])
def test_an_id_that_no_symbol_has_is_refused(name):
    task, _ = ORACLES[name]
    for wrong in (-1, task.inputs.size, 300):
        inputs = task.generate(np.random.default_rng(0), 2, 3).astype(np.int64)
        inputs[1, 1] = wrong
        with pytest.raises(UsageError, match=f"there is no symbol with id {wrong}: the alphabet"):
            task.encode(inputs)


def lenient(symbols):
    """Return the value of an expression whose brackets may be any, or None, by descent."""
    try:
        value, end = _sum(symbols, 0)
    except (IndexError, ValueError):
        return None
    return value % 5 if end == len(symbols) else None


def _sum(symbols, place):
    value, place = _product(symbols, place)
    while place < len(symbols) and symbols[place] in "+-":
        sign = 1 if symbols[place] == "+" else -1
        term, place = _product(symbols, place + 1)
        value += sign * term
    return value, place


def _product(symbols, place):
    value, place = _operand(symbols, place)
    while place < len(symbols) and symbols[place] == "*":
        factor, place = _operand(symbols, place + 1)
        value *= factor
    return value, place


def _operand(symbols, place):
    if symbols[place] == "-":
        value, place = _operand(symbols, place + 1)
        return -value, place
    if symbols[place] == "(":
        value, place = _sum(symbols, place + 1)
        if symbols[place] != ")":
            raise ValueError
        return value, place + 1
    return int(symbols[place]), place + 1


def test_of_all_strings_up_to_five_symbols_the_expressions_are_known_and_right():
    alphabet = "0123+-*()x"  # 4 is -1, and left out so that there are not too many
    ids = np.array([*range(4), *range(5, OTHER + 1)], dtype=np.uint8)
    for length in range(1, 6):
        strings = np.indices((10,) * length, dtype=np.uint8).reshape(length, -1).T
        values = evaluate(ids[strings]).tolist()
        for string, value in zip(itertools.product(alphabet, repeat=length), values, strict=True):
            expected = lenient("".join(string))
            assert value == (MALFORMED if expected is None else expected), string


def loose(rng, length):
    """Draw an expression of about some length, bracketed as it comes."""
    if length < 2:
        return str(rng.integers(5))
    kind = rng.integers(8)
    if kind == 0:
        return f"-{loose(rng, length - 1)}"
    if kind <= 2:
        return f"({loose(rng, length - 2)})"
    left = int(rng.integers(1, length))
    operator = "+-*"[rng.integers(3)]
    return f"{loose(rng, left)}{operator}{loose(rng, length - left - 1)}"


def test_expressions_with_other_brackets_than_drawn_ones_are_valued_as_usual():
    task, _ = ORACLES["modular-arithmetic-brackets"]
    rng = np.random.default_rng(3)
    for length in np.repeat((3, 6, 10, 20, 60), 300):
        text = loose(rng, int(length))
        answer = task.encode(task.inputs.encode(text)[None])
        assert answer.tolist() == [lenient(text)]
        assert lenient(text) == eval(text) % 5


def test_brackets_may_be_nested_hundreds_deep():
    task, oracle = ORACLES["modular-arithmetic-brackets"]
    right = "(1-" * 120 + "2" + ")" * 120
    left = "(" * 120 + "2" + "-1)" * 120
    for text in (right, left):
        answer = task.encode(task.inputs.encode(text)[None])
        assert task.targets.words(answer) == oracle([*text])


def test_of_all_short_equations_the_solvable_are_solved():
    task, _ = ORACLES["solve-equation"]
    seen = 0
    for length in range(1, 5):
        for symbols in itertools.product("01234+-()x", repeat=length):
            text = "".join(symbols)
            if text.count("x") != 1 or lenient(text.replace("x", "0")) is None:
                continue
            for value in range(5):
                right = lenient(text.replace("x", str(value)))
                answer = task.encode(task.inputs.encode(f"{text}={right}")[None])
                assert answer.tolist() == [value]
                seen += 1
    assert seen > 300


@pytest.mark.parametrize("name", ORACLES)
def test_encoding_is_the_same_for_every_integer_type_and_leaves_inputs_alone(name):
    task, _ = ORACLES[name]
    drawn = task.generate(np.random.default_rng(0), 30, 11)
    before = drawn.copy()
    answers = [task.encode(drawn.astype(kind)).tolist() for kind in (np.uint8, np.int16, np.int64)]
    assert answers[0] == answers[1] == answers[2] == task.encode(drawn).tolist()
    assert np.array_equal(drawn, before)
    alone = [task.encode(row[None])[0].tolist() for row in drawn]
    assert alone == answers[0]


@pytest.mark.parametrize("name", ORACLES)
def test_tasks_take_no_parameters(name):
    with pytest.raises(UsageError, match="cannot be made"):
        build_task(type(ORACLES[name][0]), {"modulus": 3}, name)
