"""Tasks, cells and readouts from a Python file of one's own."""

import hashlib
import importlib.util
import inspect
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from seqtasks.errors import UsageError, did_you_mean, one_line

__all__ = ["class_from_file", "digest", "loaded_from"]

_PREFIX = "_seqtasks_file_"
_SOURCE = "__seqtasks_source__"


def digest(source: bytes) -> str:
    """Return the SHA-256 of a source file's bytes."""
    return hashlib.sha256(source).hexdigest()


def loaded_from(cls: type) -> tuple[Path, bytes] | None:
    """Return the file, and its bytes when it was run, of a class from `class_from_file`."""
    module = sys.modules.get(cls.__module__)
    if module is None or not cls.__module__.startswith(_PREFIX):
        return None
    return Path(str(module.__file__)), vars(module)[_SOURCE]


def class_from_file(path: Path, name: str, base: type, kind: str) -> type[Any]:
    """Return the class `name` of a Python file, or its only subclass of `base` if name is empty.

    Raises:
        UsageError: if the file cannot be read or run, or holds no such class.
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
    """What a file holds is of another kind than the one asked for."""


def _load(path: Path) -> ModuleType:
    """Run a file as a module of its own, once for each content; its folder can be imported from."""
    path = path.expanduser().absolute()
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    name = _PREFIX + digest(str(path).encode() + b"\0" + source)[:16]
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    vars(module)[_SOURCE] = source
    before = set(sys.modules)
    sys.modules[name] = module  # dataclasses look their module up while it runs
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UsageError(f"{path} cannot be run{_line(error, path)}: {one_line(error)}") from error
    finally:
        with suppress(ValueError):  # the file may have changed sys.path itself
            sys.path.remove(folder)
        _forget_neighbours(folder, set(sys.modules) - before - {name})
    return module


def _forget_neighbours(folder: str, imported: set[str]) -> None:
    """Drop modules a file imported from its own folder: another's may have the same names."""
    for name in imported:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]


def _line(error: BaseException, path: Path) -> str:
    """Return " (line 3)", the last line of the file that the error passed through."""
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno:
        return f" (line {error.lineno})"
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return f" (line {line})" if line else ""
