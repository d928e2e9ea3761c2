"""The built-in readouts: from each step's input and output to its prediction."""

from typing import Literal

import torch
from torch import Tensor, nn

from seqtasks.cells.base import Readout
from seqtasks.errors import UsageError

__all__ = ["ConcatReadout", "StateReadout", "SumReadout"]


class LinearReadout(Readout):
    """One linear map of the vector that `joined` makes from a step's input and output.

    Args:
        input_size: the features of the embedded input.
        state_size: the features of the cell's output.
        output_size: the symbols to choose from, or the features of a real target.
        activation: `tanh` keeps the logits within [-1, 1], so the cross-entropy of two classes
            cannot fall below log(1 + e^-2) = 0.1269.
        before: `relu` applies a ReLU to the joined vector before the linear map, as in G. Delétang
            et al., "Neural Networks and the Chomsky Hierarchy", ICLR 2023.
    """

    def __init__(
        self,
        input_size: int,
        state_size: int,
        output_size: int,
        activation: Literal["identity", "tanh"] = "identity",
        before: Literal["identity", "relu"] = "identity",
    ) -> None:
        super().__init__(input_size, state_size, output_size)
        if activation not in ("identity", "tanh"):
            raise UsageError(f"activation must be identity or tanh, got {activation!r}")
        if before not in ("identity", "relu"):
            raise UsageError(f"before must be identity or relu, got {before!r}")
        self.activation = activation
        self.before = before
        self.linear = nn.Linear(self.joined_size(), output_size)

    def joined_size(self) -> int:
        """Return the number of features of the joined vector."""
        raise NotImplementedError

    def joined(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the input of the linear map, (batch, time, joined size)."""
        raise NotImplementedError

    def forward(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the predictions, (batch, time, output size)."""
        joined = self.joined(x, output)
        logits = self.linear(torch.relu(joined) if self.before == "relu" else joined)
        return torch.tanh(logits) if self.activation == "tanh" else logits


class ConcatReadout(LinearReadout):
    """y = V [x; h'] + c, or its tanh."""

    def joined_size(self) -> int:
        """Return the number of features of input and output together."""
        return self.input_size + self.state_size

    def joined(self, x: Tensor, output: Tensor) -> Tensor:
        """Return input and output, concatenated."""
        return torch.cat([x, output], -1)


class SumReadout(LinearReadout):
    """y = V (x + h') + c, or its tanh; input and state must have one size."""

    def joined_size(self) -> int:
        """Return the common size of input and output.

        Raises:
            UsageError: if the sizes differ.
        """
        if self.input_size != self.state_size:
            raise UsageError(
                f"the readout 'sum' adds input and output, so the embedding size "
                f"({self.input_size}) and the cell's output size ({self.state_size}) must be "
                "equal; 'concat' takes different ones"
            )
        return self.state_size

    def joined(self, x: Tensor, output: Tensor) -> Tensor:
        """Return input plus output."""
        return x + output


class StateReadout(LinearReadout):
    """y = V h' + c, or its tanh: the prediction is read from the state alone."""

    def joined_size(self) -> int:
        """Return the number of features of the output."""
        return self.state_size

    def joined(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the output."""
        return output
