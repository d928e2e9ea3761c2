"""`seqtasks cache` shows the kept programs and clears them, and nothing else."""

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A cache with three programs and a file of somebody else."""
    folder = tmp_path / "programs"
    folder.mkdir(mode=0o700)
    for number in range(3):
        path = folder / f"{number:032x}.so"
        path.write_bytes(bytes(500_000))
        os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
    (folder / "notes.txt").write_text("mine")
    return folder


def test_the_cache_is_shown(answer, programs):
    text = answer("cache", SEQTASKS_CACHE=str(programs), TZ="UTC")
    assert " ".join(text.split()) == (
        f"folder {programs} programs 3 size 1.5 MB of at most 1.0 GB "
        "oldest use 2020-09-13T12:26:40+0000"
    )
    document = json.loads(
        answer("cache", "--json", SEQTASKS_CACHE=str(programs), SEQTASKS_CACHE_LIMIT="2MB")
    )
    assert (document["programs"], document["bytes"], document["limit"]) == (3, 1_500_000, 2_000_000)


def test_the_cache_is_cleared_and_says_what_that_freed(answer, refused, programs):
    refused(["cache", "clear"], "Remove 3 programs (1.5 MB)", "--yes", SEQTASKS_CACHE=str(programs))
    said = answer("cache", "clear", "--yes", SEQTASKS_CACHE=str(programs))
    assert said == "removed 3 programs, 1.5 MB freed\n"
    assert [path.name for path in programs.iterdir()] == ["notes.txt"]
    document = json.loads(answer("cache", "clear", "--json", SEQTASKS_CACHE=str(programs)))
    assert document == {"removed": 0, "bytes": 0}


def test_a_cache_that_is_not_there_is_empty_and_is_not_made(answer, tmp_path):
    folder = tmp_path / "none" / "programs"
    assert "programs          0" in answer("cache", SEQTASKS_CACHE=str(folder))
    assert "removed 0 programs" in answer("cache", "clear", SEQTASKS_CACHE=str(folder))
    assert "no programs are kept" in answer("cache", SEQTASKS_CACHE="")
    assert "removed 0 programs" in answer("cache", "clear", SEQTASKS_CACHE="")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_verb_or_limit_is_refused_in_words(refused, programs):
    refused(["cache", "claer"], "Did you mean 'clear'?")
    refused(["cache"], "must be a size", SEQTASKS_CACHE_LIMIT="plenty")
    (programs / "file").write_text("")
    refused(["cache"], "cannot read the cache folder", SEQTASKS_CACHE=str(programs / "file"))


def test_the_cache_is_shown_without_torch(programs):
    code = (
        "import sys\n"
        "from seqtasks.cli import main\n"
        "try:\n"
        "    main(['cache'])\n"
        "finally:\n"
        "    assert 'torch' not in sys.modules\n"
    )
    variables = {**os.environ, "SEQTASKS_CACHE": str(programs)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
