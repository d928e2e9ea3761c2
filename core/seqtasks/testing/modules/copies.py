"""Checks of copies: the state dict, deep copies, pickles."""

import copy
import io
import pickle
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from seqtasks.authoring.held_tensors import attributes, close, listed
from seqtasks.errors import explain, one_line
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.modules.specimen import Specimen, random_inputs, results

__all__ = ["deep_copies", "pickles", "state_dict_restores"]


def state_dict_restores(specimen: Specimen) -> str:
    """A new one that loads the state dict of another gives the same results."""
    if specimen.is_made:
        raise NotApplicable("one object was given, and another one cannot be made")
    saved, other = specimen.new(seed=0), specimen.new(seed=1)
    results(saved, random_inputs(saved))  # what it makes at its first step is saved too
    weights = dict(saved.state_dict())
    names = list(other.state_dict())
    if sorted(weights) == sorted(names) and list(weights) != names:
        raise CheckFailedError(
            f"its state dict has the order {', '.join(weights)}, and a new one's has the order "
            f"{', '.join(names)}: make parameters in one order, not in the order of a set"
        )
    if list(weights) != names:
        raise CheckFailedError(
            f"after a run its state dict holds {listed(weights)}, and a new one holds "
            f"{listed(names) or 'nothing'}: make all parameters and buffers in "
            "__init__"
        )
    turned = {name: weights[name].clone() for name in reversed(weights)}
    try:
        other.load_state_dict(turned)
    except Exception as error:
        raise CheckFailedError(
            f"its state dict cannot be loaded into a new one: {one_line(error)}"
        ) from error
    _check_same(saved, other, "a new one that loaded its state dict")
    return f"{len(weights)} tensors"


def deep_copies(specimen: Specimen) -> str:
    """A deep copy gives the same results, and shares no weights with its original."""
    made = specimen.new()
    try:
        copied: Any = copy.deepcopy(made)
    except Exception as error:
        raise CheckFailedError(f"copy.deepcopy fails: {explain(error)}") from error
    _check_same(made, copied, "its deep copy")
    own = {tensor.data_ptr() for tensor in made.state_dict().values() if tensor.numel()}
    shared = [name for name, held in copied.state_dict().items() if held.data_ptr() in own]
    if shared:
        raise CheckFailedError(f"its deep copy shares {listed(shared)} with it")
    return ""


def pickles(specimen: Specimen) -> str:
    """It can be pickled, and gives the same results afterwards."""
    made = specimen.new()
    if any(map(is_parametrized, made.modules())):
        raise NotApplicable("torch pickles no parametrized modules; their state dict can be saved")
    file = io.BytesIO()
    classes: list[type] = []
    try:
        _Pickler(file, classes).dump(made)
        file.seek(0)
        restored = _Unpickler(file, classes).load()
    except Exception as error:
        raise CheckFailedError(
            f"it cannot be pickled, so no other process can get it: {one_line(error)}; hold no "
            "lambda, open file or function made inside a function in an attribute"
        ) from error
    _check_same(made, restored, "what comes back from its pickle")
    return f"{file.getbuffer().nbytes:,} bytes"


class _Pickler(pickle.Pickler):
    """Pickles what an object holds. Whether its class can be imported is another matter."""

    def __init__(self, file: io.BytesIO, classes: list[type]) -> None:
        super().__init__(file)
        self._classes = classes

    def persistent_id(self, obj: Any) -> int | None:
        """Return the number of a class of modules."""
        if not (isinstance(obj, type) and issubclass(obj, nn.Module)):
            return None
        self._classes.append(obj)
        return len(self._classes) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, classes: list[type]) -> None:
        super().__init__(file)
        self._classes = classes

    def persistent_load(self, pid: int) -> type:
        """Return the class of a number."""
        return self._classes[pid]


def _check_same(one: Any, other: Any, what: str) -> None:
    """Refuse a copy with other results, and name what differs in it."""
    inputs = random_inputs(one)
    with torch.no_grad():
        first, second = results(one, inputs), results(other, inputs)
    if all(close(b, a) for a, b in zip(first, second, strict=True)):
        return
    held, held_too = attributes(one), attributes(other)
    differ = sorted(name for name in held if held[name] != held_too.get(name))
    why = f": {listed(differ)} of it differs" if differ else ""
    raise CheckFailedError(
        f"{what} gives other results{why}. Keep what results depend on as a parameter or, by "
        "register_buffer, as a buffer"
    )
