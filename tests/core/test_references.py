"""Tasks and cells as a run's record names them, and back again."""

import json
import sys

import pytest

from seqtasks.cells import GRU, Cell, StateReadout
from seqtasks.errors import UsageError
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import (
    Source,
    describe,
    short_name,
)
from seqtasks.registry.restore import restore
from seqtasks.registry.user_files import class_from_file, digest
from seqtasks.tasks import Task, Tokens

SOURCE = """
from dataclasses import dataclass
from seqtasks.tasks import Task, Tokens

@dataclass(frozen=True)
class Add(Task):
    amount: int = 1
    among: tuple[str, ...] = ("a", "b")
    note: str = ""
    inputs = targets = Tokens("ab")

class Outer:
    class Inner(Task):
        inputs = targets = Tokens("ab")
"""

DEFAULTS = {"amount": 1, "among": ("a", "b"), "note": ""}


@pytest.fixture
def mine(tmp_path):
    """A file of one's own with a task; what was loaded from its folder is forgotten again."""
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    yield path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def added(path, **parameters):
    """Return a task of a file."""
    return class_from_file(path, "Add", Task, "task")(**parameters)


def kept(source, run):
    """Lay a source's copy into a run, and return what the run records of it."""
    record = json.loads(json.dumps(source.to_json()))
    copy = run / record["copy"]
    copy.parent.mkdir(parents=True)
    copy.write_bytes(source.content)
    return record


@pytest.mark.parametrize("spec", ["bitflip", "bitshift:shift=2", "bitshift:shift=-7"])
def test_a_registered_name_is_described_by_itself(spec, tmp_path):
    assert describe(spec, "task") == (spec, None)
    assert restore(spec, "task", None, tmp_path) == spec


@pytest.mark.parametrize("shift", [-3, 0, 4, 9])
def test_an_instance_of_a_registered_task_is_described_by_its_spec(shift, tmp_path):
    made = find_task(f"bitshift:shift={shift}")
    reference, source = describe(made, "task")
    assert source is None
    assert isinstance(reference, str)
    assert find_task(restore(reference, "task", None, tmp_path)) == made


def test_parameters_at_their_defaults_are_left_out():
    assert describe(find_task("bitshift"), "task")[0] == "bitshift"
    assert describe(find_task("bitshift:shift=2"), "task")[0] == "bitshift:shift=2"


def test_a_registered_class_is_described_by_its_name():
    assert describe(GRU, "cell") == ("gru", None)
    assert describe(StateReadout, "readout") == ("state", None)


def test_a_source_is_recorded_by_path_digest_and_copy(mine):
    source = Source(mine, SOURCE.encode())
    name = f"mine-{digest(SOURCE.encode())[:8]}.py"
    assert source.copy_name == name
    assert source.to_json() == {
        "path": str(mine),
        "sha256": digest(SOURCE.encode()),
        "copy": f"source/{name}",
    }


@pytest.mark.parametrize("written", ["./mine.py:Add:amount=3", "mine.py:amount=3"])
def test_a_files_spec_is_kept_as_written_and_restored_from_the_copy(
    mine, tmp_path, monkeypatch, written
):
    monkeypatch.chdir(tmp_path)
    reference, source = describe(written, "task")
    assert reference == written
    assert (source.path, source.content) == (mine, SOURCE.encode())
    record = kept(source, tmp_path / "run")
    mine.write_text("1 / 0")
    restored = find_task(restore(reference, "task", record, tmp_path / "run"))
    assert (type(restored).__name__, restored.amount) == ("Add", 3)


def test_a_class_from_a_file_is_restored_from_the_copy(mine, tmp_path):
    reference, source = describe(type(added(mine)), "task")
    record = kept(source, tmp_path / "run")
    mine.unlink()
    restored = find_task(restore(reference, "task", record, tmp_path / "run"))
    assert (type(restored).__name__, restored.amount) == ("Add", 1)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"amount": -3},
        {"among": ("x,y", "z]")},
        {"note": "two words"},
        {"among": (), "amount": 0},
    ],
)
def test_an_instance_from_a_file_keeps_its_parameters(mine, tmp_path, parameters):
    reference, source = describe(added(mine, **parameters), "task")
    record = kept(source, tmp_path / "run")
    mine.unlink()
    restored = find_task(
        restore(json.loads(json.dumps(reference)), "task", record, tmp_path / "run")
    )
    assert vars(restored) == DEFAULTS | parameters


