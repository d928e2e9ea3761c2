"""What plugins import: four modules, and nothing deeper."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import seqtasks as st
from seqtasks import cells, tasks, testing

REPOSITORY = Path(__file__).parents[2]
FACES = ("seqtasks", "seqtasks.tasks", "seqtasks.cells", "seqtasks.testing")
SOURCES = sorted(
    path
    for folder in ("plugins", "tests/example_plugin")
    for path in (REPOSITORY / folder).rglob("*.py")
)
PAGES = ("docs/tutorial.md", "docs/how-to/write-a-plugin.md", "docs/how-to/write-a-task.md")


def imported(text):
    """Return the modules of seqtasks that a text imports from."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name for name in found if name.partition(".")[0] == "seqtasks"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_plugin_imports_what_plugins_are_offered(path):
    assert imported(path.read_text()) <= set(FACES)


@pytest.mark.parametrize("page", PAGES)
def test_the_documentation_shows_authors_no_other_import(page):
    text = (REPOSITORY / page).read_text()
    shown = set(re.findall(r"(?:from|import) (seqtasks(?:\.\w+)*)", text))
    assert shown <= set(FACES)
    assert shown


@pytest.mark.parametrize("face", [tasks, cells, testing], ids=lambda face: face.__name__)
def test_a_face_offers_what_it_names_and_the_same_thing_as_seqtasks(face):
    assert face.__all__ == sorted(face.__all__, key=_order)
    for name in face.__all__:
        assert getattr(face, name) is getattr(st, name, getattr(face, name))


def _order(name):
    return not name.isupper(), name[0].islower(), name


def test_tasks_offers_what_a_task_is_written_with():
    needed = {"AllowedLengths", "Settings", "Task", "Tokens", "UsageError", "random_bits"}
    needed |= {"IGNORE", "PublishedProtocol", "hookimpl", "r_squared", "stream"}
    assert needed <= set(tasks.__all__)


@pytest.mark.parametrize("face", ["seqtasks", "seqtasks.tasks", "seqtasks.testing"])
def test_a_plugins_imports_need_no_torch(face, python):
    names = "hookimpl, Register" if face == "seqtasks" else "*"
    found = python("-c", f"from {face} import {names}; import sys; print('torch' in sys.modules)")
    assert found.stdout == "False\n", found.stderr


def test_a_hook_module_needs_no_numpy(python):
    code = "from seqtasks import hookimpl, Register; import sys; print('numpy' in sys.modules)"
    assert python("-c", code).stdout == "False\n"


# ---- testing


class Running(tasks.Task):
    """Running parity."""

    inputs = targets = tasks.Tokens("01")
    source = "our own"

    def generate(self, rng, count, length):
        return rng.integers(0, 2, (count, length))

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1) % 2


class OwnDraws(Running):
    """Draws from a generator of its own."""

    def generate(self, rng, count, length):
        return np.random.default_rng().integers(0, 2, (count, length))


class LooksAtOthers(Running):
    """Answers by the whole batch."""

    def encode(self, inputs):
        return (inputs + inputs.sum()) % 2


class WrongAtOddLengths(Running):
    """Answers with a symbol that is none, at odd lengths."""

    def encode(self, inputs):
        return inputs + 2 * (inputs.shape[1] % 2)


def test_check_task_accepts_a_task_that_does_what_it_must():
    testing.check_task(Running())
    testing.check_task(Running(), length=7)
    testing.check_task(st.task("copy"), length=1)  # the nearest that it can have


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (OwnDraws, "draws other inputs from the same generator"),
        (LooksAtOthers, "depends on the other inputs of its batch"),
        (WrongAtOddLengths, "the id 2|the id 3"),  # at the length after 10
    ],
)
def test_check_task_names_what_a_task_does_wrong(kind, message):
    with pytest.raises(st.UsageError, match=message):
        testing.check_task(kind(), length=10)
    with pytest.raises(st.UsageError, match=message):
        testing.check_task(kind())


@pytest.mark.parametrize(("given", "kind"), [(Running, "a class"), (3, "an object of type int")])
def test_check_task_tells_what_is_no_task(given, kind):
    with pytest.raises(st.UsageError, match=f"not {kind}"):
        testing.check_task(given)
