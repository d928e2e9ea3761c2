"""`seqtasks check` tells which promises of a task hold."""

import json

import pytest

MINE = """
import numpy as np
import seqtasks as st

class Delay(st.Task):
    "Say the bit before this one; 0 at the first step."
    inputs = targets = st.Tokens("01")
    source = "our own"
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return np.pad(inputs, ((0, 0), (1, 0)))[:, :-1]

class Mixes(Delay):
    "Mix the rows of a batch."
    def encode(self, inputs):
        return (inputs + inputs.sum()) % 2
"""


@pytest.fixture
def mine(seqtasks):
    (seqtasks.folder / "mine.py").write_text(MINE)
    return seqtasks


def test_a_right_task_has_a_row_for_each_check_and_ends_with_0(mine):
    for name in ("parity", "bitshift:shift=2", "./mine.py:Delay"):
        process = mine("check", name)
        assert (process.returncode, process.stderr) == (0, "")
        first, _, *rows, empty, last = process.stdout.splitlines()
        assert first == f"{name} (task)"
        assert empty == ""
        assert " failed" not in last
        marks = [row.split()[0] for row in rows if not row.startswith(" ")]
        assert set(marks) <= {"ok", "skip"}
        assert len(marks) == int(last.split()[0])


def test_a_broken_promise_ends_with_1_and_is_told_with_what_was_seen(mine):
    process = mine("check", "./mine.py:Mixes")
    assert (process.returncode, process.stderr) == (1, "")
    assert "FAIL  rows-are-independent" in process.stdout
    assert "depends on the other inputs of its batch" in " ".join(process.stdout.split())


def test_a_skipped_check_shows_its_reason(mine):
    skip = "rows-are-independent=it is meant"
    process = mine("check", "./mine.py:Mixes", "--skip", skip, "--json")
    assert process.returncode == 0
    found = json.loads(process.stdout)
    assert (found["kind"], found["name"], found["passed"]) == ("task", "./mine.py:Mixes", True)
    (skipped,) = [one for one in found["checks"] if one["name"] == "rows-are-independent"]
    assert (skipped["status"], skipped["message"]) == ("skipped", "it is meant")


def test_json_is_one_object_with_the_promise_of_each_check(mine):
    process = mine("check", "./mine.py:Mixes", "--json")
    assert process.returncode == 1
    found = json.loads(process.stdout)
    assert not found["passed"]
    statuses = {one["name"]: one["status"] for one in found["checks"]}
    assert statuses["rows-are-independent"] == "failed"
    assert all(one["promise"].endswith(".") and one["seconds"] >= 0 for one in found["checks"])


@pytest.mark.parametrize("columns", [40, 80])
def test_every_line_fits_the_terminal(mine, columns):
    for name in ("parity", "./mine.py:Mixes"):
        process = mine("check", name, COLUMNS=str(columns))
        assert max(map(len, process.stdout.splitlines())) <= columns
        assert "\x1b" not in process.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paritty"], ["unknown task 'paritty'", "Did you mean 'parity'?"]),
        (["./none.py"], ["cannot read", "none.py"]),
        (["./mine.py"], ["holds Delay, Mixes; name one"]),
        (["./mine.py:Delai"], ["no class Delai", "Did you mean 'Delay'?"]),
        (["parity:size=3"], ["size"]),
        (["parity", "--skip", "encode-is-pur=x"], ["Did you mean 'encode-is-pure'?"]),
        (["parity", "--skip", "encode-is-pure"], ["say why", "encode-is-pure=reason"]),
    ],
)
def test_a_mistake_of_the_user_ends_with_2(mine, refused, arguments, words):
    refused(["check", *arguments], *words)
