"""The manifest of an export: everything that makes the same bytes again."""

import hashlib
import platform
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from seqtasks import __version__
from seqtasks.errors import RunError, UsageError
from seqtasks.exports.formats import FORMATS, library_versions
from seqtasks.files.atomic import read_json
from seqtasks.files.validation import (
    checked,
    listed,
    optional,
    table,
    text,
    whole,
)
from seqtasks.files.validation import fields as shape_of
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import describe
from seqtasks.registry.restore import open_verified, verify
from seqtasks.registry.user_files import adopt
from seqtasks.specs.grammar import parse_spec
from seqtasks.tasks import Task
from seqtasks.tasks.alphabets import Reals, Tokens, TokenSets
from seqtasks.tasks.lengths import LengthRange
from seqtasks.trust.consent import Code, check_trust, is_trusted
from seqtasks.trust.distributions import owner
from seqtasks.trust.sources import digest, read_source

__all__ = ["Manifest", "file_digests", "read_manifest"]

FORMAT = 1
_CHUNK = 2**20


@dataclass(frozen=True)
class Manifest:
    """The record of how an export was made.

    Attributes:
        task: the task's spec string, with all its parameters; for a class defined in a program,
            `{"class": "module:Name"}`, because only its name is known.
        length: the requested length or range; instances have those lengths of it that the task
            allows.
        count: the number of instances.
        seed: the seed of the random streams.
        data_format: `npz`, `jsonl` or `hf`.
        inputs: the input alphabet's symbols, where a symbol's id is its position; or the number of
            real numbers per step.
        targets: the same for the targets.
        versions: the versions of Python, seqtasks, the task's distribution and the writing
            libraries.
        files: the SHA-256 and the size in bytes of each file, by name.
        source: path and SHA-256 of the user's file that defines the task, if there is one.
    """

    task: str | dict[str, Any]
    length: str
    count: int
    seed: int
    data_format: str
    inputs: list[str] | int
    targets: list[str] | int
    versions: dict[str, str]
    files: dict[str, dict[str, Any]]
    source: dict[str, str] | None = field(default=None)

    @classmethod
    def of(
        cls,
        task: str | Task | type[Task],
        length: str,
        count: int,
        seed: int,
        data_format: str,
        files: dict[str, dict[str, Any]],
    ) -> "Manifest":
        """Return the manifest of an export made now.

        Raises:
            UsageError: for a task with parameters that cannot be recorded.
        """
        made = find_task(task)
        reference, source = describe(made, "task", complete=True)
        if not isinstance(reference, str) and isinstance(task, str):
            reference, source = describe(task, "task")  # an instance that was registered as such
        recorded = None
        if source is not None:
            recorded = {key: source.to_json()[key] for key in ("path", "sha256")}
        return cls(
            reference,
            length,
            count,
            seed,
            data_format,
            _written(made.inputs),
            _written(made.targets),
            _versions(made, reference, data_format),
            files,
            recorded,
        )

    @property
    def task_name(self) -> str:
        """The task as text."""
        return self.task if isinstance(self.task, str) else str(self.task.get("class"))

    def find_task(self, origin: Path, trust: bool = False) -> str | Task:
        """Return the task's spec string, or the given task if there is no spec string.

        A user's file is executed, and a class of an installed distribution is imported, only if the
        user has run or allowed its content.

        Args:
            origin: the manifest's file, for messages.
            trust: whether the user allows the code from now on.

        Raises:
            UsageError: for code that is not trusted, or a class defined in a program.
            RunError: if a file was changed and its new content is not trusted.
        """
        if isinstance(self.task, str):
            spec = parse_spec(self.task)
            if spec.module is not None:  # an export names such a class in another way
                raise self._made_in_a_program()
            if spec.path is not None:
                self._check_file(Path(spec.path), origin, trust)
            return self.task
        try:
            verified = verify(self.task, "task", None, Path(), self.versions)
        except UsageError:
            raise self._made_in_a_program() from None
        check_trust([verified.code] if verified.code else [], str(origin), trust)
        try:
            return open_verified(verified)
        except UsageError:
            raise self._made_in_a_program() from None

    def _check_file(self, path: Path, origin: Path, trust: bool) -> None:
        """Raise unless a file that the manifest names may be executed."""
        if not path.is_absolute():
            raise UsageError(
                f"{origin} names the file {path} by a relative path, which may be any file: in "
                "Python, seqtasks.regenerate(manifest, task=...) takes the task"
            )
        if (self.source or {}).get("path") != str(path):
            raise UsageError(f"{origin} is damaged: its source is not the file of its task, {path}")
        source = read_source(path)
        code = Code(source.digest, (str(path),))
        recorded = self.source or {}
        changed = recorded.get("sha256") not in (None, digest(source.content))
        if changed and not trust and not is_trusted(code.digest):
            raise RunError(
                f"{path} was changed; nothing was written. To execute it as it is now and see "
                "whether the bytes are the same, add --trust (in Python trust=True)"
            )
        check_trust([code], str(origin), trust)
        adopt(source)

    def _made_in_a_program(self) -> UsageError:
        return UsageError(
            f"the task {self.task_name} was made in a Python program and cannot be found: "
            "there, seqtasks.regenerate(manifest, task=...) takes it"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the manifest in a form that JSON can hold."""
        return {"format": FORMAT, **asdict(self)}

    def differences(self, other: "Manifest") -> list[str]:
        """Say what differs in the making of a later export, such as `numpy 2.3, now 2.4`."""
        found: list[str] = []
        for name in sorted({*self.versions, *other.versions}):
            then, now = self.versions.get(name, "none"), other.versions.get(name, "none")
            if then != now:
                found.append(f"{name} was {then}, now {now}")
        if self.source != other.source and self.source is not None:
            found.append(f"{self.source['path']} was changed")
        found.extend(
            f"the task's {side} are other ones"
            for side in ("inputs", "targets")
            if getattr(self, side) != getattr(other, side)
        )
        return found


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UsageError: if it cannot be read, is no manifest, or comes from a newer seqtasks.
    """
    document = read_json(path, follow=True)
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise UsageError(f"{path} is not the manifest of an export")
    if document["format"] > FORMAT:
        raise UsageError(
            f"{path} was written by a newer seqtasks; upgrade with `pip install -U seqtasks`"
        )
    data = checked(document, _SHAPE, path)
    files, known_format = data["files"], data["data_format"] in FORMATS
    if not known_format or any(Path(name).name != name for name in files):
        raise UsageError(f"{path} is damaged: it names no files of a known format")
    try:
        LengthRange.parse(data["length"])
    except UsageError as error:
        raise UsageError(f"{path} is damaged: its length: {error}") from None
    return Manifest(**{one.name: data[one.name] for one in fields(Manifest)})


def _task(data: Any, field: str) -> Any:
    return table(text)(data, field) if isinstance(data, dict) else text(data, field)


def _symbols(data: Any, field: str) -> Any:
    """Return the symbols of an alphabet, or how many real numbers a step has."""
    return listed(text)(data, field) if isinstance(data, list) else whole(1)(data, field)


_SHAPE = shape_of(
    {
        "task": _task,
        "length": text,
        "count": whole(1),
        "seed": whole(0),
        "data_format": text,
        "inputs": _symbols,
        "targets": _symbols,
        "versions": table(text),
        "files": table(shape_of({"sha256": text, "bytes": whole(0)}), 1),
        "source": optional(shape_of({"path": text, "sha256": text})),
    }
)


def file_digests(path: Path, name: str) -> dict[str, dict[str, Any]]:
    """Return the SHA-256 and size of a file, by a given name, or of each file in a folder."""
    if path.is_file():
        return {name: _digest(path)}
    return {str(file.relative_to(path)): _digest(file) for file in sorted(path.rglob("*"))}


def _digest(path: Path) -> dict[str, Any]:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return {"sha256": found.hexdigest(), "bytes": path.stat().st_size}


def _versions(made: Task, reference: Any, data_format: str) -> dict[str, str]:
    versions = {"python": platform.python_version(), "seqtasks": __version__}
    package = type(made).__module__.partition(".")[0]
    for plugin in current_registry().plugins:
        if getattr(plugin.module, "__name__", "").partition(".")[0] == package:
            versions[plugin.distribution] = plugin.version
    if isinstance(reference, dict) and (found := owner(type(made).__module__)) is not None:
        versions[found.name] = found.version
    return {**versions, **library_versions(data_format)}


def _written(alphabet: Tokens | TokenSets | Reals) -> list[str] | int:
    return alphabet.size if isinstance(alphabet, Reals) else list(alphabet.symbols)
