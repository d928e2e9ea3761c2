"""SIGKILL of a whole study at random moments, in each backend: the same table as never killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import seqtasks as st

MOMENTS = 20
SETTINGS = ["--steps", "120", "--length", "5", "--batch-size", "8", "--hidden-size", "4"]
SETTINGS += [
    "--eval-length",
    "5",
    "-q",
    "--engine",
    "plain",
]  # so slow that a study lasts longer than its start
SEEDS = "80"


def command(*arguments):
    return [sys.executable, "-m", "seqtasks", *map(str, arguments)]


def started(arguments, folder):
    """Start a command whose errors go to a file."""
    with (folder / "errors").open("a") as errors:
        return subprocess.Popen(
            command(*arguments), cwd=folder, stdout=subprocess.DEVNULL, stderr=errors
        )


def said(folder):
    return (folder / "errors").read_text()


def killed_after(process, seconds):
    """Kill a process by SIGKILL, unless it ends before; return its exit status."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return process.returncode


def table(study):
    """Return what a study found, without what the clock decides."""
    lines = [json.loads(line) for line in (study / "runs.jsonl").read_text().splitlines()]
    assert max(Counter(line["point"] for line in lines).values()) == 1
    return [{**line, "seconds": None} for line in lines]


def points_on_disk(study):
    """Return how many points have whole lines, and that no point has two that count."""
    found = Counter()
    for file in study.glob("runs*.jsonl"):
        for line in file.read_bytes().split(b"\n")[:-1]:
            found[json.loads(line)["point"]] += 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threads", "loky", "dask", "ray"])
def test_a_study_killed_at_random_moments_has_the_table_of_one_that_was_not(backend, tmp_path):
    pytest.importorskip({"dask": "distributed", "ray": "ray"}.get(backend, "joblib"))
    asked = ["run", "parity", "--cell", "concat", "--seeds", SEEDS, *SETTINGS]
    where = ["--backend", backend, "--jobs", "2"]
    began = time.monotonic()
    subprocess.run(command(*asked, *where, "--out", "whole"), cwd=tmp_path, check=True)
    lasted = time.monotonic() - began
    (whole,) = (tmp_path / "whole").iterdir()
    chance = random.Random(f"killed {backend}")

    process = started([*asked, *where, "--out", "killed"], tmp_path)
    study = tmp_path / "killed" / whole.name
    while not study.exists():  # the study must be there to go on
        assert process.poll() is None, said(tmp_path)
        time.sleep(0.02)
    before = seen = Counter()
    kills = 0
    for _ in range(MOMENTS):
        status = killed_after(process, chance.uniform(0, lasted / 2))
        assert status in (0, -signal.SIGKILL), said(tmp_path)
        kills += status != 0
        seen = points_on_disk(study)
        assert before.keys() <= seen.keys()  # what was finished stays
        assert max(seen.values(), default=1) == 1  # and is not made again
        before = seen
        if status == 0:
            break
        time.sleep(0.6)  # a worker ends half a second after its coordinator
        process = started(["resume", study, *where, "-q"], tmp_path)
    assert process.wait(600) == 0, said(tmp_path)
    assert kills
    assert table(study) == table(whole)
    assert not list(study.glob("runs-*.jsonl"))
    ours = {**st.load(study).summary(), "path": None}
    theirs = {**st.load(whole).summary(), "path": None}
    for one in (ours, theirs):
        one.pop("name")
    assert ours == theirs


@pytest.mark.slow  # it starts two commands
def test_workers_end_soon_after_a_coordinator_that_was_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, time\n"
        "from executor_work import Square, points\n"
        "from seqtasks.studies.execute import execute\n"
        "def deliver(finished):\n"
        "    print(finished[0].line['process'], flush=True)\n"
        "execute(points(10_000), [None], Square(0.05), deliver=deliver, backend='loky', jobs=2)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    coordinator = subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True
    )
    processes = {int(coordinator.stdout.readline()) for _ in range(4)}
    coordinator.kill()
    coordinator.communicate()
    deadline = time.monotonic() + 10
    for process in processes:
        while Path(f"/proc/{process}").exists():
            assert time.monotonic() < deadline, "a worker outlives its coordinator"
            time.sleep(0.05)
