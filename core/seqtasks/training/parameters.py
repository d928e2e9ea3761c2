"""A model's parameters: which are trained, their type, and the memory they lie in."""

import itertools
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqtasks.errors import UsageError

__all__ = ["brought_to_type", "check_memory", "trained_parameters"]

_COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}


def trained_parameters(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that training changes.

    Raises:
        UsageError: if there is none.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise UsageError("the model has no parameter to train")
    return trained


def brought_to_type(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Convert a model's numbers to a type, complex numbers to the complex type of that precision.

    `model.to(dtype)` would drop the imaginary part.

    Args:
        model: the model, which is changed and returned.
        dtype: float32 or float64.

    Raises:
        UsageError: if the conversion would separate tensors that share memory.
    """

    def wanted(tensor: Tensor) -> torch.dtype:
        if tensor.is_complex():
            return _COMPLEX[dtype]
        return dtype if tensor.is_floating_point() else tensor.dtype

    held = dict([*model.named_parameters(), *model.named_buffers()])
    converted = [name for name, tensor in held.items() if tensor.dtype != wanted(tensor)]
    for name, other in _sharing(held, converted):
        raise UsageError(
            f"{name} and {other} share memory, which a conversion to {dtype} would part; make "
            "them of that type, or use one tensor in both places"
        )
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.dtype != wanted(parameter):
                parameter.data = parameter.data.to(wanted(parameter))
        for name, buffer in module.named_buffers(recurse=False):
            if buffer.dtype != wanted(buffer):
                module.register_buffer(
                    name,
                    buffer.to(wanted(buffer)),
                    persistent=name not in module._non_persistent_buffers_set,
                )
    return model


def check_memory(model: nn.Module) -> None:
    """Refuse trained parameters that overlap in memory, in themselves or with each other.

    An optimiser step would change the same numbers more than once.

    Raises:
        UsageError: naming the parameters.
    """
    trained = {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}
    for name, tensor in trained.items():
        if _is_in_memory(tensor) and _overlaps_itself(tensor):
            raise UsageError(
                f"several entries of the parameter {name} are one number in memory, as in an "
                "expanded tensor; no optimiser can train it: make the smaller tensor the "
                "parameter and expand it in forward"
            )
    for name, other in _sharing(trained, trained):
        raise UsageError(
            f"the parameters {name} and {other} share memory, so each step would change it "
            "twice; use one parameter in both places, or make copies with .clone()"
        )


def _sharing(held: Mapping[str, Tensor], among: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield pairs of names whose tensors overlap in memory; `among` holds one of the two."""
    among = set(among)
    by_storage: dict[int, list[str]] = {}
    for name, tensor in held.items():
        if _is_in_memory(tensor):
            by_storage.setdefault(tensor.untyped_storage().data_ptr(), []).append(name)
    for names in by_storage.values():
        for one, other in itertools.combinations(names, 2):
            if {one, other} & among and _overlap(held[one], held[other]):
                yield one, other


def _is_in_memory(tensor: Tensor) -> bool:
    strided = tensor.layout == torch.strided and tensor.device.type != "meta"
    return strided and tensor.numel() > 0


def _span(tensor: Tensor) -> tuple[int, int]:
    """Return the address of a tensor's first byte, and the address after its last byte."""
    axes = zip(tensor.shape, tensor.stride(), strict=True)
    last = sum((size - 1) * stride for size, stride in axes)
    return tensor.data_ptr(), tensor.data_ptr() + (last + 1) * tensor.element_size()


def _bytes_of(taken: NDArray[np.bool_], first: int, tensor: Tensor) -> NDArray[np.bool_]:
    """Return the view of `taken`, which begins at an address, that a tensor occupies."""
    size = tensor.element_size()
    return np.lib.stride_tricks.as_strided(
        taken[tensor.data_ptr() - first :],
        (*tensor.shape, size),
        (*(stride * size for stride in tensor.stride()), 1),
    )


def _overlaps_itself(tensor: Tensor) -> bool:
    reach = 0  # the extent of the axes with smaller strides
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size == 1:
            continue
        if stride <= reach:
            break
        reach += (size - 1) * stride
    else:
        return False
    first, end = _span(tensor)
    taken = np.zeros(end - first, dtype=bool)
    _bytes_of(taken, first, tensor)[...] = True
    return int(taken.sum()) < tensor.numel() * tensor.element_size()


def _overlap(one: Tensor, other: Tensor) -> bool:
    (first, end), (other_first, other_end) = _span(one), _span(other)
    if end <= other_first or other_end <= first:
        return False
    start = min(first, other_first)
    taken = np.zeros(max(end, other_end) - start, dtype=bool)
    _bytes_of(taken, start, one)[...] = True
    return bool(_bytes_of(taken, start, other).any())
