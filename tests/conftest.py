"""What tests of several parts need: made-up plugins, the example plugin, and other processes."""

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dots import save_dots, save_study_dots

# Files of that name hold no examples, and share it; copies in old runs and golden files are data.
collect_ignore_glob = ["*conftest.py", "core/old_runs/*", "engine/golden/*"]

EXAMPLE = Path(__file__).parent / "example_plugin"
HEADER = "from seqtasks.hookspecs import hookimpl\n"

Python = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that renews golden files."""
    parser.addoption("--renew", action="store_true", help="write golden files anew")


class Site:
    """A folder in which made-up distributions lie as if they were installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def module(self, name: str, code: str) -> None:
        """Write a module."""
        path = self.folder / f"{name}.py"
        path.write_text(code)
        # Byte code of the same second and size would be taken for the new text's byte code.
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        importlib.invalidate_caches()

    def plugin(
        self, name: str, code: str = "", requires: tuple[str, ...] = (), target: str = ""
    ) -> None:
        """Write the distribution `NAME-dist`, whose plugin NAME is the module `NAME_plugin`."""
        self.module(f"{name}_plugin", HEADER + code)
        info = self.folder / f"{name}_dist-1.0.dist-info"
        info.mkdir()
        metadata = ["Metadata-Version: 2.1", f"Name: {name}-dist", "Version: 1.0"]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
        (info / "METADATA").write_text("\n".join(metadata) + "\n")
        point = f"[seqtasks]\n{name} = {target or f'{name}_plugin'}\n"
        (info / "entry_points.txt").write_text(point)


@pytest.fixture
def pictures() -> None:
    """Let the test's runs draw their pictures."""


@pytest.fixture(autouse=True)
def dots_for_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runs of a test write dots, unless the test asks for `pictures`."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setattr("seqtasks.runs.plots.save_plots", save_dots)
        if (studies := sys.modules.get("seqtasks.studies.make_runs")) is not None:
            monkeypatch.setattr(studies, "save_plots", save_study_dots)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty `Site` on this process's path; what was imported from it is forgotten again."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Site(folder)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Run this Python in a process of its own, in a folder of its own, with folders on its path."""

    def run(*arguments: object, path: tuple[Path, ...] = (), **variables: str):
        folders = [*map(str, path), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders), **variables}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the example plugin is installed; needs no network."""
    folder = tmp_path_factory.mktemp("example")
    source = folder / "source"  # a copy, for a build may write beside what it builds
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", "--quiet", *offline]
    subprocess.run([*command, "--target", str(folder / "site"), str(source)], check=True)
    return folder / "site"
