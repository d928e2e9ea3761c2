"""Write tasks, cells and readouts as JSON and read them back."""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError, one_line
from seqtasks.files.atomic import read_regular
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.registry.find import build_task
from seqtasks.registry.module_classes import class_from_module
from seqtasks.registry.user_files import adopt, source_at, source_of
from seqtasks.specs.bind import bind, parameters_of
from seqtasks.specs.grammar import Spec, format_spec, parse_spec
from seqtasks.tasks import Task
from seqtasks.trust.consent import Code
from seqtasks.trust.distributions import (
    installed,
    installed_module,
    owner,
    package_files,
)
from seqtasks.trust.sources import (
    MOST_SOURCE,
    Source,
    digest,
    read_copies,
)

__all__ = [
    "Source",
    "Verified",
    "code_of",
    "describe",
    "named_class",
    "open_verified",
    "restore",
    "short_name",
    "verify",
]

MOST_FILES, MOST_PACKAGE = 1000, 32 * 2**20
"""Files and bytes of the largest package that is read to know whether it is trusted."""

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_BASES = {"cell": ("seqtasks.cells.base", "Cell"), "readout": ("seqtasks.cells.base", "Readout")}


@dataclass(frozen=True)
class Verified:
    """A thing that a record names, examined but not yet executed.

    Attributes:
        kind: the kind that the thing must be.
        reference: the record's name for the thing.
        source: the copy that would be executed, with its neighbours.
        module: the file of a module that would be imported.
        code: the code that would be executed; None if there is none.
    """

    kind: Kind
    reference: Any
    source: Source | None = None
    module: Path | None = None
    code: Code | None = None


def describe(thing: Any, kind: Kind, *, complete: bool = False) -> tuple[Any, Source | None]:
    """Return a thing in JSON form, and the user's file that defines it, if there is one.

    A registered thing becomes its spec string, and a thing from a file the file's spec string. Any
    other class becomes `{"class": "module:Name"}`, because only its name is known. A task keeps the
    parameters that differ from the defaults, or all if `complete`. A class that a spec names by its
    module is described like the class itself, with the parameters as written.
    """
    if isinstance(thing, str):
        spec = parse_spec(thing)
        if spec.module is None:
            return thing, None if spec.path is None else source_at(Path(spec.path))
        return _of_module(spec, kind)
    cls: Any = thing if inspect.isclass(thing) else type(thing)
    parameters = _parameters(thing, complete) if isinstance(thing, Task) else {}
    if name := _registered_name(cls, kind):
        return format_spec(name, parameters), None
    if origin := source_of(cls):
        return format_spec(f"{origin.path}:{cls.__name__}", parameters), origin
    if not inspect.isclass(thing) and not isinstance(thing, Task):
        cls = thing  # it is a function that makes cells
    name = f"{getattr(cls, '__module__', '?')}:{getattr(cls, '__qualname__', repr(cls))}"
    return {"class": format_spec(name, parameters)}, None


def named_class(spec: Spec, kind: Kind) -> type[Any]:
    """Return the class that a spec names by its module.

    Raises:
        UsageError: if it cannot be found, or is of another kind.
    """
    return class_from_module(spec, _base(kind), kind)


def _of_module(spec: Spec, kind: Kind) -> tuple[Any, Source | None]:
    """Describe the class that a spec names by its module."""
    cls = named_class(spec, kind)
    reference, source = describe(cls, kind)
    if isinstance(reference, str):
        return reference + spec.written_parameters, source
    if _imported_class(cls.__module__, cls.__qualname__) is not cls:
        reference = {"class": f"{spec.module}:{spec.name}"}  # it can be found only there
    return {"class": reference["class"] + spec.written_parameters}, None


