"""Name the modules of user's files, and send their classes and instances to other processes.

A class is pickled by the name of its module, which holds the file's path and a digest. An instance
carries the content of its file, so it can be unpickled where the file is missing or has changed.
"""

import copyreg
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, unquote

import seqtasks_files
from seqtasks.trust.sources import Source, absolute, digest, read_source

__all__ = [
    "FILE_PREFIX",
    "NEAR_PREFIX",
    "SOURCE",
    "Carried",
    "adopted",
    "after_files",
    "carried_at",
    "carried_by",
    "module_names",
    "send_with_content",
    "source_named",
]

FILE_PREFIX = f"{seqtasks_files.__name__}.file:"
NEAR_PREFIX = f"{seqtasks_files.__name__}.near:"
SOURCE = "__seqtasks_source__"

adopted: dict[Path, Source] = {}
"""Checked copies of files in runs, by path: the disk is not read again."""

_known: dict[str, Source] = {}
"""Contents that came to this process with an instance, by the names of their modules."""

_carried_at: dict[Path, Source] = {}
"""The same contents by the path of their file, the latest for each path."""


def module_names(source: Source) -> tuple[str, str]:
    """Return the names of the module of a file and of the package of its neighbours."""
    path = str(source.path)
    key = digest(path.encode(errors="surrogatepass") + b"\0" + source.digest.encode())[:16]
    place = quote(path, errors="surrogatepass").replace(".", "%2E")  # a dot divides packages
    return f"{FILE_PREFIX}{key}:{place}", f"{NEAR_PREFIX}{key}:{place}"


def source_named(name: str) -> Source:
    """Return the content of a file by the name of its module, or of its neighbours' package.

    Raises:
        ModuleNotFoundError: if the file has changed since the module was named.
        UsageError: if the file cannot be read.
    """
    if name in _known:
        return _known[name]
    path = Path(unquote(name.split(":", 2)[2], errors="surrogatepass"))
    source = read_source(path)
    if name not in module_names(source):
        raise ModuleNotFoundError(
            f"{path} or a file that it imports has changed since this class was sent; send the "
            "class again, or send an instance, which carries the content of its file",
            name=name,
        )
    return source


def carried_at(path: Path) -> Source | None:
    """Return the content that an instance brought to this process for a path, or None."""
    return _carried_at.get(absolute(path))


@dataclass(frozen=True)
class Carried:
    """The content of a file on its way to another process, where unpickling makes it known.

    Attributes:
        source: the file and its neighbours.
        copied: whether the file is a copy in a run, which imports nothing from the current folder.
        written: the path as the user wrote it, which may be relative.
    """

    source: Source
    copied: bool = False
    written: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the content known before anything that follows is unpickled."""
        return _carry, (self.source, self.copied, self.written)

    def __deepcopy__(self, memo: Any) -> "Carried":
        """Return the same: within a process the content is known."""
        return self


def _carry(source: Source, copied: bool, written: str | None) -> Carried:
    _known.update(dict.fromkeys(module_names(source), source))
    _carried_at[source.path] = source
    if written is not None:
        _carried_at[absolute(Path(written))] = source
    if copied:
        adopted.setdefault(source.path, source)
    return Carried(source, copied, written)


def send_with_content(module: ModuleType) -> None:
    """Let the instances of a module's classes carry the content of their file when pickled."""
    for value in list(vars(module).values()):
        # A class is pickled by its name, also a class of a metaclass that the file defines.
        own = inspect.isclass(value) and value.__module__ == module.__name__
        if own and not issubclass(value, type):
            copyreg.pickle(value, _reduced)  # type: ignore[arg-type]


def _reduced(thing: Any) -> Any:
    """Return what pickle needs to make an instance, the content of its file first."""
    return after_files(thing.__reduce_ex__(4), [carried_by(type(thing))])


def carried_by(cls: type) -> Carried | None:
    """Return the content of the file that a class needs, or None for a class of no such file."""
    root = sys.modules.get(".".join(cls.__module__.split(".")[:2]))
    source = vars(root).get(SOURCE) if root is not None else None
    return None if source is None else Carried(source, source.path in adopted)


def after_files(reduced: Any, files: Iterable[Carried | None]) -> Any:
    """Return what pickle needs to make an instance after the contents of files are known.

    Args:
        reduced: what the instance's `__reduce_ex__` returned.
        files: the contents; None stands for no file.
    """
    carried = tuple(one for one in files if one is not None)
    if isinstance(reduced, str) or not carried:
        return reduced
    make, arguments, *rest = reduced
    return _made_after, (carried, make, arguments), *rest


def _made_after(carried: Any, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Make an instance; its class was found by the contents that came before."""
    return make(*arguments)
