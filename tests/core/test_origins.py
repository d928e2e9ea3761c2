"""A record says which plugin and definition a name stood for: long, as all share made plugins."""

import json
import logging
import shutil
import sys
from dataclasses import dataclass

import pytest

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.registry.discovery import use_registry
from seqtasks.registry.origins import stated_version
from seqtasks.trust import consent

CELL = """
import torch
from torch import nn
from seqtasks import Cell
def squash(x):
    return torch.tanh(x)
class Plain(Cell):
    "h' = f(W x + h)"
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
    def forward(self, x, h):
        return squash(self.linear(x) + {factor} * h)
"""
REGISTER = "@hookimpl\ndef register_cells(register): register('{name}', Plain)\n"
SMALL = {
    "hidden_size": 3, "steps": 2, "length": "4", "evaluation_lengths": (4,), "batch_size": 4,
    "engine": "plain", "evaluation_sequences": 4,
}  # fmt: skip


def bring(site, plugin="aaa", name="plain", version="1.0", factor=0.5, stated='h)"'):
    """Install a plugin with a cell, instead of what was installed before."""
    for file in [*site.folder.glob("*.dist-info"), *site.folder.glob("*.py")]:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    for module in ("plain_cells", "aaa_plugin", "bbb_plugin"):
        sys.modules.pop(module, None)
    if plugin is not None:
        cell = CELL.format(factor=factor).replace('h)"', stated)
        site.plugin(plugin, cell + REGISTER.format(name=name))
        metadata = site.folder / f"{plugin}_dist-1.0.dist-info" / "METADATA"
        metadata.write_text(metadata.read_text().replace("Version: 1.0", f"Version: {version}"))
    use_registry()


@pytest.fixture
def trained(site, tmp_path):
    """A run of a plugin's cell."""
    bring(site)
    yield st.run("parity", cell="plain", out=tmp_path / "runs", **SMALL).path
    bring(site, plugin=None)


@pytest.fixture
def warned(caplog):
    """Return what was warned of."""
    caplog.set_level(logging.WARNING, logger="seqtasks")

    def told():
        lines = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return [line for line in lines if "was begun with" not in line]

    return told


def test_a_record_names_plugin_distribution_version_and_definition(trained):
    things = json.loads((trained / "experiment.json").read_text())["things"]
    assert set(things) == {"task", "cell", "readout"}
    cell = dict(things["cell"])
    assert len(cell.pop("definition")) == 64
    assert cell == {
        "name": "plain", "plugin": "aaa", "distribution": "aaa-dist", "version": "1.0",
        "stated_version": 1,
    }  # fmt: skip
    assert things["task"]["distribution"] == "seqtasks"
    assert things["readout"]["plugin"] == "builtin"


def test_the_same_definition_is_not_spoken_of(trained, site, warned):
    for changes in ({}, {"version": "2.0"}):
        bring(site, **changes)
        st.load(trained)
        assert warned() == []
    st.resume(trained, 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"factor": 0.6}, "of aaa-dist 1.0 has another definition than when the run began"),
        (
            {"factor": 0.6, "version": "2.0"},
            "of aaa-dist 1.0 has another definition in aaa-dist 2.0",
        ),
        ({"plugin": "bbb"}, "came from aaa-dist 1.0 and now comes from bbb-dist 1.0"),
    ],
)
def test_another_definition_is_said_by_load_and_refused_by_resume(
    trained, site, warned, changes, says
):
    bring(site, **changes)
    st.load(trained)
    assert warned() == [f"{trained}: the cell plain {says}"]
    again = st.run(trained / "experiment.json", steps=1)
    assert again.step == 1
    assert warned() == [f"{trained}/experiment.json: the cell plain {says}"]
    before = (trained / "experiment.json").read_bytes()
    with pytest.raises(UsageError) as refused:
        st.resume(trained, 4)
    assert str(refused.value).startswith(f"{trained}: the cell plain {says}; ")
    assert "--allow-changes" in str(refused.value)
    assert (trained / "experiment.json").read_bytes() == before


