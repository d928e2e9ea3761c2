"""The formats of exported files: NumPy archives, JSON lines, Hugging Face datasets."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from seqtasks.errors import UsageError
from seqtasks.exports.instances import Instance
from seqtasks.tasks import Array, Task
from seqtasks.tasks.alphabets import (
    IGNORE,
    Reals,
    Tokens,
    TokenSets,
)

__all__ = ["FORMATS", "json_line", "library_versions", "write_npz"]

Writer = Callable[[Path, Task, Iterable[Instance]], None]


def json_line(task: Task, instance: Instance) -> str:
    """Return an instance as one JSON object: symbols, sets of symbols or vectors, step by step.

    The target of an unscored step is null.
    """
    return json.dumps(
        {
            "inputs": _written(task.inputs, instance.inputs),
            "targets": _written(task.targets, instance.targets),
        },
        ensure_ascii=False,
    )


def _written(alphabet: Tokens | TokenSets | Reals, values: Array) -> list[Any]:
    if isinstance(alphabet, TokenSets):
        symbols = alphabet.symbols
        return [[s for s, i in zip(symbols, row, strict=True) if i] or None for row in values]
    if isinstance(alphabet, Tokens):
        words = alphabet.words(values)
        return [None if i == IGNORE else w for i, w in zip(values, words, strict=True)]
    return [None if np.isnan(vector).any() else vector.tolist() for vector in values]


def write_npz(file: BinaryIO, task: Task, instances: Iterable[Instance]) -> None:
    """Write `inputs`, `targets` and `lengths`, right-padded to the longest instance.

    Inputs are padded with 0. Targets are padded as unscored: IGNORE, empty sets, or NaN.
    """
    rows = list(instances)
    lengths = np.array([len(row.inputs) for row in rows], dtype=np.int64)
    unscored = {Tokens: IGNORE, TokenSets: False, Reals: np.nan}[type(task.targets)]
    inputs = _padded([row.inputs for row in rows], int(lengths.max()), 0)
    targets = _padded([row.targets for row in rows], int(lengths.max()), unscored)
    np.savez(file, inputs=inputs, targets=targets, lengths=lengths)


def _padded(rows: list[Array], steps: int, fill: float) -> Array:
    padded = np.full((len(rows), steps, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return padded


def _npz(path: Path, task: Task, instances: Iterable[Instance]) -> None:
    with open(path, "wb") as file:
        write_npz(file, task, instances)


def _jsonl(path: Path, task: Task, instances: Iterable[Instance]) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(json_line(task, instance) + "\n" for instance in instances)


def _hf(path: Path, task: Task, instances: Iterable[Instance]) -> None:
    """Write a folder that `datasets.load_from_disk` reads: columns `inputs` and `targets`."""
    datasets: Any = _datasets()
    rows = list(instances)
    columns = {
        "inputs": [row.inputs.tolist() for row in rows],
        "targets": [row.targets.tolist() for row in rows],
    }
    features = datasets.Features(
        {
            "inputs": _feature(datasets, task.inputs),
            "targets": _feature(datasets, task.targets),
        }
    )
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        datasets.Dataset.from_dict(columns, features=features).save_to_disk(path)
    finally:
        if shown:
            datasets.enable_progress_bars()


def _feature(datasets: Any, alphabet: Tokens | TokenSets | Reals) -> Any:
    if isinstance(alphabet, Tokens):
        return datasets.List(datasets.Value("int64"))
    kind = "bool" if isinstance(alphabet, TokenSets) else "float32"
    return datasets.List(datasets.List(datasets.Value(kind)))


def _datasets() -> ModuleType:
    try:
        import datasets
    except ImportError:
        raise UsageError(
            "the format hf needs the package datasets; install it: "
            "pip install 'seqtasks[datasets]', or choose npz or jsonl"
        ) from None
    return datasets


def library_versions(form: str) -> dict[str, str]:
    """Return the versions of the libraries that a format's bytes depend on.

    Raises:
        UsageError: if a library is missing.
    """
    versions = {"numpy": np.__version__}
    if form == "hf":
        from importlib.metadata import version

        _datasets()
        versions |= {name: version(name) for name in ("datasets", "pyarrow")}
    return versions


FORMATS: dict[str, Writer] = {"npz": _npz, "jsonl": _jsonl, "hf": _hf}
