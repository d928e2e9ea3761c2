"""A folder of runs that strangers sent: nothing executes, writes or reads outside what it may."""

import json
import subprocess
from pathlib import Path

import pytest
from malicious_runs import ALLOWED_EXECUTE, RUNS

PROGRAM = Path(__file__).parent / "malicious_runs.py"
DONE = {"all: runs", "all: runs --json"}
DONE |= {f"optimizer: {way}" for way in ("load", "eval", "predict")}  # which need no optimiser
READS = {f"m-source: {way}" for way in ("regenerate", "export")}
"""A file that is named with its digest is read, to see whether the user ran it."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What came of opening each run in each way, in a process that watches itself."""
    import os
    import sys

    folder = tmp_path_factory.mktemp("stranger")
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder)],
        env={
            **os.environ,
            "SEQTASKS_STATE": str(folder / "state"),
            "HOME": str(folder / "elsewhere"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_there_are_more_than_twenty_malicious_runs_and_each_is_opened_in_every_way(found):
    assert len(RUNS) > 40
    assert len(found["refused"]) == len(RUNS) * 9 + 7 * 2 + 2


def test_no_code_of_a_stranger_is_executed(found):
    for case, (_, noted, executed) in found["refused"].items():
        allowed = [f"open {found['outside']}/outside.py"] if case in READS else []
        assert noted == allowed, case
        assert not executed, case


def test_each_malicious_run_is_refused_in_one_or_two_lines(found):
    for case, (text, _, _) in found["refused"].items():
        if case in DONE:
            assert text == "done", case
            continue
        assert text.startswith("Error: "), (case, text)
        assert len(text.strip().splitlines()) <= 3, (case, text)
        assert "Traceback" not in text, case


def test_the_refusal_names_the_file_and_how_to_allow_it(found):
    for way in ("load", "resume", "run", "eval", "predict", "seqtasks resume", "dry run"):
        text, _, _ = found["refused"][f"plain-copy: {way}"]
        (line,) = text.strip().splitlines()
        assert "source/mine-1.py" in line
        assert "--trust" in line
    near, _, _ = found["refused"]["near: load"]
    assert "source/mine-1.py" in near
    assert "source/helper-1.py" in near


def test_only_copies_where_copies_belong_are_executed_when_they_are_allowed(found):
    executed = {name for name, (_, canary) in found["allowed"].items() if "executed" in canary}
    # The other two import a helper that is not listed but lies in the current folder.
    assert executed == {"plain-copy", "near"}
    assert executed <= ALLOWED_EXECUTE
    for name, (text, canary) in found["allowed"].items():
        assert name in ALLOWED_EXECUTE | {"optimizer"} or text.startswith("Error: "), (name, text)
        assert canary == "" or name in executed, name
