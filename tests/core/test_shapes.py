"""What a file holds is checked by its shape, and what does not fit is named by file and field."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import (
    LOG_LINE,
    PROGRESS,
    RECORD,
    RESULT,
)
from seqtasks.files.json_text import MOST_DEPTH, read_text, write_text
from seqtasks.files.validation import (
    checked,
    fields,
    listed,
    real,
    table,
    text,
    whole,
)

SCORE = {
    "length": 10,
    "sequences": 5,
    "exhaustive": False,
    "metrics": {"token_accuracy": 0.5},
    "intervals": {"token_accuracy": [0.25, None]},
}
RESULT_DATA = {
    "step": 3,
    "step_limit": 3,
    "stopped": "steps",
    "seconds": 0.5,
    "parameters": 12,
    "scores": [SCORE],
    "untrained": [],
    "score": None,
}
RECORD_DATA = {"format": 1, "experiment": {"task": "parity"}, "threads": 1, "engine": "plain"}
PROGRESS_DATA = {
    "step": 7,
    "lines": 1,
    "stopped": None,
    "seconds": 0.25,
    "pending_losses": [0.1],
    "evaluations_solved": 0,
}
NAMED = [
    (RECORD, RECORD_DATA, ("threads",), 0, "threads must be a whole number, at least 1"),
    (RECORD, RECORD_DATA, ("threads",), -1, "got -1"),
    (RECORD, RECORD_DATA, ("threads",), "x", "got 'x'"),
    (RECORD, RECORD_DATA, ("threads",), 2.5, "got 2.5"),
    (RECORD, RECORD_DATA, ("threads",), 10**9, "at most 1024"),
    (RECORD, RECORD_DATA, ("threads",), True, "got True"),
    (RECORD, RECORD_DATA, ("experiment",), [], "experiment must be an object"),
    (RECORD, RECORD_DATA, ("experiment", "task"), "./a\0b.py:X", "experiment.task must be text"),
    (RECORD, RECORD_DATA, ("experiment", "cell"), {"class": "\ud800"}, "experiment.cell.class"),
    (RESULT, RESULT_DATA, ("scores",), {}, "scores must be a list"),
    (RESULT, RESULT_DATA, ("scores", 0), 5, r"scores\[0\] must be an object"),
    (RESULT, RESULT_DATA, ("scores", 0, "metrics"), {}, "metrics must be an object that holds"),
    (RESULT, RESULT_DATA, ("scores", 0, "metrics", "x"), 1.0, r"scores\[0\].intervals lack x"),
    (RESULT, RESULT_DATA, ("scores", 0, "intervals", "token_accuracy"), [1], "a list of 2"),
    (RESULT, RESULT_DATA, ("scores", 0, "length"), -3, "length must be a whole number"),
    (RESULT, RESULT_DATA, ("seconds",), math.inf, "seconds must be a finite number"),
    (RESULT, RESULT_DATA, ("step_limit",), None, "step_limit must be a whole number"),
    (LOG_LINE, {"step": 1}, ("step",), math.inf, "step must be a whole number"),
    (LOG_LINE, {"step": 1}, ("validation",), [], "validation must be an object"),
    (LOG_LINE, {"step": 1}, ("loss",), 10**400, "loss must be a number of double precision"),
    (PROGRESS, PROGRESS_DATA, ("stopped",), "native", "stopped must be solved, steps or observer"),
    (PROGRESS, PROGRESS_DATA, ("lines",), -1, "lines must be a whole number, at least 0"),
    (PROGRESS, PROGRESS_DATA, ("pending_losses",), ["x"], r"pending_losses\[0\] must be a number"),
]


def _with(data, place, value):
    copy = json.loads(json.dumps(data))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


@pytest.mark.parametrize(("shape", "data", "place", "value", "named"), NAMED)
def test_the_field_that_does_not_fit_is_named(shape, data, place, value, named):
    assert checked(data, shape, "f.json") == data
    with pytest.raises(UsageError, match=rf"^f\.json is damaged at line 3: .*{named}") as caught:
        checked(_with(data, place, value), shape, "f.json", " at line 3")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("shape", [RECORD, RESULT, LOG_LINE, PROGRESS])
@pytest.mark.parametrize("data", [None, 5, [], "x", {}, [{}]])
def test_what_is_no_object_of_the_kind_is_damage(shape, data):
    with pytest.raises(UsageError, match=r"^f is damaged: it (must be an object|lacks)\b"):
        checked(data, shape, "f")


def test_what_a_later_version_added_is_kept():
    assert checked({"step": 1, "colour": [5]}, LOG_LINE, "f") == {"step": 1, "colour": [5]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(JSON)
def test_whatever_is_read_is_taken_or_refused_in_one_line(data):
    for shape in (RECORD, RESULT, LOG_LINE, PROGRESS, listed(whole(1)), table(real), text):
        said = ""
        try:
            checked(data, shape, "f")
        except UsageError as error:
            said = str(error)
        assert len(said.splitlines()) <= 1, said
        assert len(said) < 400


@given(JSON)
def test_what_is_written_is_strict_json_and_comes_back(data):
    written = write_text(data)

    def refuse(name):
        raise AssertionError(name)

    json.loads(written, parse_constant=refuse)
    written.encode()  # no lone surrogates
    again = read_text(written.encode(), "f")
    assert write_text(again) == written


def test_numbers_that_are_not_finite_are_written_as_text_and_read_as_numbers():
    shape = fields({"values": listed(real)})
    written = write_text({"values": [math.nan, math.inf, -math.inf, 0.5]})
    assert written == '{"values": ["NaN", "Infinity", "-Infinity", 0.5]}'
    for text_ in (written, '{"values": [NaN, Infinity, -Infinity, 0.5]}'):  # and older files
        values = checked(read_text(text_.encode(), "f"), shape, "f")["values"]
        assert math.isnan(values[0])
        assert values[1:] == [math.inf, -math.inf, 0.5]


def test_what_steers_a_terminal_is_escaped_in_json():
    steering = "\x1b[2J\x07\x9b\u202e\x7f\ud800"
    written = write_text(steering)
    assert all(" " <= character <= "~" for character in written)
    assert json.loads(written) == steering


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"task": 1, "seed": 2, "task": 3}', "ambiguous: it holds the key 'task' twice"),
        (b'[{"a": {"b": 1, "b": 1}}]', "the key 'b' twice"),
        (b"[" * 500 + b"]" * 500, f"more than {MOST_DEPTH} deep"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, f"more than {MOST_DEPTH} deep"),
        (b"9" * 5000, "not JSON"),
        (b"\xff", "not text in UTF-8"),
    ],
)
def test_json_that_cannot_be_trusted_to_mean_one_thing_is_refused(content, why):
    with pytest.raises(UsageError, match=f"^f is .*{why}"):
        read_text(content, "f")
