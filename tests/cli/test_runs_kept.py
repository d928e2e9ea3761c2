"""What `runs show`, `compare`, `export`, `archive` and `remove` do, and what they leave alone."""

import fcntl
import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from command_line import tree
from many_runs import make_run, make_runs

from seqtasks.display import printable
from seqtasks.runs import bundle, removal
from seqtasks.runs.owned_folders import owned_folder

STEERING = "\x1b]0;mine\x07\x1b[2J\x9b31m\u202e"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder `runs` with `bitflip-concat-1` and `bitflip-sum-2`."""
    make_runs(tmp_path / "runs", 2)
    return tmp_path / "runs"


def contents(run: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a run as an archive should have it, by the file's name."""
    return {
        f"{run.name}/{path.relative_to(run)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in run.rglob("*")
        if path.is_file() and not path.is_symlink() and path != run / "lock"
    }


def unpacked(archive: Path, folder: Path) -> dict[str, str]:
    """Return what a stranger's tool makes of an archive."""
    shutil.unpack_archive(archive, folder)
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


# ---- show and compare


def test_show_prints_all_that_a_run_says(answer, trained):
    text = answer("runs", "show", trained.path)
    for word in ("bitflip", "concat", "finished", "learning rate", "version of torch", "native"):
        assert word in text
    assert "per symbol" in text
    assert "100.00 % [exact]" in text
    whole = json.loads(answer("runs", "show", trained.path, "--json"))
    assert whole["record"] == json.loads((trained.path / "experiment.json").read_text())
    assert (
        whole["result"]["scores"]
        == json.loads((trained.path / "result.json").read_text())["scores"]
    )
    assert whole["solved"] is True
    assert len(whole["log"]) == whole["result"]["lines"]
    assert whole["files"]["result.json"] == (trained.path / "result.json").stat().st_size


def test_show_checks_what_a_list_does_not_read(refused, run_copy):
    result = json.loads((run_copy / "result.json").read_text())
    result["untrained"] = 5
    (run_copy / "result.json").write_text(json.dumps(result))
    refused(["runs", "show", run_copy], "result.json is damaged", "untrained")
    refused(["runs", "show", run_copy.parent / "nowhere"], "is not a run")
    refused(["runs", "show", run_copy.parent / "bitflip-concat-2"], "Did you mean")


def test_compare_shows_what_differs_and_the_scores_side_by_side(answer, two):
    text = answer("runs", "compare", two / "bitflip-concat-1", two / "bitflip-sum-2")
    rows = [line.split("  ") for line in text.splitlines()]
    settings = {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows if row}
    assert settings["cell"] == ["concat", "sum"]
    assert settings["hidden size"] == ["8", "16"]
    assert settings["seed"] == ["0", "1"]
    assert "optimizer" not in settings
    assert settings["solved"] == ["false", "true"]
    assert "75.00 % [67.50, 75.00]" in text
    assert "100.00 % [90.00, 100.00]" in text
    document = json.loads(answer("runs", "compare", *sorted(two.iterdir()), "--json"))
    assert document["settings"]["cell"] == ["concat", "sum"]
    first, second = document["scores"]["50"]["token_accuracy"]
    assert (first["value"], second["value"]) == (0.75, 1.0)
    assert first["interval"] == [0.75 * 0.9, 0.75]


def test_compare_needs_two_runs_and_says_if_nothing_differs(answer, refused, two):
    run = two / "bitflip-concat-1"
    refused(["runs", "compare", run], "at least two")
    refused(["runs", "compare", run, two / "none"], "is not a run")
    shutil.copytree(run, two / "again")
    assert "the runs have the same settings" in answer("runs", "compare", run, two / "again")


def test_strangers_text_is_shown_as_text_by_show_and_compare(seqtasks, two):
    run = two / "bitflip-concat-1"
    record = json.loads((run / "experiment.json").read_text())
    record["experiment"][f"odd{STEERING}"] = f"value{STEERING}"
    record["experiment"]["optimizer"] = STEERING
    record["versions"][f"lib{STEERING}"] = STEERING
    (run / "experiment.json").write_text(json.dumps(record))
    for arguments in (["show", run], ["compare", run, two / "bitflip-sum-2"]):
        for options in ([], ["--json"]):
            done = seqtasks("runs", *arguments, *options)
            assert done.returncode == 0, done.stderr
            assert printable(done.stdout) == done.stdout


