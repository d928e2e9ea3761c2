"""A file of one's own that imports its neighbours: they go with it into a run, and no others."""

import json
import logging
import shutil
import sys

import pytest
import torch

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.registry.user_files import class_from_file, source_of
from seqtasks.tasks import Task
from seqtasks.trust.sources import read_source

TASK = """
from seqtasks_bits.bitshift import BitShift
class Mine(BitShift):
    shown = ({value},)
"""
ONE = "X = 1"
PACK = ["pack", "pack.near"]
SMALL = {
    "hidden_size": 3, "steps": 2, "length": "4", "evaluation_lengths": (4,), "batch_size": 4,
    "engine": "plain", "evaluation_sequences": 4,
}  # fmt: skip


@pytest.fixture
def mine(tmp_path):
    """Write files, of which `mine.py` is one, and return its path."""
    folder = tmp_path / "own"

    def write(imports, value, **files):
        files = {"mine": imports + TASK.format(value=value), **files}
        for name, content in files.items():
            path = folder / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return folder / "mine.py"

    return write


def shown(path):
    """Return what the file's class shows."""
    return class_from_file(path, "Mine", Task, "task").shown[0]


def names(path):
    return sorted(one.name for one in read_source(path).neighbours)


@pytest.mark.parametrize(
    ("imports", "value", "files", "found"),
    [
        ("import near", "near.X", {"near": "X = 1"}, ["near"]),
        ("import near as other", "other.X", {"near": "X = 1"}, ["near"]),
        ("from near import X as y", "y", {"near": "X = 1"}, ["near"]),
        ("from near import *", "X", {"near": "X = 1"}, ["near"]),
        ("import pack.near", "pack.near.X", {"pack/__init__": "", "pack/near": ONE}, PACK),
        ("import pack.near as n", "n.X", {"pack/__init__": "", "pack/near": ONE}, PACK),
        ("from pack import near", "near.X", {"pack/__init__": "", "pack/near": ONE}, PACK),
        ("from pack.near import X", "X", {"pack/near": "X = 1"}, ["pack.near"]),
        (
            "from pack import X",
            "X",
            {"pack/__init__": "from .a.b import X", "pack/a/b": "from ..c import X", "pack/c": ONE},
            ["pack", "pack.a.b", "pack.c"],
        ),
        ("import a", "a.X", {"a": "from b import X", "b": "import c\nX = c.X", "c": ONE}, [*"abc"]),
        (
            "try:\n    from fast import X\nexcept ImportError:\n    from near import X",
            "X",
            {"near": "X = 1"},
            ["near"],
        ),
        ("import near, json, numpy, random", "near.X", {"near": "X = 1", "json": "1/0",
            "numpy": "1/0", "random": "1/0"}, ["near"]),
        ("import near, mine", "near.X", {"near": "X = 1"}, ["mine", "near"]),
    ],
)  # fmt: skip
def test_each_way_to_import_a_neighbour_works_and_is_found(mine, imports, value, files, found):
    path = mine(imports, value, **files)
    places = list(sys.path)
    assert shown(path) == 1
    assert names(path) == found
    assert not {"near", "pack", "a", "b", "c", "mine"} & set(sys.modules)
    assert sys.path == places


@pytest.mark.parametrize(
    "imports", ["import near", "def later():\n    import near\n    return near\nnear = later()"]
)
def test_a_run_is_read_and_gone_on_with_from_its_copies(mine, imports, tmp_path):
    path = mine(imports, "near.X", near="X = 1\n")
    run = st.run(f"{path}:Mine", cell="concat", out=tmp_path / "runs", **SMALL).path
    shutil.rmtree(path.parent)
    moved = tmp_path / "moved"
    run.rename(moved)
    loaded = st.load(moved)
    assert loaded.task.shown == (1,)
    assert st.resume(moved, 4).step == 4
    again = st.run(moved / "experiment.json", out=tmp_path / "again").path
    assert sorted(one.name for one in (again / "source").iterdir()) == sorted(
        one.name for one in (moved / "source").iterdir()
    )
    assert st.load(again).task.shown == (1,)


def test_a_changed_neighbour_is_run_anew(mine):
    assert shown(mine("import near", "near.X", near="X = 1")) == 1
    assert shown(mine("import near", "near.X", near="X = 2")) == 2


def test_a_class_that_a_neighbour_defines_is_kept_with_its_file(mine, tmp_path):
    path = mine("from near import Mine as Other", "1", near=TASK.format(value="7"))
    task = class_from_file(path, "Other", Task, "task")(shift=2)
    run = st.run(task, cell="concat", out=tmp_path / "runs", **SMALL).path
    shutil.rmtree(path.parent)
    assert (st.load(run).task.shown, st.load(run).task.shift) == ((7,), 2)


