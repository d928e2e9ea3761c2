"""Find the installed distribution of a module without importing the module."""

import importlib.machinery
import importlib.util
import json
import os
import sys
from contextlib import suppress
from importlib.metadata import Distribution, distributions
from pathlib import Path
from urllib.parse import unquote, urlparse

__all__ = ["installed", "installed_module", "owner", "package_files"]

_LISTS = ("RECORD", "installed-files.txt", "SOURCES.txt")
"""The files in which a distribution may list what it installed."""


def installed(name: str) -> Distribution | None:
    """Return a distribution by its name; one in the current folder is not installed."""
    with suppress(Exception):  # a distribution's metadata may be missing or damaged
        return next((one for one in distributions(name=name, path=_places()) if one.name), None)
    return None


def owner(module: str) -> Distribution | None:
    """Return the distribution that installed a module, or None if there is none."""
    file = _file_of(module)
    if file is None:
        return None
    for one in distributions(path=_places()):
        with suppress(Exception):
            if _holds(one, module, file):
                return one
    return None


def installed_module(module: str, distribution: Distribution) -> Path | None:
    """Return the file of a module, or None unless the distribution installed it."""
    file = _file_of(module)
    with suppress(Exception):
        if file is not None and _holds(distribution, module, file):
            return file
    return None


def package_files(module: str, file: Path) -> list[Path]:
    """Return what may be executed when a module is imported, of its own package.

    These are the source files and compiled modules of the outermost package that it lies in, the
    package's name being part of the module's; of a module outside any, its file alone.

    Args:
        module: its full name.
        file: where it lies.
    """
    inside = file.name.partition(".")[0] == "__init__"
    folder, depth = file.parent, module.count(".") + inside
    root = folder if depth and (inside or (folder / "__init__.py").is_file()) else None
    while root is not None and depth > 1 and (root.parent / "__init__.py").is_file():
        root, depth = root.parent, depth - 1
    if root is None:
        return [file]
    endings = tuple(importlib.machinery.all_suffixes())
    return sorted(
        Path(place) / name
        for place, _, names in os.walk(root)
        if Path(place).name != "__pycache__"
        for name in names
        if name.endswith(endings)
    )


def _places() -> list[str]:
    """Return the folders of installed modules: Python's path without the current folder."""
    here = os.path.realpath(os.curdir)
    return [place for place in sys.path if place and os.path.realpath(place) != here]


def _file_of(module: str) -> Path | None:
    """Return a module's file without importing any module, not even its packages."""
    first, *rest = module.split(".")
    with suppress(Exception):  # this calls finders of foreign code
        spec = importlib.util.find_spec(first)
        name = first
        for part in rest:
            if spec is None or spec.submodule_search_locations is None:
                return None
            name = f"{name}.{part}"
            places = list(spec.submodule_search_locations)
            spec = importlib.machinery.PathFinder.find_spec(name, places)
        if spec is not None and spec.has_location and spec.origin:
            return Path(os.path.realpath(spec.origin))
    return None


def _holds(distribution: Distribution, module: str, file: Path) -> bool:
    """Say whether a distribution installed a file."""
    lists = [text for text in map(distribution.read_text, _LISTS) if text]
    # To make a path of each entry takes a hundred times as long as to look for the name.
    perhaps = not lists or any(file.name in text for text in lists) or '"' in file.name
    for listed in (distribution.files or ()) if perhaps else ():
        same_name = listed.name == file.name
        if same_name and Path(os.path.realpath(str(distribution.locate_file(listed)))) == file:
            return True
    editable = _editable_folder(distribution)
    if editable is not None and editable in file.parents:
        return True
    if not perhaps or distribution.files:
        return False
    # Without a list of files, its plugins tell which package it brings.
    names = {point.module.partition(".")[0] for point in distribution.entry_points}
    folder = Path(os.path.realpath(str(distribution.locate_file(""))))
    return module.partition(".")[0] in names and folder in file.parents


def _editable_folder(distribution: Distribution) -> Path | None:
    """Return the folder of an editable install's project."""
    text = distribution.read_text("direct_url.json")
    if text is None:
        return None
    about = json.loads(text)
    if not about.get("dir_info", {}).get("editable"):
        return None
    return Path(os.path.realpath(unquote(urlparse(about["url"]).path)))
