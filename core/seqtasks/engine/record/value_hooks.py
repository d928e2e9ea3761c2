"""Record `h.register_hook(f)` on a value of a step: f changes the gradient that arrives there.

The value then stands for what a function of torch returns, one that gives the value back and calls
the hook in its backward pass; `own_functions` records that. A hook sees the whole gradient of a
value, so it must be registered before the value is used.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder

__all__ = ["record_hook"]

Hook = Callable[[Tensor], Tensor | None]


class _Hooked(torch.autograd.Function):
    """Gives a value back; its gradient goes through a hook."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, hook: Hook) -> Tensor:
        ctx.hook = hook
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        changed = ctx.hook(gradients[0])
        if changed is None:
            raise UnsupportedError("it returns nothing, so it is called for its effects")
        return changed, None


class _Handle:
    """Stands for the handle of a hook, which a program cannot remove."""

    def __getattr__(self, name: str) -> Any:
        raise UnsupportedError("it removes a hook on a value")


def record_hook(recorder: Recorder, value: Tensor, hook: Hook) -> _Handle:
    """Let a value stand for itself behind a hook, and return a handle.

    Raises:
        UnsupportedError: if the value was given to the step or is used already, or if the hook
            cannot be recorded.
    """
    known = recorder.find_folded(value)
    node = known.node
    made = node
    while made.operation == "view":
        (made,) = made.inputs
    if not made.inputs:
        raise UnsupportedError("it hooks a value that it did not compute in this step")
    if node in recorder.hooked:  # torch calls the first one first, and they would be nested
        raise UnsupportedError("it hooks a value twice: register one hook that does both")
    if any(node in other.inputs for other in recorder.graph.nodes):
        raise UnsupportedError("it hooks a value that it has used before: register the hook first")
    with recorder.again():
        hooked: Any = _Hooked.apply(value, hook)
    with recorder.provenance.pausing():
        found = recorder.find_folded(hooked)
    recorder.hooked.add(found.node)
    recorder.track(value, found.node, found.rows, found.axis, found.fold)
    return _Handle()
