"""Read a user's own Python file and the files of its folder that it imports."""

import ast
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.files.atomic import read_regular
from seqtasks.files.python_text import parsed

__all__ = [
    "MOST_NEIGHBOURS",
    "MOST_SOURCE",
    "Neighbour",
    "Source",
    "absolute",
    "digest",
    "find_neighbour",
    "read_copies",
    "read_source",
]

MOST_SOURCE = 16 * 2**20
"""The most bytes of a source file, and of all files of a source together."""

MOST_NEIGHBOURS = 1000
"""The most files that a file may import from its folder."""

_COPY = re.compile(r"source/([^/\\]+)")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")

_NEVER_NEIGHBOURS = sys.stdlib_module_names | {"numpy", "seqtasks", "torch"}
"""Modules that a file of the same name in the user's folder does not replace."""


def digest(source: bytes) -> str:
    """Return the SHA-256 of a source file's bytes."""
    return hashlib.sha256(source).hexdigest()


@dataclass(frozen=True)
class Neighbour:
    """A module that a file imports from its own folder.

    Attributes:
        name: the name in the import, such as `helper` or `parts.gates`.
        path: its path.
        content: its bytes.
        package: whether it is the `__init__.py` of a package.
    """

    name: str
    path: Path
    content: bytes
    package: bool = False

    @property
    def copy_name(self) -> str:
        """The name of its copy in a run."""
        stem = f"{self.name}.__init__" if self.package else self.name
        return f"{stem}-{digest(self.content)[:8]}.py"

    def to_json(self) -> dict[str, Any]:
        """Return a run's record of it."""
        return {
            "name": self.name,
            "package": self.package,
            "path": str(self.path),
            "sha256": digest(self.content),
            "copy": f"source/{self.copy_name}",
        }


@dataclass(frozen=True)
class Source:
    """The user's file that defines a class, and the files of its folder that it imports.

    Attributes:
        path: the original path.
        content: its bytes.
        neighbours: the modules of its folder that it imports, directly or through others.
    """

    path: Path
    content: bytes
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def copy_name(self) -> str:
        """The name of its copy in a run: its own name, with the start of its digest."""
        mark = f"-{digest(self.content)[:8]}"
        return f"{self.path.stem.removesuffix(mark)}{mark}{self.path.suffix}"

    @property
    def digest(self) -> str:
        """The SHA-256 of all the code that loading the file executes."""
        if not self.neighbours:
            return digest(self.content)
        near = [[one.name, one.package, digest(one.content)] for one in self.neighbours]
        return digest(json.dumps([digest(self.content), sorted(near)]).encode())

    @property
    def files(self) -> dict[str, bytes]:
        """The contents of the copies that a run keeps, by file name."""
        near = {one.copy_name: one.content for one in self.neighbours}
        return {self.copy_name: self.content, **near}

    def to_json(self) -> dict[str, Any]:
        """Return a run's record of it, without its content."""
        record: dict[str, Any] = {
            "path": str(self.path),
            "sha256": digest(self.content),
            "copy": f"source/{self.copy_name}",
        }
        if self.neighbours:
            record["neighbours"] = [one.to_json() for one in self.neighbours]
        return record


def read_source(path: Path) -> Source:
    """Read a file and the modules that it imports from its folder. Nothing is executed.

    A module counts if an `import` statement names it, anywhere in the file or in a module that
    counts. The standard library, NumPy, torch and seqtasks are never looked for in the folder.

    Raises:
        UsageError: if the file cannot be read.
    """
    path = absolute(path)
    if path.is_dir():
        raise UsageError(f"cannot read {path}: Is a directory")
    content = read_regular(path, MOST_SOURCE, follow=True)
    return Source(path, content, tuple(_neighbours(path.parent, content)))


def absolute(path: Path) -> Path:
    """Return an absolute path, with the user's home in place of `~`."""
    return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111 - Path.expanduser may raise


def find_neighbour(folder: Path, name: str) -> tuple[Path, bool] | None:
    """Return the file of a module in a folder, and whether the module is a package."""
    *parents, last = name.split(".")
    if not all(part.isidentifier() for part in (*parents, last)):
        return None
    if (parents or [last])[0] in _NEVER_NEIGHBOURS:
        return None
    stem = folder.joinpath(*parents, last)
    for file, package in ((stem / "__init__.py", True), (stem.with_name(f"{last}.py"), False)):
        if file.is_file():
            return file, package
    return None


