"""A run that is stopped, killed or fails goes on to the same bits: long, as all share a set-up."""

import json
import random
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.listing import list_runs

CELL = '''import torch
from torch import nn
from seqtasks import Cell


class Noisy(Cell):
    """A cell that draws random numbers in training."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, state):
        return torch.tanh(self.linear(self.dropout(torch.cat([x, state], -1))))
'''

EXPERIMENT = {
    "task": "parity",
    "cell": "./noisy.py:Noisy",
    "hidden_size": 8,
    "length": "1..8",
    "steps": 400,
    "batch_size": 16,
    "solved_after": 0,
    "log_every": 10,
    "evaluate_every": 20,
    "checkpoint_every": 25,
    "validation_sequences": 16,
    "evaluation_sequences": 50,
    "evaluation_lengths": [10],
    "engine": "plain",
    "name": "noisy",
}


def prepare(folder: Path, **changes) -> None:
    (folder / "noisy.py").write_text(CELL)
    (folder / "noisy.json").write_text(json.dumps({**EXPERIMENT, **changes}))


def history(run: Path) -> list[dict]:
    """Return the lines of the log without the time they took."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: line[key] for key in line if key != "seconds"} for line in lines]


def logged_step(run: Path) -> int:
    lines = RunDirectory(run).history()
    return lines[-1]["step"] if lines else -1


def wait_for_step(process, run: Path, step: int) -> bool:
    """Wait until the log has a line of a step; say whether the process still runs then."""
    while logged_step(run) < step:
        if not process.running():
            return False
        time.sleep(0.002)
    return process.running()


def same_bits(run: Path, other: Path) -> bool:
    assert history(run) == history(other)
    results = [json.loads((path / "result.json").read_text()) for path in (run, other)]
    assert results[0]["scores"] == results[1]["scores"]
    assert results[0]["untrained"] == results[1]["untrained"]
    weights = [(path / "model.safetensors").read_bytes() for path in (run, other)]
    return weights[0] == weights[1]


def not_finite(file: Path) -> list[str]:
    """Return the names of a file's tensors that hold an infinity or no number."""
    return [name for name, values in load_file(file).items() if not np.isfinite(values).all()]


@pytest.fixture(scope="module")
def never_stopped(command_line, tmp_path_factory):
    """The directory of a run of `EXPERIMENT` that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    prepare(folder)
    done = command_line(folder)("run", "noisy.json")
    assert done.returncode == 0, done.stderr
    assert len(history(folder / "runs" / "noisy-1")) == 1 + 40 + 20
    return folder / "runs" / "noisy-1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_with_a_checkpoint_and_says_how_to_go_on(
    seqtasks, tmp_path, never_stopped, number
):
    prepare(tmp_path)
    run = tmp_path / "runs" / "noisy-1"
    process = seqtasks.start("run", "noisy.json")
    assert wait_for_step(process, run, 110)
    assert list_runs(tmp_path / "runs")[0]["status"] == "running"
    process.signal(number)
    process.wait()
    assert process.returncode == 128 + number, process.stderr
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    stopped, go_on = process.stderr.splitlines()[-2:]
    assert stopped.startswith("Error: stopped at step ")
    assert stopped.endswith(" of 400; a checkpoint is saved")
    assert go_on.strip() == "Go on with: seqtasks resume runs/noisy-1"
    assert (run / "checkpoint.safetensors").exists()
    assert not (run / "result.json").exists()

    step = int(stopped.split()[4])
    for form in ((), ("--json",)):
        scored = seqtasks("eval", "runs/noisy-1", "--length", "3", *form)
        assert scored.stderr == f"the run is not finished; these are the weights of step {step}\n"
    assert json.loads(scored.stdout)["status"] == "unfinished"
    listed = seqtasks("runs", "--json")
    assert json.loads(listed.stdout)[0]["status"] == "unfinished"

    resumed = seqtasks("resume", "runs/noisy-1")
    assert resumed.returncode == 0, resumed.stderr
    assert same_bits(run, never_stopped)


def test_a_run_killed_at_ten_moments_ends_with_the_bits_of_one_never_stopped(
    seqtasks, tmp_path, never_stopped
):
    prepare(tmp_path)
    run = tmp_path / "runs" / "noisy-1"
    chance = random.Random(11)
    process = seqtasks.start("run", "noisy.json")
    for kill in range(10):
        target = 33 * kill + chance.randrange(0, 30)
        assert wait_for_step(process, run, target), process.stderr
        time.sleep(chance.random() * 0.02)
        process.signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL, process.stderr
        process = seqtasks.start("resume", "runs/noisy-1")
    process.wait()
    assert process.returncode == 0, process.stderr
    assert same_bits(run, never_stopped)
    assert sorted(path.name for path in run.iterdir() if path.name[0] != ".") == sorted(
        path.name for path in never_stopped.iterdir()
    )


def test_a_run_killed_before_its_first_checkpoint_starts_again_to_the_same_bits(
    seqtasks, tmp_path, never_stopped
):
    prepare(tmp_path, checkpoint_every=400)
    run = tmp_path / "runs" / "noisy-1"
    process = seqtasks.start("run", "noisy.json")
    assert wait_for_step(process, run, 60)
    process.signal(signal.SIGKILL)
    process.wait()
    assert not (run / "checkpoint.safetensors").exists()
    scored = seqtasks("eval", "runs/noisy-1")
    assert scored.returncode == 2
    assert "no weights yet" in scored.stderr
    resumed = seqtasks("resume", "runs/noisy-1")
    assert resumed.returncode == 0, resumed.stderr
    assert same_bits(run, never_stopped)


HELD_CELL = """
import time
from pathlib import Path

