"""The floors of the documentation are those that `lint-imports` enforces, and it does."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FLOORS = "a module imports only from its own floor and those below it"
ROWS = "a module of the engine imports only from its own row and those below it"
NATIVE = "a module of the native engine imports only from its own row and those below it"
NO_TORCH = "tasks, look-up, baselines and exports start without torch"
# Which of the contracts an import breaks that is added to a module.
PLANTED = {
    "core/seqtasks/spec.py": ("from seqtasks.cli import main", FLOORS),
    "core/seqtasks/runs/files.py": (
        "from seqtasks.runs import directory",
        "runs.files stands on the ground floor",
    ),
    "core/seqtasks/tasks/checking.py": (
        "def later():\n    import torch",
        NO_TORCH,
    ),
    "core/seqtasks/engine/graph.py": ("from seqtasks.engine.engines import Engines", ROWS),
    "core/seqtasks/engine/native/storage.py": (
        "from seqtasks.engine.native.emit.source import emit",
        NATIVE,
    ),
    "core/seqtasks/engine/tensors/views.py": (
        "from seqtasks.engine.native.emit.boxes import boxes",
        "the two engines know nothing of each other",
    ),
    "core/seqtasks/building.py": ("import seqtasks_bits", "the core knows no plugin"),
    "plugins/seqtasks_bits/parity.py": (
        "from seqtasks.tasks.task import Task",
        "a plugin imports what plugins are offered",
    ),
}


def contracts():
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        found = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return {contract["name"]: contract for contract in found}


def layers(name):
    """Return the layers of a contract, the highest first, each as a set of modules."""
    return [set(layer.split(" : ")) for layer in contracts()[name]["layers"]]


def documented(head):
    """Return the modules in a column of a table, by the column's head, each row as a set."""
    column, rows = None, []
    for line in (REPOSITORY / "docs" / "architecture.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if head in cells:
            column = cells.index(head)
        elif not cells:
            column = None
        elif column is not None:
            rows.append({name.rstrip("/") for name in re.findall("`([^`]+)`", cells[column])})
    return [row for row in rows if row]


def test_the_floors_of_the_documentation_are_those_that_are_enforced():
    floors = documented("modules")
    floors[-1].remove("runs/files")  # a contract of its own holds it on the ground
    assert [{"__main__", "builtin"}, *floors] == layers(FLOORS)


def test_the_rows_of_the_engine_are_those_that_are_enforced():
    rules = {path.stem for path in (REPOSITORY / "core/seqtasks/engine").glob("rules*.py")}
    rows = documented("modules of `engine/`")
    rows = [row - {"rules*"} | rules if "rules*" in row else row for row in rows]
    assert rows[::-1] == layers(ROWS)


def test_the_rows_of_the_native_engine_are_those_that_are_enforced():
    rows = documented("modules of `engine/native/`")
    rows = [{name for name in row if not name.endswith(".h")} for row in rows]
    assert [row for row in rows if row][::-1] == layers(NATIVE)


def test_what_starts_without_torch_is_what_stands_below_the_line():
    floors = layers(FLOORS)
    below = set().union(*floors[floors.index({"exports", "task_speed"}) :])
    below |= {"runs.files", "testing"}
    assert {f"seqtasks.{name}" for name in below} == set(contracts()[NO_TORCH]["source_modules"])


@pytest.fixture
def linted(tmp_path, python):
    """Run `lint-imports` on a copy of the sources, to which imports may be added."""
    pytest.importorskip("importlinter")
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("core", "plugins"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=leave)

    def run():
        command = "from importlinter.cli import lint_imports_command as run; run()"
        settings = REPOSITORY / "pyproject.toml"
        path = (tmp_path / "core", tmp_path / "plugins")
        return python("-c", command, settings, "--no-cache", path=path)

    return run


def test_every_module_keeps_to_its_floor(linted):
    found = linted()
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 broken" in found.stdout


def test_an_import_from_above_breaks_the_contract_and_is_named(linted, tmp_path):
    for name, (line, _) in PLANTED.items():
        path = tmp_path / name
        path.write_text(f"{path.read_text()}\n\n{line}\n")
    (tmp_path / "core/seqtasks/brand_new.py").write_text('"""On no floor."""\n')
    found = linted()
    assert found.returncode == 1
    for name, (_, contract) in PLANTED.items():
        assert f"{contract} BROKEN" in found.stdout
        module = name.split("/", 1)[1].removesuffix(".py").replace("/", ".")
        assert re.search(rf"-\s+{re.escape(module)} -> ", found.stdout), name
    assert set(contracts()) == {contract for _, contract in PLANTED.values()}
    assert "seqtasks.brand_new" in found.stdout
