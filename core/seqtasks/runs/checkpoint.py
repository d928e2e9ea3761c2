"""Checkpoints: tensors and a little JSON in one safetensors file, with a digest of both."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from seqtasks.errors import UsageError
from seqtasks.runs.files import write_atomically

__all__ = ["Checkpoint", "read_checkpoint", "read_weights", "write_checkpoint", "write_weights"]


@dataclass(frozen=True)
class Checkpoint:
    """What a run needs to go on.

    Attributes:
        tensors: weights, optimiser state and random state.
        progress: plain data: the step, and what else later lines of the run depend on.
    """

    tensors: dict[str, Tensor]
    progress: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; one of that name is replaced only when the new one is whole."""
    _write(path, checkpoint.tensors, json.dumps(checkpoint.progress))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and check its digest.

    Raises:
        UsageError: if the file is truncated or its content is not what was written.
    """
    tensors, progress = _read(path)
    if not progress:
        raise UsageError(f"{path} holds weights alone, not a checkpoint; {_REMEDY}")
    return Checkpoint(tensors, json.loads(progress))


def write_weights(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write a model's weights, by their names in its state_dict."""
    _write(path, tensors, "")


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read what `write_weights` wrote.

    Raises:
        UsageError: if the file is truncated or its content is not what was written.
    """
    return _read(path)[0]


_REMEDY = "restore it from a copy, or start the run again with `seqtasks run`"


def _write(path: Path, tensors: dict[str, Tensor], progress: str) -> None:
    # Copies, for tied or transposed tensors share memory, which safetensors refuses.
    copies = {
        name: tensor.detach().cpu().resolve_conj().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    # One entry, for safetensors writes several in no fixed order, and equal runs give equal files.
    digest = _digest(copies, progress)
    # Of the complex types safetensors has one alone, and not in all its versions.
    complex_names = sorted(name for name, tensor in copies.items() if tensor.is_complex())
    copies |= {name: torch.view_as_real(copies[name]) for name in complex_names}
    about = json.dumps(
        {"progress": progress, "digest": digest}
        | ({"complex": complex_names} if complex_names else {})
    )
    write_atomically(path, safetensors.torch.save(copies, {"seqtasks": about}))


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    try:
        with safe_open(path, framework="pt") as file:
            names: list[str] = list(file.keys())
            tensors = {name: file.get_tensor(name) for name in names}
            about = json.loads((file.metadata() or {}).get("seqtasks", "{}"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (SafetensorError, ValueError) as error:
        raise UsageError(f"{path} is damaged ({error}); {_REMEDY}") from None
    progress = about.get("progress", "")
    try:
        for name in about.get("complex", ()):
            tensors[name] = torch.view_as_complex(tensors[name])
        whole = about.get("digest") == _digest(tensors, progress)
    except (KeyError, TypeError, RuntimeError):  # other names, or of what is not complex
        whole = False
    if not whole:
        raise UsageError(
            f"{path} was changed after it was written (its digest does not fit); {_REMEDY}"
        )
    return tensors, progress


def _digest(tensors: dict[str, Tensor], progress: str) -> str:
    digest = hashlib.sha256(progress.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(
            tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        )
    return digest.hexdigest()
