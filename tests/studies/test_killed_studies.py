"""SIGKILL of a whole study at random moments, in each backend: the same table as never killed."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

import seqtasks as st

MOMENTS = 20
SETTINGS = ["--steps", "60", "--length", "5", "--batch-size", "8", "--hidden-size", "4"]
SETTINGS += [
    "--eval-length",
    "5",
    "-q",
    "--engine",
    "plain",
]  # slow, so that few runs end between two kills
SEEDS = "250"
PATIENCE = 300
"""Seconds in which a study must make a run, however busy the machine is."""
WORKERS = {"loky": "LokyProcess", "dask": "spawn_main", "ray": "ray::_perform"}
"""What the command line of a worker holds."""


def command(*arguments):
    return [sys.executable, "-m", "seqtasks", *map(str, arguments)]


def started(arguments, folder, **more):
    """Start a command whose errors go to a file."""
    with (folder / "errors").open("a") as errors:
        return subprocess.Popen(
            command(*arguments), cwd=folder, stdout=subprocess.DEVNULL, stderr=errors, **more
        )


def said(folder):
    return (folder / "errors").read_text()


def lines_of(study):
    return sum(file.read_bytes().count(b"\n") for file in study.glob("runs*.jsonl"))


def wait_for_a_run(process, study, more_than):
    """Wait until a study has more lines than a number, or its process has ended."""
    deadline = time.monotonic() + PATIENCE
    while lines_of(study) <= more_than and process.poll() is None:
        assert time.monotonic() < deadline, "no run ended"
        time.sleep(0.02)


def killed_after(process, seconds):
    """Kill a process by SIGKILL, unless it ends before; return its exit status."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return process.returncode


def kill_a_worker(backend):
    """Kill one worker of the backend by SIGKILL, and say whether there was one."""
    for number, command_line in descendants(os.getpid()):
        if WORKERS[backend] in command_line:
            os.kill(number, signal.SIGKILL)
            return True
    return False


def descendants(process):
    """Yield the processes below a process, each with its command line."""
    for number in children_of(process):
        with suppress(OSError):
            yield number, Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ")
        yield from descendants(number)


def children_of(process):
    found = []
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


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


@pytest.fixture
def where(backend, request):
    """The options of a backend; one Ray serves all commands, because it takes long to start."""
    options = ["--backend", backend, "--jobs", "2"]
    if backend == "ray":
        options += ["--address", request.getfixturevalue("ray_address")]
    return options


@pytest.fixture
def ray_address():
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threads", "loky", "dask", "ray"])
def test_a_study_killed_at_random_moments_has_the_table_of_one_that_was_not(
    backend, where, tmp_path
):
    pytest.importorskip({"dask": "distributed", "ray": "ray"}.get(backend, "joblib"))
    asked = ["run", "parity", "--cell", "concat", "--seeds", SEEDS, *SETTINGS]
    began = time.monotonic()
    process = started([*asked, *where, "--out", "whole"], tmp_path)
    whole = the_study(process, tmp_path, "whole")
    wait_for_a_run(process, whole, 0)
    start = time.monotonic() - began
    assert process.wait(1200) == 0, said(tmp_path)
    chance = random.Random(f"killed {backend}")

    process = started([*asked, *where, "--out", "killed"], tmp_path)
    study = the_study(process, tmp_path, "killed")  # it must be there to go on
    before = points_on_disk(study)
    for moment in range(MOMENTS):  # in turn while the study starts, and while it makes runs
        if moment % 2:
            wait_for_a_run(process, study, before.total())
        if moment == MOMENTS // 2 + 1 and backend in WORKERS:
            assert kill_a_worker(backend)
            wait_for_a_run(process, study, lines_of(study))
        status = killed_after(process, chance.uniform(0, 0.5 if moment % 2 else start))
        assert status == -signal.SIGKILL, said(tmp_path)  # it has not ended
        seen = points_on_disk(study)
        assert before.keys() <= seen.keys()  # what was finished stays
        assert max(seen.values(), default=1) == 1  # and is not made again
        before = seen
        time.sleep(0.6)  # a worker ends half a second after its coordinator
        process = started(["resume", study, *where, "-q"], tmp_path)
    assert len(before) < int(SEEDS)
    assert process.wait(1200) == 0, said(tmp_path)
    assert table(study) == table(whole)
    assert not list(study.glob("runs-*.jsonl"))
    ours = {**st.load(study).summary(), "path": None}
    theirs = {**st.load(whole).summary(), "path": None}
    for one in (ours, theirs):
        one.pop("name")
    assert ours == theirs


def the_study(process, folder, name):
    """Return the folder of a study that a process makes, as soon as it is there."""
    study = folder / name / "parity-concat-1"
    while not study.exists():
        assert process.poll() is None, said(folder)
        time.sleep(0.02)
    return study


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


@pytest.mark.parametrize("backend", ["loky", pytest.param("dask", marks=pytest.mark.slow)])
def test_a_signal_to_all_processes_of_a_study_reaches_the_coordinator_alone(tmp_path, backend):
    pytest.importorskip({"dask": "distributed"}.get(backend, "joblib"))
    arguments = ["run", "parity", "--cell", "concat", "--seeds", "9999", "--backend", backend]
    arguments += [*SETTINGS, "--jobs", "2"]
    process = started(arguments, tmp_path, start_new_session=True)
    study = the_study(process, tmp_path, "runs")
    wait_for_a_run(process, study, 2)  # both workers have begun
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert process.wait(60) == 130, said(tmp_path)
    time.sleep(0.5)  # the tracker of semaphores ends after the command
    last = said(tmp_path).splitlines()[-2:]
    assert re.match(r"Error: (stopped after|broken off after) \d+ of 9999 runs", last[0])
    assert last[1].strip() == "Go on with: seqtasks resume runs/parity-concat-1"
    assert "Traceback" not in said(tmp_path)
    assert "resource_tracker" not in said(tmp_path)