def _neighbours(folder: Path, content: bytes) -> Iterator[Neighbour]:
    """Yield the modules that a file imports from a folder, and the modules that they import."""
    asked = set(_imported(content, "", folder))
    pending = sorted(asked)
    count, size = 0, len(content)
    while pending:
        name = pending.pop()
        found = find_neighbour(folder, name)
        if found is None:
            continue
        file, package = found
        near = Neighbour(name, file, read_regular(file, MOST_SOURCE, follow=True), package)
        count, size = count + 1, size + len(near.content)
        if count > MOST_NEIGHBOURS or size > MOST_SOURCE:
            raise UsageError(
                f"a file in {folder} imports more than {MOST_NEIGHBOURS} files or {MOST_SOURCE:,} "
                "bytes of its folder, too many to copy into a run: install them as a package"
            )
        yield near
        inside = name if package else name.rpartition(".")[0]
        new = {one for one in _imported(near.content, inside, folder) if one not in asked}
        asked |= new
        pending += sorted(new)


def _imported(content: bytes, package: str, folder: Path) -> Iterator[str]:
    """Yield the names of all modules that a file may import, and of their packages."""
    try:
        tree = parsed(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # executing the file fails in the same way, and reports it then
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            if base is None:
                continue
            yield from _with_parents(base)
            for alias in node.names:
                if alias.name != "*":
                    yield f"{base}.{alias.name}" if base else alias.name
                elif base:
                    inside = folder.joinpath(*base.split(".")).glob("*.py")
                    yield from (f"{base}.{file.stem}" for file in inside if file.stem[0] != "_")


def _absolute(node: ast.ImportFrom, package: str) -> str | None:
    """Return the module of a `from` statement, or None if it lies above the folder."""
    if node.level == 0:
        return node.module or ""
    parts = package.split(".") if package else []
    if node.level > len(parts):
        return None
    return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".") if name else []
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def read_copies(source: Any, kind: str, folder: Path) -> Source:
    """Read a file's copy in a run and the copies of its neighbours. Nothing is executed.

    Args:
        source: the run's record of the file.
        kind: the kind of thing in the file, for messages.
        folder: the run's folder.

    Raises:
        UsageError: if a copy lies elsewhere, is a link, was changed, or cannot be read.
        TypeError, KeyError: if the record is damaged.
    """
    path, content = _read_copy(source, kind, folder)
    listed = source.get("neighbours", [])
    if not isinstance(listed, list):
        raise TypeError(f"neighbours is no list, but {listed!r}")
    if len(listed) > MOST_NEIGHBOURS:
        raise TypeError(f"it has more than {MOST_NEIGHBOURS} neighbours")
    size = len(content)
    near: list[Neighbour] = []
    for one in listed:
        name, package = one["name"], one["package"]
        if (
            not isinstance(name, str)
            or not _MODULE.fullmatch(name)
            or not isinstance(package, bool)
        ):
            raise TypeError(f"a neighbour is named {name!r}")
        near.append(Neighbour(name, *_read_copy(one, kind, folder), package))
        size += len(near[-1].content)
        if size > MOST_SOURCE:
            raise UsageError(f"the {kind}'s source is larger than {MOST_SOURCE:,} bytes")
    return Source(path, content, tuple(near))


def _read_copy(record: Any, kind: str, folder: Path) -> tuple[Path, bytes]:
    """Read a copy, which must be a plain file in the run's folder `source`.

    Raises:
        UsageError: if it lies elsewhere, is a link, was changed, or cannot be read.
    """
    written = record["copy"]
    match = _COPY.fullmatch(written)
    if match is None or match[1] in (".", "..") or not written.isprintable():
        raise UsageError(
            f"{folder} is damaged: the copy of the {kind}'s source must be a file in the run's "
            f"folder source, got {written!r}"
        )
    copy = folder / "source" / match[1]
    if copy.parent.is_symlink():
        raise UsageError(f"cannot read {copy.parent}: it is a symbolic link")
    try:
        content = read_regular(copy, MOST_SOURCE)
    except UsageError as error:
        raise UsageError(str(error).replace(str(copy), f"{copy}, the {kind}'s source", 1)) from None
    if digest(content) != record["sha256"]:
        raise UsageError(
            f"{copy}, the {kind}'s source, was changed after the run began; "
            "restore it, or start a new run"
        )
    return copy, content
