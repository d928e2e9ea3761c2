"""`lint-imports` enforces the rows of packages that the documentation shows."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = "a package imports only from packages below it"
ENGINE = "a stage of the engine imports only from stages below it"
NATIVE = "a stage of the native engine imports only from stages below it"
TENSORS = "a stage of the torch engine imports only from stages below it"
NO_TORCH = "tasks, the registry, baselines and exports start without torch"
# Which of the contracts an import breaks that is added to a module.
PLANTED = {
    "core/seqtasks/specs/grammar.py": ("from seqtasks.cli import main", PACKAGES),
    "core/seqtasks/tasks/mistakes.py": ("def later():\n    import torch", NO_TORCH),
    "core/seqtasks/engine/graph/build.py": ("from seqtasks.engine.engines import Engines", ENGINE),
    "core/seqtasks/engine/native/plan/storage.py": (
        "from seqtasks.engine.native.emit.source import write_program",
        NATIVE,
    ),
    "core/seqtasks/engine/tensors/plan/terms.py": (
        "from seqtasks.engine.tensors.emit.views import Views",
        TENSORS,
    ),
    "core/seqtasks/engine/tensors/emit/views.py": (
        "from seqtasks.engine.native.emit.boxes import boxes",
        "the two engines know nothing of each other",
    ),
    "core/seqtasks/models/build.py": ("import seqtasks_bits", "the core knows no plugin"),
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
    found = [set(layer.split(" | ")) for layer in contracts()[name]["layers"]]
    return [layer for layer in found if not all(one.startswith("(") for one in layer)]


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


def test_the_packages_of_the_documentation_are_the_ones_that_are_enforced():
    enforced = [{one for one in layer if one[0] != "("} for layer in layers(PACKAGES)]
    assert [{"__main__", "builtin"}, *documented("packages")] == enforced


@pytest.mark.parametrize(
    ("folder", "contract"),
    [("engine", ENGINE), ("engine/native", NATIVE), ("engine/tensors", TENSORS)],
)
def test_the_stages_of_the_documentation_are_the_ones_that_are_enforced(folder, contract):
    assert documented(f"stages of `{folder}/`") == layers(contract)


def test_every_folder_of_the_core_stands_in_the_documentation():
    documented_names = set().union(*documented("packages"), {"__main__", "builtin"})
    core = REPOSITORY / "core" / "seqtasks"
    folders = {path.parent.name for path in core.glob("*/__init__.py")}
    files = {path.stem for path in core.glob("*.py")} - {"__init__"}
    assert documented_names == folders | files


def test_at_most_six_modules_lie_flat_in_the_core_and_five_in_the_engine():
    core = REPOSITORY / "core" / "seqtasks"
    flat = {path.stem for path in core.glob("*.py")} - {"__init__", "__main__"}
    assert len(flat) <= 6
    assert len({path.stem for path in (core / "engine").glob("*.py")} - {"__init__"}) <= 5


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


def test_every_module_imports_only_from_below(linted):
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