def code_of(thing: Any, kind: Kind) -> Code | None:
    """Return the user's code that makes a thing, or None for a registered thing.

    A class of an installed package that no plugin registers also counts as such code.
    """
    reference, source = describe(type(thing) if isinstance(thing, Task) else thing, kind)
    if source is not None:
        return Code(source.digest, (str(source.path),))
    if isinstance(reference, str):
        return None
    module, spec = _class_reference(reference, kind)
    distribution = owner(module)
    file = None if distribution is None else installed_module(module, distribution)
    if distribution is None or file is None:
        return None
    return _code_of_class(module, spec.name, distribution.name, distribution.version, file)


def restore(
    reference: Any,
    kind: Kind,
    source: Any,
    folder: Path,
    held: Mapping[str, str] | None = None,
) -> Any:
    """Return a thing that `describe` described, for an experiment; a file's, from its copy.

    The caller must know that the code is trusted: see `verify`, which executes nothing.

    Raises:
        UsageError: if the copy was changed, or the class was made in another program.
    """
    return open_verified(verify(reference, kind, source, folder, held))


def verify(
    reference: Any,
    kind: Kind,
    source: Any,
    folder: Path,
    held: Mapping[str, str] | None = None,
) -> Verified:
    """Examine a thing that a record names, and all code that it would execute. Execute nothing.

    A record may name things that plugins register, copies of files in the run, and classes of an
    installed distribution, but never a file or a module elsewhere.

    Args:
        reference: the record's name for the thing.
        kind: the kind that the thing must be.
        source: the record of its copied file, or None.
        folder: the run's folder.
        held: the distributions in the record, with their versions.

    Raises:
        UsageError: if the record names something else, or a copy was changed.
    """
    if isinstance(reference, str):
        spec = parse_spec(reference)
        path = spec.path
        if spec.module is not None:
            raise _made_in_a_program(spec.name, kind)
        if path is None:
            if source is not None:
                raise TypeError(f"{reference!r} is a name, and cannot have a source")
            return Verified(kind, reference)
        if source is None:
            raise UsageError(
                f"the {kind} {reference!r} is a file and the run holds no copy of it; open the run "
                f"in Python with seqtasks.load(run, {kind}=...) or seqtasks.resume(run, {kind}=...)"
            )
        copied = read_copies(source, kind, folder)
        files = [copied.path, *(one.path for one in copied.neighbours)]
        return Verified(
            kind,
            reference,
            copied,
            code=Code(copied.digest, tuple(str(file) for file in files)),
        )
    module, spec = _class_reference(reference, kind)
    if _imported_class(module, spec.name) is not None:
        return Verified(kind, reference)
    for name, version in (held or {}).items():
        distribution = installed(name)
        if distribution is None or distribution.version != version:
            continue
        file = installed_module(module, distribution)
        if file is not None:
            code = _code_of_class(module, spec.name, distribution.name, version, file)
            return Verified(kind, reference, module=file, code=code)
    raise _made_in_a_program(spec.name, kind, module)


def open_verified(verified: Verified) -> Any:
    """Return a verified thing for an experiment.

    A copied file stands for the content that was read under its path, and is executed when it is
    used. A class of an installed distribution is imported, and must be of the right kind.
    """
    kind, reference, source = verified.kind, verified.reference, verified.source
    if isinstance(reference, str):
        if source is None:
            return reference
        adopt(replace(source, path=source.path.absolute()))
        path = parse_spec(reference).path
        assert path is not None
        return str(source.path) + reference[len(path) :]
    module, spec = _class_reference(reference, kind)
    if verified.module is not None:
        try:
            __import__(module)
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"the {kind} {spec.name} cannot be imported from {module}: {one_line(error)}"
            ) from error
    target = _imported_class(module, spec.name)
    if target is None:
        raise _made_in_a_program(spec.name, kind)
    if not _is_a(target, kind):
        raise UsageError(
            f"{module}:{spec.name} is not a {kind}: it must be a subclass of "
            f"seqtasks.{kind.capitalize()}"
        )
    if kind == "task":
        return build_task(target, bind(spec, target), reference["class"])
    return reference["class"] if spec.parameters else target


