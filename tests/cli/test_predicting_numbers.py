"""`seqtasks predict` on runs of tasks over real numbers."""

import json

import pytest
import torch
from command_line import made

import seqtasks as st

SMALL = ["--hidden-size", "4", "--steps", "1", "--eval-length", "5", "--quiet"]


@pytest.fixture(scope="module")
def adding(command_line, tmp_path_factory):
    """A run whose answer is one number after pairs of numbers."""
    return made(command_line(tmp_path_factory.mktemp("adding")), "adding", *SMALL).path


@pytest.fixture(scope="module")
def flipflop(command_line, tmp_path_factory):
    """A run in double precision whose answers are pairs of numbers, one a step."""
    line = command_line(tmp_path_factory.mktemp("flipflop"))
    return made(line, "n-bit-flip-flop:channels=2", *SMALL, "--dtype", "float64").path


def said(path, vectors, dtype):
    """Return what a run's model says to vectors, at each step."""
    outputs = st.load(path).model(torch.tensor([vectors], dtype=dtype))
    return (outputs[0] if isinstance(outputs, tuple) else outputs)[0].tolist()


def test_the_answer_of_a_sum_is_a_number_at_the_end(answer, adding):
    last = said(adding, [[0.5, 1], [0.25, 0], [0.375, 1]], torch.float32)[-1]
    rows = answer("predict", adding, "0.5,1 0.25,0  0.375,1").splitlines()
    assert [row.split() for row in rows] == [
        ["input", "0.5,1", "0.25,0", "0.375,1"],
        ["prediction", ".", ".", f"{last[0]:.3g}"],
        ["right", ".", ".", "0.875"],  # 0.5 + 0.375, the two that are marked by a 1
    ]
    assert len({len(row) for row in rows}) == 1
    (document,) = json.loads(answer("predict", adding, "0.5,1 0.25,0 0.3,1", "--json"))
    assert document["input"] == [[0.5, 1], [0.25, 0], [0.3, 1]]
    assert document["answer"] == [None, None, [0.8]]
    assert document["prediction"][:2] == [None, None]


def test_numbers_below_0_are_inputs_and_no_options(answer, flipflop):
    vectors = [[-1, 0], [0, 1], [1, 0]]
    text = answer("predict", flipflop, "-1,0 0,1 1,0")
    assert text.splitlines()[0].split() == ["input", "-1,0", "0,1", "1,0"]
    # Each channel holds its last pulse, 0 before the first.
    assert text.splitlines()[2].split() == ["right", "-1,0", "-1,1", "1,1"]
    (document,) = json.loads(answer("predict", flipflop, "--json", stdin="-1,0 0,1 1,0\n"))
    assert document["answer"] == [[-1, 0], [-1, 1], [1, 1]]
    for told, expected in zip(
        document["prediction"], said(flipflop, vectors, torch.float64), strict=True
    ):
        assert told == pytest.approx(expected)
    shown = answer("predict", flipflop, "-1,0 0,1", "--states").splitlines()
    assert [row.split()[:3] for row in shown[-2:]] == [
        ["state", "1", "-1,0"],
        ["state", "2", "0,1"],
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5,1 0.3", ["step 2, '0.3', must have 2 number(s)", "as in 0.5,0.5", "got 1"]),
        ("0.5,1,2 0.3,1", ["step 1, '0.5,1,2', must have 2 number(s)", "got 3"]),
        ("0.5, 1 0.3,1", ["'' in step 1, '0.5,', is not a number"]),
        ("0.5,1 x,1", ["'x' in step 2, 'x,1', is not a number"]),
        ("0.5,1 nan,1", ["'nan' in step 2, 'nan,1', is not a finite number"]),
        ("-inf,1 0.3,1", ["No such option"]),
        ("0.5,1", ["length 1", "from 2"]),
        ("", ["length 0", "from 2"]),
    ],
)
def test_what_is_no_vectors_is_refused_where_it_is_wrong(refused, adding, text, words):
    refused(["predict", adding, text], *words)


def test_a_mistyped_option_is_still_told_from_an_input(refused, adding):
    refused(["predict", adding, "--stats", "0.5,1 0.3,1"], "no such option", "--states")
