"""Which batches programs take, and how batches and states lie in memory."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from seqtasks.cells import State
from seqtasks.cells.padding import checked_lengths, last_repeated
from seqtasks.cells.state_tree import NotAlikeError, Tree, joined, leaves_like, split
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.record.observed import is_observed
from seqtasks.engine.record.whole_states import LARGEST_STATE

__all__ = [
    "Form",
    "as_numbers",
    "flattened",
    "form_of",
    "nested",
    "obstacle",
    "ordinary",
    "parted",
    "size_of",
    "without_padding",
    "without_steps",
]

Form = tuple[tuple[Tree, tuple[tuple[int, ...], ...]], ...]
"""For each layer, how its state is nested, and the shape of each tensor for one row."""


def ordinary(inputs: Tensor, lengths: Tensor | None) -> bool:
    """Say whether programs take a batch; the plain loop says what is wrong with other batches."""
    if is_observed(inputs, lengths):
        return False
    if inputs.dim() != (3 if inputs.is_floating_point() else 2) or not all(inputs.shape[:2]):
        return False
    if inputs.is_meta or obstacle(inputs):
        return False
    if lengths is None:
        return True
    try:
        checked_lengths(inputs, lengths)
    except ValueError:
        return False
    return True


def obstacle(inputs: Tensor) -> str:
    """Return why only the plain loop may run a batch; empty if programs can run it too."""
    if not inputs.is_floating_point() and inputs.dtype != torch.int64:
        return f"its inputs are {inputs.dtype}, not torch.int64"
    if inputs.is_meta:  # torch knows no autocast there; the plain loop says what is wrong
        return ""
    return "autocast is on" if torch.is_autocast_enabled(inputs.device.type) else ""


def without_padding(inputs: Tensor, lengths: Tensor) -> Tensor:
    """Return inputs in which an instance's last input repeats past its end."""
    return last_repeated(inputs, lengths)


def without_steps(
    empty: Tensor,
    start: Sequence[Tensor],
    predictions: Tensor,
    finals: Sequence[Tensor],
    past: Sequence[Tensor],
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Return the results of a batch whose empty instances were run for one step.

    Args:
        empty: (batch,) bool, True for instances without steps.
        start: the states from which they started, as one list.
        predictions: (batch, time, ...); they become zero for empty instances.
        finals: the states after the last step; empty instances get their start instead.
        past: the states after every step; empty instances get their start instead.
    """

    def chosen(one: Tensor, other: Tensor) -> Tensor:
        return torch.where(empty.view(-1, *[1] * (other.dim() - 1)), one, other)

    return (
        chosen(torch.zeros_like(predictions), predictions),
        [chosen(one, other) for one, other in zip(start, finals, strict=True)],
        [chosen(one[:, None], other) for one, other in zip(start, past, strict=False)],
    )


def form_of(states: Sequence[State | None], batch: int, dtype: torch.dtype) -> Form | None:
    """Return the form of states given to start from; None if they are not given, or do not fit."""
    found: list[tuple[Tree, tuple[tuple[int, ...], ...]]] = []
    for state in states:
        tree, tensors = split(state)
        shapes: list[tuple[int, ...]] = []
        for tensor in tensors:
            if not isinstance(tensor, Tensor) or tensor.dtype != dtype or not tensor.dim():
                return None
            if tensor.shape[0] != batch:
                return None
            shapes.append(tuple(tensor.shape[1:]))
        found.append((tree, tuple(shapes)))
    return tuple(found)


def size_of(form: Form) -> int:
    """Return how many numbers the states of a row are."""
    return sum(math.prod(shape) for _, shapes in form for shape in shapes)


def flattened(
    model_graph: ModelGraph,
    states: Sequence[State | None],
    batch: int,
    start: Tensor | None = None,
) -> list[Tensor] | None:
    """Return the tensors of given states in a list; None if there are none or they do not fit.

    Args:
        model_graph: the model as a graph.
        states: the state of each layer.
        batch: the number of instances.
        start: (batch,) int64 the number of each instance's first step; None for 0.
    """
    if states[0] is None:
        return None
    if start is not None and model_graph.counts and start.gt(LARGEST_STATE // 2).any():
        return None
    found: list[Tensor] = []
    for loop, state in zip(model_graph.loops, states, strict=True):
        try:
            tensors = leaves_like(loop.tree, state)
        except NotAlikeError:
            return None
        for tensor, part in zip(tensors, loop.own_parts, strict=True):
            kind = part.kind or model_graph.dtype
            if not isinstance(tensor, Tensor) or tensor.dtype != kind or is_observed(tensor):
                return None
            held = as_numbers(tensor, tensor.dtype) if kind.is_complex else tensor
            if tuple(held.shape) != (batch, *part.shape):
                return None
            tensor = held
            if not part.is_trained:
                if part.kind != torch.bool and tensor.abs().gt(LARGEST_STATE // 2).any():
                    return None
                tensor = tensor.to(model_graph.dtype)
            found.append(tensor.contiguous().resolve_neg())
        if len(loop.own_parts) < len(loop.parts):
            device = found[-1].device
            first = torch.zeros(batch, device=device) if start is None else start
            found.append(first.to(model_graph.dtype)[:, None].contiguous())
    return found


def parted(model_graph: ModelGraph, joint: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return a program's predictions, and apart from them its penalties (batch, time), if any."""
    if model_graph.penalty is None:
        return joint, None
    return joint[..., :-1].contiguous(), joint[..., -1].contiguous()


def as_numbers(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a tensor of a state as a program holds it: complex numbers as pairs."""
    if tensor.is_complex():
        return torch.view_as_real(tensor.resolve_conj())
    return tensor if tensor.is_floating_point() else tensor.to(dtype)


def _as_kind(tensor: Tensor, kind: torch.dtype | None) -> Tensor:
    if kind is None:
        return tensor
    return torch.view_as_complex(tensor.contiguous()) if kind.is_complex else tensor.to(kind)


def nested(model_graph: ModelGraph, tensors: Sequence[Tensor]) -> list[State]:
    """Return a list of tensors as the states of each layer, the inverse of `flattened`."""
    states: list[State] = []
    first = 0
    for loop in model_graph.loops:
        held = tensors[first : first + len(loop.parts)]
        first += len(held)
        pairs = zip(held, loop.parts, strict=True)
        own = [_as_kind(tensor, part.kind) for tensor, part in pairs if not part.counts]
        states.append(joined(loop.tree, own))
    return states
