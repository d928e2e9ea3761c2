"""Classes from a Python file of one's own, and what is left behind when the file fails."""

import sys
from pathlib import Path

import pytest

from seqtasks.errors import UsageError
from seqtasks.registry.user_files import class_from_file, digest, loaded_from
from seqtasks.tasks import Task

IMPORTS = "from dataclasses import dataclass\nfrom seqtasks.tasks import Task, Tokens\n"
ONE = IMPORTS + "class MyTask(Task):\n    inputs = targets = Tokens('01')\n"
TWO = ONE + "class Other(MyTask):\n    pass\nclass Helper:\n    pass\nNUMBER = 3\n"


@pytest.fixture
def file(tmp_path):
    """Write a Python file and return its path."""

    def write(source, name="mine.py"):
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path

    yield write
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def unchanged(file):
    """Check that the module path and the modules are at the end as they were before."""
    path, modules = list(sys.path), dict(sys.modules)
    yield
    assert sys.path == path
    assert set(sys.modules) == set(modules)


def from_file(path, name=""):
    """Return a task class of a file."""
    return class_from_file(path, name, Task, "task")


def failure(path, name=""):
    """Return the message of a file's failure."""
    with pytest.raises(UsageError) as caught:
        from_file(path, name)
    return str(caught.value)


def test_the_only_class_of_a_file_needs_no_name(file):
    cls = from_file(file(ONE))
    assert cls.__name__ == "MyTask"
    assert issubclass(cls, Task)


def test_a_class_of_several_is_taken_by_name(file):
    path = file(TWO)
    assert from_file(path, "MyTask").__name__ == "MyTask"
    assert from_file(path, "Other").__name__ == "Other"


def test_several_classes_without_a_name_are_listed(file):
    path = file(TWO)
    assert failure(path) == f"{path} holds MyTask, Other; name one: {path}:ClassName"


def test_a_file_without_a_task_says_so(file):
    path = file("x = 1\n")
    assert failure(path) == f"{path} holds no task: define a subclass of seqtasks.Task in it"


def test_classes_that_a_file_imports_are_not_its_own(file):
    imported = "from seqtasks_bits.bitflip import BitFlip\n"
    assert from_file(file(imported + ONE)).__name__ == "MyTask"
    assert from_file(file(imported, "again.py"), "BitFlip").__name__ == "BitFlip"


def test_a_misspelt_class_suggests_the_nearest(file):
    path = file(TWO)
    assert failure(path, "MyTsk") == (
        f"{path} holds no class MyTsk. It holds: MyTask, Other. Did you mean 'MyTask'?"
    )


@pytest.mark.parametrize("name", ["Helper", "NUMBER", "dataclass"])
def test_what_is_no_task_is_refused_by_name(file, name):
    path = file(TWO)
    assert failure(path, name) == (
        f"{name} in {path} is not a task: it must be a subclass of seqtasks.Task"
    )


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "nowhere.py"
    assert failure(path) == f"cannot read {path}: No such file or directory"


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    assert failure(tmp_path / "folder.py") == f"cannot read {tmp_path}/folder.py: Is a directory"


def test_a_dataclass_in_a_file_keeps_its_parameters(file):
    postponed = "from __future__ import annotations\n" + IMPORTS
    for number, imports in enumerate((IMPORTS, postponed)):
        source = imports + "@dataclass(frozen=True)\nclass Add(Task):\n    amount: int = 1\n"
        cls = from_file(file(source, f"add{number}.py"))
        assert cls(amount=3) == cls(3) != cls()


def test_a_file_can_import_its_neighbour(file):
    path_before = list(sys.path)
    file("SYMBOLS = 'abc'\n", "neighbour_of_mine.py")
    body = "class MyTask(Task):\n    inputs = targets = Tokens(neighbour_of_mine.SYMBOLS)\n"
    cls = from_file(file("import neighbour_of_mine\n" + IMPORTS + body))
    assert cls.inputs.symbols == ("a", "b", "c")
    assert sys.path == path_before


