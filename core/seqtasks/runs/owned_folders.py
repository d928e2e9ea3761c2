"""The folders that may be moved or removed as a whole: real runs and studies that nobody holds."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import UsageError
from seqtasks.files.paths import as_path
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.locking import is_held

__all__ = ["Owned", "owned_folder", "owned_folders"]

_RECORDS = {"run": "experiment.json", "study": "study.json"}
_FOLDERS = {"run": ("source", "tensorboard"), "study": ("source", "parts", "slurm")}
_NOT_KEPT = "lock"


@dataclass(frozen=True)
class Owned:
    """A run or a study on disk, with what lies in its folder.

    Attributes:
        path: the folder, as it was named.
        kind: `run` or `study`.
        files: the regular files below it, each by its path from the folder, with its size.
        others: what is neither a regular file nor a folder: links, pipes, devices.
        strange: folders that no run makes, or no study.
    """

    path: Path
    kind: str
    files: dict[str, int]
    others: tuple[str, ...]
    strange: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the folder, also where it was named `.`."""
        return self.path.name or self.path.resolve().name

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(self.files.values())


def owned_folders(paths: Sequence[str | Path]) -> list[Owned]:
    """Return the runs and studies in some folders, each once.

    Raises:
        UsageError: if one is none, or is running; see `owned_folder`.
    """
    found: dict[tuple[int, int], Owned] = {}
    for path in paths:
        one = owned_folder(path)
        about = one.path.stat()
        found.setdefault((about.st_dev, about.st_ino), one)
    return [*found.values()]


def owned_folder(given: str | Path, held_by_us: bool = False) -> Owned:
    """Return what lies in the folder of a run or a study that nobody holds.

    Args:
        given: the folder.
        held_by_us: whether the caller holds it.

    Raises:
        UsageError: if the folder is a link, holds no record of a run or a study that can be read,
            or if a process is running it.
    """
    path = as_path(given, "the run's directory")
    path = path if path.name not in ("", "..") else path.resolve()
    if os.path.islink(path):  # noqa: PTH114 - says no where a name is too long
        raise UsageError(f"{path} is a symbolic link: name the folder that it leads to")
    kind = _kind(path)
    if kind == "run":
        RunDirectory(path).record()
    else:
        _check_study(path)
    if not held_by_us and is_held(path):
        raise UsageError(f"{path} is running: stop it first")
    files: dict[str, int] = {}
    others: list[str] = []
    for name, about in _below(path, ""):
        if stat.S_ISREG(about.st_mode):
            files[name] = about.st_size
        elif not stat.S_ISDIR(about.st_mode):
            others.append(name)
    files.pop(_NOT_KEPT, None)
    inner = [entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    strange = [name for name in sorted(inner) if name not in _FOLDERS[kind]]
    return Owned(path, kind, files, tuple(others), tuple(strange))


def _kind(path: Path) -> str:
    for kind, record in _RECORDS.items():
        try:
            mode = os.lstat(path / record).st_mode
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(mode):
            raise UsageError(f"{path / record} is not a regular file, so {path} is no {kind}")
        return kind
    RunDirectory.open(path)  # says what is there instead
    raise UsageError(f"{path} is neither a run nor a study")


def _check_study(path: Path) -> None:
    """Check that a study can be read: what is damaged may be something else."""
    from seqtasks.runs.listed_study import summary_of_study

    summary = summary_of_study(str(path), path.name)
    if summary["status"] == "damaged":
        raise UsageError(summary["problem"])


def _below(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield everything below a folder by its path, sorted; no link is followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"cannot read {folder}: {error.strerror}") from None
    for entry in entries:
        name = f"{prefix}{entry.name}"
        about = entry.stat(follow_symlinks=False)
        yield name, about
        if stat.S_ISDIR(about.st_mode):
            yield from _below(folder / entry.name, f"{name}/")
