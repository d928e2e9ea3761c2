"""Export a task's instances, and make an export again from its manifest."""

from collections.abc import Callable, Iterator
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

from seqtasks.errors import RunError, UsageError, did_you_mean
from seqtasks.exports.fitting import check_disk, check_memory
from seqtasks.exports.formats import FORMATS
from seqtasks.exports.instances import Instance, draw_instances
from seqtasks.exports.manifest import Manifest, file_digests, read_manifest
from seqtasks.exports.move import check_free, placing
from seqtasks.files.atomic import write_json
from seqtasks.files.paths import as_path
from seqtasks.registry.executed_code import code_of
from seqtasks.registry.find import task as find_task
from seqtasks.tasks import Task
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.mistakes import try_task
from seqtasks.trust.consent import remember

__all__ = ["Exported", "export", "regenerate"]

_FOLDER_MANIFEST = "manifest.json"
_FILE_MANIFEST = ".manifest.json"
_SHOWN = 12


class Exported(NamedTuple):
    """The location of an export.

    Attributes:
        path: the file, or for `hf` the folder.
        manifest_path: the manifest: beside the file (`x.npz.manifest.json`), or in the folder.
        manifest: the manifest's content.
    """

    path: Path
    manifest_path: Path
    manifest: Manifest


def export(
    task: str | Task | type[Task],
    path: str | Path,
    *,
    count: int,
    length: str | int | LengthRange | None = None,
    format: str | None = None,  # noqa: A002 - as the command's option
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Exported:
    """Write instances of a task, and a manifest from which the same bytes can be made again.

    Files appear whole or not at all. Imports no torch.

    Args:
        task: the task to draw from: a spec string or a task.
        path: the file to write, or for `hf` the folder.
        count: the number of instances.
        length: the length of the inputs, or a range such as `1..40`. From a range, each instance's
            length is drawn uniformly among the lengths that the task allows. The default is the
            training lengths that the task recommends.
        format: `npz`, arrays `inputs`, `targets` and `lengths`, padded to the longest
            instance; `jsonl`, symbols, one instance per line; `hf`, a folder with columns `inputs`
            and `targets` for `datasets.load_from_disk`, which needs the package datasets. The
            default follows the path's ending, `.npz` or `.jsonl`.
        seed: the seed of the random streams.
        overwrite: whether to replace an earlier export.
        progress: called after each instance with the number of instances drawn.

    Raises:
        UsageError: if an argument is invalid, if the instances do not fit in memory or on the disk,
            or if the path is taken.
        RunError: if the disk is full; the earlier content of the path is then intact.

    Example:
        >>> import tempfile, numpy as np, seqtasks as st
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = st.export("parity", f"{folder}/bits.npz", count=100, length="5..10")
        ...     again = st.regenerate(done.manifest_path, f"{folder}/again.npz")
        ...     print(np.load(done.path)["inputs"].shape, done.manifest_path.name)
        ...     print(again.path.read_bytes() == done.path.read_bytes())
        (100, 10) bits.npz.manifest.json
        True
    """
    path = as_path(path, "the path")
    made = find_task(task)
    wanted = LengthRange.parse(made.settings.length if length is None else length)
    for name, value, least in (("count", count, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise UsageError(f"{name} must be a whole number, got {value!r}")
        if value < least:
            raise UsageError(f"{name} must be at least {least}, got {value}")
    count, seed = int(count), int(seed)
    form = _format(path, format)
    manifest = Manifest.of(task, str(wanted), count, seed, form, {})
    if code := code_of(made, "task"):
        remember(code)  # trusted, since the user named it
    return _write(task, manifest, path, overwrite, progress=progress)


def regenerate(
    manifest: str | Path,
    path: str | Path | None = None,
    *,
    task: Task | type[Task] | None = None,
    overwrite: bool = False,
    trust: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Exported:
    """Make an export again from its manifest: the same bytes, or an error that says what differs.

    Args:
        manifest: the manifest's path.
        path: the file or folder to write; by default the one that the manifest belongs to.
        task: the task, if its class was defined in a program, so that the manifest cannot say where
            to find it.
        overwrite: whether to replace an earlier export.
        trust: whether to execute code that the manifest names; this is remembered. Code that you
            ran or allowed before is trusted already.
        progress: called after each instance with the number of instances drawn.

    Raises:
        UsageError: if the manifest cannot be read, its task is missing or not trusted, or the
            path is taken.
        RunError: if the bytes would differ; nothing is written in this case.
    """
    manifest = as_path(manifest, "the manifest")
    known = read_manifest(manifest)
    if path is None:
        whole_folder = known.data_format == "hf"
        path = manifest.parent if whole_folder else manifest.parent / next(iter(known.files))
    found = known.find_task(manifest, trust) if task is None else task
    return _write(found, known, as_path(path, "the path"), overwrite, known, progress)


def _write(
    task: str | Task | type[Task],
    wanted: Manifest,
    path: Path,
    overwrite: bool,
    known: Manifest | None = None,
    progress: Callable[[int], None] | None = None,
) -> Exported:
    """Write the export of a manifest; if the manifest is known, only if the bytes match it."""
    made, form = find_task(task), wanted.data_format
    lengths = made.lengths.select(LengthRange.parse(wanted.length), wanted.task_name)
    in_folder = form == "hf"
    manifest_path = path / _FOLDER_MANIFEST if in_folder else Path(f"{path}{_FILE_MANIFEST}")
    check_free(path, manifest_path, overwrite)
    check_memory(lengths, wanted.count, form)
    try_task(made, lengths[len(lengths) // 2])
    check_disk(made, lengths, wanted.count, form, path.parent)

    def write_data(temporary: Path) -> Manifest:
        instances = draw_instances(made, lengths, wanted.count, wanted.seed)
        FORMATS[form](temporary, made, _told(instances, progress))
        files = file_digests(temporary, path.name)
        manifest = Manifest.of(task, wanted.length, wanted.count, wanted.seed, form, files)
        if known is not None:
            _check_same(known, manifest, path)
        return manifest

    if in_folder:
        with placing(path) as temporary:
            manifest = write_data(temporary)
            write_json(temporary / _FOLDER_MANIFEST, manifest.to_json())
    else:
        # Flush the manifest to the disk before the data takes its place.
        with placing(manifest_path) as temporary_manifest, placing(path) as temporary:
            manifest = write_data(temporary)
            write_json(temporary_manifest, manifest.to_json())
    return Exported(path, manifest_path, manifest)


def _told(
    instances: Iterator[Instance], progress: Callable[[int], None] | None
) -> Iterator[Instance]:
    """Pass instances on, and report how many there have been."""
    for drawn, instance in enumerate(instances, start=1):
        yield instance
        if progress is not None:
            progress(drawn)


def _check_same(known: Manifest, manifest: Manifest, path: Path) -> None:
    """Raise a RunError that names the differences if the bytes differ from a known manifest."""
    # A single file may have a new name, but the files of a folder are in one order.
    then, now = list(known.files.values()), list(manifest.files.values())
    if then == now:
        return
    both = zip(manifest.files, then, now, strict=False)
    differing = [
        f"{name} (sha256 {str(one.get('sha256'))[:_SHOWN]}, now {other['sha256'][:_SHOWN]})"
        for name, one, other in both
        if one != other
    ]
    causes = known.differences(manifest) or ["the task's code or the manifest was changed"]
    raise RunError(
        f"{path} would not be the same bytes: {', '.join(differing) or 'other files'}\n"
        f"{'; '.join(causes)}; nothing was written"
    )


def _format(path: Path, wanted: str | None) -> str:
    if wanted is None:
        wanted = path.suffix.removeprefix(".")
        if wanted not in FORMATS:
            raise UsageError(
                f"the ending of {path.name} does not say the format; choose one of "
                f"{', '.join(FORMATS)}"
            )
    if wanted not in FORMATS:
        raise UsageError(
            f"unknown format '{wanted}'; there is {', '.join(FORMATS)}."
            + did_you_mean(wanted, FORMATS)
        )
    return wanted
