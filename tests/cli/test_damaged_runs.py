"""However a file of a run is damaged, what reads it is right, or says in two lines what is not."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from command_line import ENVIRONMENT
from damage import copied, damage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from try_commands import COMMANDS, SECONDS

import seqtasks
from seqtasks.errors import RunInterruptedError
from seqtasks.runs.checkpoint import read_weights

SETTINGS = {
    "cell": "gru",
    "hidden_size": 4,
    "length": "3..6",
    "steps": 20,
    "log_every": 5,
    "evaluate_every": 10,
    "checkpoint_every": 10,
    "evaluation_lengths": (4,),
    "evaluation_sequences": 20,
    "validation_sequences": 20,
    "engine": "plain",
    "solved_after": 0,
}
OWN_CELL = "import seqtasks as st\n\n\nclass Mine(st.cells.Elman):\n    pass\n"
SLOW_CASES = 2000
MOST_MEGABYTES = 2048


class Tried:
    """Runs to damage, and a process in whose forks the commands are tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = self._made(folder / "made")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("try_commands.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=ENVIRONMENT,
        )
        self.right = {run.name: self.outcomes(copied(run, folder / "right")) for run in self.runs}
        self.weights = {
            run.name: read_weights(folder / "right" / "runs" / run.name / "model.safetensors")[0]
            for run in self.runs
        }

    @staticmethod
    def _made(folder: Path) -> list[Path]:
        folder.mkdir()
        (folder / "mine.py").write_text(OWN_CELL)
        own = {**SETTINGS, "cell": str(folder / "mine.py"), "name": "own"}
        asked = iter(range(10**6))
        with pytest.raises(RunInterruptedError):
            seqtasks.run(
                "parity",
                **SETTINGS,
                name="stopped",
                out=folder,
                stop=lambda: 15 if next(asked) > 20 else 0,
            )
        made = [
            folder / "stopped-1",
            seqtasks.run("parity", **SETTINGS, name="whole", score="4..6", out=folder).path,
            seqtasks.run("parity", **own, out=folder).path,
        ]
        assert not (made[0] / "result.json").exists()
        return made

    def outcomes(self, run: Path) -> dict[str, dict]:
        self._process.stdin.write(f"{run}\n")
        self._process.stdin.flush()
        told = [json.loads(self._process.stdout.readline()) for _ in COMMANDS]
        return {one["command"]: one for one in told}

    def check(self, random: Random) -> None:
        """Damage a copy of a run, and try every command on it."""
        place = self.folder / "damaged"
        shutil.rmtree(place, ignore_errors=True)
        made = random.choice(self.runs)
        run = copied(made, place)
        done = damage(run, random)
        for command, outcome in self.outcomes(run).items():
            where = f"{made.name}, {done}, {command}: {outcome}"
            check_manners(command, outcome, where)
            if outcome["code"] == 0 and not done.startswith(("experiment.json", "result.json")):
                right = self.right[made.name][command]
                if command == "load" and done.startswith("metrics.jsonl"):
                    check_history(outcome, right, where)
                else:
                    check_right(command, outcome, right, where)
                if command == "resume":
                    self._check_weights(run, made.name, where)

    def _check_weights(self, run: Path, name: str, where: str) -> None:
        found = read_weights(run / "model.safetensors")[0]
        for key, weights in self.weights[name].items():
            assert torch.equal(found[key], weights), where

    def close(self) -> None:
        self._process.communicate()


def check_manners(command: str, outcome: dict, where: str) -> None:
    """Check that a command ended in time and memory, with a documented code and few words."""
    text = outcome["stderr"]
    stopped_by_us = outcome["seconds"] > SECONDS and outcome["code"] in (130, 143)
    assert outcome["code"] in (0, 1, 2) or stopped_by_us, where
    assert "Traceback" not in text, where
    assert "a fault in seqtasks" not in text, where  # the line for an error nobody foresaw
    assert outcome["megabytes"] < MOST_MEGABYTES, where
    assert outcome["seconds"] < SECONDS + 2, where
    said = [line for line in text.splitlines() if not line.startswith("Warning: ")]
    if outcome["code"] == 2:
        assert outcome["stdout"] == "", where
    if outcome["code"] in (1, 2):
        errors = [number for number, line in enumerate(said) if line.startswith("Error: ")]
        assert len(errors) == 1, where
        assert 1 <= len(said) - errors[0] <= 2, where
        assert command == "load" or max(map(len, said)) < 1200, where
    assert re.sub(r"[ -~\n\w§²·→–×]", "", text + outcome["stdout"]) == "", where


def check_history(outcome: dict, right: dict, where: str) -> None:
    """Check that a log has all lines that were written, or is said not to."""
    whole = outcome["stdout"].splitlines()[-1] == right["stdout"].splitlines()[-1]
    assert whole or "metrics.jsonl" in outcome["stderr"], where


def check_right(command: str, outcome: dict, right: dict, where: str) -> None:
    """Check that what is said is what is said of the run undamaged."""
    if command in ("eval", "predict", "load"):
        assert outcome["stdout"] == right["stdout"], where


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    made = Tried(tmp_path_factory.mktemp("damage"))
    yield made
    made.close()


def test_undamaged_runs_are_read(tried):
    for outcomes in tried.right.values():
        for command, outcome in outcomes.items():
            assert outcome["code"] == (2 if "is finished" in outcome["stderr"] else 0), command


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False))
def test_a_damaged_file_is_told_or_does_no_harm(tried, random):
    tried.check(random)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_every_damaged_file_is_told_or_does_no_harm(tried, part):
    cases = int(os.environ.get("SEQTASKS_DAMAGED_FILES", SLOW_CASES)) // 20
    problems = []
    for seed in range(part * cases, (part + 1) * cases):
        try:
            tried.check(Random(seed))
        except AssertionError as error:
            problems.append(f"{seed}: {str(error)[:1500]}")
    assert problems == []
