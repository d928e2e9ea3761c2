"""Classes of importable modules stand for themselves: long, as all share one written package."""

import json
import sys

import pytest

import seqtasks as st
from seqtasks.cells import GRU
from seqtasks.cli import main
from seqtasks.errors import UsageError
from seqtasks.experiments.find import load_experiment
from seqtasks.trust import consent

TASKS = """
from dataclasses import dataclass
import seqtasks as st

@dataclass(frozen=True)
class Delay(st.Task):
    by: int = 1
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        delayed = inputs * 0
        delayed[:, self.by:] = inputs[:, :-self.by]
        return delayed

class Outer:
    class Inner(Delay):
        pass
"""
CELLS = """
from torch import nn
from seqtasks import Cell, Readout

class Leaky(Cell):
    def __init__(self, input_size, hidden_size, rate: float = 0.5):
        super().__init__(input_size, hidden_size)
        self.rate = rate
        self.linear = nn.Linear(input_size, hidden_size)
    def forward(self, x, h):
        return self.rate * h + self.linear(x)

class Last(Readout):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.linear = nn.Linear(state_size, output_size)
    def forward(self, x, state):
        return self.linear(state)

def make(input_size, hidden_size):
    return Leaky(input_size, hidden_size)
"""
SMALL = {
    "hidden_size": 3, "steps": 2, "length": "4", "evaluation_lengths": (4,), "batch_size": 4,
    "engine": "plain", "evaluation_sequences": 4,
}  # fmt: skip
OPTIONS = ["--hidden-size", "3", "--steps", "1", "--length", "4", "--eval-length", "4", "--quiet"]


def write_package(folder):
    """Write the package `apkg` with tasks and cells."""
    (folder / "apkg").mkdir()
    for name, code in {"__init__": "", "tasks": TASKS, "cells": CELLS}.items():
        (folder / "apkg" / f"{name}.py").write_text(code)


@pytest.fixture
def installed(site, tmp_path, monkeypatch):
    """An installed distribution with a package and no plugin, and a user who allowed nothing."""
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(consent, "_allowed", set())
    write_package(site.folder)
    info = site.folder / "a_dist-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-dist\nVersion: 1.0\n")
    files = ["apkg/__init__.py", "apkg/tasks.py", "apkg/cells.py", f"{info.name}/METADATA"]
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return site


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, which is on Python's path as in a Python that was started there."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend("")
    yield folder
    for name in [one for one in sys.modules if one.partition(".")[0] in ("apkg", "planted")]:
        del sys.modules[name]


def forget(installed):
    """Forget what was imported and allowed, as another process does not know it."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(installed.folder)):
            del sys.modules[name]
    consent._allowed.clear()


def in_the_shell(capsys, *arguments):
    """Run a command and return its exit code and what it wrote to stderr."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code or 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("spec", "by"),
    [
        ("apkg.tasks:Delay", 1),
        ("apkg.tasks.Delay", 1),
        ("apkg.tasks:Delay:by=2", 2),
        ("apkg.tasks.Delay:by=2", 2),
        ("apkg.tasks:Outer.Inner:by=3", 3),
    ],
)
@pytest.mark.usefixtures("installed")
def test_a_task_of_an_installed_module_is_found_in_python(spec, by):
    made = st.task(spec)
    assert (made.by, made.known_as) == (by, type(made).__name__)
    assert load_experiment(spec).make_task().by == by


@pytest.mark.usefixtures("installed")
def test_a_cell_and_a_readout_of_an_installed_module_are_found_in_python():
    assert st.cell("apkg.cells:Leaky:rate=0.25", 2, 3).rate == 0.25
    assert st.cell("seqtasks.cells:GRU", 2, 3).hidden_size == 3
    readout = st.readout("apkg.cells.Last", 2, 3, 4)
    assert readout.linear.out_features == 4


@pytest.mark.usefixtures("installed")
def test_an_experiment_file_that_the_user_names_may_name_them(tmp_path):
    named = {"task": "apkg.tasks:Delay:by=2", "cell": "apkg.cells:Leaky"}
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(named))
    done = st.run(file, **SMALL)
    assert done.task.by == 2
    assert type(done.model.cells[0]).__module__ == "apkg.cells"


