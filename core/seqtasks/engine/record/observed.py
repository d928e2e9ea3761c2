"""Find out whether someone watches torch's calls; a program would hide them.

A trace, an export, a compiler, fake tensors, a function transform or a mode of the user's own must
see the operations of the plain loop. A program works on memory, where none of them looks.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.utils._device import DeviceContext

__all__ = ["is_observed", "unobserved_saving"]

_OURS = {"seqtasks.randomness.torch_streams", "seqtasks.randomness.counted_draws"}
"""These modes say what operations draw; programs contain no such operations, or draw alike."""


def is_observed(*tensors: Any) -> bool:
    """Say whether the plain loop must run because of the tensors or of a watcher of torch.

    Args:
        tensors: the tensors that a program would read; other values are skipped.
    """
    state: Any = torch._C
    if torch.compiler.is_compiling() or state._is_tracing():
        return True
    if state._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return True
    for place in range(state._len_torch_dispatch_stack()):
        if type(state._get_dispatch_stack_at(place)).__module__ not in _OURS:
            return True
    for place in range(state._len_torch_function_stack()):
        mode = state._get_function_stack_at(place)
        if type(mode).__module__ not in _OURS and not isinstance(mode, DeviceContext):
            return True
    for tensor in tensors:
        if tensor is not None and isinstance(tensor, Tensor) and not _is_plain(tensor):
            return True
    return False


def _is_plain(tensor: Tensor) -> bool:
    """Say whether a tensor equals the contents of its memory."""
    plain = type(tensor) is Tensor or type(tensor) is nn.Parameter
    return plain and tensor.layout is torch.strided and not tensor.is_meta


@contextmanager
def unobserved_saving() -> Generator[None, None, None]:
    """Set aside hooks on the tensors saved for the backward pass, such as a checkpoint's.

    A trial beside the plain loop happens only once. A checkpoint that counts the tensors it saves
    would find fewer of them when it recomputes.
    """
    state: Any = torch._C._autograd  # pyright: ignore[reportAttributeAccessIssue]
    hooks: list[Any] = []
    while (top := state._top_saved_tensors_default_hooks(False)) is not None:
        hooks.append(top)
        state._pop_saved_tensors_default_hooks()
    try:
        yield
    finally:
        for pack, unpack in reversed(hooks):
            state._push_saved_tensors_default_hooks(pack, unpack)
