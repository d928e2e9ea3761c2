"""The commands that read: list, show, sample, eval, predict, runs, plugins, completion and help."""

import contextlib
import json
import math
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import seqtasks as st
from seqtasks import __version__

COMMANDS = ["run", "resume", "eval", "predict", "runs", "list", "show", "sample", "plugins"]


MINE = '''import torch
from torch import nn
from seqtasks import Cell, Readout, Task, Tokens


class MyTask(Task):
    """Say each symbol again."""
    inputs = targets = Tokens("ab")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return inputs


class MyCell(Cell):
    """h' = a x + h"""
    def __init__(self, input_size, hidden_size, rate: float = 0.5):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
    def forward(self, x, state):
        return self.linear(x) + state


class MyReadout(Readout):
    """y = V h"""
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.linear = nn.Linear(state_size, output_size)
    def forward(self, x, output):
        return self.linear(output)
'''


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "plugins",
        "show bitshift:shift=2",
        "sample bitflip",
        "run --help",
        "run bitflip --nonsense",
    ],
)
def test_what_needs_no_model_starts_without_torch(seqtasks, command):
    process = seqtasks.fresh(*command.split(), interpreter=("-X", "importtime"))
    imported = re.findall(r"\| +(\S+)$", process.stderr, re.MULTILINE)
    assert "seqtasks.cli.main" in imported
    assert [name for name in imported if name.partition(".")[0] == "torch"] == []


def test_show_explains_a_task_with_an_example(answer):
    text = answer("show", "bitshift:shift=2")
    assert text.startswith(
        "bitshift:shift=2  (task, plugin bits of seqtasks)\n\nShift an N-bit number"
    )
    assert "parameter         shift (a whole number, default 4)" in text
    assert "input alphabet    0 1" in text
    given, target = text.splitlines()[-2:]
    assert given.split()[0] == "input"
    assert target.split()[1:] == ["0", "0", *given.split()[1:-2]]


def test_show_tells_learning_from_luck(answer, tmp_path):
    lines = answer("show", "parity").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Without learning"))
    assert lines[start : start + 5] == [
        "Without learning, at length 10  per symbol  whole sequence",
        "chance: guess each symbol          50.00 %          0.10 %",
        "always the commonest, 0            50.00 %          0.10 %",
        "repeat the last symbol             55.00 %          0.20 %",
        "over all 1024 inputs of that length",
    ]
    real = answer("show", "adding")
    assert re.search(r"Without learning, at length 50  mean squared error ", real)
    assert re.search(r"always the mean +0\.1[67]", real)
    assert "over a sample of 5000 inputs of that length" in real
    (tmp_path / "mine.py").write_text(MINE)
    assert re.search(r"repeat the last symbol +100\.00 %", answer("show", "./mine.py:MyTask"))
    assert "per symbol" not in answer("show", "./mine.py:MyCell")


def test_show_keeps_80_columns_but_for_what_it_quotes(answer):
    for task in ("mqar:vocabulary_size=8192", "shuffle-dyck", "group-word:group=S5"):
        assert max(map(len, answer("show", task).splitlines())) <= 80
    assert "input alphabet    - k1 k2 k3 k4 k5 k6 k7 ... v4095 (8192 symbols)" in answer(
        "show", "mqar:vocabulary_size=8192"
    )


def test_show_explains_cells_readouts_and_experiments(answer):
    text = answer("show", "gru")
    assert "Source: K. Cho" in text
    assert "6336 trained numbers at embedding size 32 and hidden size 32" in text
    text = answer("show", "state")
    assert "parameter         activation (one of identity|tanh, default identity)" in text
    text = answer("show", "notebook-bitflip")
    assert re.search(r"^hidden_size +3$", text, re.MULTILINE)
    assert "published             token_accuracy 0.775 at length 10 at step 1792" in text
    assert text.count("\nsource ") == 1


def test_show_shows_both_things_of_one_name_or_one_kind(answer):
    both = answer("show", "sum")
    assert "sum  (cell, " in both
    assert "\n\nsum  (readout, " in both
    only = answer("show", "sum", "--kind", "readout")
    assert only.startswith("sum  (readout, ")
    assert both.endswith(only)