def test_a_resume_that_is_allowed_to_differ_says_so_and_records_it(trained, site, warned):
    then = json.loads((trained / "experiment.json").read_text())
    bring(site, factor=0.6, version="2.0")
    assert st.resume(trained, 4, allow_changes=True).step == 4
    assert len(warned()) == 1
    now = json.loads((trained / "experiment.json").read_text())
    assert now["things"]["cell"]["version"] == "2.0"
    assert now["earlier_things"] == [then["things"]]
    assert st.resume(trained, 6).step == 6
    assert st.load(trained).step == 6
    assert warned() == []


def test_what_the_caller_brings_may_differ_and_is_said(trained, site, warned):
    bring(site, factor=0.6)
    assert st.resume(trained, 4, cell="plain").step == 4
    assert "has another definition" in warned()[0]


def test_a_distribution_that_is_gone_is_named(trained, site):
    bring(site, plugin=None)
    for opened in (st.load, st.resume, lambda path: st.run(path / "experiment.json")):
        with pytest.raises(UsageError) as gone:
            opened(trained)
        assert (
            "cell 'plain' came from the distribution aaa-dist 1.0, which is not installed"
            in str(gone.value)
        )


def test_a_name_that_is_gone_or_switched_off_is_told_with_its_distribution(trained, site):
    bring(site, name="other", version="2.0")
    with pytest.raises(UsageError, match=r"the installed aaa-dist 2\.0 has no cell of that name"):
        st.load(trained)
    bring(site)
    use_registry(["aaa"])
    with pytest.raises(UsageError, match=r"aaa-dist 1\.0, whose plugin aaa is disabled"):
        st.load(trained)


def test_an_old_record_names_the_distributions_that_are_gone(trained, site):
    record = json.loads((trained / "experiment.json").read_text())
    del record["things"]
    (trained / "experiment.json").write_text(json.dumps(record))
    bring(site, plugin=None)
    with pytest.raises(UsageError, match=r"unknown cell 'plain'.* made with aaa-dist 1\.0"):
        st.load(trained)


@pytest.mark.parametrize("damaged", [{"cell": {"version": "1.0"}}, {}])
def test_a_record_that_says_little_is_held_to_what_it_says(trained, damaged, warned):
    record = json.loads((trained / "experiment.json").read_text())
    (trained / "experiment.json").write_text(json.dumps({**record, "things": damaged}))
    st.load(trained)
    assert len(warned()) == len(damaged)


@pytest.fixture
def unregistered(site, tmp_path, monkeypatch):
    """A run of a class of an installed distribution that no plugin registers."""
    bring(site)
    site.module("plain_cells", CELL.format(factor=0.5))
    (site.folder / "aaa_dist-1.0.dist-info" / "RECORD").write_text("plain_cells.py,,\n")
    from plain_cells import Plain

    monkeypatch.setattr(consent, "_allowed", set())
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "state"))
    yield st.run("parity", cell=Plain, out=tmp_path / "runs", **SMALL).path
    bring(site, plugin=None)


def test_a_class_of_an_installed_distribution_is_imported_if_it_was_run(unregistered, tmp_path):
    record = json.loads((unregistered / "experiment.json").read_text())
    assert record["experiment"]["cell"] == {"class": "plain_cells:Plain"}
    assert record["things"]["cell"]["distribution"] == "aaa-dist"
    del sys.modules["plain_cells"]
    assert type(st.load(unregistered).model.cells[0]).__name__ == "Plain"


def test_trust_in_a_class_is_in_its_whole_package(site, tmp_path, monkeypatch):
    bring(site)
    package = site.folder / "plain_pack"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "data.txt"):
        (package / name).write_text("")
    (package / "helper.py").write_text("FACTOR = 0.5\n")
    text = "from plain_pack.helper import FACTOR\n" + CELL.format(factor="FACTOR")
    (package / "inner" / "cells.py").write_text(text)
    recorded = [str(one.relative_to(site.folder)) for one in package.rglob("*.*")]
    record = site.folder / "aaa_dist-1.0.dist-info" / "RECORD"
    record.write_text("".join(f"{one},,\n" for one in recorded))
    monkeypatch.setattr(consent, "_allowed", set())
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "state"))

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "plain_pack"]:
            del sys.modules[name]
        monkeypatch.setattr(consent, "_allowed", set())

    cell = "plain_pack.inner.cells:Plain"
    run = st.run("parity", cell=cell, out=tmp_path / "runs", **SMALL).path
    forget()
    (package / "data.txt").write_text("no code")
    assert st.load(run).step == 2
    forget()
    (package / "helper.py").write_text("FACTOR = 0.5\nprint('another')\n")
    with pytest.raises(UsageError, match=r"plain_pack\.inner\.cells:Plain of aaa-dist 1\.0"):
        st.load(run)
    assert not any(name.startswith("plain_pack") for name in sys.modules)
    bring(site, plugin=None)
    shutil.rmtree(package)


