"""A program's two passes as one operation of torch's autograd."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.passes import Passes

__all__ = ["DifferentiablePass"]


class DifferentiablePass(torch.autograd.Function):
    """A program's pass forward, of which autograd knows the pass back."""

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
        """Run the pass forward and note what the pass back needs.

        Args:
            ctx: torch's, where it is noted.
            program: that is run.
            lengths: (batch,) steps of each instance, or None.
            count: how many states are given to start from; -1 for the initial ones.
            histories: whether the states of every step are wanted.
            inputs: (batch, time) ids or (batch, time, features).
            tensors: the given states, and what the program says it reads.
        """
        given = None if count < 0 else list(tensors[:count])
        memory = program.memory(*inputs.shape[:2])
        predictions, finals, past = program.forward(inputs, lengths, given, memory, histories)
        ctx.program, ctx.memory, ctx.count, ctx.lengths = program, memory, count, lengths
        ctx.histories = histories
        ctx.versions = [t._version for t in program.tensors()]
        ctx.save_for_backward(inputs, *(given or ()))
        ctx.finals = len(finals)
        return predictions, *finals, *past

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  # as torch documents it
        ctx: Any, *back: Any
    ) -> Any:
        """Return the gradients of what `forward` got."""
        if torch.is_grad_enabled():
            raise RuntimeError(
                "a program has no second derivatives, which create_graph=True asks for; "
                "the plain loop has: engine='plain', or model.use_engine('plain')"
            )
        inputs, *given = ctx.saved_tensors
        program: Passes = ctx.program
        if ctx.versions != [t._version for t in program.tensors()]:
            raise RuntimeError(
                "a parameter was changed in place between the pass forward and the one back"
            )
        count = ctx.finals
        back = tuple(b.contiguous() for b in back)
        gradients, inputs_back, given_back = program.backward(
            inputs,
            ctx.lengths,
            None if ctx.count < 0 else given,
            ctx.memory,
            back[0],
            back[1 : 1 + count],
            back[1 + count :] if ctx.histories else None,
        )
        return None, None, None, None, inputs_back, *(given_back or ()), *gradients
