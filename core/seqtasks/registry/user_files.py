"""Run a Python file of the user's own, and take tasks, cells and readouts from it."""

import builtins
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import logging
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from seqtasks.errors import UsageError, did_you_mean, one_line
from seqtasks.trust.sources import (
    Neighbour,
    Source,
    absolute,
    digest,
    find_neighbour,
    read_source,
)

__all__ = [
    "WrongKindError",
    "adopt",
    "class_from_file",
    "digest",
    "lies_here",
    "loaded_from",
    "source_at",
    "source_of",
]

_PREFIX = "_seqtasks_file_"
_NEAR = "_seqtasks_near_"
_SOURCE = "__seqtasks_source__"
logger = logging.getLogger("seqtasks")

_adopted: dict[Path, Source] = {}
"""Checked copies of files in runs, by path: the disk is not read again."""

_loaded: dict[Path, Source] = {}
"""The content of each file as it was last executed."""

_near: dict[str, Neighbour | None] = {}
"""Modules beside a file, by their private names; None for a folder without `__init__.py`."""


def adopt(source: Source) -> None:
    """Let a path stand for contents that were already read and checked."""
    _adopted[source.path] = source


def source_at(path: Path) -> Source:
    """Return the file at a path as it was last executed, or as it is if it never was.

    Raises:
        UsageError: if the file cannot be read.
    """
    path = absolute(path)
    return _loaded.get(path) or _adopted.get(path) or read_source(path)


def source_of(cls: type) -> Source | None:
    """Return the executed file of a class from `class_from_file`."""
    module = sys.modules.get(cls.__module__)
    if module is None or not cls.__module__.startswith((_PREFIX, _NEAR)):
        return None
    return vars(module).get(_SOURCE)


def loaded_from(cls: type) -> tuple[Path, bytes] | None:
    """Return the file of a class from `class_from_file`, and its bytes when it was executed."""
    source = source_of(cls)
    return None if source is None else (source.path, source.content)


def class_from_file(path: Path, name: str, base: type, kind: str) -> type[Any]:
    """Return the class `name` of a Python file; if name is empty, its only subclass of `base`.

    Raises:
        UsageError: if the file cannot be read or executed, or lacks such a class.
    """
    module = _load(path)
    candidates = {
        key: value
        for key, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    }
    if not name:
        if len(candidates) == 1:
            return next(iter(candidates.values()))
        if not candidates:
            wanted = f"seqtasks.{base.__name__}"
            raise UsageError(f"{path} holds no {kind}: define a subclass of {wanted} in it")
        found = ", ".join(candidates)
        raise UsageError(f"{path} holds {found}; name one: {path}:ClassName")
    value = getattr(module, name, None)
    if value is None:
        held = f" It holds: {', '.join(candidates)}." if candidates else ""
        raise UsageError(f"{path} holds no class {name}.{held}{did_you_mean(name, candidates)}")
    if not (inspect.isclass(value) and issubclass(value, base)):
        raise WrongKindError(
            f"{name} in {path} is not a {kind}: it must be a subclass of seqtasks.{base.__name__}"
        )
    return value


class WrongKindError(UsageError):
    """A file's content is of another kind than the requested one."""


def _load(path: Path) -> ModuleType:
    """Execute a file as its own module, once for each content.

    The file and the modules that it imports from its folder are read first and executed under
    private names. `sys.path` stays unchanged, so no other file of the folder can be imported.
    """
    path = absolute(path)
    source = _adopted.get(path) or read_source(path)
    key = digest(str(path).encode(errors="surrogatepass") + b"\0" + source.digest.encode())[:16]
    name, near = _PREFIX + key, _NEAR + key
    if name in sys.modules:
        _loaded[path] = source
        return sys.modules[name]
    known, places = set(sys.modules), list(sys.path)
    spec = importlib.machinery.ModuleSpec(name, None, origin=str(path))
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    vars(module)[_SOURCE] = source
    vars(module)["__builtins__"] = _builtins_for(near, source)
    sys.modules[name] = module  # dataclasses look their module up during execution
    _lay_out(near, source)
    try:
        exec(compile(source.content, str(path), "exec"), vars(module))
    except BaseException as error:
        _forget(name, near)
        if isinstance(error, KeyboardInterrupt):
            raise
        problem = f"{one_line(error)}{_remedy(error, path)}"
        raise UsageError(f"{path} cannot be run{_line(error, path)}: {problem}") from error
    _loaded[path] = source
    if path not in _adopted:
        _warn_of_uncopied(path, set(sys.modules) - known, places)
    return module


def _lay_out(near: str, source: Source) -> None:
    """Make the modules beside a file importable below the private package `near`."""
    package = ModuleType(near)
    package.__path__ = []
    vars(package)[_SOURCE] = source
    sys.modules[near] = package
    for one in source.neighbours:
        _near[f"{near}.{one.name}"] = one
    for one in source.neighbours:
        parts = one.name.split(".")
        for count in range(1, len(parts)):  # a folder without __init__.py is also a package
            _near.setdefault(f"{near}.{'.'.join(parts[:count])}", None)
    if not any(isinstance(finder, _NearFinder) for finder in sys.meta_path):
        sys.meta_path.append(_NearFinder())


def _forget(name: str, near: str) -> None:
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
        root, _, _ = module.__name__.partition(".")
        source: Source = vars(sys.modules[root])[_SOURCE]
        vars(module)["__builtins__"] = _builtins_for(root, source)
        if near is not None:
            if "." not in near.name and not near.package:
                others = tuple(one for one in source.neighbours if one is not near)
                vars(module)[_SOURCE] = Source(near.path, near.content, others)
            exec(compile(near.content, str(near.path), "exec"), vars(module))


def _builtins_for(near: str, source: Source) -> dict[str, Any]:
    """Return the builtins of a file; their `import` prefers its neighbours to other modules.

    A copy in a run imports nothing from the current folder, even if Python's path has it.
    """
    first = {one.name.partition(".")[0] for one in source.neighbours}
    copied = source.path in _adopted
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


def _warn_of_uncopied(path: Path, imported: set[str], places: list[str]) -> None:
    """Name the modules that a run of this file needs but cannot copy."""
    found: list[str] = []
    folders = {str(Path(place).absolute()): place for place in (*sys.path, str(path.parent))}
    for name in sorted(imported):
        file = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(file, str) or name.startswith((_PREFIX, _NEAR)):
            continue
        around = [folder for folder in folders if Path(folder) in Path(file).parents]
        nearest = max(around, key=len, default=None)
        if nearest is None:
            continue
        passing = folders[nearest] not in places or folders[nearest] == ""
        if passing and "." not in name:
            found.append(f"{name} ({file})")
    if found:
        logger.warning(
            "%s imports %s, which is not copied into a run: eval and resume will look for it by "
            "its name; put it into the folder of %s, or install it",
            path,
            ", ".join(found),
            path.name,
        )


def _remedy(error: BaseException, path: Path) -> str:
    """Return advice for a missing module that may lie in the file's folder."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None:
        return ""
    if path in _adopted:
        return "; the run holds no copy of it, and nothing else is looked for in its folder"
    if find_neighbour(path.parent, name) is not None:
        return f"; write `import {name}`: only this is found in the file's own folder"
    return ""


def _line(error: BaseException, path: Path) -> str:
    """Return " (line 3)", the last line of the file in the error's traceback."""
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno:
        return f" (line {error.lineno})"
    places = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in places if frame.f_code.co_filename == str(path)]
    return f" (line {lines[-1]})" if lines else ""
