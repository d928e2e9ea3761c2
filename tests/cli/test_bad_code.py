"""A task or cell of one's own that is wrong is refused before anything is written."""

import json
from pathlib import Path

import pytest

HEADER = """import numpy as np, torch, seqtasks as st
from torch import nn
from seqtasks.tasks.lengths import AllowedLengths
"""

TASK = """
class Mine(st.Task):
    inputs = targets = st.Tokens("01")
    {extra}
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return {answer}
"""

CELL = """
class Mine(st.Cell):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
    def forward(self, x, state):
        return {state}
"""


def task_file(folder: Path, answer: str = "inputs", extra: str = "pass") -> str:
    (folder / "task.py").write_text(HEADER + TASK.format(answer=answer, extra=extra))
    return "./task.py"


def cell_file(folder: Path, code: str) -> str:
    (folder / "cell.py").write_text(HEADER + code)
    return "./cell.py"


@pytest.mark.parametrize(
    ("code", "option", "words"),
    [
        ("class Mine(:\n", "", "cell.py|line 4|SyntaxError"),
        ("x = 1 / 0\n", "", "cell.py|line 4|ZeroDivisionError"),
        ("", "", "no cell|subclass of seqtasks.Cell"),
        (CELL.format(state="state"), ":Mien", "no class Mien|did you mean 'Mine'"),
        ("class Mine: pass\n", ":Mine", "Mine|not a cell|subclass of seqtasks.Cell"),
        (CELL.format(state="x @ state"), "", "fails|cell.py, line 10"),
        (CELL.format(state="undefined"), "", "fails|NameError|cell.py, line 10"),
        (CELL.format(state="state[:, :2]"), "", "shape"),
        (CELL.format(state="None"), "", "cell|None"),
        (
            "class Mine(st.Cell):\n    def __init__(self):\n        super().__init__(3, 3)\n",
            "",
            "input_size, hidden_size",
        ),
        (
            "class Mine(st.Cell):\n    def __init__(self, input_size, hidden_size): self.a = 1\n",
            "",
            "super().__init__(input_size, hidden_size)",
        ),
    ],
)
def test_a_cell_of_ones_own_that_is_wrong_is_told_what_and_where(
    refused, tmp_path, code, option, words
):
    file = cell_file(tmp_path, code)
    refused(["run", "bitflip", "--cell", file + option], *words.split("|"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("inputs[:, 1:]", "Mine.encode|(32, 9)|(32, 10)"),
        ("inputs[:, 0]", "Mine.encode|(32,)|(32, 10)"),
        ("inputs + 1", "id 2|targets|0 1"),
        ("inputs - 5", "targets|0 1"),
        ("nothing", "NameError|task.py, line 11"),
        ("np.full_like(inputs, -100)", "scores no position"),
    ],
)
def test_a_task_of_ones_own_that_is_wrong_is_told_what_and_where(refused, tmp_path, answer, words):
    refused(["run", task_file(tmp_path, answer), "--steps", "1"], *words.split("|"))


def test_a_task_that_fails_only_at_an_evaluation_length_is_told_before_training(refused, tmp_path):
    failing = "inputs if inputs.shape[1] < 30 else missing"
    options = ["--steps", "1", "--eval-length", "10,40"]
    refused(["run", task_file(tmp_path, failing), *options], "NameError", "task.py, line 11")


def test_a_length_the_task_cannot_have_is_refused_with_those_it_has(refused, tmp_path):
    rule = "lengths = AllowedLengths(minimum=3, step=2)"
    odd = task_file(tmp_path, extra=rule)
    for length in ("4", "1..2"):
        refused(["run", odd, "--length", length], length, "odd lengths from 3")
        refused(["sample", odd, "--length", length], length, "odd lengths from 3")
    options = ["--length", "3", "--eval-length", "8"]
    refused(["run", odd, *options], "8", "odd lengths from 3")


def test_a_changed_copy_of_a_cells_source_is_named(refused, seqtasks, tmp_path):
    file = cell_file(tmp_path, CELL.format(state="torch.tanh(self.linear(x)) + state"))
    made = seqtasks("run", "bitflip", "--cell", file, "--steps", "1", "--eval-length", "5", "-q")
    (copy,) = (tmp_path / made.stdout.strip() / "source").iterdir()
    copy.write_text(copy.read_text() + "\n")
    for command in (["eval"], ["resume", "--steps", "5"]):
        refused([*command, made.stdout.strip()], copy.name, "changed")


def test_show_says_what_is_wrong_with_a_cell_that_cannot_be_made(refused, tmp_path):
    code = CELL.format(state="x").replace("nn.Linear", "nowhere.Linear")
    refused(["show", f"{cell_file(tmp_path, code)}:Mine"], "nowhere")


def test_show_prints_the_program_of_cells_alone(refused):
    refused(["show", "parity", "--source"], "'parity' is a task")


BREAKS = [
    ("torch.tanh(self.linear(x) + state - state.mean(0))", "its rows mix"),
    ("torch.tanh(self.linear(x) + state.detach())", "no gradient goes back to that state"),
    ("torch.tanh(nn.Linear(x.shape[-1], self.hidden_size)(x) + state)", "no parameters of it"),
    ("torch.tanh(self.linear(x) + state + torch.randn_like(state))", "draws random numbers"),
]


@pytest.mark.parametrize(("state", "words"), BREAKS)
def test_a_cell_that_trains_but_breaks_its_promises_is_named_by_show_and_run(
    seqtasks, tmp_path, state, words
):
    name = f"{cell_file(tmp_path, CELL.format(state=state))}:Mine"
    shown = seqtasks("show", name)
    assert shown.returncode == 0, shown.stderr
    assert words in " ".join(shown.stdout.split())
    assert words in " ".join(json.loads(seqtasks("show", name, "--json").stdout)["may_be_wrong"])
    options = ["--steps", "1", "--eval-length", "3", "--engine", "plain", "-q"]
    done = seqtasks("run", "bitflip", "--cell", name, *options)
    assert done.returncode == 0, done.stderr
    first = done.stderr.splitlines()[0]
    assert first.startswith("Warning: cell mine may be wrong: ")
    assert words in first
    assert f"`seqtasks show {name}` says more" in first


def test_a_cell_that_changes_its_state_in_place_is_refused(refused, seqtasks, tmp_path):
    name = f"{cell_file(tmp_path, CELL.format(state='state.add_(self.linear(x))'))}:Mine"
    words = ["cell mine changes the state", "in place", "state = state + ..."]
    for engine in ("plain", "auto"):
        refused(["run", "bitflip", "--cell", name, "--engine", engine], *words)
    assert "in place" in seqtasks("show", name).stdout
