"""One user's ordinary work is never asked about; code that came with a run is, once."""

import json
import shutil
from pathlib import Path

import pytest

MINE = """
from dataclasses import dataclass

import torch
from torch import nn

from helper import act
from parts import gates
from seqtasks import Cell, Task, Tokens


@dataclass(frozen=True)
class Echo(Task):
    "Say each symbol again."

    inputs = targets = Tokens("01")

    def generate(self, rng, batch_size, length):
        return rng.integers(0, 2, (batch_size, length))

    def encode(self, inputs):
        return inputs


class Leaky(Cell):
    "h' = gate(act(W x + h))"

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, h):
        from later import scale

        return gates.gate(act(self.linear(x) + scale * h))
"""
NEIGHBOURS = {
    "helper.py": "import torch\ndef act(x):\n    return torch.tanh(x)\n",
    "later.py": "scale = 0.5\n",
    "parts/__init__.py": "",
    "parts/gates.py": "from .constants import HALF\ndef gate(x):\n    return HALF * x\n",
    "parts/constants.py": "HALF = 0.5\n",
    "unused.py": "1 / 0\n",
}
QUICK = ("--steps", "4", "--hidden-size", "3", "--eval-length", "4", "--length", "4", "-q")


@pytest.fixture
def line(command_line, tmp_path):
    """The command line of a user who has not run anything yet, in a folder of their own."""
    (tmp_path / "home").mkdir()
    made = command_line(tmp_path / "home")
    state = str(tmp_path / "state")

    def run(*arguments, cwd=None, **variables):
        made.folder = cwd or tmp_path / "home"
        process = made(*arguments, **{"SEQTASKS_STATE": state, **variables})
        assert "Traceback" not in process.stderr, process.stderr
        return process

    return run


def write_mine(folder: Path) -> None:
    """Write a file of one's own with its neighbours."""
    (folder / "parts").mkdir(parents=True)
    (folder / "mine.py").write_text(MINE)
    for name, content in NEIGHBOURS.items():
        (folder / name).write_text(content)


def trained(line, tmp_path) -> Path:
    """Return a run of a file of one's own."""
    write_mine(tmp_path / "home")
    process = line("run", "./mine.py:Echo", "--cell", "./mine.py:Leaky", *QUICK)
    assert (process.returncode, process.stderr) == (0, "")
    return tmp_path / "home" / process.stdout.strip()


def test_a_run_keeps_the_neighbours_that_its_file_imports_and_no_others(line, tmp_path):
    run = trained(line, tmp_path)
    kept = sorted(path.name.rpartition("-")[0] for path in (run / "source").iterdir())
    assert kept == ["helper", "later", "mine", "parts.__init__", "parts.constants", "parts.gates"]
    record = json.loads((run / "experiment.json").read_text())
    names = [one["name"] for one in record["sources"]["cell"]["neighbours"]]
    assert sorted(names) == ["helper", "later", "parts", "parts.constants", "parts.gates"]


