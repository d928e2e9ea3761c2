"""Put runs and studies into one file, a zip or a tar archive, and check it against the disk.

Only regular files go in, under the name of their run. The archive appears under its name when it is
complete and was read back: each file's SHA-256 is the one that was read from the disk.
"""

import errno
import hashlib
import os
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

from seqtasks.errors import RunError, UsageError
from seqtasks.files.atomic import open_regular, sync, sync_folder, writing
from seqtasks.runs.owned_folders import Owned

__all__ = ["ENDINGS", "check_bundle_name", "write_bundle"]

ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")
_PART = 2**20


def check_bundle_name(path: Path) -> None:
    """Check that an archive can be written to a path.

    Raises:
        UsageError: if its ending is none of ENDINGS, it exists, or there is no such folder.
    """
    if not path.name.endswith(ENDINGS) or path.name in ENDINGS:
        raise UsageError(f"an archive is one of {', '.join(ENDINGS)}, got '{path.name}'")
    if os.path.lexists(path):
        raise UsageError(f"{path} exists already: name another file, or remove it first")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} for the archive")


def write_bundle(owned: Sequence[Owned], path: Path) -> dict[str, str]:
    """Write runs and studies to an archive and read it back.

    Args:
        owned: the runs and studies, with different names.
        path: the archive; its ending decides the format.

    Returns:
        The SHA-256 of each file in it, by its name there.

    Raises:
        UsageError: if two runs have the same name, or a file has a name that the format lacks.
        RunError: if the archive cannot be written, a file changed meanwhile, or the archive does
            not hold what was written; there is then no archive.
    """
    check_bundle_name(path)
    names = [one.name for one in owned]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two of the runs are named {name}: put them into two archives")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            temporary.unlink(missing_ok=True)
            with open(temporary, "xb") as file:
                zipped = path.name.endswith(".zip")
                written = (_zip if zipped else _tar)(owned, file, path.name)
                file.flush()
                sync(file.fileno(), path)
            if _read_back(temporary, zipped) != written:
                raise RunError(f"{path} does not hold what was written to it; it was removed")
            _name(temporary, path)
            sync_folder(path.parent)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return written


def _name(temporary: Path, path: Path) -> None:
    """Give a file its name, unless another process has made a file of that name meanwhile."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # the file system has no hard links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        temporary.rename(path)


def _members(owned: Sequence[Owned]) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name in the archive."""
    for one in owned:
        for name in sorted(one.files):
            inside = f"{one.name}/{name}"
            try:
                inside.encode()
            except UnicodeEncodeError:
                raise UsageError(f"the name {inside!a} is not text in UTF-8: rename it") from None
            yield one.path / name, inside


def _zip(owned: Sequence[Owned], file: BinaryIO, _name: str) -> dict[str, str]:
    written: dict[str, str] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path, inside in _members(owned):
            info = zipfile.ZipInfo.from_file(path, inside, strict_timestamps=False)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            with open_regular(path) as source, archive.open(info, "w", force_zip64=True) as target:
                written[inside] = _copied(source, target, info.file_size, path)
    return written


def _tar(owned: Sequence[Owned], file: BinaryIO, name: str) -> dict[str, str]:
    written: dict[str, str] = {}
    mode = "w:" if name.endswith(".tar") else "w:gz"
    with tarfile.open(fileobj=file, mode=mode, format=tarfile.PAX_FORMAT) as archive:
        for path, inside in _members(owned):
            with open_regular(path) as source:
                about = os.fstat(source.fileno())
                info = tarfile.TarInfo(inside)
                info.size, info.mtime, info.mode = about.st_size, int(about.st_mtime), 0o644
                reader: Any = _Hashed(source)
                try:
                    archive.addfile(info, reader)
                except OSError as error:
                    if reader.count == about.st_size or error.errno is not None:
                        raise
                    raise _changed(path) from error  # it became shorter
                if source.read(1):
                    raise _changed(path)
                written[inside] = reader.digest.hexdigest()
    return written


class _Hashed:
    """Reads a file, and takes the digest of what was read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.digest, self.count = source, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(size)
        self.digest.update(part)
        self.count += len(part)
        return part


def _copied(source: BinaryIO, target: IO[bytes], size: int, path: Path) -> str:
    digest, count = hashlib.sha256(), 0
    while part := source.read(_PART):
        digest.update(part)
        count += len(part)
        target.write(part)
    if count != size:
        raise _changed(path)
    return digest.hexdigest()


def _changed(path: Path) -> RunError:
    return RunError(f"{path} changed while it was read; no archive was made")


def _read_back(path: Path, zipped: bool) -> dict[str, str]:
    """Return the SHA-256 of each file in an archive."""
    found: dict[str, str] = {}
    if zipped:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    found[name] = _digest_of(member)
        return found
    with tarfile.open(path) as archive:
        for info in archive:
            member = archive.extractfile(info)
            if member is not None:
                found[info.name] = _digest_of(member)
    return found


def _digest_of(member: Any) -> str:
    return hashlib.file_digest(member, "sha256").hexdigest()