RUN, HOLD = Path("runs/noisy-1"), Path("hold")


def is_held():
    if not (RUN / "lock").exists() or not HOLD.exists():
        return False
    log = RUN / "metrics.jsonl"
    return len(log.read_text().splitlines() if log.exists() else []) == int(HOLD.read_text())


class Held(Noisy):
    def initial_state(self, batch_size, steps):
        while steps > 100 and is_held():
            Path("held").touch()
            time.sleep(0.01)
        return super().initial_state(batch_size, steps)
"""


def test_a_signal_while_scores_are_taken_loses_nothing(seqtasks, tmp_path):
    lengths = list(range(101, 111))
    prepare(tmp_path, cell="./noisy.py:Held", steps=10, evaluation_lengths=lengths)
    (tmp_path / "noisy.py").write_text(CELL + HELD_CELL)
    run, held = tmp_path / "runs" / "noisy-1", tmp_path / "held"

    def stop_while_scoring(step: int, lines: int, *arguments: str) -> None:
        (tmp_path / "hold").write_text(f"{lines}")  # the first score after that waits for us
        process = seqtasks.start(*arguments)
        while not held.exists():
            assert process.running(), process.stderr
            time.sleep(0.002)
        process.signal(signal.SIGTERM)
        (tmp_path / "hold").rename(tmp_path / "released")
        assert process.wait().returncode == 143, process.stderr
        assert f"stopped at step {step} of 10; a checkpoint is saved" in process.stderr
        held.unlink()

    stop_while_scoring(0, 0, "run", "noisy.json")
    stop_while_scoring(10, 2, "resume", "runs/noisy-1")
    resumed = seqtasks("resume", "runs/noisy-1", "-q")
    assert resumed.returncode == 0, resumed.stderr
    assert [line["step"] for line in history(run)] == [0, 10]
    assert (run / "result.json").exists()


def test_a_full_disk_leaves_the_checkpoint_before_it_intact(seqtasks, tmp_path, never_stopped):
    prepare(tmp_path)
    run = tmp_path / "runs" / "noisy-1"
    process = seqtasks.start("run", "noisy.json")
    assert wait_for_step(process, run, 110)
    process.signal(signal.SIGTERM)
    assert process.wait().returncode == 143
    before = (run / "checkpoint.safetensors").read_bytes()
    sizes = {"checkpoint.safetensors": 5000}  # less than its random state alone
    sizes["metrics.jsonl"] = (run / "metrics.jsonl").stat().st_size
    for file, largest in sizes.items():
        failed = seqtasks("resume", "runs/noisy-1", largest_file=largest)
        assert failed.returncode == 1, failed.stderr
        assert "Traceback" not in failed.stderr
        assert f"cannot write runs/noisy-1/{file}" in failed.stderr
        assert "File too large" in failed.stderr
        assert "what was saved before is intact" in failed.stderr
        assert (run / "checkpoint.safetensors").read_bytes() == before
        assert not list(run.glob(".*"))
    resumed = seqtasks("resume", "runs/noisy-1")
    assert resumed.returncode == 0, resumed.stderr
    assert same_bits(run, never_stopped)


def test_more_steps_give_the_bits_of_a_run_asked_for_them_at_once(
    seqtasks, tmp_path, never_stopped
):
    prepare(tmp_path, steps=130)
    run = tmp_path / "runs" / "noisy-1"
    assert seqtasks("run", "noisy.json", "-q").stdout == "runs/noisy-1\n"
    early = (run / "result.json").read_text()
    resumed = seqtasks("resume", "runs/noisy-1", "--steps", "400", "-q")
    assert resumed.returncode == 0, resumed.stderr
    assert same_bits(run, never_stopped)

    (run / "result.json").write_text(early)  # as if killed after training, before the scores
    again = seqtasks("resume", "runs/noisy-1", "-q")
    assert again.returncode == 0, again.stderr
    assert same_bits(run, never_stopped)


def test_a_loss_that_is_not_finite_ends_the_run_with_what_to_try(seqtasks, tmp_path):
    options = ["--lr", "1e30", "--optimizer", "sgd", "--clip", "none", "--hidden-size", "4"]
    process = seqtasks("run", "bitflip", *options)
    assert process.returncode == 1
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    first, second = process.stderr.splitlines()[-2:]
    assert first.startswith("Error: the loss became ")
    assert " at step " in first
    assert first.endswith("there is no checkpoint before it.")
    assert "--lr 1e+29" in second
    assert "--clip 1" in second


def test_a_loss_that_is_not_finite_names_the_last_good_checkpoint(seqtasks, tmp_path):
    wild = {"checkpoint_every": 1, "optimizer": "sgd", "learning_rate": 1e30, "clip": None}
    prepare(tmp_path, **wild)
    process = seqtasks("run", "noisy.json")
    assert process.returncode == 1, process.stderr
    found = re.search(
        r"at step (\d+); the last good checkpoint, of step (\d+), is in runs/noisy-1",
        process.stderr,
    )
    assert found, process.stderr
    assert int(found[2]) == int(found[1]) - 1
    assert not_finite(tmp_path / "runs" / "noisy-1" / "checkpoint.safetensors") == []


def test_weights_that_are_not_finite_are_never_saved_as_good(seqtasks, tmp_path):
    prepare(tmp_path, checkpoint_every=1)
    endless_slope = "self.linear(torch.cat([x, state], -1)) * 0"
    (tmp_path / "noisy.py").write_text(
        CELL.replace("torch.tanh(", f"torch.sqrt({endless_slope}) + torch.tanh(")
    )
    for steps in (1, 5):  # the loss of step 1 is finite, its gradient is not
        process = seqtasks("run", "noisy.json", "--steps", steps, "--out", f"out{steps}")
        run = tmp_path / f"out{steps}" / "noisy-1"
        assert process.returncode == 1, process.stdout
        assert "good checkpoint" not in process.stderr, process.stderr
        assert not (run / "model.safetensors").exists()
        assert not (run / "checkpoint.safetensors").exists()


def test_the_cadence_of_checkpoints_is_steps_or_time(refused, answer):
    refused(["run", "parity", "--checkpoint-every", "soon"], "checkpoint_every", "30s, 5m or 2h")
    plan = answer("run", "parity", "--checkpoint-every", "5m", "--dry-run")
    assert ["checkpoint_every", "5m"] in [line.split() for line in plan.splitlines()]
