"""Run a Python file of the user's own, and take tasks, cells and readouts from it."""

import importlib.abc
import importlib.machinery
import inspect
import logging
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from seqtasks.errors import UsageError, did_you_mean, one_line
from seqtasks.registry.file_modules import (
    FILE_PREFIX,
    NEAR_PREFIX,
    SOURCE,
    adopted,
    carried_at,
    module_names,
    send_with_content,
    source_named,
)
from seqtasks.registry.fitting_classes import candidates, fits, wanted
from seqtasks.registry.neighbour_imports import (
    builtins_for,
    forget,
    lay_out,
)
from seqtasks.trust.sources import (
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
    "loaded_from",
    "module_spec",
    "source_at",
    "source_of",
]

logger = logging.getLogger("seqtasks")


_loaded: dict[Path, Source] = {}
"""The content of each file as it was last executed."""


def adopt(source: Source) -> None:
    """Let a path stand for contents that were already read and checked."""
    adopted[source.path] = source


def source_at(path: Path) -> Source:
    """Return the file at a path as it was last executed, or as it is if it never was.

    Raises:
        UsageError: if the file cannot be read.
    """
    path = absolute(path)
    return _loaded.get(path) or adopted.get(path) or _read(path)


def source_of(cls: type) -> Source | None:
    """Return the executed file of a class from `class_from_file`."""
    module = sys.modules.get(cls.__module__)
    if module is None or not cls.__module__.startswith((FILE_PREFIX, NEAR_PREFIX)):
        return None
    return vars(module).get(SOURCE)


def loaded_from(cls: type) -> tuple[Path, bytes] | None:
    """Return the file of a class from `class_from_file`, and its bytes when it was executed."""
    source = source_of(cls)
    return None if source is None else (source.path, source.content)


def class_from_file(path: Path, name: str, base: type, kind: str) -> type[Any]:
    """Return the class `name` of a Python file; if name is empty, its only one.

    Raises:
        UsageError: if the file cannot be read or executed, or lacks such a class.
    """
    module = _load(path)
    own = {key: value for key, value in vars(module).items() if _is_of(value, module)}
    found = candidates(own, base, kind)
    if not name:
        if len(found) == 1:
            return next(iter(found.values()))
        if not found:
            raise WrongKindError(f"{path} holds no {kind}: define {wanted(base, kind)} in it")
        raise UsageError(f"{path} holds {', '.join(found)}; name one: {path}:ClassName")
    value = getattr(module, name, None)
    if value is None:
        held = f" It holds: {', '.join(found)}." if found else ""
        raise UsageError(f"{path} holds no class {name}.{held}{did_you_mean(name, found)}")
    if not fits(value, base, kind):
        raise WrongKindError(f"{name} in {path} is not a {kind}: it must be {wanted(base, kind)}")
    return value


def _is_of(value: Any, module: ModuleType) -> bool:
    return inspect.isclass(value) and value.__module__ == module.__name__


class WrongKindError(UsageError):
    """A file's content is of another kind than the requested one."""


def _load(path: Path) -> ModuleType:
    """Execute a file as its own module, once for each content.

    The file and the modules that it imports from its folder are read first and executed under
    private names. `sys.path` stays unchanged, so no other file of the folder can be imported.
    """
    path = absolute(path)
    source = adopted.get(path) or _read(path)
    name, _ = module_names(source)
    if name not in sys.modules:
        _execute(ModuleType(name), source)
    _loaded[path] = source
    return sys.modules[name]


def _read(path: Path) -> Source:
    """Read a file; if it is not here, take the content that an instance brought."""
    try:
        return read_source(path)
    except UsageError:
        carried = carried_at(path)
        if carried is None:
            raise
        return carried


def _execute(module: ModuleType, source: Source) -> None:
    """Execute a file in its module."""
    name, near = module_names(source)
    path = source.path
    known, places = set(sys.modules), list(sys.path)
    # A spec of the whole name would make the module part of a package, for relative imports.
    spec = importlib.machinery.ModuleSpec(path.stem.replace(".", "_"), None, origin=str(path))
    spec.has_location = True
    vars(module).update(__spec__=spec, __package__="", __loader__=None, __file__=str(path))
    vars(module)[SOURCE] = source
    vars(module)["__builtins__"] = builtins_for(near, source)
    sys.modules[name] = module  # dataclasses look their module up during execution
    lay_out(near, source)
    try:
        exec(compile(source.content, str(path), "exec"), vars(module))
    except BaseException as error:
        forget(name, near)
        if isinstance(error, KeyboardInterrupt):
            raise
        problem = f"{one_line(error)}{_remedy(error, path)}"
        raise UsageError(f"{path} cannot be run{_line(error, path)}: {problem}") from error
    send_with_content(module)
    if path not in adopted:
        _warn_of_uncopied(source, set(sys.modules) - known, places)


def module_spec(name: str) -> importlib.machinery.ModuleSpec | None:
    """Return the loader of a file by the name of its module, or of its neighbours' package."""
    if not name.startswith((FILE_PREFIX, NEAR_PREFIX)) or name.count(":") < 2:
        return None
    return importlib.machinery.ModuleSpec(name, _Loader(), is_package=name.startswith(NEAR_PREFIX))


class _Loader(importlib.abc.Loader):
    """Executes a file whose module a pickled class names."""

    def exec_module(self, module: ModuleType) -> None:
        """Execute the file, or make its neighbours importable."""
        name = module.__name__
        source = source_named(name)
        if name.startswith(NEAR_PREFIX):
            lay_out(name, source, module)
        else:
            _execute(module, source)
            _loaded[source.path] = source


def _warn_of_uncopied(source: Source, imported: set[str], places: list[str]) -> None:
    """Name what a run of this file needs but cannot copy: modules, and files found beside it."""
    path, found = source.path, list[str]()
    folders = {str(Path(place).absolute()): place for place in (*sys.path, str(path.parent))}
    for name in sorted(imported):
        file = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(file, str) or name.startswith((FILE_PREFIX, NEAR_PREFIX)):
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
        return
    for file in (source, *source.neighbours):
        if b"__file__" in file.content:
            logger.warning(
                "%s uses __file__: a run copies modules only, so eval and resume do not find what "
                "it reads from its folder",
                file.path,
            )


def _remedy(error: BaseException, path: Path) -> str:
    """Return advice for a missing module that may lie in the file's folder."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None:
        return ""
    if path in adopted:
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
