"""A study as an array of Slurm jobs: the script as Slurm runs it, its signals, and `collect`."""

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

import seqtasks as st
from seqtasks.cli.main import main
from seqtasks.studies.execute.slurm import array_of, block_of, blocks_of
from seqtasks.studies.settings import Point

SMALL = ["parity", "--cell", "concat", "--steps", "30", "--length", "5", "--batch-size", "8"]
SMALL += ["--hidden-size", "4", "--eval-length", "5", "--engine", "plain"]


@pytest.fixture
def made(seqtasks_command, tmp_path):
    """Make a study for Slurm, and return its folder."""

    def make(*more, seeds="5"):
        command = ["run", *SMALL, "--seeds", seeds, "--slurm", "--out", "my runs", "-q", *more]
        done = seqtasks_command(*command)
        assert done.returncode == 0, done.stderr
        return tmp_path / done.stdout.strip()

    return make


@pytest.fixture
def seqtasks_command(tmp_path, monkeypatch, capsys):
    """Run the command line in this process, in the test's folder."""

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, arguments)))
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def slurm(tmp_path):
    """Run a job of an array as Slurm does, beside a `scontrol` that notes what it is asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> "{tools}/asked"\n')
    (tools / "scontrol").chmod(0o755)

    started = []

    class Slurm:
        def start(self, study, index, restart=0):
            environment = {
                **os.environ,
                "PATH": f"{tools}:{os.environ['PATH']}",
                "SLURM_JOB_ID": f"9{index}",
                "SLURM_ARRAY_JOB_ID": "90",
                "SLURM_ARRAY_TASK_ID": str(index),
                "SLURM_RESTART_COUNT": str(restart),
            }
            job = subprocess.Popen(
                ["bash", study / "slurm.sh"], env=environment, cwd="/", start_new_session=True
            )
            started.append(job)
            return job

        def run(self, study, *indices):
            jobs = [self.start(study, index) for index in indices]
            return [job.wait(120) for job in jobs]

        @property
        def asked(self):
            file = tools / "asked"
            return file.read_text().splitlines() if file.exists() else []

    yield Slurm()
    for job in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)


def test_a_study_with_a_script_can_be_removed(made, seqtasks_command):
    study = made()
    (study / "slurm").mkdir(exist_ok=True)  # where the jobs write what they print
    done = seqtasks_command("runs", "remove", study, "--yes")
    assert done.returncode == 0, done.stderr
    assert not study.exists()


def directives(study):
    lines = (study / "slurm.sh").read_text().splitlines()
    return [line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH")]


def without_seconds(study):
    lines = [json.loads(line) for line in (study / "runs.jsonl").read_text().splitlines()]
    return [{**line, "seconds": None} for line in lines]


# ---- which runs a job makes


@pytest.mark.parametrize("count", [1, 2, 7, 999, 1000, 1001, 12_345])
def test_each_point_belongs_to_one_job_and_the_jobs_are_equal_in_size(count):
    points = [Point(number, 0, number) for number in range(count)]
    blocks = [block_of(points, index, blocks_of(count)) for index in range(blocks_of(count))]
    assert [point for block in blocks for point in block] == points
    assert {len(block) for block in blocks} <= {count // len(blocks), -(-count // len(blocks))}
    assert len(blocks) == min(count, 1000)  # an array has at most 1,001 by default


@pytest.mark.parametrize(
    ("indices", "text"), [([3], "3"), ([0, 1, 2], "0-2"), ([9, 0, 1, 5, 6], "0-1,5-6,9")]
)
def test_jobs_are_named_as_slurm_names_them(indices, text):
    assert array_of(indices) == text


# ---- the script


@pytest.mark.slow  # each job starts a process that imports torch, and a worker
def test_jobs_make_the_table_that_one_process_makes(made, slurm, seqtasks_command, tmp_path):
    study = made(seeds="4")
    assert not (study / "runs.jsonl").exists()
    assert slurm.run(study, 0, 2) == [0, 0]
    early = seqtasks_command("collect", study)
    assert early.returncode == 1
    assert "2 runs of 4 are missing, of the jobs 1,3" in early.stderr
    assert f"sbatch --array=1,3 '{study}/slurm.sh'" in early.stderr
    assert slurm.run(study, 1, 3) == [0, 0]
    assert slurm.run(study, 1) == [0]  # it makes nothing twice
    done = seqtasks_command("collect", study, "--json")
    assert done.returncode == 0, done.stderr
    assert slurm.asked == []
    assert not list(study.glob("runs-*.jsonl"))

    alone = seqtasks_command("run", *SMALL, "--seeds", "4", "--out", "alone", "-q")
    alone = tmp_path / alone.stdout.strip()
    assert without_seconds(study) == without_seconds(alone)
    assert json.loads(done.stdout)["settings"] == st.load(alone).summary()["settings"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_signal_makes_a_checkpoint_and_queues_the_job_again(
    made, slurm, seqtasks_command, number
):
    study = made("--steps", "1000000", seeds="1")
    part, steps = study / "parts" / "point-0.safetensors", [0]
    for restart in range(6):  # the first may hear of its end before it has made a step
        job = slurm.start(study, 0, restart)
        time.sleep(8 + 8 * restart)
        job.send_signal(number)
        assert job.wait(120) == 128 + signal.SIGUSR1
        assert slurm.asked == ["requeue 90"] * (restart + 1)
        if part.is_file():
            steps.append(st_step(part))
        if len(set(steps)) > 2:
            break
    assert len(set(steps)) > 2  # a later job went on from an earlier one's checkpoint
    assert steps == sorted(steps)
    assert "job 0/1 stopped: interrupted" in (study / "slurm" / "0.log").read_text()


def st_step(part):
    from seqtasks.runs.checkpoint import read_checkpoint

    return read_checkpoint(part, 2**24).progress["progress"]["step"]


@pytest.mark.slow
def test_a_job_and_a_process_that_makes_all_runs_exclude_each_other(made, slurm, seqtasks_command):
    study = made("--steps", "1000000", seeds="2")
    job = slurm.start(study, 0)
    time.sleep(6)
    refused = seqtasks_command("resume", study)
    assert refused.returncode == 2
    assert "is already running" in refused.stderr
    job.send_signal(signal.SIGUSR1)
    job.wait(60)


def test_the_script_says_what_slurm_needs(made, seqtasks_command):
    study = made("--jobs", "3", "--time-limit", "90m")
    asked = directives(study)
    assert "--array=0-4%3" in asked
    assert "--time=90" in asked
    assert {"--requeue", "--signal=B:USR1@120", "--cpus-per-task=1"} <= set(asked)
    subprocess.run(["bash", "-n", study / "slurm.sh"], check=True)
    alone = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    command = ["bash", study / "slurm.sh"]
    by_hand = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)
    assert by_hand.returncode == 2
    assert "submit it with sbatch" in by_hand.stderr
    assert (study / "slurm").is_dir()


@pytest.mark.parametrize("block", ["3", "2/2", "-1/2", "a/b"])
def test_a_job_that_is_not_there_is_refused(made, seqtasks_command, block):
    refused = seqtasks_command("resume", made(seeds="2"), "--block", block)
    assert refused.returncode == 2
    assert "--block must be a job and the number of jobs" in refused.stderr


def test_slurm_goes_with_no_backend(seqtasks_command, tmp_path):
    refused = seqtasks_command("run", *SMALL, "--seeds", "2", "--slurm", "--backend", "loky")
    assert refused.returncode == 2
    assert "--slurm writes a script for its own jobs" in refused.stderr
    assert not (tmp_path / "runs").exists()


def test_only_a_study_is_collected(seqtasks_command, tmp_path):
    refused = seqtasks_command("collect", "nowhere")
    assert (refused.returncode, "is not a study" in refused.stderr) == (2, True)