def short_name(thing: Any) -> str:
    """Return a name for a directory: the registered name, or the class's name in lower case."""
    if isinstance(thing, str):
        spec = parse_spec(thing)
        name = spec.name or Path(spec.path or "").stem
    elif isinstance(thing, Task):
        name = thing.known_as
    else:
        cls: Any = thing if hasattr(thing, "__name__") else type(thing)
        name = cls.__name__
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name.lower()).strip("-")


def _class_reference(reference: Any, kind: Kind) -> tuple[str, Spec]:
    """Return the module of a class that was recorded by name, with its name and parameters."""
    text = reference.get("class") if isinstance(reference, dict) else None
    module, colon, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not colon:
        raise UsageError(
            f"the {kind} is no spec string and no object with a class, but {reference!r}"
        )
    spec = parse_spec(rest, modules=False)
    if spec.path is not None or not _MODULE.fullmatch(module):
        raise _made_in_a_program(spec.name or rest, kind)
    return module, spec


def _imported_class(module: str, name: str) -> type | None:
    """Return a class of an imported module, but not from another program's `__main__`."""
    target: Any = sys.modules.get(module) if module != "__main__" else None
    for part in name.split("."):
        target = (
            vars(target).get(part) if inspect.ismodule(target) or inspect.isclass(target) else None
        )
    return target if inspect.isclass(target) else None


def _is_a(target: type, kind: Kind) -> bool:
    base = _base(kind)
    return issubclass(target, base) and target is not base


def _base(kind: Kind) -> type[Any]:
    """Return the base class of a kind's things; torch is imported only if that needs it."""
    if kind == "task":
        return Task
    module, name = _BASES[kind]
    return getattr(importlib.import_module(module), name)


def _code_of_class(module: str, name: str, distribution: str, version: str, file: Path) -> Code:
    """Return the code of a class of an installed distribution: its whole package.

    Of a package too large to be read each time, as torch is, the names and sizes of its files
    stand for them, beside the module itself.
    """
    content = digest(read_regular(file, MOST_SOURCE, follow=True))
    parts = ["class", distribution, version, module, name, content]
    files = package_files(module, file)
    if files != [file]:
        root = Path(os.path.commonpath(files)) if len(files) > 1 else file.parent
        sizes = [one.stat().st_size for one in files]
        large = len(files) > MOST_FILES or sum(sizes) > MOST_PACKAGE
        for one, size in zip(files, sizes, strict=True):
            said = str(size) if large else digest(read_regular(one, MOST_PACKAGE, follow=True))
            parts.append(f"{one.relative_to(root)} {said}")
    text = "\n".join(parts)
    return Code(digest(text.encode()), (f"{module}:{name} of {distribution} {version}",))


def _made_in_a_program(name: str, kind: Kind, module: str = "__main__") -> UsageError:
    where = ""
    if module != "__main__":
        where = f", in the module {module}, which no distribution that the run holds brings"
    return UsageError(
        f"the {kind} {name} of this run was made in a Python program{where}; open the run there "
        f"with seqtasks.load(run, {kind}={name}) or seqtasks.resume(run, {kind}=...)"
    )


def _parameters(thing: Task, complete: bool) -> dict[str, Any]:
    if not is_dataclass(thing) or "__init__" in _own_names_above_fields(type(thing)):
        if parameters_of(type(thing)):
            raise UsageError(
                f"the parameters of {type(thing).__name__} cannot be recorded: "
                "make it a frozen dataclass"
            )
        return {}
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.init}
    defaults = {f.name: f.default for f in fields(thing)}
    return {k: value for k, value in values.items() if complete or value != defaults[k]}


def _own_names_above_fields(cls: type) -> set[str]:
    """Return what a class and its bases define, up to the first that is a dataclass itself."""
    names: set[str] = set()
    for base in cls.__mro__:
        if "__dataclass_fields__" in vars(base):
            break
        names |= set(vars(base))
    return names


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