def test_the_source_recorded_is_the_one_that_was_run(mine):
    made = added(mine, amount=2)
    mine.write_text(SOURCE.replace("amount: int", "amount: float"))
    assert describe(made, "task")[1].content == SOURCE.encode()


def test_a_changed_copy_is_refused(mine, tmp_path):
    reference, source = describe(added(mine), "task")
    record = kept(source, tmp_path / "run")
    copy = tmp_path / "run" / record["copy"]
    copy.write_text(SOURCE + "\n")
    with pytest.raises(UsageError) as caught:
        restore(reference, "task", record, tmp_path / "run")
    assert str(caught.value) == (
        f"{copy}, the task's source, was changed after the run began; "
        "restore it, or start a new run"
    )


def test_a_lost_copy_is_named(mine, tmp_path):
    reference, source = describe(added(mine), "task")
    with pytest.raises(UsageError, match=r"cannot read .*mine-.*, the task's source: No such file"):
        restore(reference, "task", source.to_json(), tmp_path / "run")


def test_a_file_that_is_gone_cannot_be_described(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*gone\.py: No such file"):
        describe(str(tmp_path / "gone.py:MyTask"), "task")


def test_a_class_of_an_importable_module_is_imported_again(site, tmp_path):
    site.module("own_things", SOURCE)
    module = __import__("own_things")
    made = module.Add(amount=5, among=("x", "y"))
    reference, source = describe(made, "task")
    assert source is None
    assert restore(json.loads(json.dumps(reference)), "task", None, tmp_path) == made
    inner = describe(module.Outer.Inner(), "task")[0]
    assert type(restore(inner, "task", None, tmp_path)) is module.Outer.Inner


def test_a_cell_class_of_an_importable_module_is_imported_again(site, tmp_path):
    site.module("own_cells", "from seqtasks.cells import GRU\nclass MyCell(GRU):\n    pass\n")
    cls = __import__("own_cells").MyCell
    assert restore(describe(cls, "cell")[0], "cell", None, tmp_path) is cls


def test_a_class_made_in_a_program_asks_to_be_given(tmp_path):
    class MyCell(Cell): ...

    MyCell.__module__, MyCell.__qualname__ = "__main__", "MyCell"
    reference, source = describe(MyCell, "cell")
    assert source is None
    with pytest.raises(UsageError) as caught:
        restore(json.loads(json.dumps(reference)), "cell", None, tmp_path)
    assert str(caught.value) == (
        "the cell MyCell of this run was made in a Python program; open the run there with "
        "seqtasks.load(run, cell=MyCell) or seqtasks.resume(run, cell=...)"
    )


def test_what_no_module_holds_asks_to_be_given(site, tmp_path):
    class Local(Cell): ...

    site.module("emptied", SOURCE)
    gone = describe(__import__("emptied").Add(), "task")[0]
    del sys.modules["emptied"].Add
    cases = [
        (describe(Local, "cell")[0], "cell"),
        (describe(lambda *sizes: GRU(*sizes), "cell")[0], "cell"),
        ({"class": "nowhere_to_be_found:MyCell"}, "cell"),
        (gone, "task"),
    ]
    for reference, kind in cases:
        with pytest.raises(UsageError, match=rf"seqtasks\.load\(run, {kind}="):
            restore(reference, kind, None, tmp_path)


def test_parameters_that_cannot_be_recorded_are_not_dropped_in_silence():
    class Plain(Task):
        inputs = targets = Tokens("01")

        def __init__(self, amount=1):
            self.amount = amount

    with pytest.raises(UsageError, match="of Plain cannot be recorded: make it a frozen dataclass"):
        describe(Plain(amount=5), "task")


@pytest.mark.parametrize(
    "reference", [5, None, [], {}, {"klass": "a:b"}, {"class": ":X"}, {"class": ""}]
)
def test_a_damaged_reference_is_refused(reference, tmp_path):
    with pytest.raises(UsageError):
        restore(reference, "task", None, tmp_path)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        ("bitshift:shift=2", "bitshift"),
        ("./my stuff/Mine.py:MyCell:alpha=2", "mycell"),
        ("./my.stuff/My Cell.py", "my-cell"),
        (GRU, "gru"),
        (find_task("bitshift:shift=2"), "bitshift"),
    ],
)
def test_a_short_name_fits_a_directory(thing, name):
    assert short_name(thing) == name
