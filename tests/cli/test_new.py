"""`seqtasks new` writes files that work, and overwrites nothing."""

import itertools
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from command_line import tree

from seqtasks.authoring.names_of_new_things import names_of

PARTS = ("task", "cell", "command", "observer")
COMBINATIONS = [c for n in range(5) for c in itertools.combinations(PARTS, n)]
LONG = "a-very-long-name-of-mine"
RUFF = shutil.which("ruff")


def test_a_new_task_and_a_new_cell_are_drawn_from_and_trained(seqtasks, answer):
    for kind, name in (("task", "Thirds"), ("cell", "my_leaky")):
        lines = answer("new", kind, name).splitlines()
        assert lines[0].startswith("made  ")
        assert [line[:6] for line in lines[1:]] == ["next  ", " " * 6, " " * 6]
    assert "target" in answer("sample", "./thirds.py:Thirds:start=2", "-n", "1")
    small = ("--steps", "2", "--engine", "plain", "--eval-length", "5", "--hidden-size", "4")
    process = seqtasks("run", "./thirds.py", "--cell", "./my_leaky.py:MyLeaky:rate=0.4", *small)
    assert process.returncode == 0, process.stderr
    assert "of training" in process.stdout


@pytest.mark.slow
def test_a_new_task_and_a_new_cell_are_shown_and_pass_their_checks(seqtasks, answer):
    for kind, spec in (("task", "./thirds.py:Thirds"), ("cell", "./leaky.py:Leaky")):
        answer("new", kind, spec.rpartition(":")[2])
        assert "Source" in answer("show", spec) or "source" in answer("show", spec)
        checked = answer("check", spec)
        assert " failed" not in checked
        assert "FAIL" not in checked


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("my-task", ("my-task", "my_task", "MyTask")),
        ("my_task", ("my-task", "my_task", "MyTask")),
        ("MyTask", ("my-task", "my_task", "MyTask")),
        ("LSTMCell2", ("lstm-cell2", "lstm_cell2", "LSTMCell2")),
        ("thirds", ("thirds", "thirds", "Thirds")),
    ],
)
def test_one_word_in_any_style_makes_all_names(word, names):
    found = names_of(word)
    assert (found.registered, found.module, found.class_name) == names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("class", ["word of Python", "my-class"]),
        ("None", ["word of Python"]),
        ("random", ["module of Python", "my-random"]),
        ("my task", ["cannot be a name", "such as 'my-task'"]),
        ("3rd", ["begin with a letter", "such as 'rd'"]),
        ("été", ["cannot be a name", "such as 'ete'"]),
        ("../up", ["cannot be a name", "such as 'up'"]),
        ("parity", ["already a task 'parity'", "plugin bits", "my-parity"]),
        ("Task", ["would hide the one of seqtasks"]),
        ("numpy", ["already a module 'numpy'"]),
        ("x" * 25, ["25 characters"]),
        ("taken", ["taken.py is there already"]),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_another(seqtasks, refused, name, words):
    (seqtasks.folder / "taken.py").write_text("mine")
    refused(["new", "task", name], *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bits"], ["already a plugin 'bits'"]),
        (["gru", "--cell"], ["already a cell 'gru'"]),
        (["run", "--command"], ["already a command 'run'"]),
        (["seqtasks-parity"], ["already a task 'parity'"]),
        (["seqtasks"], ["name of this program", "my-tasks"]),
        (["taken"], ["seqtasks-taken is there already"]),
        (["linked"], ["seqtasks-linked is there already"]),
    ],
)
def test_a_plugin_takes_no_name_that_is_taken(seqtasks, refused, arguments, words):
    (seqtasks.folder / "seqtasks-taken").mkdir()
    (seqtasks.folder / "seqtasks-linked").symlink_to("nowhere")
    refused(["new", "plugin", *arguments], *words)


def test_a_folder_that_cannot_be_written_leaves_nothing(seqtasks):
    process = seqtasks("new", "plugin", "mine", largest_file=500)
    assert process.returncode == 1
    assert process.stderr.startswith("Error: cannot write seqtasks-mine")
    assert list(seqtasks.folder.iterdir()) == []


def test_a_plugin_has_what_was_asked_for_and_says_what_to_do_next(answer, tmp_path):
    for place, parts in enumerate(COMBINATIONS):
        name = f"{LONG[:-2]}{place}"
        said = answer("new", "plugin", name, *(f"--{part}" for part in parts))
        folder = tmp_path / f"seqtasks-{name}"
        files = {path for path in tree(folder) if (folder / path).is_file()}
        held = parts or ("task", "cell")
        assert {f"tests/test_{part}.py" for part in held} < files
        assert {"README.md", "LICENSE", ".gitignore", ".github/workflows/ci.yml"} < files
        assert len(files) == 8 + 2 * len(held)
        assert all(f"seqtasks-{name}/{file}" in said for file in files)
        assert said.splitlines()[-1].strip() == f"seqtasks check seqtasks-{name}"
        about = tomllib.loads((folder / "pyproject.toml").read_text())
        assert about["project"]["entry-points"]["seqtasks"][name].startswith("seqtasks_a_very")
        for file in files:
            assert "$" not in re.sub(r"\$\{\{", "", (folder / file).read_text()), file
    if RUFF is not None:
        for command in (["check"], ["format", "--check"]):
            done = subprocess.run(
                [RUFF, *command, "."], cwd=tmp_path, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout


def test_the_author_is_in_the_licence_and_the_metadata(answer, tmp_path):
    answer("new", "plugin", "mine", "--author", 'Ada "L" $ Ö')
    folder = tmp_path / "seqtasks-mine"
    assert 'Ada "L" $ Ö' in (folder / "LICENSE").read_text()
    about = tomllib.loads((folder / "pyproject.toml").read_text())
    assert about["project"]["authors"] == [{"name": 'Ada "L" $ Ö'}]


@pytest.mark.slow
def test_a_new_plugin_is_installed_listed_checked_tested_and_trained(answer, python, tmp_path):
    answer("new", "plugin", "thirds", *(f"--{part}" for part in PARTS))
    folder, site = tmp_path / "seqtasks-thirds", tmp_path / "site"
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet")
    done = python("-m", "pip", "install", *offline, "--target", site, folder)
    assert done.returncode == 0, done.stderr
    readme = (folder / "README.md").read_text()
    commands = [line.split() for line in re.findall(r"^    (seqtasks .*)$", readme, re.MULTILINE)]
    assert len(commands) == 4
    said = {}
    for words in commands:
        done = python("-m", *words, path=(site,))
        assert done.returncode == 0, done.stdout + done.stderr
        said[words[1]] = done.stdout
    assert "1 task, 1 cell, 1 command, an observer (run_evaluated)" in said["plugins"]
    assert " failed" not in said["check"]
    assert "ok    builds-a-wheel" in said["check"]
    assert "solved: stopped early" in said["run"]
    assert len(said["thirds"].splitlines()) == 2
    assert "thirds-cell" in python("-m", "seqtasks", "list", path=(site,)).stdout
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "thirds-observer.csv").read_text().startswith("step,")
    done = python("-m", "pytest", "-q", "-c", folder / "pyproject.toml", folder, path=(site,))
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.slow
def test_the_types_of_a_new_plugin_are_right(answer, tmp_path):
    pyright = shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed")
    answer("new", "plugin", "thirds", *(f"--{part}" for part in PARTS))
    command = [pyright, "--pythonpath", sys.executable]
    folder = tmp_path / "seqtasks-thirds"
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
