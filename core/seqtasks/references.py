"""Tasks, cells and readouts as JSON can name them, and back, from inside a run or outside."""

import importlib
import inspect
import sys
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from seqtasks.binding import bind, parameters_of
from seqtasks.errors import UsageError
from seqtasks.lookup import build_task
from seqtasks.registry import Kind, current_registry
from seqtasks.spec import format_spec, parse_spec
from seqtasks.tasks import Task
from seqtasks.user_files import digest, loaded_from

__all__ = ["Source", "describe", "restore", "short_name"]


@dataclass(frozen=True)
class Source:
    """The file a class of the user's own comes from.

    Attributes:
        path: where it lay.
        content: its bytes.
    """

    path: Path
    content: bytes

    @property
    def copy_name(self) -> str:
        """The name of its copy in a run: its own, with the start of its digest."""
        return f"{self.path.stem}-{digest(self.content)[:8]}{self.path.suffix}"

    def to_json(self) -> dict[str, str]:
        """Return what a run records of it."""
        copy = f"source/{self.copy_name}"
        return {"path": str(self.path), "sha256": digest(self.content), "copy": copy}


def describe(thing: Any, kind: Kind, *, complete: bool = False) -> tuple[Any, Source | None]:
    """Return a thing as JSON can hold it, and the file it comes from if that is the user's own.

    A registered thing is its spec string, one from a file the file's spec string, and any other
    class `{"class": "module:Name"}`, of which only the name is known. A task's parameters are those
    that are not the defaults, or all if it is to be `complete`.
    """
    if isinstance(thing, str):
        spec = parse_spec(thing)
        return thing, None if spec.path is None else _source_file(Path(spec.path))
    cls: Any = thing if inspect.isclass(thing) else type(thing)
    parameters = _parameters(thing, complete) if isinstance(thing, Task) else {}
    if name := _registered_name(cls, kind):
        return format_spec(name, parameters), None
    if origin := loaded_from(cls):
        return format_spec(f"{origin[0]}:{cls.__name__}", parameters), Source(*origin)
    if not inspect.isclass(thing) and not isinstance(thing, Task):
        cls = thing  # a function that makes cells
    name = f"{getattr(cls, '__module__', '?')}:{getattr(cls, '__qualname__', repr(cls))}"
    return {"class": format_spec(name, parameters)}, None


def restore(reference: Any, kind: Kind, source: dict[str, str] | None, folder: Path) -> Any:
    """Return what `describe` described, as an experiment takes it; a file's from its copy.

    Raises:
        UsageError: if the copy was changed, or the class was made in a program and is not there.
    """
    if isinstance(reference, str):
        if source is None:
            return reference
        copy = folder / source["copy"]
        try:
            content = copy.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {copy}, the {kind}'s source: {error.strerror}") from None
        if digest(content) != source["sha256"]:
            raise UsageError(
                f"{copy}, the {kind}'s source, was changed after the run began; "
                "restore it, or start a new run"
            )
        path = parse_spec(reference).path
        assert path is not None
        return str(copy) + reference[len(path) :]
    if not isinstance(reference, dict) or ":" not in str(reference.get("class")):
        raise UsageError(
            f"the {kind} is no spec string and no object with a class, but {reference!r}"
        )
    return _restore_class(reference["class"], kind)


def short_name(thing: Any) -> str:
    """Return a name fit for a directory: the registered one, or the class's, in lower case."""
    if isinstance(thing, str):
        spec = parse_spec(thing)
        name = spec.name or Path(spec.path or "").stem
    elif isinstance(thing, Task):
        name = thing.known_as
    else:
        cls: Any = thing if hasattr(thing, "__name__") else type(thing)
        name = cls.__name__
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name.lower()).strip("-")


def _restore_class(text: str, kind: Kind) -> Any:
    module_name, _, rest = text.partition(":")
    spec = parse_spec(rest)
    target: Any = None
    if module_name not in ("", "__main__") and "<" not in spec.name:
        try:
            target = importlib.import_module(module_name)
            for part in spec.name.split("."):
                target = getattr(target, part)
        except (ImportError, AttributeError):
            target = None
    if target is None:
        raise UsageError(
            f"the {kind} {spec.name} of this run was made in a Python program; open the run there "
            f"with seqtasks.load(run, {kind}={spec.name}) or seqtasks.resume(run, {kind}=...)"
        )
    if kind == "task":
        return build_task(target, bind(spec, target), text)
    return target


def _source_file(path: Path) -> Source:
    path = path.expanduser().absolute()
    try:
        return Source(path, path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _parameters(thing: Task, complete: bool) -> dict[str, Any]:
    if not is_dataclass(thing):
        if parameters_of(type(thing)):
            raise UsageError(
                f"the parameters of {type(thing).__name__} cannot be recorded: "
                "make it a frozen dataclass"
            )
        return {}
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.init}
    defaults = {f.name: f.default for f in fields(thing)}
    return {k: value for k, value in values.items() if complete or value != defaults[k]}


def _registered_name(cls: Any, kind: Kind) -> str | None:
    registry = current_registry()
    for entry in registry.entries(kind):
        lazy = isinstance(entry.target, str)
        if lazy and entry.target.partition(":")[0].partition(".")[0] not in sys.modules:
            continue
        if lazy and not str(getattr(cls, "__module__", "")).startswith(
            entry.target.partition(":")[0].partition(".")[0]
        ):
            continue
        try:
            if registry.load(entry) is cls:
                return entry.name
        except UsageError:
            continue
    return None
