"""`seqtasks run --seeds`: what a user sees of many seeds, and what is refused."""

import json
import shutil
import signal
from pathlib import Path

import pytest

SMALL = (
    *("--cell", "concat", "--hidden-size", "3", "--length", "4", "--batch-size", "4"),
    *("--steps", "40", "--eval-length", "4", "--engine", "plain"),
)
"""A run of some milliseconds."""

THREADS = ("--backend", "threads")
"""Processes would import torch first."""

MINE = """
from torch import nn
from seqtasks import Cell

class Mine(Cell):
    "h' = tanh(W x + h)"

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, h):
        return (self.linear(x) + h).tanh()
"""


def test_a_table_says_how_often_how_soon_and_how_well(seqtasks):
    process = seqtasks("run", "bitflip", *SMALL, "--seeds", "4", *THREADS)
    assert process.returncode == 0, process.stderr
    for said in ("4 seeds", "solved", "steps", "diverged", "best of 3", "mean [95 %]"):
        assert said in process.stdout or said == "diverged", said
    assert "runs/bitflip-concat-1" in process.stdout
    folder = seqtasks.folder / "runs" / "bitflip-concat-1"
    names = {entry.name for entry in folder.iterdir()}
    assert {"study.json", "runs.jsonl", "result.json", "seeds.png", "lengths.png"} <= names
    record = json.loads((folder / "study.json").read_text())
    assert record["command"].startswith("seqtasks run bitflip")
    assert record["points"] == [{"setting": 0, "seeds": "0..3"}]


def test_json_is_the_table_on_the_disk(seqtasks):
    process = seqtasks("run", "bitflip", *SMALL, "--seeds", "3", *THREADS, "--json", "-q")
    printed = json.loads(process.stdout)
    assert printed == json.loads((seqtasks.folder / printed["path"] / "result.json").read_text())
    assert printed["settings"][0]["runs"] == 3


def test_each_seed_has_the_scores_of_its_run_alone(seqtasks):
    seqtasks("run", "bitflip", *SMALL, "--seeds", "2,5", *THREADS, "-q")
    lines = (seqtasks.folder / "runs/bitflip-concat-1/runs.jsonl").read_text().splitlines()
    for seed, line in zip((2, 5), map(json.loads, lines), strict=True):
        alone = seqtasks("run", "bitflip", *SMALL, "--seed", str(seed), "--json", "-q")
        scores = json.loads(alone.stdout)["scores"]
        assert line["scores"] == {str(one["length"]): one["metrics"] for one in scores}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--seeds", ""), ("seed",)),
        (("--seeds", "3,3"), ("3", "twice")),
        (("--seeds", "9..2"), ("9..2",)),
        (("--seeds", "-1"), ("-1",)),
        (("--seeds", "many"), ("many",)),
        (("--seeds", "5", "--seed", "1"), ("--seed", "--seeds")),
        (("--seeds", "5", "--tensorboard"), ("--tensorboard",)),
        (("--jobs", "2"), ("--jobs", "--seeds")),
        (("--keep-weights",), ("--keep-weights", "--seeds")),
        (("--seeds", "5", "--jobs", "0"), ("--jobs",)),
        (("--seeds", "2000000"), ("2,000,000", "--yes")),
        (("--seeds", "5", "--time-limit", "-5s"), ("30s", "-5s")),
        (("--seeds", "5", "--cell", "concat,gru"), ("compare bitflip --cell concat,gru",)),
        (("--seeds", "5", "--address", "tcp://x:1"), ("--address",)),
        (("--seeds", "5", "--time-limit", "soon"), ("--time-limit", "soon")),
        (("--seeds", "5", "--csv", "no/such/folder.csv"), ("no/such",)),
    ],
)
def test_what_makes_no_study_is_refused_in_a_line(refused, options, words):
    refused(["run", "bitflip", *SMALL, *options], *words)