def test_a_run_of_them_is_made_read_and_resumed_in_the_shell(installed, tmp_path, capsys):
    names = ["apkg.tasks:Delay:by=2", "--cell", "apkg.cells:Leaky:rate=0.25"]
    code, said = in_the_shell(
        capsys, "run", *names, "--readout", "apkg.cells.Last", *OPTIONS, "--out", tmp_path
    )
    assert (code, said) == (0, "")
    (path,) = tmp_path.glob("delay-leaky-1")
    record = json.loads((path / "experiment.json").read_text())
    things = record["things"]
    assert {kind: record["experiment"][kind] for kind in things} == {
        "task": {"class": "apkg.tasks:Delay:by=2"},
        "cell": {"class": "apkg.cells:Leaky:rate=0.25"},
        "readout": {"class": "apkg.cells:Last"},
    }
    for origin in things.values():
        assert (origin["distribution"], origin["version"]) == ("a-dist", "1.0")
        assert len(origin["definition"]) == 64
    forget(installed)
    assert in_the_shell(capsys, "eval", path, "--length", "4") == (0, "")
    loaded = st.load(path)
    assert (loaded.task.by, loaded.model.cells[0].rate) == (2, 0.25)
    assert in_the_shell(capsys, "resume", path, "--steps", "2", "--quiet")[0] == 0
    again = st.run(path / "experiment.json", steps=1, engine="plain")
    assert again.model.cells[0].rate == 0.25


def test_in_a_record_it_is_imported_only_if_trusted_and_of_the_version_recorded(
    installed, tmp_path, capsys, monkeypatch
):
    path = st.run("apkg.tasks:Delay", cell="apkg.cells:Leaky", out=tmp_path, **SMALL).path
    forget(installed)
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "of another user"))
    code, said = in_the_shell(capsys, "eval", path, "--length", "4")
    assert code == 2
    assert "apkg.cells:Leaky of a-dist 1.0; if you trust it, allow it with --trust" in said
    assert "apkg.cells" not in sys.modules
    assert in_the_shell(capsys, "eval", path, "--length", "4", "--trust")[0] == 0
    forget(installed)
    metadata = installed.folder / "a_dist-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 2.0"))
    code, said = in_the_shell(capsys, "eval", path, "--length", "4", "--trust")
    assert code == 2
    assert "apkg" not in sys.modules


def test_text_in_a_record_is_no_such_name(installed, tmp_path):
    path = st.run("apkg.tasks:Delay", cell="gru", out=tmp_path, **SMALL).path
    forget(installed)
    record = json.loads((path / "experiment.json").read_text())
    for text in ("apkg.tasks:Delay", "apkg.tasks.Delay"):
        record["experiment"]["task"] = text
        (path / "experiment.json").write_text(json.dumps(record))
        for opened in (st.load, st.resume, lambda run: st.run(run / "experiment.json")):
            with pytest.raises(UsageError, match="was made in a Python program"):
                opened(path)
    assert "apkg" not in sys.modules


def test_a_class_that_a_plugin_registers_is_recorded_by_its_name(tmp_path):
    path = st.run("parity", cell="seqtasks.cells:GRU", out=tmp_path, **SMALL).path
    assert json.loads((path / "experiment.json").read_text())["experiment"]["cell"] == "gru"
    assert isinstance(st.load(path).model.cells[0], GRU)


def test_a_class_that_no_distribution_brings_is_named_at_the_start(
    site, tmp_path, caplog, monkeypatch
):
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "state"))
    write_package(site.folder)
    path = st.run("parity", cell="apkg.cells:Leaky", out=tmp_path, **SMALL).path
    (said,) = [one.message for one in caplog.records if "apkg" in one.message]
    assert said == (
        "the module apkg.cells belongs to no installed distribution, so eval and resume cannot "
        "find the cell again: install it, or name its file"
    )
    for name in [one for one in sys.modules if one.startswith("apkg")]:
        del sys.modules[name]
    with pytest.raises(UsageError, match=r"cell=Leaky"):
        st.load(path)
    assert st.load(path, cell="apkg.cells:Leaky").step == 2