def test_a_neighbours_mistake_is_named_with_its_file(mine):
    path = mine("import near", "near.X", near="X = 1\n1 / 0\n")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        shown(path)
    assert shown(mine("import near", "near.X", near="X = 1")) == 1
    with pytest.raises(UsageError, match=r"No module named 'pack\.gone'"):
        shown(mine("import pack.gone", "1", **{"pack/__init__": ""}))


def test_another_way_to_import_a_neighbour_is_told_at_the_start(mine):
    path = mine("import importlib\nnear = importlib.import_module('near')", "near.X", near="X = 1")
    with pytest.raises(UsageError, match=r"No module named 'near'; write `import near`"):
        shown(path)


def test_a_module_that_is_not_copied_is_told_at_the_start(mine, caplog, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = mine(
        "import sys\nfrom pathlib import Path\n"
        "sys.path.insert(0, str(Path(__file__).parent / 'lib'))\nimport away_from_home",
        "away_from_home.X",
        **{"lib/away_from_home": "X = 1"},
    )
    caplog.set_level(logging.WARNING, logger="seqtasks")
    assert shown(path) == 1
    (told,) = [record.getMessage() for record in caplog.records]
    assert f"away_from_home ({path.parent}/lib/away_from_home.py), which is not copied" in told
    sys.modules.pop("away_from_home")


def test_a_file_that_reads_files_beside_itself_is_told_of_at_the_start(mine, caplog):
    reads = "from pathlib import Path\nX = float(Path(__file__).with_name('scale.txt').read_text())"
    path = mine("import near", "near.X", near=reads)
    (path.parent / "scale.txt").write_text("2.5")
    caplog.set_level(logging.WARNING, logger="seqtasks")
    assert shown(path) == 2.5
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith(f"{path.parent}/near.py uses __file__: a run copies modules only")


def test_a_file_without_uncopied_modules_is_not_warned_of(mine, caplog):
    caplog.set_level(logging.WARNING, logger="seqtasks")
    assert shown(mine("import near, torch, numpy, fractions", "near.X", near="X = 1")) == 1
    assert caplog.records == []


def test_neighbours_reach_spawned_workers_of_a_loader(mine):
    path = mine("import near", "near.X", near="X = 1")
    dataset = st.task(f"{path}:Mine").dataset(5, 2, batches=4)
    here = [batch.inputs for batch in dataset]
    shutil.rmtree(path.parent)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=None, num_workers=1, multiprocessing_context="spawn"
    )
    there = [batch.inputs for batch in loader]
    assert all(torch.equal(one, other) for one, other in zip(here, there, strict=True))


def test_a_function_that_makes_cells_is_asked_for(tmp_path):
    def small(input_size, hidden_size):
        return st.cell("gru", input_size, hidden_size)

    run = st.run("parity", cell=small, out=tmp_path, **SMALL).path
    with pytest.raises(UsageError, match=r"seqtasks\.load\(run, cell="):
        st.load(run)
    assert st.load(run, cell=small).step == 2


def test_the_source_that_was_run_is_known(mine):
    path = mine("import near", "near.X", near="X = 1")
    source = source_of(class_from_file(path, "Mine", Task, "task"))
    assert source == read_source(path)
    assert [one.content for one in source.neighbours] == [b"X = 1"]


def test_a_run_that_holds_no_copy_of_a_neighbour_says_so(mine, tmp_path, monkeypatch):
    path = mine("import near", "near.X", near="X = 1\n")
    run = st.run(f"{path}:Mine", cell="concat", out=tmp_path / "runs", **SMALL).path
    record = json.loads((run / "experiment.json").read_text())
    del record["sources"]["task"]["neighbours"]  # as it was recorded before they were copied
    (run / "experiment.json").write_text(json.dumps(record))
    monkeypatch.chdir(path.parent)
    monkeypatch.syspath_prepend("")
    with pytest.raises(UsageError, match=r"No module named 'near'; the run holds no copy of it"):
        st.load(run, trust=True)


def test_more_neighbours_than_a_run_can_hold_are_refused_at_the_start(mine, tmp_path, monkeypatch):
    path = mine("import near", "near.X", near="X = 1\n")
    run = st.run(f"{path}:Mine", cell="concat", out=tmp_path / "runs", **SMALL).path
    record = json.loads((run / "experiment.json").read_text())
    record["sources"]["task"]["neighbours"] *= 1001
    (run / "experiment.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match="more than 1000 neighbours"):
        st.load(run, trust=True)
    monkeypatch.setattr("seqtasks.trust.sources.MOST_SOURCE", 100)
    with pytest.raises(UsageError, match="too many to copy into a run"):
        shown(mine("import near", "near.X", near="X = 1\n" + "#" * 90))
