"""Checkpoints: tensors and a little JSON in one safetensors file, with a digest of both."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from seqtasks.errors import UsageError, one_line
from seqtasks.files.atomic import open_regular, write_atomically
from seqtasks.files.json_text import read_text, write_text
from seqtasks.files.validation import checked
from seqtasks.runs.header import ABOUT, OBJECT, WEIGHTS, WEIGHTS_OF, remedy

__all__ = ["Checkpoint", "read_checkpoint", "read_weights", "write_checkpoint", "write_weights"]


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to continue.

    Attributes:
        tensors: weights, optimiser state and random state.
        progress: plain data: the step, and everything else that later lines of the run depend on.
    """

    tensors: dict[str, Tensor]
    progress: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; an existing one is replaced only when the new one is complete."""
    _write(path, checkpoint.tensors, write_text(checkpoint.progress))


def read_checkpoint(path: Path, most: int | None = None) -> Checkpoint:
    """Read a checkpoint and check its digest.

    Args:
        path: the file.
        most: the most bytes that the file may have; None for any number.

    Raises:
        UsageError: if the file is truncated or its content was changed since it was written.
    """
    tensors, progress = _read(path, most)
    if progress is None or WEIGHTS_OF in progress:
        raise UsageError(f"{path} holds weights alone, not a checkpoint; {remedy}")
    return Checkpoint(tensors, progress)


def write_weights(
    path: Path, tensors: dict[str, Tensor], step: int, decided_by: Mapping[str, Any]
) -> None:
    """Write a model's weights, by their names in its state_dict.

    Args:
        path: the file.
        tensors: the weights.
        step: the step of the weights.
        decided_by: the deciding settings, as in a checkpoint's progress.
    """
    _write(path, tensors, write_text({WEIGHTS_OF: step, "decided_by": dict(decided_by)}))


def read_weights(path: Path, most: int | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file of `write_weights`: the weights, and `weights_of_step` and `decided_by`.

    Files of an earlier seqtasks contain the weights alone.

    Raises:
        UsageError: if the file is truncated or its content was changed since it was written.
    """
    tensors, about = _read(path, most)
    return tensors, checked(about or {}, WEIGHTS, path)


def _write(path: Path, tensors: dict[str, Tensor], progress: str) -> None:
    # Copies, because tied or transposed tensors share memory, which safetensors refuses.
    copies = {
        name: tensor.detach().cpu().resolve_conj().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    # One entry: safetensors writes several in no fixed order, but equal runs must give equal files.
    digest = _digest(copies, progress)
    # safetensors has only one complex type, and not in all versions.
    complex_names = sorted(name for name, tensor in copies.items() if tensor.is_complex())
    copies |= {name: torch.view_as_real(copies[name]) for name in complex_names}
    about = write_text(
        {"progress": progress, "digest": digest}
        | ({"complex": complex_names} if complex_names else {})
    )
    write_atomically(path, safetensors.torch.save(copies, {"seqtasks": about}))


def _read(path: Path, most: int | None) -> tuple[dict[str, Tensor], dict[str, Any] | None]:
    # safetensors itself would wait for a pipe, follow a link, and read a file of any size.
    with open_regular(path) as file:
        if most is not None and os.fstat(file.fileno()).st_size > most:
            raise UsageError(f"cannot read {path}: it is larger than {most:,} bytes; {remedy}")
    try:
        with safe_open(path, framework="pt") as file:
            names: list[str] = list(file.keys())
            tensors = {name: file.get_tensor(name) for name in names}
            entry = (file.metadata() or {}).get("seqtasks", "{}")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (SafetensorError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise UsageError(f"{path} is damaged ({one_line(error)}); {remedy}") from None
    about = checked(read_text(entry.encode(), path), ABOUT, path)
    progress = about["progress"]
    try:
        for name in about.get("complex", ()):
            tensors[name] = torch.view_as_complex(tensors[name])
        whole = about["digest"] == _digest(tensors, progress)
    except (LookupError, TypeError, RuntimeError):  # other names, or a pair that is not complex
        whole = False
    if not whole:
        raise UsageError(
            f"{path} was changed after it was written (its digest does not fit); {remedy}"
        )
    if not progress:
        return tensors, None
    return tensors, checked(read_text(progress.encode(), path), OBJECT, path)


def _digest(tensors: dict[str, Tensor], progress: str) -> str:
    digest = hashlib.sha256(progress.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(
            tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        )
    return digest.hexdigest()
