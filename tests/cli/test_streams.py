"""Whatever becomes of the standard streams: no traceback, no training lost, a code that tells."""

import io
import json
import os
import subprocess
import sys

import pytest
from command_line import ENVIRONMENT

from seqtasks.cli.output import echo_json

RUN = "run parity --cell concat --steps 300 --eval-length 5"


@pytest.fixture
def shell(tmp_path):
    """Run the command line with what a shell adds: its exit code, and what came to the streams."""

    def run(arguments, rest="", **variables):
        line = f'set -o pipefail; "{sys.executable}" -m seqtasks {arguments} {rest}'
        return subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env={**ENVIRONMENT, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )

    return run


@pytest.mark.parametrize("command", ["list cells", "sample parity"])
@pytest.mark.parametrize(
    ("rest", "why"),
    [(">&-", "it is closed"), (">/dev/full", "No space left on device"), (">&- <&-", "closed")],
)
def test_an_answer_that_cannot_be_written_is_told_in_a_line(shell, command, rest, why):
    done = shell(command, rest)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: cannot write to stdout: ")
    assert why in line


def test_an_answer_comes_whatever_the_other_streams_are(shell):
    usual = shell("sample parity --count 2").stdout
    assert usual != b""
    for rest in ("2>&-", "2>/dev/full", "<&-", "<&- 2>&-"):
        done = shell("sample parity --count 2", rest)
        assert (done.returncode, done.stdout) == (0, usual), rest


def test_nothing_is_said_to_a_reader_that_left_and_the_code_tells(shell):
    done = shell("sample parity --count 20000", "| head -1")
    assert (done.returncode, done.stderr) == (1, b"")
    done = shell("list cells", ">&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("2>&1 | head -1", 1),
        pytest.param("2>/dev/full", 0, marks=pytest.mark.slow),
        pytest.param("2>&-", 0, marks=pytest.mark.slow),
        pytest.param(">&-", 1, marks=pytest.mark.slow),
        pytest.param(">&- 2>&-", 1, marks=pytest.mark.slow),
        pytest.param(">/dev/full 2>&1", 1, marks=pytest.mark.slow),
    ],
)
def test_a_run_ends_with_its_files_whatever_becomes_of_the_streams(shell, tmp_path, rest, code):
    done = shell(RUN, rest)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    result = json.loads((tmp_path / "runs" / "parity-concat-1" / "result.json").read_text())
    assert result["step"] == 300


def test_a_run_ends_with_its_files_though_stderr_takes_no_more(seqtasks, tmp_path):
    assert seqtasks(*RUN.split(), stderr="/dev/full").returncode == 0
    result = json.loads((tmp_path / "runs" / "parity-concat-1" / "result.json").read_text())
    assert result["step"] == 300


def test_characters_that_an_encoding_lacks_are_written_as_escapes(shell):
    usual = json.loads(shell("show parity --json").stdout)
    for encoding in ("latin-1", "ascii", "ascii:strict", "cp1252"):
        done = shell("show parity", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, b""), encoding
        text = shell("show parity --json", PYTHONIOENCODING=encoding).stdout.decode("latin-1")
        assert json.loads(text) == usual, encoding


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gru", "slstm", "tape-rnn"])
def test_a_cell_is_shown_in_latin_1(shell, name):
    done = shell(f"show {name}", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_json_document_is_the_same_in_every_encoding(monkeypatch, encoding):
    document = {"ä → \U0001f600": ["\udcff", "plain"]}
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr("sys.stdout", stream)
    echo_json(document)
    stream.flush()
    assert json.loads(written.getvalue().decode(encoding)) == document


def test_predict_without_a_stdin_says_that_there_is_no_input(shell, trained):
    done = shell(f"predict {trained.path}", "<&-")
    assert done.returncode == 2
    assert (
        done.stderr.decode() == "Error: stdin holds no input: give one string of symbols a line\n"
    )


def test_an_input_that_is_no_text_is_named(shell, trained):
    done = shell(f"predict {trained.path} 2>&1", "< <(printf '01\\xff\\n')")
    assert done.returncode == 2
    assert b"is not in the alphabet 0 1" in done.stdout


@pytest.mark.parametrize("command", ["list", "run parity --steps 1", "runs", "show parity"])
def test_a_current_folder_that_is_gone_is_told_in_a_line(tmp_path, command):
    line = f'mkdir gone; cd gone; rmdir ../gone; "{sys.executable}" -m seqtasks {command}'
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=ENVIRONMENT, capture_output=True)
    assert done.returncode == 2
    assert done.stderr == b"Error: the current folder is gone: change to one that exists\n"


@pytest.mark.parametrize(
    "arguments",
    ["run parity --out", "runs", "eval", "resume", "predict", "export parity --count 1 -o", "list"],
)
def test_a_name_that_is_not_utf_8_is_refused_at_once(seqtasks, tmp_path, arguments):
    process = seqtasks(*arguments.split(), os.fsdecode(b"b\xff"))
    assert process.returncode == 2
    assert process.stderr == "Error: the argument 'b\\udcff' is not text in UTF-8\n"
    assert not list(tmp_path.iterdir())