def test_neighbours_of_one_name_in_two_folders_are_not_mixed_up(file, tmp_path):
    found = []
    for symbols in ("ab", "xyz"):
        folder = tmp_path / symbols
        folder.mkdir()
        file(f"SYMBOLS = '{symbols}'\n", f"{symbols}/same_neighbour.py")
        body = "class MyTask(Task):\n    inputs = targets = Tokens(same_neighbour.SYMBOLS)\n"
        path = file("import same_neighbour\n" + IMPORTS + body, f"{symbols}/mine.py")
        found.append("".join(from_file(path).inputs.symbols))
    assert found == ["ab", "xyz"]


def test_a_relative_path_is_taken_from_the_working_folder(file, tmp_path, monkeypatch):
    file(ONE)
    monkeypatch.chdir(tmp_path)
    assert (loaded_from(from_file(Path("mine.py"))) or [None])[0] == tmp_path / "mine.py"


def test_the_same_content_is_run_once_and_a_changed_one_again(file):
    first = from_file(file(ONE))
    assert from_file(file(ONE)) is first
    changed = from_file(file(ONE.replace("'01'", "'abc'")))
    assert changed.inputs.size == 3
    assert first.inputs.size == 2


@pytest.mark.parametrize(
    ("source", "place", "problem"),
    [
        ("x = 1\n\nclass MyTask(:\n", " (line 3)", "SyntaxError: invalid syntax"),
        ("x = 1\ny = x.missing\n", " (line 2)", "AttributeError: 'int' object has no attribute"),
        ("import nowhere_to_be_found\n", " (line 1)", "ModuleNotFoundError: No module named"),
        ("def f():\n    return 1 / 0\n\nf()\n", " (line 2)", "ZeroDivisionError: division by"),
        ("x = 1\nraise SystemExit(3)\n", " (line 2)", "SystemExit: 3"),
        ("raise RuntimeError\n", " (line 1)", "RuntimeError"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_file_that_fails_is_told_with_its_line_and_leaves_nothing(file, source, place, problem):
    path = file(source)
    message = failure(path)
    assert message.startswith(f"{path} cannot be run{place}: {problem}")
    assert failure(path) == message


@pytest.mark.parametrize("source", [b"x = 1\n\xff = 2\n", b"x = 1\x00\n"])
@pytest.mark.usefixtures("unchanged")
def test_a_file_that_is_no_text_is_refused(file, source):
    message = failure(file(source))
    assert "cannot be run" in message
    assert "SyntaxError" in message
    assert "None" not in message


@pytest.mark.usefixtures("unchanged")
def test_the_line_of_a_neighbours_mistake_is_not_given_as_the_files_own(file):
    file("a = 1\n\n\nb = (\n", "broken_neighbour.py")
    message = failure(file("import broken_neighbour\n"))
    assert "(line 4):" not in message
    assert "broken_neighbour.py" in message


def test_a_file_that_fails_after_importing_a_neighbour_takes_it_back(file):
    file("SYMBOLS = 'abc'\n", "sound_neighbour.py")
    assert "ZeroDivisionError" in failure(file("import sound_neighbour\n1 / 0\n"))
    assert "sound_neighbour" not in sys.modules


@pytest.mark.usefixtures("unchanged")
def test_an_interrupt_while_the_file_runs_goes_through(file):
    with pytest.raises(KeyboardInterrupt):
        from_file(file("raise KeyboardInterrupt\n"))


def test_a_file_may_change_the_module_path(file, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = file("import sys\nsys.path = sys.path[1:]\n" + ONE)
    assert from_file(path).__name__ == "MyTask"


def test_the_file_of_a_class_is_known_only_if_it_was_loaded_from_one(file):
    path = file(ONE)
    assert loaded_from(from_file(path)) == (path, path.read_bytes())
    assert loaded_from(Task) is None


def test_a_digest_is_the_sha256():
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
