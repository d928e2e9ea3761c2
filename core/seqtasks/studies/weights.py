"""The weights of a study's runs: a file for each block under way, one file at the end.

`weights.safetensors` stacks the runs of a setting: `3/cells.0.weight` has the shape (runs, ...) for
setting 3, and `3/points` holds the number of each run, in the same order.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from seqtasks.errors import UsageError
from seqtasks.files.atomic import writing
from seqtasks.runs.checkpoint import read_weights, write_weights
from seqtasks.studies.directory import StudyDirectory

__all__ = ["keep", "merge", "runs_with_weights", "weights_of"]

POINTS = "points"
_PART = re.compile(r"weights-\d+-\d+\.safetensors")

Weights = Mapping[str, Tensor]


def keep(directory: StudyDirectory, setting: int, weights: Mapping[int, Weights]) -> None:
    """Write the weights of some runs of a setting to a file in `parts/`.

    Args:
        directory: the study.
        setting: the index of the setting.
        weights: by the number of a point, its weights by their names in the model's state_dict.
    """
    if not weights:
        return
    with writing(directory.parts):
        directory.parts.mkdir(exist_ok=True)
    path = directory.parts / f"weights-{setting}-{min(weights)}.safetensors"
    write_weights(path, _stacked(setting, weights), 0, {})


def merge(directory: StudyDirectory) -> None:
    """Put the weights of all files into `weights.safetensors`, and remove the files of blocks."""
    parts = _parts(directory)
    if not parts:
        return
    collected: dict[int, dict[int, Weights]] = {}
    for setting, point, weights in runs_with_weights(directory):
        collected.setdefault(setting, {})[point] = weights
    tensors: dict[str, Tensor] = {}
    for setting, runs in sorted(collected.items()):
        tensors |= _stacked(setting, runs)
    write_weights(directory.weights, tensors, 0, {})
    for part in parts:
        part.unlink(missing_ok=True)


def runs_with_weights(
    directory: StudyDirectory,
) -> Iterator[tuple[int, int, dict[str, Tensor]]]:
    """Yield the setting, the point and the weights of each run whose weights are on the disk.

    Raises:
        UsageError: if a file is damaged.
    """
    for file in [*([directory.weights] if directory.weights.is_file() else []), *_parts(directory)]:
        yield from _runs_in(file)


def weights_of(directory: StudyDirectory, setting: int, point: int) -> dict[str, Tensor] | None:
    """Return the weights of one run, or None if they were not kept.

    Raises:
        UsageError: if a file is damaged.
    """
    for found_setting, found, weights in runs_with_weights(directory):
        if (found_setting, found) == (setting, point):
            return {name: tensor.clone() for name, tensor in weights.items()}
    return None


def _parts(directory: StudyDirectory) -> list[Path]:
    if not directory.parts.is_dir():
        return []
    return sorted(file for file in directory.parts.iterdir() if _PART.fullmatch(file.name))


def _stacked(setting: int, weights: Mapping[int, Weights]) -> dict[str, Tensor]:
    points = sorted(weights)
    names = list(weights[points[0]])
    stacked = {
        f"{setting}/{name}": torch.stack([weights[point][name] for point in points])
        for name in names
    }
    return {**stacked, f"{setting}/{POINTS}": torch.tensor(points)}


def _runs_in(file: Path) -> Iterator[tuple[int, int, dict[str, Tensor]]]:
    """Yield the setting, the point and the weights of each run in a file."""
    tensors, _ = read_weights(file)
    settings: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        setting, slash, name = key.partition("/")
        if not slash or not setting.isdecimal():
            raise UsageError(f"{file} is damaged: it holds {key!a:.60}")
        settings.setdefault(int(setting), {})[name] = tensor
    for setting, stacked in settings.items():
        points = stacked.pop(POINTS, None)
        if points is None or points.ndim != 1 or points.dtype != torch.int64:
            raise UsageError(f"{file} is damaged: it does not say whose weights it holds")
        if any(len(tensor) != len(points) for tensor in stacked.values()):
            raise UsageError(f"{file} is damaged: it has {len(points)} runs and other weights")
        for place, point in enumerate(points.tolist()):
            yield setting, point, {name: tensor[place] for name, tensor in stacked.items()}
