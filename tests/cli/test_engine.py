"""`--engine`: which one runs, is recorded and goes on, and what is said where one cannot be had."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

QUICK = ("run", "parity", "--cell", "gru", "--steps", "60", "--length", "5", "--eval-length", "5")
DOUBLE = ("--dtype", "float64", "--hidden-size", "4")
RUN = "runs/parity-gru-1"
ODD = """import torch
from torch import nn
from seqtasks import Cell


class Centred(Cell):
    \"\"\"A cell whose rows mix.\"\"\"

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        h = self.linear(torch.cat([x, state], -1))
        return torch.tanh(h - h.mean(0))
"""


def record(seqtasks, run=RUN):
    return json.loads((seqtasks.folder / run / "experiment.json").read_text())


def weights(seqtasks, run=RUN):
    return load_file(seqtasks.folder / run / "model.safetensors")


def furthest(one, other):
    assert one.keys() == other.keys()
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


@pytest.mark.parametrize("engine", ["native", "torch", "plain", "auto"])
def test_the_engine_is_recorded_and_ends_where_the_plain_loop_does(seqtasks, engine):
    done = seqtasks(*QUICK, *DOUBLE, "--engine", engine)
    assert done.returncode == 0, done.stderr
    assert record(seqtasks)["engine"] == (engine if engine != "auto" else "native")
    assert record(seqtasks)["experiment"]["engine"] == engine
    plain = seqtasks(*QUICK, *DOUBLE, "--engine", "plain")
    assert plain.returncode == 0, plain.stderr
    assert furthest(weights(seqtasks), weights(seqtasks, "runs/parity-gru-2")) < 1e-10
    assert "Warning" not in done.stderr


def test_a_run_goes_on_by_its_own_engine_to_the_bit(seqtasks):
    assert seqtasks(*QUICK, "--engine", "native").returncode == 0
    shorter = [*QUICK[:5], "30", *QUICK[6:]]
    assert seqtasks(*shorter, "--engine", "native").returncode == 0
    second = "runs/parity-gru-2"
    done = seqtasks("resume", second, "--steps", "60")
    assert done.returncode == 0, done.stderr
    assert record(seqtasks, second)["engine"] == "native"
    assert furthest(weights(seqtasks), weights(seqtasks, second)) == 0


@pytest.mark.parametrize(("first", "second"), [("native", "plain"), ("plain", "native")])
def test_a_run_goes_on_by_another_engine_that_is_asked_for(seqtasks, first, second):
    shorter = [*QUICK[:5], "30", *QUICK[6:]]
    assert seqtasks(*shorter, *DOUBLE, "--engine", first).returncode == 0
    done = seqtasks("resume", RUN, "--steps", "60", "--engine", second)
    assert done.returncode == 0, done.stderr
    assert record(seqtasks)["engine"] == second
    assert seqtasks(*QUICK, *DOUBLE, "--engine", "plain").returncode == 0
    assert furthest(weights(seqtasks), weights(seqtasks, "runs/parity-gru-2")) < 1e-10


def test_a_run_whose_engine_is_not_to_be_had_says_how_to_go_on(seqtasks):
    assert seqtasks(*QUICK, "--engine", "native").returncode == 0
    missing = {"CC": "/nonexistent", "SEQTASKS_CACHE": ""}
    done = seqtasks("resume", RUN, "--steps", "70", **missing)
    assert done.returncode == 2
    assert "trained with the 'native' engine, which is not available here" in done.stderr
    assert "--engine torch" in done.stderr
    done = seqtasks("resume", RUN, "--steps", "70", "--engine", "torch", **missing)
    assert done.returncode == 0, done.stderr
    assert record(seqtasks)["engine"] == "torch"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"CC": "/nonexistent"}, "'/nonexistent', but no such compiler was found"),
        ({"CC": "false"}, "false failed"),
        ({"SEQTASKS_CACHE": "./file/programs"}, "Not a directory"),
        ({"SEQTASKS_CACHE": "./open"}, "others can write into"),
    ],
)
def test_where_nothing_can_be_compiled_the_next_engine_runs(seqtasks, variables, words):
    (seqtasks.folder / "file").write_text("")
    (seqtasks.folder / "open").mkdir()
    (seqtasks.folder / "open").chmod(0o777)
    done = seqtasks(*QUICK, *DOUBLE, **{"SEQTASKS_CACHE": "", **variables})
    assert done.returncode == 0, done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("Warning")]
    assert warning.startswith("Warning: the native engine is not in use: ")
    assert words in warning
    assert record(seqtasks)["engine"] == "torch"
    assert seqtasks(*QUICK, *DOUBLE, "--engine", "plain").returncode == 0
    assert furthest(weights(seqtasks), weights(seqtasks, "runs/parity-gru-2")) < 1e-10


def test_a_cell_that_no_program_can_stand_in_for(seqtasks, refused):
    (seqtasks.folder / "odd.py").write_text(ODD)
    arguments = ["run", "parity", "--cell", "./odd.py:Centred", "--steps", "3", "--length", "5"]
    done = seqtasks(*arguments, "--eval-length", "5")
    assert done.returncode == 0, done.stderr
    warning = done.stderr.splitlines()[0]
    assert warning.startswith("Warning: the plain loop, which is slower, runs cell centred: its")
    (path,) = (seqtasks.folder / "runs").iterdir()
    assert json.loads((path / "experiment.json").read_text())["engine"] == "plain"
    words = ["the engine 'native' cannot run Centred", "its rows mix", "with auto the plain loop"]
    refused([*arguments, "--engine", "native"], *words)


def test_a_run_that_diverges_ends_alike_by_every_engine(seqtasks):
    messages = []
    for engine in ("plain", "native"):
        options = ["--optimizer", "sgd", "--lr", "1e300", "--cell", "irnn"]
        done = seqtasks(*QUICK[:2], *options, *QUICK[4:], *DOUBLE, "--engine", engine)
        assert done.returncode == 1
        messages.append(done.stderr.splitlines()[-1].replace("irnn-2", "irnn-1"))
    assert messages[0] == messages[1]
