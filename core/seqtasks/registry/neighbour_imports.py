"""Let a user's file import the modules beside it, which were read before it runs."""

import builtins
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from seqtasks.registry.file_modules import (
    FILE_PREFIX,
    NEAR_PREFIX,
    SOURCE,
    adopted,
    send_with_content,
)
from seqtasks.trust.sources import (
    Neighbour,
    Source,
)

__all__ = [
    "FILE_PREFIX",
    "NEAR_PREFIX",
    "SOURCE",
    "adopted",
    "builtins_for",
    "forget",
    "lay_out",
    "lies_here",
]

_near: dict[str, Neighbour | None] = {}
"""Modules beside a file, by their private names; None for a folder without `__init__.py`."""


def lay_out(near: str, source: Source, package: ModuleType | None = None) -> None:
    """Make the modules beside a file importable below the private package `near`."""
    package = package or ModuleType(near)
    package.__path__ = []
    vars(package)[SOURCE] = source
    sys.modules[near] = package
    for one in source.neighbours:
        _near[f"{near}.{one.name}"] = one
    for one in source.neighbours:
        parts = one.name.split(".")
        for count in range(1, len(parts)):  # a folder without __init__.py is also a package
            _near.setdefault(f"{near}.{'.'.join(parts[:count])}", None)
    if not any(isinstance(finder, _NearFinder) for finder in sys.meta_path):
        sys.meta_path.append(_NearFinder())


def forget(name: str, near: str) -> None:
    """Remove a file's module and its neighbours from the imported modules."""
    for known in [one for one in sys.modules if one in (name, near) or one.startswith(f"{near}.")]:
        del sys.modules[known]
    for known in [one for one in _near if one.startswith(f"{near}.")]:
        del _near[known]


class _NearFinder(importlib.abc.MetaPathFinder):
    """Find the modules beside a file by their private names, in memory."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the loader of a module that was read beforehand."""
        if fullname not in _near:
            return None
        near = _near[fullname]
        origin = None if near is None else str(near.path)
        spec = importlib.machinery.ModuleSpec(fullname, _NearLoader(), origin=origin)
        spec.has_location = near is not None
        spec.submodule_search_locations = [] if near is None or near.package else None
        return spec


class _NearLoader(importlib.abc.Loader):
    """Execute the content of a module that was read beforehand."""

    def exec_module(self, module: ModuleType) -> None:
        """Execute it, with the same neighbours as the file itself."""
        near = _near[module.__name__]
        root = ".".join(module.__name__.split(".")[:2])
        source: Source = vars(sys.modules[root])[SOURCE]
        vars(module)["__builtins__"] = builtins_for(root, source)
        if near is not None:
            if "." not in near.name and not near.package:
                others = tuple(one for one in source.neighbours if one is not near)
                vars(module)[SOURCE] = Source(near.path, near.content, others)
            exec(compile(near.content, str(near.path), "exec"), vars(module))
            send_with_content(module)


def builtins_for(near: str, source: Source) -> dict[str, Any]:
    """Return the builtins of a file; their `import` prefers its neighbours to other modules.

    A copy in a run imports nothing from the current folder, even if Python's path has it.
    """
    first = {one.name.partition(".")[0] for one in source.neighbours}
    copied = source.path in adopted
    if not first and not copied:
        return builtins.__dict__

    def import_module(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names that Python gives
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        head = name.partition(".")[0]
        if level or head not in first:
            if copied and not level and head not in sys.modules and lies_here(head):
                raise ModuleNotFoundError(f"No module named '{head}'", name=head)
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        try:
            made = importlib.import_module(f"{near}.{name}")
            if fromlist:
                return builtins.__import__(made.__name__, globals, locals, fromlist, 0)
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith(f"{near}."):
                raise
            missing = error.name.removeprefix(f"{near}.")
            raise ModuleNotFoundError(f"No module named '{missing}'", name=missing) from None
        return sys.modules[f"{near}.{head}"]

    return {**vars(builtins), "__import__": import_module}


def lies_here(name: str) -> bool:
    """Say whether Python would import a module from the current folder."""
    with suppress(Exception):  # this calls finders of foreign code, too
        spec = importlib.util.find_spec(name)
        here = Path.cwd().resolve()
        if spec is not None and spec.submodule_search_locations is not None:
            return here in (
                Path(place).resolve().parent for place in spec.submodule_search_locations
            )
        return (
            spec is not None
            and spec.has_location
            and Path(str(spec.origin)).resolve().parent == here
        )
    return False
