"""The functions that a program must have to stand in for the plain loop."""

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.randomness.counted_draws import DrawKey

__all__ = ["Passes"]


class Passes(Protocol):
    """A program: a forward pass and a backward pass."""

    model_graph: ModelGraph
    engine: str
    """The name of the engine that made it."""
    draws: DrawKey | None
    """Which random numbers it draws; None for a program without draws, or not yet said."""

    def memory(self, batch: int, time: int) -> Any:
        """Return memory for a batch, which the forward pass fills and the backward pass reads."""
        ...

    def tensors(self) -> list[Tensor]:
        """Return the parameters and buffers it reads, ordered like `backward`'s gradients."""
        ...

    def reading(self, tensors: list[Tensor]) -> "Passes":
        """Return the same program for other contiguous tensors, in the order of `tensors`."""
        ...

    def drawing(self, key: DrawKey, rows: Tensor | None = None) -> "Passes":
        """Return the same program for other random numbers.

        Args:
            key: which numbers.
            rows: (batch,) int64, the number of each row; None if they follow each other.
        """
        ...

    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Any,
        histories: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Run a batch.

        Args:
            inputs: (batch, time) int64 or (batch, time, features).
            lengths: (batch,) int64 if the program is masked.
            given: the states to start from, each (batch, ...), of all layers as one list.
            memory: the result of `memory(batch, time)`; the backward pass needs it as it is left.
            histories: whether to return the states of every step.

        Returns:
            The predictions (batch, time, outputs), the final states, and the states of every step.
        """
        ...

    def along(
        self, inputs: Tensor, given: Sequence[Tensor] | None
    ) -> tuple[Tensor, list[Tensor]] | None:
        """Run a batch of rows of full length that needs no pass back.

        Args:
            inputs: as in `forward`.
            given: as in `forward`.

        Returns:
            The predictions and the final states, or None if only `forward` can run it.
        """
        ...

    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Any,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor | None],
        histories_back: Sequence[Tensor] | None,
        of_inputs: bool = True,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return the gradients of parameters, of inputs and of given states.

        Args:
            inputs: as in the forward pass.
            lengths: as in the forward pass.
            given: as in the forward pass.
            memory: as the forward pass left it; this pass does not change that.
            predictions_back: the gradient of the predictions, (batch, time, outputs).
            finals_back: the gradients of the final states; None for a missing one.
            histories_back: the gradients of the states of every step, if they were returned.
            of_inputs: whether the gradient of real inputs is wanted.
        """
        ...