def test_a_dry_run_says_how_many_runs_and_reads_the_seeds(seqtasks, refused):
    shown = seqtasks("run", "bitflip", *SMALL, "--seeds", "3,5,8", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "3 runs; nothing was run or written" in shown.stdout
    assert ["seeds", "3,5,8"] in [line.split() for line in shown.stdout.splitlines()]
    assert not any(line.split()[:1] == ["seed"] for line in shown.stdout.splitlines())
    plan = seqtasks("run", "bitflip", *SMALL, "--seeds", "3,5,8", "--dry-run", "--json").stdout
    assert (json.loads(plan)["runs"], json.loads(plan)["seeds"]) == (3, "3,5,8")
    refused(["run", "bitflip", *SMALL, "--seeds", "9..2", "--dry-run"], "9..2")
    assert not Path("runs").exists()


def test_a_study_goes_on_and_is_not_made_twice(seqtasks):
    seqtasks("run", "bitflip", *SMALL, "--seeds", "4", *THREADS, "-q")
    runs = seqtasks.folder / "runs/bitflip-concat-1/runs.jsonl"
    whole = runs.read_text()
    runs.write_text("".join(whole.splitlines(keepends=True)[:2]))
    process = seqtasks("resume", "runs/bitflip-concat-1", *THREADS)
    assert process.returncode == 0, process.stderr
    assert "2 done before" in process.stderr
    kept = whole.splitlines()[:2]
    assert runs.read_text().splitlines()[:2] == kept
    assert [json.loads(line)["point"] for line in runs.read_text().splitlines()] == [0, 1, 2, 3]


def test_another_engine_does_not_go_on(seqtasks, refused):
    seqtasks("run", "bitflip", *SMALL, "--seeds", "2", *THREADS, "-q")
    refused(["resume", "runs/bitflip-concat-1", "--engine", "torch"], "plain", "torch")


def test_all_diverged_is_code_1(seqtasks):
    process = seqtasks("run", "bitflip", *SMALL, "--seeds", "2", *THREADS, "--lr", "1e30", "-q")
    assert process.returncode == 1, process.stderr
    assert "all runs diverged" in process.stderr
    table = json.loads((seqtasks.folder / "runs/bitflip-concat-1/result.json").read_text())
    assert table["settings"][0]["diverged"] == 2
    assert table["settings"][0]["solved"] == {
        "count": 0,
        "of": 2,
        "share": 0.0,
        "interval": pytest.approx([0.0, 0.6576], abs=1e-3),  # Wilson, by hand
    }


def test_one_run_of_a_study_answers(seqtasks, refused, answer):
    seqtasks("run", "bitflip", *SMALL, "--seeds", "2", *THREADS, "-q", "--keep-weights")
    refused(["predict", "runs/bitflip-concat-1", "0101"], "--replica")
    assert "prediction" in answer("predict", "runs/bitflip-concat-1", "0101", "--replica", "1")
    refused(["predict", "runs/bitflip-concat-1", "0101", "--replica", "9"], "no seed 9")
    one = json.loads(answer("eval", "runs/bitflip-concat-1", "--replica", "1", "--json"))
    every = json.loads(answer("eval", "runs/bitflip-concat-1", "--json"))
    assert one["scores"][0]["length"] == 4
    assert every["settings"][0]["scores"]["4"]["token_accuracy"]["n"] == 2


def test_without_weights_only_one_run_is_scored_anew(seqtasks, refused):
    seqtasks("run", "bitflip", *SMALL, "--seeds", "2", *THREADS, "-q")
    refused(["eval", "runs/bitflip-concat-1"], "kept no weights", "--replica")


def test_code_that_came_with_a_study_is_data_until_it_is_allowed(seqtasks, refused, tmp_path):
    (seqtasks.folder / "mine.py").write_text(MINE)
    mine = ("--cell", "./mine.py:Mine", *SMALL[2:])
    process = seqtasks("run", "bitflip", *mine, "--seeds", "2", *THREADS, "-q", "--out", "runs")
    assert process.returncode == 0, process.stderr
    came = seqtasks.folder / "came"
    shutil.move(seqtasks.folder / process.stdout.strip(), came)
    (seqtasks.folder / "mine.py").unlink()
    stranger = {"SEQTASKS_STATE": str(tmp_path / "stranger")}
    for command in (["resume", came], ["eval", came, "--replica", "0"]):
        refused(command, "--trust", **stranger)
    copy = next((came / "source").glob("mine-*.py"))
    copy.write_text(copy.read_text() + "\nopen('executed', 'w')\n")
    for command in (["resume", came], ["eval", came, "--replica", "0"]):
        refused([*command, "--trust"], "was changed", **stranger)
    assert not Path(seqtasks.folder / "executed").exists()


ODD = (
    MINE
    + """
class Prints(Mine):
    "a cell that prints"

    def forward(self, x, h):
        print("PRINTED")
        return super().forward(x, h)


class Closes(Mine):
    "a cell that closes the streams"

    def forward(self, x, h):
        import sys

        sys.stdout.close()
        sys.stderr.close()
        return super().forward(x, h)


class Exits(Mine):
    "a cell that ends the program"

    def forward(self, x, h):
        raise SystemExit(0)
"""
)


@pytest.mark.parametrize("seeds", [(), ("--seeds", "2", *THREADS)])
def test_json_stays_json_though_a_cell_prints(seqtasks, seeds):
    (seqtasks.folder / "odd.py").write_text(ODD)
    process = seqtasks(
        "run", "bitflip", *SMALL, "--cell", "./odd.py:Prints", *seeds, "--json", "-q"
    )
    assert process.returncode == 0, process.stderr
    assert isinstance(json.loads(process.stdout), dict)
    assert "PRINTED" in process.stderr


@pytest.mark.parametrize("seeds", [(), ("--seeds", "2", *THREADS)])
def test_a_cell_that_closes_the_streams_costs_no_table(seqtasks, seeds):
    (seqtasks.folder / "odd.py").write_text(ODD)
    process = seqtasks("run", "bitflip", *SMALL, "--cell", "./odd.py:Closes", *seeds)
    assert process.returncode == 0, process.stderr
    assert "per symbol" in process.stdout


@pytest.mark.parametrize("seeds", [(), ("--seeds", "2", *THREADS)])
def test_a_cell_that_ends_the_program_is_no_success(seqtasks, seeds):
    (seqtasks.folder / "odd.py").write_text(ODD)
    process = seqtasks("run", "bitflip", *SMALL, "--cell", "./odd.py:Exits", *seeds)
    assert process.returncode == 1, process.stderr
    assert "ended the program (sys.exit(0)) (odd.py" in process.stderr
    assert process.stdout == ""


@pytest.mark.parametrize("seeds", [(), ("--seeds", "2")])
def test_a_cell_that_ends_the_process_by_a_signal_is_named_with_its_line(seqtasks, seeds):
    (seqtasks.folder / "deadly.py").write_text(
        "import signal\nfrom torch import nn\n\n\nclass Deadly(nn.RNNCell):\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        signal.raise_signal(signal.SIGSEGV)\n"
    )
    process = seqtasks("run", "bitflip", *SMALL[2:], "--cell", "./deadly.py:Deadly", *seeds)
    assert process.returncode == -signal.SIGSEGV
    assert "Segmentation fault" in process.stderr
    assert 'deadly.py", line 7 in __init__' in process.stderr
