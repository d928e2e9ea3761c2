"""The journeys of the architecture page are short, and go the way of a real run.

Each takes a process of its own, with torch and a compiler: the calls are to be the first ones.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "architecture.md"


def listed(introduction):
    """Return the files of the numbered list that follows a line of the page."""
    text = PAGE.read_text().partition(introduction)[2].lstrip()
    return re.findall(r"^\d+\. `([^`]+)`", text.partition("\n\n")[0], re.MULTILINE)


@pytest.mark.parametrize(
    ("introduction", "most", "journey"),
    [
        ("from the command to the call of C:", 30, ["command", "runs"]),
        ("From a cell's `forward` to a line of C:", 20, ["forward"]),
    ],
)
def test_a_journey_is_short_and_goes_the_way_of_a_real_run(
    introduction, most, journey, tmp_path, monkeypatch
):
    monkeypatch.setenv("SEQTASKS_CFLAGS", "-O0")
    done = subprocess.run(
        [sys.executable, HERE / "journeys.py", *journey],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    called = json.loads(done.stdout.splitlines()[-1])
    files = listed(introduction)
    assert most - 5 < len(files) <= most
    assert set(files) <= set(called)
    assert files == sorted(files, key=called.index)
