"""Build the wheel of a plugin's distribution, look into it, and install it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlparse

from seqtasks import __version__
from seqtasks.errors import counted
from seqtasks.hookspecs import ENTRY_POINT_GROUP
from seqtasks.registry.plugin_imports import OWN_DISTRIBUTION
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.plugins.installed import InstalledPlugin

__all__ = ["builds_a_wheel", "installs"]

_LONGEST_BUILD, _LONGEST_INSTALL = 300, 1800
_LEFT_OUT = ("__pycache__", ".git", ".venv", "venv", "runs", "build", "dist", ".*_cache", ".tox")
"""What a copy of the source folder lacks: a build needs none of it, and it may be large."""
_MOST_LINES = 4

_IMPORT_ALL = """
import json, sys
from seqtasks.registry.discovery import current_registry
registry = current_registry()
entries = [one for one in registry.registered if one.distribution == sys.argv[1]]
for one in entries:
    if one.kind != "experiment":
        registry.load(one)
print(json.dumps(sorted([one.kind, one.name] for one in entries)))
"""


def builds_a_wheel(plugin: InstalledPlugin) -> str:
    """Its source folder builds a wheel that holds the entry points and every lazy target."""
    source = _source_of(plugin.distribution)
    with tempfile.TemporaryDirectory(prefix="seqtasks-") as folder:
        wheel = _built(source, Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
            points = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
            written = archive.read(points[0]).decode() if points else ""
        if f"[{ENTRY_POINT_GROUP}]" not in written:
            raise CheckFailedError(
                f"the wheel of {source} has no entry point of the group {ENTRY_POINT_GROUP}: "
                "nobody who installs it would find the plugin"
            )
        for place, why in _needed(plugin):
            if place not in names and not any(
                name.startswith((f"{place}.", f"{place}/")) for name in names
            ):
                raise CheckFailedError(
                    f"the wheel of {source} lacks {place}, {why}: list its package in "
                    "pyproject.toml"
                )
        return f"{wheel.name}, {counted(len(names), 'file')}"


def installs(plugin: InstalledPlugin) -> str:
    """Its wheel installs into an empty environment with all it requires, and is complete there."""
    with tempfile.TemporaryDirectory(prefix="seqtasks-") as made:
        folder = Path(made)
        wheel = _built(_source_of(plugin.distribution), folder)
        _run([sys.executable, "-m", "venv", str(folder / "venv")], folder, _LONGEST_BUILD)
        python = str(folder / "venv" / "bin" / "python")
        ours = _source_or_none(distribution(OWN_DISTRIBUTION))
        needed = f"{OWN_DISTRIBUTION}=={__version__}" if ours is None else str(ours)
        wanted = {str(wheel): None}
        if plugin.distribution.name != OWN_DISTRIBUTION:
            wanted[needed] = None
        _run([python, "-m", "pip", "install", *wanted], folder, _LONGEST_INSTALL)
        name = plugin.distribution.name
        said = _run([python, "-c", _IMPORT_ALL, name], folder, _LONGEST_BUILD)
        found = json.loads(said.splitlines()[-1])
        missing = [
            f"{entry.kind} {entry.name}"
            for entry in plugin.entries
            if [entry.kind, entry.name] not in found
        ]
        if missing:
            raise CheckFailedError(
                f"in an empty environment it does not bring {', '.join(missing)}"
            )
        return f"{wheel.name}: {counted(len(found), 'thing')} there"


def _needed(plugin: InstalledPlugin) -> list[tuple[str, str]]:
    """Return what the wheel must hold, without the ending of a module, and why."""
    found = [
        (point.value.partition(":")[0].replace(".", "/"), "the module of its entry point")
        for point in plugin.points
    ]
    roots = {place.partition("/")[0] for place, _ in found}
    for entry in plugin.entries:
        if not isinstance(entry.target, str):
            continue
        module, _, rest = entry.target.partition(":")
        place = module.replace(".", "/")
        if entry.kind == "experiment":
            place = f"{place}/{rest}"
        if place.partition("/")[0] in roots:  # another distribution may bring a target
            found.append((place, f"the target of its {entry.kind} '{entry.name}'"))
    return found


def _source_of(held: Distribution) -> Path:
    """Return the folder that a distribution was installed from.

    Raises:
        NotApplicable: if it was installed from a wheel or an index, or the folder is gone.
    """
    folder = _source_or_none(held)
    if folder is None:
        raise NotApplicable(
            "the folder that it was installed from is not known, or gone; pip install -e FOLDER"
        )
    if find_spec("pip") is None:
        raise NotApplicable(f"pip, which builds it, is not installed for {sys.executable}")
    return folder


def _source_or_none(held: Distribution) -> Path | None:
    with suppress(Exception):  # the metadata may be missing or damaged
        about = json.loads(held.read_text("direct_url.json") or "{}")
        place = urlparse(about["url"])
        folder = Path(unquote(place.path))
        if place.scheme == "file" and "dir_info" in about and folder.is_dir():
            return folder
    return None


def _built(source: Path, folder: Path) -> Path:
    """Build the wheel of a copy of a source folder, and return it.

    A build may write beside what it builds. What it finds by the history of the repository, such as
    a version, it must find for the copy too.
    """
    copy = folder / "source"
    shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    if (source / ".git").exists():
        (copy / ".git").symlink_to(source / ".git")
    options = ["--no-build-isolation"] if _has_build_system(copy) else []
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", *options]
    _run([*pip, "--wheel-dir", str(folder / "wheel"), str(copy)], folder, _LONGEST_BUILD)
    return next((folder / "wheel").glob("*.whl"))


def _has_build_system(source: Path) -> bool:
    """Say whether all that a build needs is installed here, so that nothing is downloaded."""
    from packaging.requirements import Requirement

    file = source / "pyproject.toml"
    if not file.is_file():
        return False
    with suppress(tomllib.TOMLDecodeError, PackageNotFoundError, ValueError):
        wanted = tomllib.loads(file.read_text(encoding="utf-8")).get("build-system", {})
        for text in wanted.get("requires", ["setuptools"]):
            requirement = Requirement(text)
            if not requirement.specifier.contains(distribution(requirement.name).version):
                return False
        return True
    return False


def _run(command: Sequence[str], folder: Path, longest: float) -> str:
    """Run a command in a folder, and return what it writes to stdout.

    Raises:
        CheckFailedError: with the last lines that it printed.
    """
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "SEQTASKS_DISABLE_PLUGINS")
    }
    in_here = command[0] == sys.executable
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=dict(os.environ) if in_here else variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=longest,
        )
    except subprocess.TimeoutExpired:
        raise CheckFailedError(f"`{_told(command)}` did not end in {longest} s") from None
    if done.returncode:
        lines = [one for one in (done.stdout + done.stderr).splitlines() if one.strip()]
        shown = "\n".join(lines[-_MOST_LINES:])
        raise CheckFailedError(f"`{_told(command)}` failed:\n{shown}")
    return done.stdout


def _told(command: Sequence[str]) -> str:
    """Return the start of a command, as a person would type it."""
    words = [Path(command[0]).name, *command[1:]]
    return " ".join(words[: words.index("-c")] if "-c" in words else words)[:120]