@pytest.mark.parametrize(
    ("spec", "kind", "base"),
    [
        ("os:system", "task", "Task"),
        ('os:system:command="touch x"', "task", "Task"),
        ("builtins.exec", "task", "Task"),
        ("seqtasks:Task", "task", "Task"),
        ("apkg.cells:Leaky", "task", "Task"),
        ("os:kill", "cell", "Cell"),
        ("builtins:eval", "cell", "Cell"),
        ("subprocess:Popen", "cell", "Cell"),
        ("torch.nn:Module", "cell", "Cell"),
        ("seqtasks:Cell", "cell", "Cell"),
        ("apkg.cells:make", "cell", "Cell"),
        ("apkg.tasks:Delay", "cell", "Cell"),
        ("apkg.cells:Leaky", "readout", "Readout"),
        ("os:kill", "readout", "Readout"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_what_is_no_proper_subclass_is_refused_in_one_line(capsys, spec, kind, base):
    arguments = [spec] if kind == "task" else ["parity", f"--{kind}", spec]
    code, said = in_the_shell(capsys, "run", *arguments, "--dry-run")
    name = spec.split(":command")[0].replace("builtins.", "builtins:")
    also = ", or a torch.nn.Module that is called as module(x, state)" * (kind == "cell")
    wanted = f"{name} is not a {kind}: it must be a subclass of seqtasks.{base}{also}"
    assert (code, said) == (2, f"Error: {wanted}\n")


@pytest.mark.parametrize(
    ("spec", "column", "message"),
    [
        ("apkg.cells:Leeky", 11, "holds no class Leeky. It holds: Leaky. Did you mean 'Leaky'?"),
        ("apkg.cells.Leeky", 11, "holds no class Leeky. It holds: Leaky. Did you mean 'Leaky'?"),
        ("apkg.cels:Leaky", 5, "the package apkg holds no module cels. Did you mean 'cells'?"),
        ("apk.cells:Leaky", 0, "no module apk that can be imported. Did you mean 'apkg'?"),
        ("grru:fast", 0, "no module grru that can be imported. Did you mean 'gru'?"),
        ("gru:fast", 4, "expected a parameter, written key=value"),
        ("apkg.cells.Leaky.x", 11, "apkg.cells is a module and holds no others"),
        ("apkg.cells:Leaky:rat=1", 17, "no parameter 'rat'"),
        ("apkg.cells:Leaky:rate=x", 22, "rate must be a number"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_a_wrong_name_is_shown_at_its_place_with_the_nearest(capsys, spec, column, message):
    code, said = in_the_shell(capsys, "run", "parity", "--cell", spec, "--dry-run")
    shown, pointed = said.rstrip("\n").split("\n")
    assert (code, shown) == (2, f"Error: {spec}")
    assert pointed.index("^") == column + len("Error: ")
    assert message in pointed


def test_a_module_that_fails_is_named_with_its_line(site, capsys):
    site.module("failing", "x = 1\n1 / 0\n")
    site.module("lacking", "import not_there_at_all\n")
    _, said = in_the_shell(capsys, "run", "failing:Task")
    assert said == (
        "Error: failing cannot be imported: ZeroDivisionError: division by zero "
        "(failing.py, line 2)\n"
    )
    _, said = in_the_shell(capsys, "run", "lacking:Task")
    assert "lacking cannot be imported: ModuleNotFoundError: No module named 'not_there_at_" in said


def test_the_command_imports_nothing_from_the_current_folder(here, tmp_path, capsys):
    (here / "planted.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'canary')!r}).touch()\n{TASKS}"
    )
    write_package(here)
    code, said = in_the_shell(capsys, "run", "planted:Delay", "--dry-run")
    assert code == 2
    assert "name its file, ./planted.py:Delay, or install it (pip install -e .)" in said
    assert not (tmp_path / "canary").exists()
    _, said = in_the_shell(capsys, "run", "parity", "--cell", "apkg.cells:Leaky", "--dry-run")
    assert "name its file, ./apkg/cells.py:Leaky, or install it" in said
    assert not {"planted", "apkg"} & set(sys.modules)
    assert st.task("planted:Delay:by=2").by == 2  # in a program, Python's path decides


def test_what_is_installed_from_the_current_folder_is_imported(here, site, capsys):
    write_package(here)
    info = site.folder / "a_dist-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-dist\nVersion: 1.0\n")
    (info / "direct_url.json").write_text(
        json.dumps({"url": here.resolve().as_uri(), "dir_info": {"editable": True}})
    )
    code, said = in_the_shell(capsys, "run", "apkg.tasks:Delay", "--dry-run")
    assert (code, said) == (0, "")


@pytest.mark.usefixtures("installed")
def test_show_and_sample_take_them_too(capsys):
    with pytest.raises(SystemExit):
        main(["show", "apkg.cells:Leaky:rate=0.1"])
    assert "apkg.cells:Leaky:rate=0.1  (cell of your own)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["sample", "apkg.tasks.Delay", "--length", "5", "--count", "1"])
    assert capsys.readouterr().out.startswith("input ")
    code, said = in_the_shell(capsys, "show", "gru:fast")
    assert (code, said.split("^ ")[1]) == (2, "expected a parameter, written key=value\n")