# ---- export


@pytest.mark.parametrize("ending", [".zip", ".tar.gz", ".tgz", ".tar"])
def test_an_export_unpacks_to_the_same_runs(answer, two, tmp_path, ending):
    (two / "bitflip-sum-2" / "source").mkdir()
    (two / "bitflip-sum-2" / "source" / "mine.py").write_text("x = 1\n")
    before = tree(two)
    file = tmp_path / f"runs{ending}"
    said = answer("runs", "export", *sorted(two.iterdir()), "-o", file)
    assert "2 runs, 11 files" in said
    expected = {name: sha for run in two.iterdir() for name, sha in contents(run).items()}
    assert unpacked(file, tmp_path / "there") == expected
    assert tree(two) == before
    names = [run["name"] for run in json.loads(answer("runs", tmp_path / "there", "--json"))]
    assert names == ["bitflip-concat-1", "bitflip-sum-2"]


def test_a_link_and_a_pipe_are_named_and_left_out_of_an_export(seqtasks, two, tmp_path):
    run = two / "bitflip-concat-1"
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (run / "linked").symlink_to(secret)
    (run / "folder").symlink_to(tmp_path)
    os.mkfifo(run / "pipe")
    done = seqtasks("runs", "export", run, "-o", tmp_path / "x.zip", "--json")
    assert done.returncode == 0
    for name in ("linked", "folder", "pipe"):
        assert f"{name} is no regular file: it is left out" in done.stderr
    document = json.loads(done.stdout)
    assert document["sha256"] == contents(run) == unpacked(tmp_path / "x.zip", tmp_path / "there")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_an_export_that_cannot_be_made_as_asked_is_refused(refused, two, tmp_path):
    run, other = two / "bitflip-concat-1", tmp_path / "other" / "bitflip-concat-1"
    shutil.copytree(run, other)
    (tmp_path / "there.zip").write_text("mine")
    refused(["runs", "export", run, "-o", tmp_path / "x.rar"], ".tar.gz, .tgz, .tar, .zip")
    refused(["runs", "export", run, "-o", tmp_path / "there.zip"], "exists already")
    refused(["runs", "export", run, "-o", tmp_path / "none" / "x.zip"], "there is no folder")
    refused(["runs", "export", run, "-o", run / "x.zip"], "would lie in")
    refused(["runs", "export", run, other, "-o", tmp_path / "x.zip"], "are named bitflip-concat-1")
    refused(["runs", "export", two, "-o", tmp_path / "x.zip"], "is not a run")
    refused(["runs", "export", run], "Missing option")
    odd = run / os.fsdecode(b"\xff")
    odd.write_text("")
    refused(["runs", "export", run, "-o", tmp_path / "x.zip"], "is not text in UTF-8")
    assert (tmp_path / "there.zip").read_text() == "mine"