def test_ordinary_work_never_meets_the_question(line, tmp_path):
    run = trained(line, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = elsewhere / "moved"
    shutil.copytree(run, moved)
    shutil.rmtree(tmp_path / "home" / "parts")  # the copies are used, whatever became of the files
    (tmp_path / "home" / "helper.py").write_text("1 / 0\n")
    for folder, path, steps in ((run.parent, run, 8), (elsewhere, moved, 8), (tmp_path, moved, 12)):
        for command in (
            ["eval", path],
            ["predict", path, "0101"],
            ["resume", path, "--steps", steps, "-q"],
            ["run", path / "experiment.json", "--dry-run"],
            ["run", path / "experiment.json", "-q", "--out", tmp_path / "again"],
        ):
            process = line(*command, cwd=folder)
            assert (process.returncode, process.stderr) == (0, ""), command


@pytest.mark.parametrize("command", ["eval", "predict", "resume", "run"])
def test_another_user_is_asked_once_and_never_again(line, tmp_path, command):
    run = trained(line, tmp_path)
    stranger = {"SEQTASKS_STATE": str(tmp_path / "strangers-state")}
    arguments = {
        "eval": ["eval", run],
        "predict": ["predict", run, "0101"],
        "resume": ["resume", run, "--steps", "8", "-q"],
        "run": ["run", run / "experiment.json", "-q"],
    }[command]
    asked = line(*arguments, **stranger)
    assert asked.returncode == 2
    (text,) = asked.stderr.splitlines()
    (copy,) = (run / "source").glob("mine-*.py")
    assert f"source/{copy.name}" in text
    assert "source/helper-" in text
    assert "--trust" in text
    allowed = line(*arguments, "--trust", **stranger)
    assert (allowed.returncode, allowed.stderr) == (0, "")
    again = line("eval", run, **stranger)
    assert (again.returncode, again.stderr) == (0, "")


def test_a_changed_neighbour_is_another_content(line, tmp_path):
    run = trained(line, tmp_path)
    record = json.loads((run / "experiment.json").read_text())
    (helper,) = (run / "source").glob("helper-*.py")
    helper.write_text("import os\n" + helper.read_text())
    changed = line("eval", run)
    assert changed.returncode == 2
    assert f"{helper.name}, the task's source, was changed after the run began" in changed.stderr
    import hashlib

    for source in record["sources"].values():
        for near in source["neighbours"]:
            if near["name"] == "helper":
                near["sha256"] = hashlib.sha256(helper.read_bytes()).hexdigest()
    (run / "experiment.json").write_text(json.dumps(record))
    asked = line("eval", run)
    assert asked.returncode == 2
    assert "--trust" in asked.stderr


def test_what_is_planted_beside_the_copies_is_never_imported(line, tmp_path):
    run = trained(line, tmp_path)
    canary = tmp_path / "canary"
    for folder in (run, run / "source", tmp_path / "home"):
        for name in ("numpy", "torch", "dataclasses", "helper", "parts", "json"):
            (folder / f"{name}.py").write_text(f"open({str(canary)!r}, 'w')\n")
    for folder in (run, run / "source", tmp_path / "home"):
        process = line("eval", run, cwd=folder)
        assert (process.returncode, process.stderr) == (0, "")
    assert not canary.exists()


def test_a_dry_run_takes_no_allowance(line, tmp_path):
    run = trained(line, tmp_path)
    stranger = {"SEQTASKS_STATE": ""}
    for options in ([], ["--trust"]):
        process = line("run", run / "experiment.json", "--dry-run", *options, **stranger)
        assert process.returncode == 2
        assert "--trust" in process.stderr


@pytest.mark.parametrize("state", ["", "relative", "{file}", "{closed}/state"])
def test_a_state_folder_that_cannot_be_used_is_no_error(line, tmp_path, state):
    write_mine(tmp_path / "home")
    (tmp_path / "file").write_text("")
    (tmp_path / "closed").mkdir(mode=0o500)
    named = state.format(file=tmp_path / "file", closed="/proc")
    process = line(
        "run", "./mine.py:Echo", "--cell", "./mine.py:Leaky", *QUICK, SEQTASKS_STATE=named
    )
    assert (process.returncode, process.stderr) == (0, "")
    run = tmp_path / "home" / process.stdout.strip()
    assert "--trust" in line("eval", run, SEQTASKS_STATE=named).stderr
    for _ in range(2):
        process = line("eval", run, "--trust", SEQTASKS_STATE=named)
        assert (process.returncode, process.stderr) == (0, "")
    assert not (tmp_path / "home" / "relative").exists()


def test_a_manifest_of_an_own_file_asks_whoever_did_not_run_it(line, tmp_path):
    write_mine(tmp_path / "home")
    task = f"{tmp_path}/home/mine.py:Echo"
    assert line("export", task, "-n", "4", "--length", "5", "-o", "x.npz").returncode == 0
    again = ["export", "--from-manifest", "x.npz.manifest.json", "--overwrite"]
    assert line(*again).returncode == 0
    stranger = {"SEQTASKS_STATE": str(tmp_path / "strangers-state")}
    asked = line(*again, **stranger)
    assert asked.returncode == 2
    assert f"{tmp_path}/home/mine.py; " in asked.stderr
    assert line(*again, "--trust", **stranger).returncode == 0
    assert line(*again, **stranger).returncode == 0