def test_show_explains_a_file_of_ones_own(answer, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    text = answer("show", "./mine.py:MyTask")
    assert text.startswith("./mine.py:MyTask  (task of your own)\n\nSay each symbol again.")
    assert "input alphabet    a b" in text
    text = answer("show", "./mine.py:MyCell")
    assert text.startswith("./mine.py:MyCell  (cell of your own)\n\nh' = a x + h")
    assert "parameter         rate (a number, default 0.5)" in text
    everything = answer("show", "./mine.py")
    for kind in ("task", "cell", "readout"):
        assert f"./mine.py  ({kind} of your own)" in everything
    assert answer("show", "./mine.py", "--kind", "cell") in everything
    text = answer("show", "./mine.py:MyReadout")
    assert text.startswith("./mine.py:MyReadout  (readout of your own)\n\ny = V h")


def test_show_tells_what_is_wrong_with_the_thing_meant(seqtasks, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    wrong = seqtasks("show", "./mine.py:MyCell:rate=fast")
    assert "rate must be a number, got 'fast'" in wrong.stderr, wrong.stderr
    wrong = seqtasks("show", "./mine.py:MyCell", "--kind", "experiment")
    assert (wrong.returncode, wrong.stdout) == (2, ""), wrong.stderr


def test_plugins_are_shown_with_their_versions(answer):
    rows = [line.split() for line in answer("plugins").splitlines()]
    assert rows[0][:3] == ["plugin", "distribution", "status"]
    assert ["builtin", "seqtasks", __version__, "loaded"] in [row[:4] for row in rows]
    found = json.loads(answer("plugins", "--json"))
    assert {plugin["name"] for plugin in found["plugins"]} >= {"builtin", "bits"}


def completions(folder: Path, *words: str) -> list[str]:
    """Return what bash is offered for the last of the words."""
    environment = {
        **os.environ,
        "_SEQTASKS_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["seqtasks", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [str(Path(sys.executable).with_name("seqtasks"))]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_the_shell_completes_names_and_runs(tmp_path):
    for name, record in (("bitflip-gru-1", "experiment.json"), ("parity-gru-1", "study.json")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / record).write_text("{}")
    assert completions(tmp_path, "runs", "re")[0] == "remove"
    assert completions(tmp_path, "run", "bit") == ["bitflip", "bitshift"]
    assert completions(tmp_path, "run", "bitflip", "--cell", "gru") == ["gru", "gru-concat"]
    assert completions(tmp_path, "run", "bitflip", "--readout", "s") == ["state", "sum"]
    assert completions(tmp_path, "re") == ["report", "resume"]
    found = ["runs/bitflip-gru-1", "runs/parity-gru-1"]
    assert completions(tmp_path, "eval", "runs/") == found
    assert completions(tmp_path, "resume", "ru") == found
    assert completions(tmp_path, "predict", "./runs/par") == ["./runs/parity-gru-1"]


def test_help_of_every_command_fits_80_columns(answer):
    text = answer("--help")
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.MULTILINE)
        page = answer(command, "--help")
        assert page.startswith(f"Usage: seqtasks {command} ")
        assert max(map(len, page.splitlines())) <= 80
    assert "\n      seqtasks list                        see the tasks" in text
    assert "\\b" not in text
    assert answer("-h") == text
    assert answer("--version") == f"seqtasks, version {__version__}\n"


@pytest.mark.parametrize("written", ['"Infinity"', "Infinity"], ids=["now", "by older versions"])
def test_numbers_that_are_not_finite_are_read_and_printed_as_strict_json(answer, run_copy, written):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    document = json.loads((run_copy / "result.json").read_text())
    document["scores"][0]["metrics"]["token_accuracy"] = "here"
    text = json.dumps(document).replace('"here"', written)
    (run_copy / "result.json").write_text(text)
    (listed,) = json.loads(answer("runs", "--json"), parse_constant=refuse)
    assert listed["scores"]["10"]["token_accuracy"] == "Infinity"
    assert st.load(run_copy).metrics[10]["token_accuracy"] == math.inf
    assert st.load(run_copy).to_json()["scores"][0]["metrics"]["token_accuracy"] == math.inf


def test_a_device_is_written_into_and_stays_a_device(seqtasks, trained, tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert seqtasks("sample", "parity", "-o", pipe).returncode == 0
        assert os.read(reader, 2**16).startswith(b"input ")
        plot = ["eval", trained.path, "--length", "5", "--plot", pipe]
        process = seqtasks.start(*plot)
        got = b""
        while process.running() or not got:
            with contextlib.suppress(BlockingIOError):
                got += os.read(reader, 2**16)
        assert process.returncode == 0, process.stderr
        assert got.startswith(b"\x89PNG")
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_is_written_through(seqtasks, tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text("before")
    (tmp_path / "link").symlink_to("inner/file")
    assert seqtasks("sample", "parity", "-o", "link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "inner" / "file").read_text().startswith("input ")


def test_a_place_where_no_file_can_be_is_refused_before_anything_is_drawn(refused, tmp_path):
    (tmp_path / "folder").mkdir()
    refused(["sample", "parity", "-o", "folder"], "folder is a folder")
    refused(["sample", "parity", "-o", "none/file"], "there is no folder", "none")
    os.mkfifo(tmp_path / "pipe")
    export = ["export", "parity", "-n", "2", "--out", "pipe", "--format", "npz", "--overwrite"]
    refused(export, "pipe is neither a file nor a folder")
    (tmp_path / "a-file").write_text("")
    refused(["eval", "a-file"], "a-file is not a run: it is no folder")


def test_a_librarys_long_message_is_shortened(refused):
    told = "device 'xla' is not available; available devices: cpu"
    text = refused(["run", "parity", "--device", "xla"], told)
    assert len(text) < 400
