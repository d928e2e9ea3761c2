"""The functions that a program must have to stand in for the plain loop."""

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from seqtasks.engine.graph.model_graph import ModelGraph

__all__ = ["Passes"]


class Passes(Protocol):
    """A program: a forward pass and a backward pass; see `native.execute.c_program.Program`."""

    model_graph: ModelGraph
    engine: str
    """The name of the engine that made it."""

    def memory(self, batch: int, time: int) -> Any:
        """Return memory that the forward pass fills and the backward pass reads."""
        ...

    def tensors(self) -> list[Tensor]:
        """Return the parameters and buffers it reads, ordered like `backward`'s gradients."""
        ...

    def reading(self, tensors: list[Tensor]) -> "Passes":
        """Return the same program for other contiguous tensors, in the order of `tensors`."""
        ...

    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Any,
        histories: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Run a batch; see `Program.forward`."""
        ...

    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Any,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor],
        histories_back: Sequence[Tensor] | None,
        of_inputs: bool = True,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return the gradients of parameters, inputs and given states; see `Program.backward`."""
        ...
