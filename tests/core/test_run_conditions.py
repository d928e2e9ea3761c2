"""A condition chooses the runs that Python itself would choose, and a wrong one says where."""

import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.runs.comparisons import shown
from seqtasks.runs.condition import read_condition

ROW = {
    "name": "parity-gru-1",
    "cell": "gru",
    "solved": True,
    "hidden_size": 8,
    "learning_rate": 0.001,
    "length": "1..40",
    "embedding_size": None,
    "evaluation_lengths": [10, 20],
    "token_accuracy_10": 0.75,
}


def answered(text):
    """Return what a condition says of the run above."""
    condition = read_condition(text)
    condition.check_names(ROW)
    return condition.matches(ROW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cell=gru and solved", True),
        ("cell = 'gru' AND NOT solved", False),
        ("not solved or hidden-size in 8,16", True),
        ("hidden_size in (4, 16) or cell not in (lstm, elman)", True),
        ("lr <= 1e-3", True),
        ("learning_rate = 0.0010", True),
        ("hidden_size = 8.0 and hidden_size != 9", True),
        ("length = 1..40 and length ~ '^1'", True),
        ("length < 50", False),  # a range is no number
        ("embedding_size = none", True),
        ("embedding_size != none", False),
        ("embedding_size > 1 or embedding_size < 1", False),
        ("embedding_size != 5", True),
        ("solved = true and solved != false", True),
        ("evaluation_lengths = '10,20'", True),
        ("run ~ gru", True),
        ("(((cell==gru)))", True),
        ("cell = lstm or cell = gru and solved", True),  # `and` binds closer
        ("(cell = gru or cell = lstm) and not solved", False),
        ("token_accuracy_10>0.7", True),
        ('cell = "g\\u"', False),
    ],
)
def test_a_condition_is_read_as_it_is_written(text, expected):
    assert answered(text) is expected


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", 1, "expected the name of a field, `not` or `(`, got the end"),
        ("cell=gru and", 13, "got the end"),
        ("(cell=gru", 10, "expected `and`, `or` or `)`"),
        ("cell=gru)", 9, "expected `and`, `or` or the end, got ')'"),
        ("cell gru", 6, "expected `and`, `or` or the end, got 'gru'"),
        ("cell=", 6, "expected a value"),
        ("cell = = gru", 8, "expected a value, got '='"),
        ("cell not gru", 10, "expected `in`"),
        ("cell in", 8, "expected a value"),
        ("cell in (a b)", 12, "expected `,` or `)`"),
        ("and solved", 1, "the name of a field"),
        ("cell='gru", 6, "a quotation mark is not closed"),
        ("cell = gru:norm=layer", 8, "needs quotes"),
        ("cell ! gru", 6, "a sign is not known"),
        ("sovled", 1, "no run has a field 'sovled'. Did you mean 'solved'?"),
        ("cell=gru and hiden_size=8", 14, "Did you mean 'hidden_size'?"),
        ("hidden_size", 1, "hidden_size is no yes or no: compare it, as in `hidden_size = 8`"),
        ("hidden_size = big", 15, "hidden_size is a number, got 'big'"),
        ("hidden_size = '8'", 15, "hidden_size is a number"),
        ("solved = 1", 10, "solved is true or false, got '1'"),
        ("cell < gru", 8, "only numbers are less or more, got 'gru'"),
        ("name ~ '('", 8, "is not a regular expression"),
        ("not " * 200 + "solved", 401, "more than 100 deep"),
        ("(" * 5000, 101, "more than 100 deep"),
    ],
)
def test_a_wrong_condition_names_the_place_and_what_was_expected(text, at, words):
    with pytest.raises(UsageError) as caught:
        answered(text)
    said = str(caught.value)
    assert f"at character {at}:" in said
    assert words in said


def test_a_mistake_is_told_even_where_the_answer_is_known_without_it():
    with pytest.raises(UsageError, match="is a number"):
        read_condition("solved or hidden_size = big").matches(ROW)


def test_a_condition_is_never_executed(tmp_path):
    mark = tmp_path / "mark"
    for text in (f"__import__('os').mknod('{mark}')", "cell.__class__ = str", "solved; cell"):
        with pytest.raises(UsageError):
            answered(text)
    assert not mark.exists()


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        said = str(answered(text))
    except UsageError as error:
        said = str(error)
    assert said.startswith(("True", "False", "the condition is wrong at character"))


