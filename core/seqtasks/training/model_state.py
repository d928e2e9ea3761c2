"""Write a model's whole state as tensors for a checkpoint, and load it back.

A module's extra state is stored as JSON, as the bytes of the text in a tensor: reading a
checkpoint runs no code. A value that is neither a dense tensor nor JSON is refused before training.
"""

import copy
import json
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.errors import UsageError, one_line

__all__ = ["check_state", "load_state", "state_tensors"]

_JSON = ".json"
"""The suffix of the name of a value that is stored as JSON."""


def state_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return a model's `state_dict` as tensors, which share the model's memory.

    Raises:
        UsageError: naming a value that a checkpoint cannot hold.
    """
    tensors: dict[str, Tensor] = {}
    state: dict[str, Any] = model.state_dict()
    for name, value in state.items():
        if isinstance(value, Tensor):
            _check_dense(name, value)
            tensors[name] = value
        else:
            text = bytearray(_as_json(name, value).encode())
            tensors[name + _JSON] = torch.frombuffer(text, dtype=torch.uint8)
    return tensors


def load_state(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Load the tensors that `state_tensors` returned.

    Raises:
        RuntimeError: if the tensors belong to another model.
    """
    state: dict[str, Any] = {}
    for name, value in tensors.items():
        if name.endswith(_JSON) and name not in model.state_dict():
            state[name.removesuffix(_JSON)] = json.loads(value.numpy().tobytes())
        else:
            state[name] = value
    model.load_state_dict(state)


def check_state(model: nn.Module) -> None:
    """Refuse a model whose state a checkpoint could not hold, or could not restore.

    Raises:
        UsageError: naming the value and the reason.
    """
    try:
        tensors = {name: value.detach().clone() for name, value in state_tensors(model).items()}
        twin = copy.deepcopy(model)
    except UsageError:
        raise
    except Exception:
        return  # the model cannot be copied, so there is nothing to try this on
    try:
        load_state(twin, tensors)
    except Exception as error:
        raise UsageError(
            "the model's state cannot be put back from a checkpoint, so a run could not be read: "
            f"{' '.join(str(error).split())[:300] or one_line(error)}"
        ) from error


def _check_dense(name: str, tensor: Tensor) -> None:
    dense = tensor.layout == torch.strided and not tensor.is_quantized
    if not dense or tensor.device.type == "meta":
        kind = "quantized" if tensor.is_quantized else str(tensor.layout).removeprefix("torch.")
        what = "on no device" if tensor.device.type == "meta" else f"a {kind} tensor"
        raise UsageError(
            f"{name} is {what}, which a checkpoint cannot hold; make it dense, or leave it out "
            "of the state with register_buffer(..., persistent=False)"
        )


def _as_json(name: str, value: Any) -> str:
    try:
        text = json.dumps(value)
        if json.loads(text) == value:
            return text
    except (TypeError, ValueError, RecursionError):
        pass
    raise UsageError(
        f"{name} is of type {type(value).__name__} and does not come back from JSON as it was, so "
        "a checkpoint cannot hold it; give a tensor, or numbers, texts, lists and dicts of them "
        "with texts as keys"
    )
