"""What a stranger's run says never steers the terminal, whichever command reads it."""

import json
import shutil
from pathlib import Path

import pytest

from seqtasks.cli.output import printable

STEERING = "\x1b]0;mine\x07\x1b[2J\x9b31m\u202e"


@pytest.fixture
def hostile(trained, tmp_path) -> Path:
    """A run whose name and record hold escape sequences."""
    path = tmp_path / "runs" / f"run{STEERING}-1"
    shutil.copytree(trained.path, path)
    record = json.loads((path / "experiment.json").read_text())
    record["experiment"]["name"] = STEERING
    record["versions"]["torch"] = STEERING
    (path / "experiment.json").write_text(json.dumps(record))
    return path


@pytest.mark.parametrize("field", ["task", "cell", "optimizer", "dtype", "length"])
def test_escape_sequences_of_a_record_are_shown_as_text(seqtasks, hostile, field):
    record = json.loads((hostile / "experiment.json").read_text())
    record["experiment"][field] = f"no{STEERING}"
    (hostile / "experiment.json").write_text(json.dumps(record))
    for command in (["eval", hostile], ["resume", hostile], ["predict", hostile, "01"], ["runs"]):
        done = seqtasks(*command)
        said = done.stdout + done.stderr
        assert "x1b" in said
        assert printable(said) == said


@pytest.mark.parametrize("name", ["token_accuracy", f"metric{STEERING}\nnext\rline"])
def test_escape_sequences_of_a_result_are_shown_as_text(seqtasks, hostile, name):
    document = json.loads((hostile / "result.json").read_text())
    for score in document["scores"]:
        score["metrics"] = {name: 0.5}
        score["intervals"] = {name: [0.25, 0.75]}
    (hostile / "result.json").write_text(json.dumps(document))
    for command in (["runs"], ["runs", "--json"], ["eval", hostile, "--length", "5"]):
        done = seqtasks(*command)
        assert printable(done.stdout + done.stderr) == done.stdout + done.stderr
    listed = seqtasks("runs").stdout.splitlines()
    assert len(listed) == 2
    assert json.loads(seqtasks("runs", "--json").stdout)[0]["name"] == hostile.name


def test_only_what_steers_is_escaped():
    text = "état → ok\n  σ² 100 % 字 🙂"
    assert printable(text) == text
    assert printable("\x1b\t\r\x00\x7f\x9b\u202e\ud800") == (r"\x1b\t\r\x00\x7f\x9b\u202e\ud800")