@pytest.mark.parametrize("why", ["another user", "another version", "not recorded", "not its file"])
def test_a_class_is_not_imported_unless_trusted_and_installed_by_what_the_record_holds(
    unregistered, site, tmp_path, monkeypatch, why
):
    del sys.modules["plain_cells"]
    wanted = r"seqtasks\.load\(run, cell=Plain\)"
    if why == "another user":
        monkeypatch.setattr(consent, "_allowed", set())
        monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "strangers"))
        wanted = r"plain_cells:Plain of aaa-dist 1\.0; .*--trust"
    elif why == "another version":
        metadata = site.folder / "aaa_dist-1.0.dist-info" / "METADATA"
        metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.1"))
    elif why == "not recorded":
        record = json.loads((unregistered / "experiment.json").read_text())
        del record["things"]
        del record["versions"]["plugins"]["aaa-dist"]
        (unregistered / "experiment.json").write_text(json.dumps(record))
    else:
        (site.folder / "aaa_dist-1.0.dist-info" / "RECORD").write_text("other_cells.py,,\n")
    with pytest.raises(UsageError, match=wanted):
        st.load(unregistered)
    assert "plain_cells" not in sys.modules
    if why == "another user":
        assert st.load(unregistered, trust=True).step == 2


def test_of_two_things_of_one_name_a_run_records_and_finds_the_one_it_used(site, tmp_path):
    bring(site, name="concat")  # which is built in too
    run = st.run("bits/parity", cell="aaa/concat", out=tmp_path, **SMALL)
    assert run.path.name == "bits-parity-aaa-concat-1"
    things = json.loads((run.path / "experiment.json").read_text())["things"]
    assert (things["task"]["plugin"], things["cell"]["plugin"]) == ("bits", "aaa")
    assert type(st.resume(run.path, steps=3).model.cells[0]).__name__ == "Plain"
    cls = type(run.model.cells[0])
    again = st.run("parity", cell=cls, out=tmp_path, **SMALL)
    kept = json.loads((again.path / "experiment.json").read_text())["experiment"]
    assert kept["cell"] == "aaa/concat"
    bring(site, plugin=None)
    with pytest.raises(UsageError, match="came from the distribution aaa-dist"):
        st.load(run.path)


def test_a_stated_version_that_has_changed_is_said_and_a_resume_refuses(trained, site, warned):
    stated = 'h)"\n    version = 2'
    bring(site, version="1.1", stated=stated)
    st.load(trained)
    (line,) = warned()
    assert line.endswith(
        "the cell plain of aaa-dist 1.1 has version 2, and had version 1 when the run began"
    )
    with pytest.raises(UsageError, match="has version 2, and had version 1"):
        st.resume(trained, steps=3)
    resumed = st.resume(trained, steps=3, allow_changes=True)
    things = json.loads((resumed.path / "experiment.json").read_text())["things"]
    assert (things["cell"]["version"], things["cell"]["stated_version"]) == ("1.1", 2)


@pytest.mark.parametrize("version", ["0", "'2'", "True", "None"])
def test_a_version_that_is_no_whole_number_from_1_is_refused(site, tmp_path, version):
    bring(site, stated=f'h)"\n    version = {version}')
    with pytest.raises(UsageError, match=r"Plain\.version must be a whole number from 1, such as"):
        st.run("parity", cell="plain", out=tmp_path / "runs", **SMALL)
    assert list((tmp_path / "runs").glob("*")) == []
    bring(site, plugin=None)


def test_a_parameter_of_that_name_is_no_version():
    @dataclass(frozen=True)
    class Versioned(st.Task):
        version: str = "new"

    assert stated_version(Versioned) is None
    assert stated_version(st.task("parity")) == 1