# ---- an oracle: the same question asked by Python, of dictionaries

WORDS = ("gru", "lstm", "1..40", "x", "None", "true")
NUMBERS = (0, 1, 8, 0.5, -2.5, 1e-3, 100)
TEXTS, FIGURES, FLAGS = ("cell", "length"), ("size", "rate"), ("solved", "tied")
SIGNS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(TEXTS, st.none() | st.sampled_from(WORDS)),
        **dict.fromkeys(FIGURES, st.none() | st.sampled_from(NUMBERS)),
        **dict.fromkeys(FLAGS, st.none() | st.booleans()),
    }
)


def _compared(name, sign, value):
    if sign == "!=":
        return lambda row: not (row[name] is not None and row[name] == value)
    return lambda row: row[name] is not None and SIGNS[sign](row[name], value)


def _among(name, values, absent):
    return lambda row: (row[name] in values) != absent


@st.composite
def comparisons(draw):
    """Return a comparison as text, and what Python says to it."""
    kind = draw(st.sampled_from(["text", "number", "flag", "in", "search", "none"]))
    if kind == "text":
        name, sign = draw(st.sampled_from(TEXTS)), draw(st.sampled_from(["=", "!="]))
        value = draw(st.sampled_from(WORDS))
        quote = draw(st.sampled_from("'\""))
        return f"{name} {sign} {quote}{value}{quote}", _compared(name, sign, value)
    if kind == "number":
        name, sign = draw(st.sampled_from(FIGURES)), draw(st.sampled_from([*SIGNS]))
        value = draw(st.sampled_from(NUMBERS))
        return f"{name}{sign}{value!r}", _compared(name, sign, value)
    if kind == "flag":
        name = draw(st.sampled_from(FLAGS))
        return name, lambda row: bool(row[name])
    if kind == "none":
        name = draw(st.sampled_from(FIGURES))
        return f"{name} = none", lambda row: row[name] is None
    if kind == "search":
        name, part = draw(st.sampled_from(TEXTS)), draw(st.sampled_from(["g", "r", "^1", "m$"]))
        return (
            f"{name} ~ '{part}'",
            lambda row: row[name] is not None and re.search(part, row[name]) is not None,
        )
    name = draw(st.sampled_from(FIGURES))
    values = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3))
    absent = draw(st.booleans())
    written = ", ".join(map(repr, values))
    word = "not in" if absent else "in"
    return f"{name} {word} ({written})", _among(name, values, absent)


def _larger(inner):
    pair = st.tuples(inner, inner)
    return (
        pair.map(lambda two: (f"({two[0][0]}) and ({two[1][0]})", _both(*two)))
        | pair.map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", _either(*two)))
        | inner.map(lambda one: (f"not ({one[0]})", lambda row: not one[1](row)))
    )


def _both(one, other):
    return lambda row: one[1](row) and other[1](row)


def _either(one, other):
    return lambda row: one[1](row) or other[1](row)


@given(st.recursive(comparisons(), _larger, max_leaves=8), st.lists(rows, min_size=1, max_size=8))
def test_a_condition_chooses_the_runs_that_python_chooses(asked, many):
    text, oracle = asked
    condition = read_condition(text)
    assert [condition.matches(row) for row in many] == [oracle(row) for row in many]


@given(st.lists(comparisons(), min_size=2, max_size=5), st.data(), rows)
def test_and_binds_closer_than_or_as_in_python(parts, data, row):
    words = [data.draw(st.sampled_from(["and", "or"])) for _ in parts[1:]]
    text, asked = parts[0][0], str(bool(parts[0][1](row)))
    for word, (written, oracle) in zip(words, parts[1:], strict=True):
        text, asked = f"{text} {word} {written}", f"{asked} {word} {bool(oracle(row))}"
    assert read_condition(text).matches(row) is eval(asked)


def test_values_are_shown_as_they_are_compared():
    for name, value in ROW.items():
        if not isinstance(value, bool) and value is not None:
            assert read_condition(f"{name} = {_quoted(value)}").matches(ROW)


def _quoted(value):
    return shown(value) if isinstance(value, int | float) else f"'{shown(value)}'"