@pytest.mark.parametrize("ending", ["zip", "tar.gz"])
@pytest.mark.parametrize("change", [b"", b"longer" * 1000])
def test_a_file_that_changes_while_it_is_read_leaves_no_archive(
    two, tmp_path, monkeypatch, ending, change
):
    run = owned_folder(two / "bitflip-concat-1")
    read = bundle.open_regular

    def changed(path):
        if path.name == "metrics.jsonl" and not changes:
            changes.append(path)
            return Changing(read(path), path, change)
        return read(path)

    changes: list[Path] = []
    monkeypatch.setattr(bundle, "open_regular", changed)
    with pytest.raises(Exception, match="changed while it was read"):
        bundle.write_bundle([run], tmp_path / f"x.{ending}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


class Changing:
    """An opened file whose content is another one as soon as it is read."""

    def __init__(self, opened, path: Path, content: bytes) -> None:
        self._opened, self._path, self._content = opened, path, content

    def __enter__(self):
        self._file = self._opened.__enter__()
        return self

    def __exit__(self, *error):
        return self._opened.__exit__(*error)

    def fileno(self) -> int:
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        if self._content is not None:
            self._path.write_bytes(self._content)
            self._content = None
        return self._file.read(size)


def test_an_archive_that_does_not_read_back_is_removed(two, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "_read_back", lambda *_: {})
    with pytest.raises(Exception, match="does not hold what was written"):
        bundle.write_bundle([owned_folder(two / "bitflip-concat-1")], tmp_path / "x.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


# ---- remove and archive


def test_a_run_is_removed_and_nothing_else(answer, two):
    kept = tree(two / "bitflip-sum-2")
    said = answer("runs", "remove", two / "bitflip-concat-1", "--yes")
    assert said.startswith("removed 1 run (")
    assert [path.name for path in two.iterdir()] == ["bitflip-sum-2"]
    assert tree(two / "bitflip-sum-2") == kept


def test_a_run_is_archived_and_comes_back_the_same(answer, two):
    run = two / "bitflip-concat-1"
    (run / "notes.txt").write_text("mine")
    expected = contents(run)
    archive = two / "archive" / "bitflip-concat-1.tar.gz"
    document = json.loads(answer("runs", "archive", run, "--yes", "--json"))
    assert document["archived"] == {str(run): str(archive)}
    assert sorted(path.name for path in two.iterdir()) == ["archive", "bitflip-sum-2"]
    assert unpacked(archive, two / "back") == expected
    with tarfile.open(archive) as opened:
        assert all(info.isreg() for info in opened)
    # the number is given again, and the next archive replaces none
    make_run(two, 0)
    document = json.loads(answer("runs", "archive", run, "--yes", "--json"))
    assert document["archived"][str(run)].endswith("bitflip-concat-1.2.tar.gz")
    assert [run["name"] for run in json.loads(answer("runs", "--json"))] == ["bitflip-sum-2"]


@pytest.mark.parametrize("verb", ["remove", "archive"])
def test_what_may_not_go_is_refused_before_anything_goes(refused, two, tmp_path, verb):
    run, other = two / "bitflip-concat-1", two / "bitflip-sum-2"
    (tmp_path / "notes").mkdir()
    (tmp_path / "linked").symlink_to(run)
    for path, words in (
        (tmp_path / "linked", "is a symbolic link"),
        (tmp_path / "notes", "is not a run"),
        (tmp_path / "nowhere", "there is no such folder"),
        (two, "is not a run"),
        (run / "experiment.json", "it is no folder"),
        ("", "is not a run"),
        ("x" * 5000, "cannot read"),
    ):
        refused(["runs", verb, other, path, "--yes"], words)
    (run / "experiment.json").rename(tmp_path / "record.json")
    (run / "experiment.json").symlink_to(tmp_path / "record.json")
    refused(["runs", verb, other, run, "--yes"], "is not a regular file")
    (run / "experiment.json").unlink()
    (run / "experiment.json").write_text("{")
    refused(["runs", verb, other, run, "--yes"], "is not JSON")


@pytest.mark.parametrize("verb", ["remove", "archive"])
@pytest.mark.parametrize("held", ["lock", "."])
def test_a_run_under_way_stays(refused, two, verb, held):
    descriptor = os.open(two / "bitflip-concat-1" / held, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        refused(["runs", verb, two / "bitflip-concat-1", "--yes"], "is running")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("verb", ["remove", "archive"])
def test_the_current_folder_and_what_holds_it_stay(command_line, two, verb):
    run = two / "bitflip-concat-1"
    (run / "source").mkdir()
    for folder, path in ((run, "."), (run / "source", "..")):
        done = command_line(folder)("runs", verb, path, "--yes")
        assert done.returncode == 2
        assert "holds the current folder" in done.stderr
    assert (run / "result.json").exists()


def test_folders_that_no_run_makes_stop_a_removal(refused, two):
    run = two / "bitflip-concat-1"
    (run / ".git").mkdir()
    refused(["runs", "remove", run, "--yes"], ".git, which no run makes")


def test_a_link_in_a_run_is_removed_and_what_it_leads_to_stays(answer, refused, two, tmp_path):
    run, outside = two / "bitflip-concat-1", tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (run / "linked").symlink_to(outside)
    (run / "source").symlink_to(outside)
    refused(["runs", "archive", run, "--yes"], "no archive keeps it")
    answer("runs", "remove", run, "--yes")
    assert not run.exists()
    assert (outside / "precious").read_text() == "mine"


@pytest.mark.parametrize("verb", ["remove", "archive"])
def test_nobody_to_ask_needs_yes(refused, two, verb):
    refused(["runs", verb, two / "bitflip-concat-1"], "--yes")


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_a_person_is_asked(two, said, code):
    ours, theirs = pty.openpty()
    os.write(ours, said.encode())
    command = [sys.executable, "-m", "seqtasks", "runs", "remove", str(two / "bitflip-concat-1")]
    done = subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, timeout=60)
    os.set_blocking(ours, False)
    text = os.read(ours, 2**16)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == code, text
    assert b"bitflip-concat-1: run, 5 files" in text
    assert b"Remove 1 run (" in text
    assert (two / "bitflip-concat-1").exists() == (code == 1)


def test_a_run_that_changes_while_it_is_archived_stays(two, monkeypatch):
    run = two / "bitflip-concat-1"
    write = removal.write_bundle

    def changing(owned, path):
        written = write(owned, path)
        with open(run / "metrics.jsonl", "a") as log:
            log.write("more\n")
        return written

    monkeypatch.setattr(removal, "write_bundle", changing)
    with pytest.raises(Exception, match="changed meanwhile: it stays"):
        removal.archive_run(owned_folder(run))
    assert (run / "metrics.jsonl").read_text().endswith("more\n")
    assert list((two / "archive").iterdir()) == []


def test_archives_go_into_no_linked_folder_and_a_full_disk_loses_nothing(
    refused, seqtasks, two, tmp_path
):
    run = two / "bitflip-concat-1"
    before = contents(run)
    (tmp_path / "elsewhere").mkdir()
    (two / "archive").symlink_to(tmp_path / "elsewhere")
    refused(["runs", "archive", run, "--yes"], "is a symbolic link")
    (two / "archive").unlink()
    done = seqtasks("runs", "archive", run, "--yes", largest_file=500)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert contents(run) == before
    assert list((two / "archive").iterdir()) == []


def test_what_a_killed_removal_left_goes_at_the_next(answer, two):
    left = two / ".bitflip-gru-3.0123456789abcdef.removed"
    left.mkdir()
    (left / "result.json").write_text("{}")
    (two / ".hidden").mkdir()
    answer("runs", "remove", two / "bitflip-concat-1", "--yes")
    assert sorted(path.name for path in two.iterdir()) == [".hidden", "bitflip-sum-2"]


def test_a_run_named_twice_is_removed_once_and_a_failure_says_what_was_done(
    answer, two, monkeypatch
):
    said = answer("runs", "remove", two / "bitflip-sum-2", f"{two}/./bitflip-sum-2", "--yes")
    assert said.startswith("removed 1 run (")
    make_run(two, 1)
    from seqtasks.cli.runs import remove
    from seqtasks.errors import RunError

    def failing(one):
        if one.name == "bitflip-sum-2":
            raise RunError("no")

    monkeypatch.setattr(remove, "remove_run", failing)
    with pytest.raises(RunError, match=r"no \(1 run before it was removed\)"):
        remove.remove.main(
            [str(two / "bitflip-concat-1"), str(two / "bitflip-sum-2"), "--yes"],
            standalone_mode=False,
        )


def test_a_study_is_shown_exported_archived_and_removed_like_a_run(answer, two, tmp_path):
    from test_runs_chosen import make_study

    study = make_study(two, done=4)
    text = answer("runs", "show", study)
    assert "4 of 4 done" in text
    assert "hidden size 16" in text
    assert json.loads(answer("runs", "show", study, "--json"))["asked"] == 4
    expected = contents(study)
    answer("runs", "export", study, "-o", tmp_path / "x.tgz")
    assert unpacked(tmp_path / "x.tgz", tmp_path / "there") == expected
    assert "archived 1 study" in answer_stderr(answer, study)
    assert not study.exists()
    shutil.copytree(tmp_path / "there" / study.name, study)
    assert answer("runs", "remove", study, "--yes").startswith("removed 1 study (")
    assert not study.exists()


def answer_stderr(answer, study: Path) -> str:
    document = json.loads(answer("runs", "archive", study, "--yes", "--json"))
    return f"archived {len(document['archived'])} study"
