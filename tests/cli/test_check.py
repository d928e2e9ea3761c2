"""`seqtasks check` tells which promises of a task, a cell or a readout hold."""

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

class NoSource(Delay):
    "Say the bit before this one, as nobody has defined it."
    source = ""

class Mixes(Delay):
    "Mix the rows of a batch."
    def encode(self, inputs):
        return (inputs + inputs.sum()) % 2
"""


MODULES = """
import torch
import seqtasks as st

class Tuple(st.Cell):
    "h' = tanh(W x + h). Source: our own."
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size, hidden_size)
    def forward(self, x, state):
        return torch.tanh(self.linear(x) + state), state

class Last(st.Readout):
    "The prediction of the last step."
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.linear = torch.nn.Linear(state_size, output_size)
    def forward(self, x, output):
        return self.linear(output[:, -1])
"""


@pytest.fixture
def mine(seqtasks):
    (seqtasks.folder / "mine.py").write_text(MINE)
    (seqtasks.folder / "modules.py").write_text(MODULES)
    return seqtasks


@pytest.mark.parametrize("name", ["bitshift:shift=2", "./mine.py:Delay"])
def test_a_right_task_has_a_row_for_each_check_and_ends_with_0(mine, name):
    process = mine("check", name, COLUMNS="80")
    assert (process.returncode, process.stderr) == (0, "")
    assert max(map(len, process.stdout.splitlines())) <= 80
    first, _, *rows, empty, last = process.stdout.splitlines()
    assert first == f"{name} (task)"
    assert empty == ""
    assert " failed" not in last
    marks = [row.split()[0] for row in rows if not row.startswith(" ")]
    assert set(marks) <= {"ok", "skip"}
    assert len(marks) == int(last.split()[0])


def test_a_broken_promise_ends_with_1_and_is_told_with_what_was_seen(mine):
    process = mine("check", "./mine.py:Mixes", COLUMNS="40")
    assert (process.returncode, process.stderr) == (1, "")
    assert "FAIL  rows-are-independent" in process.stdout
    assert "depends on the other inputs of its batch" in " ".join(process.stdout.split())
    assert max(map(len, process.stdout.splitlines())) <= 40
    assert "\x1b" not in process.stdout


def test_json_is_one_object_with_the_promise_and_the_outcome_of_each_check(mine):
    skip = "names-its-source=it is not published"
    found = {}
    for code, options in enumerate(([*("--skip", skip)], [])):
        process = mine("check", "./mine.py:NoSource", "--json", *options)
        assert (process.returncode, process.stderr) == (code, "")
        found[code] = json.loads(process.stdout)
        assert found[code]["kind"] == "task"
        assert found[code]["name"] == "./mine.py:NoSource"
        assert found[code]["passed"] == (code == 0)
        assert all(one["promise"].endswith(".") for one in found[code]["checks"])
        assert all(one["seconds"] >= 0 for one in found[code]["checks"])
    told = [{one["name"]: one for one in found[code]["checks"]} for code in (0, 1)]
    skipped, failed = (one["names-its-source"] for one in told)
    assert (skipped["status"], skipped["message"]) == ("skipped", "it is not published")
    assert failed["status"] == "failed"
    assert "does not say where its definition is from" in failed["message"]
    assert [name for name, one in told[1].items() if one["status"] == "failed"] == [
        "names-its-source"
    ]


@pytest.mark.parametrize(
    ("name", "kind", "failed", "words"),
    [
        ("Tuple", "cell", "state-keeps-its-shape", "forward returns a tuple of 2"),
        ("Last", "readout", "predictions-have-their-shape", "(batch, time, output size) (3, 5, 2)"),
    ],
)
def test_a_mistake_of_a_cell_or_a_readout_is_told(mine, name, kind, failed, words):
    process = mine("check", f"./modules.py:{name}", COLUMNS="100")
    assert (process.returncode, process.stderr) == (1, "")
    assert process.stdout.startswith(f"./modules.py:{name} ({kind})\n\nok ")
    assert f"\nFAIL  {failed}" in process.stdout
    assert words in " ".join(process.stdout.split())
    assert process.stdout.count("FAIL") == 1


def test_a_name_of_a_cell_and_a_readout_is_told_and_kind_chooses(mine):
    costly = ("which-engine-runs-it", "speed-is-measured", "learns-a-batch-by-heart")
    skips = [word for name in costly for word in ("--skip", f"{name}=it compiles")]
    first, _, *_, last = mine("check", "concat", *skips).stdout.splitlines()
    assert first == "concat (cell; --kind readout for the readout of this name)"
    assert " failed" not in last
    process = mine("check", "concat", "--kind", "readout", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    found = json.loads(process.stdout)
    assert (found["kind"], found["passed"]) == ("readout", True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["./modules.py:Tupel"], ["no class Tupel", "Did you mean 'Tuple'?"]),
        (["concat", "--kind", "task"], ["unknown task 'concat'"]),
        (["paritty"], ["unknown task, cell or readout 'paritty'", "Did you mean 'parity'?"]),
        (["./none.py"], ["cannot read", "none.py"]),
        (["./mine.py"], ["holds Delay, NoSource, Mixes; name one"]),
        (["./mine.py:Delai"], ["no class Delai", "Did you mean 'Delay'?"]),
        (["parity:size=3"], ["size"]),
        (["parity", "--install"], ["--install is for a plugin", "parity is a task"]),
        (["parity", "--skip", "encode-is-pur=x"], ["Did you mean 'encode-is-pure'?"]),
        (["parity", "--skip", "encode-is-pure"], ["say why", "encode-is-pure=reason"]),
    ],
)
def test_a_mistake_of_the_user_ends_with_2(mine, refused, arguments, words):
    refused(["check", *arguments], *words)
