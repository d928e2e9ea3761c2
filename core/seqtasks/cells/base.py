"""Cell and Readout: the two functions, f and g, of a recurrent network."""

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Cell", "Readout", "State"]

State = Any
"""A tensor (batch, ...) or a tuple of such tensors."""


class Cell(nn.Module):
    """The transition f of a recurrent network, one step for a batch.

    Write `__init__(self, input_size, hidden_size, ...)` and `forward(self, x, state)`, which
    returns the next state. Every row of the batch must go its own way. A cell that wraps a layer
    which runs whole sequences may also define `scan(inputs, state, lengths)`; it must return what
    `unroll` does.

    Attributes:
        input_size: features of the input x, (batch, input_size).
        hidden_size: features of the state, (batch, hidden_size).

    Example:
        >>> import torch, seqtasks as st
        >>> class Decay(st.Cell):
        ...     def __init__(self, input_size, hidden_size):
        ...         super().__init__(input_size, hidden_size)
        ...         self.linear = torch.nn.Linear(input_size, hidden_size)
        ...     def forward(self, x, state):
        ...         return 0.9 * state + self.linear(x)
        >>> outputs, state = st.unroll(Decay(3, 4), torch.zeros(2, 5, 3))
        >>> outputs.shape, state.shape
        (torch.Size([2, 5, 4]), torch.Size([2, 4]))
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size

    @property
    def output_size(self) -> int:
        """Features of what a step puts out."""
        return self.hidden_size

    def initial_state(self, batch_size: int, steps: int) -> State:
        """Return the state before the first step: zeros (batch, hidden size) by default.

        Args:
            batch_size: instances in the batch.
            steps: steps the loop will make; a stack may need as many places.
        """
        return self.zeros(batch_size, self.hidden_size)

    def continued(self, state: State, steps: int) -> State:
        """Return the state to go on from, after other steps: the given one by default.

        A cell whose state has a size that depends on the number of steps must see to it that a
        sequence run in portions has the results of the whole: make room, or refuse.

        Args:
            state: that the caller gives to start from.
            steps: that follow.

        Raises:
            UsageError: if nothing that follows would be right.
        """
        return state

    def output(self, x: Tensor, state: State) -> Tensor:
        """Return what a step puts out, (batch, output size), a pure function of x and new state."""
        return state if isinstance(state, Tensor) else state[0]

    def zeros(self, *shape: int) -> Tensor:
        """Return zeros of the type and on the device of this cell's parameters."""
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor.is_floating_point():
                return torch.zeros(shape, dtype=tensor.dtype, device=tensor.device)
        return torch.zeros(shape)

    def extra_repr(self) -> str:
        """Show the sizes in the module's repr."""
        return f"input_size={self.input_size}, hidden_size={self.hidden_size}"


class Readout(nn.Module):
    """The function g of a recurrent network: `forward(x, output)` gives a step's prediction.

    It feeds nothing back, so it is applied to all steps at once: x is (batch, time, input size),
    output is (batch, time, state size), and the result (batch, time, output size).
    """

    def __init__(self, input_size: int, state_size: int, output_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.state_size = state_size
        self.output_size = output_size
