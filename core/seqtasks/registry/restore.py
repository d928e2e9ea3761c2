"""Take a thing from its record: examine all code that it would execute, then open it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError, one_line
from seqtasks.registry.discovery import Kind
from seqtasks.registry.executed_code import code_of_class
from seqtasks.registry.find import build_task
from seqtasks.registry.fitting_classes import fits, is_any_module, wanted
from seqtasks.registry.references import (
    base_class,
    class_reference,
    imported_class,
    made_in_a_program,
)
from seqtasks.registry.user_files import adopt
from seqtasks.specs.bind import bind
from seqtasks.specs.grammar import parse_spec
from seqtasks.trust.consent import Code
from seqtasks.trust.distributions import (
    installed,
    installed_module,
    owner,
)
from seqtasks.trust.sources import (
    Source,
    read_copies,
)

__all__ = ["Verified", "open_verified", "restore", "verify"]


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
            raise made_in_a_program(spec.name, kind)
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
    module, spec = class_reference(reference, kind)
    imported = imported_class(module, spec.name)
    if imported is not None and not _needs_consent(imported, module, kind):
        return Verified(kind, reference)
    for name, version in (held or {}).items():
        distribution = installed(name)
        if distribution is None or distribution.version != version:
            continue
        file = installed_module(module, distribution)
        if file is not None:
            code = code_of_class(module, spec.name, distribution.name, version, file)
            return Verified(kind, reference, module=file, code=code)
    raise made_in_a_program(spec.name, kind, module)


def _needs_consent(imported: type, module: str, kind: Kind) -> bool:
    """Say whether calling an imported class is for the user to allow.

    Any torch module could be named as a cell, but its author made it to be called by others.
    """
    if not is_any_module(imported, kind) or module.startswith("torch.nn.modules."):
        return False
    return owner(module) is not None


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
    module, spec = class_reference(reference, kind)
    if verified.module is not None:
        try:
            __import__(module)
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"the {kind} {spec.name} cannot be imported from {module}: {one_line(error)}"
            ) from error
    target = imported_class(module, spec.name)
    if target is None:
        raise made_in_a_program(spec.name, kind)
    if not fits(target, base_class(kind), kind):
        raise UsageError(
            f"{module}:{spec.name} is not a {kind}: it must be {wanted(base_class(kind), kind)}"
        )
    if kind == "task":
        return build_task(target, bind(spec, target), reference["class"])
    return reference["class"] if spec.parameters else target
