"""Make a program's two passes one operation of torch's autograd."""

import operator
import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.contract.batched_gradients import batch_of
from seqtasks.engine.contract.computed_values import on_even_place
from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.derive.reach import steps_until_gradients
from seqtasks.engine.record.batch_layout import parted

__all__ = ["DifferentiablePass", "differentiable_pass"]

INPUTS = 4
"""The position of the inputs among the arguments of `DifferentiablePass`."""
_IS_VIEW, _VERSION = operator.methodcaller("_is_view"), operator.attrgetter("_version")


class DifferentiablePass(torch.autograd.Function):
    """A program's forward pass, with its backward pass for autograd."""

    @staticmethod
    def forward(
        ctx: Any,
        program: Passes,
        lengths: Tensor | None,
        count: int,
        histories: bool,
        inputs: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        """Run the forward pass and note what the backward pass needs.

        Args:
            ctx: torch's context, in which it is noted.
            program: the program to run.
            lengths: (batch,) steps of each instance, or None.
            count: how many states are given to start from; -1 for the initial states.
            histories: whether to return the states of every step.
            inputs: (batch, time) ids or (batch, time, features).
            tensors: the given states, and the tensors that the program reads.
        """
        given = None if count < 0 else list(tensors[:count])
        memory = program.memory(*inputs.shape[:2])
        joint, finals, past = program.forward(inputs, lengths, given, memory, histories)
        predictions, penalties = parted(program.model_graph, joint)
        results = (predictions, *finals, *past)
        if penalties is not None:
            results += (penalties,)
        if any(map(_IS_VIEW, results)):
            results = tuple(map(_own, results))
        shapes = [result.shape for result in results]
        noted = program, lengths, count, histories, len(finals), shapes, _versions(program)
        ctx.noted, ctx.lock = noted, threading.Lock()
        ctx.save_for_backward(inputs, *(given or ()), _holding(memory))
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  # as torch documents it
        ctx: Any, *back: Any
    ) -> Any:
        """Return the gradients of the arguments of `forward`."""
        if torch.is_grad_enabled():
            raise RuntimeError(
                "a program has no second derivatives, which create_graph=True asks for; "
                "the plain loop has: engine='plain', or model.use_engine('plain')"
            )
        batch = batch_of(back)
        if batch is None:
            return None, None, None, None, *_gradients(ctx, back)
        gradients = [_gradients(ctx, one) for one in batch.parts]
        return None, None, None, None, *map(batch.joined, zip(*gradients, strict=True))


def _gradients(ctx: Any, back: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Return the gradients of inputs, given states and parameters: one pass back."""
    inputs, *given, holder = ctx.saved_tensors
    program: Passes
    program, lengths, count, histories, parts, shapes, versions = ctx.noted
    if versions != _versions(program):
        raise RuntimeError(
            "a parameter was changed in place between the forward pass and the backward pass"
        )
    starts = None if count < 0 else given
    memory = getattr(holder, _MEMORY, None)
    if memory is None:  # a hook on saved tensors copied the holder
        memory = program.memory(*inputs.shape[:2])
        program.forward(inputs, lengths, starts, memory, histories)
    model_graph = program.model_graph
    needed = steps_until_gradients(model_graph, tuple([b is not None for b in back]))
    time = inputs.shape[1]
    back = [None if b is None else b.contiguous().resolve_neg() for b in back]
    if model_graph.penalty is not None:
        back = _joined(back, shapes, model_graph.dtype, inputs)
    predictions_back, finals_back, histories_back = back[0], back[1 : 1 + parts], None
    if predictions_back is None:
        predictions_back = inputs.new_zeros(shapes[0], dtype=model_graph.dtype)
    if histories and any(b is not None for b in back[1 + parts :]):
        histories_back = [
            inputs.new_zeros(shape, dtype=model_graph.dtype) if b is None else b
            for b, shape in zip(back[1 + parts :], shapes[1 + parts :], strict=False)
        ]
    with ctx.lock:  # of two threads that pass back through one graph, one works in its memory
        gradients, inputs_back, given_back = program.backward(
            inputs,
            lengths,
            starts,
            memory,
            predictions_back,
            finals_back,
            histories_back,
            ctx.needs_input_grad[INPUTS],
        )
    if model_graph.computed:  # torch takes their gradients further back
        gradients = map(on_even_place, gradients)
    found = [inputs_back, *(given_back or ()), *gradients]
    least = [needed[0], *(needed[1 : 1 + parts] if given_back else ()), *needed[1 + parts :]]
    return [g if time >= fewest else None for g, fewest in zip(found, least, strict=True)]


_UNWRAPPED: Any = torch._C._functorch.unwrap_if_dead  # pyright: ignore[reportAttributeAccessIssue]
_above_function: Any = super(torch.autograd.Function, DifferentiablePass)


def differentiable_pass(*arguments: Any) -> tuple[Tensor, ...]:
    """Call `DifferentiablePass.apply` with the arguments of `forward` after `ctx`.

    torch's own `apply` looks through all tensors for those that a transform of `torch.func` left
    behind. Parameters cannot be such tensors: only inputs and given states are looked through.
    """
    looked_at = INPUTS + 1 + max(0, arguments[2])
    found = map(_UNWRAPPED, arguments[INPUTS:looked_at])
    return _above_function.apply(*arguments[:INPUTS], *found, *arguments[looked_at:])


def _versions(program: Passes) -> list[int]:
    """Return how often each tensor that a program reads was changed in place."""
    return [*map(_VERSION, program.tensors())]


def _joined(
    back: Sequence[Tensor | None], shapes: Sequence[torch.Size], dtype: torch.dtype, like: Tensor
) -> list[Tensor | None]:
    """Return gradients in which the last, of the penalties, is one more prediction's."""
    predictions_back, *others, penalties_back = back
    if predictions_back is None:
        predictions_back = like.new_zeros(shapes[0], dtype=dtype)
    if penalties_back is None:
        penalties_back = like.new_zeros(shapes[-1], dtype=dtype)
    return [torch.cat([predictions_back, penalties_back[..., None]], -1), *others]


_MEMORY = "_seqtasks_memory"


def _holding(memory: Any) -> Tensor:
    """Return a tensor that keeps memory alive for as long as autograd keeps the tensor.

    The memory is therefore free again right after the backward pass, unless the graph is retained.
    """
    holder = torch.empty(0)
    setattr(holder, _MEMORY, memory)
    return holder


def _own(result: Tensor) -> Tensor:
    """Return a result that is no view to torch: a view may not be changed in place."""
    if not result._is_view():
        return result
    place = result.storage_offset(), result.shape, result.stride()
    return result.new_empty(0).set_(result.untyped_storage(), *place)
