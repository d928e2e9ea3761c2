"""A line that is read quickly is one that the full shape accepts, and holds the same."""

import json
from typing import Any

import pytest

from seqtasks.errors import UsageError
from seqtasks.files.json_text import read_text
from seqtasks.files.validation import checked
from seqtasks.studies import read_line as module
from seqtasks.studies.lines import LINE
from seqtasks.studies.read_line import read_line

PLAIN: dict[str, Any] = {
    "point": 3,
    "seed": 17,
    "status": "ended",
    "step": 200,
    "stopped": "steps",
    "scores": {"10": {"token_accuracy": 0.5, "sequence_accuracy": None}, "4..9": {}},
    "history": {"loss": [0.7, None], "validation": {"token_accuracy": [0.25]}},
    "seconds": 0.125,
    "of": "d2cbea49beaf",
}


def with_nan(data: Any) -> Any:
    """Return data with the text NaN for null, so that two NaN are equal."""
    if isinstance(data, dict):
        return {key: with_nan(value) for key, value in data.items()}
    if isinstance(data, list):
        return [with_nan(value) for value in data]
    return "NaN" if data is None or data != data else data


def read_in_full(content: bytes) -> Any:
    return checked(read_text(content, "file, line 1,"), LINE, "file", " at line 1")


def test_a_plain_line_is_read_without_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps(PLAIN).encode()
    wanted = read_in_full(content)
    monkeypatch.setattr(module, "checked", None)
    assert with_nan(read_line(content, "file", 1)) == with_nan(wanted)


NUMBERS: list[Any] = [True, "x", [], {}, "NaN", -1, 10**400]
CHANGED: list[tuple[tuple[str, ...], Any]] = [
    (path, value)
    for path in (
        ("point",),
        ("seed",),
        ("step",),
        ("seconds",),
        ("status",),
        ("stopped",),
        ("of",),
        ("scores",),
        ("scores", "10"),
        ("scores", "10", "token_accuracy"),
        ("history",),
        ("history", "loss"),
        ("history", "loss", "0"),
        ("history", "validation"),
        ("history", "validation", "token_accuracy"),
    )
    for value in (*NUMBERS, None, 1, 1.5, 2**63, "\u0000")
]


@pytest.mark.parametrize(("path", "value"), CHANGED)
def test_any_other_line_is_what_the_shape_makes_of_it(path: tuple[str, ...], value: Any) -> None:
    line = json.loads(json.dumps(PLAIN))
    *inner, last = path
    place: Any = line
    for key in inner:
        place = place[key]
    place[int(last) if isinstance(place, list) else last] = value
    content = json.dumps(line).encode()
    assert told(read_line, content, "file", 1) == told(read_in_full, content)


def told(read: Any, *arguments: Any) -> Any:
    """Return what a function reads, or the text of its error."""
    try:
        return with_nan(read(*arguments))
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PLAIN)[:-1] + ', "seed": 18}',
        json.dumps(PLAIN)[:-1] + ', "seed"\t: 18}',
        json.dumps(PLAIN).replace('"loss"', '"loss": [1.0], "loss"'),
        json.dumps(PLAIN).replace(
            '{"token_accuracy": 0.5', '{"token_accuracy": 1.0, "token_accuracy": 0.5'
        ),
        "\ufeff" + json.dumps(PLAIN),
        json.dumps(PLAIN)[:-1],
        json.dumps(PLAIN).replace('"of"', '"if"') + "x",
        json.dumps({key: value for key, value in PLAIN.items() if key != "step"}),
        "[" * 100_000,
        "",
    ],
)
def test_a_line_that_is_ambiguous_or_damaged_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="line 1"):
        read_line(text.encode(), "file", 1)


def test_a_line_with_further_keys_keeps_them() -> None:
    line = {**PLAIN, "later": {"a": [1]}, "problem": 'it said "x": no'}
    assert with_nan(read_line(json.dumps(line).encode(), "file", 1)) == with_nan(line)
