"""Cell and Readout: the two functions, f and g, of a recurrent network."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from seqtasks.cells.copied_module import copied_module
from seqtasks.cells.state_tree import tensors_of
from seqtasks.display import card, first_sentence, module_line

__all__ = ["Cell", "Readout", "State"]

State = Any
"""A tensor (batch, ...), or tuples, NamedTuples, lists, dicts and dataclasses of such tensors."""


class Cell(nn.Module):
    """The transition f of a recurrent network, one step for a batch.

    Write `__init__(self, input_size, hidden_size, ...)` and `forward(self, x, state)`, which
    returns the next state. No row of the batch may depend on another. A cell that wraps a layer
    for whole sequences may also define `scan(inputs, state, lengths)`, which must return the same
    results as `unroll`.

    `forward` may name a third argument `time`, the number of the step: (batch, 1) whole numbers in
    the type of x, for each instance from 0. `output` may name `time` and `before`, the state before
    the step.

    A cell may define `penalty(x, state)`, which returns what a step adds to the loss, (batch,): its
    mean over all steps is added. `state` is the state after the step; `penalty` may name `time` and
    `before` too. It may define `constrain()`, which changes its parameters in place before the
    first training step and after each one, and `anneal(step, steps)`, which returns the values of
    buffers of one number in a training step, by name.

    Attributes:
        input_size: features of the input x, (batch, input_size).
        hidden_size: features of the state, (batch, hidden_size).
        version: the version of the definition, from 1. Raise it when the same weights give another
            state: runs record it, and say when it has changed.

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

    version: ClassVar[int] = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size

    @property
    def output_size(self) -> int:
        """The features of a step's output."""
        return self.hidden_size

    def initial_state(self, batch_size: int, steps: int) -> State:
        """Return the state before the first step: zeros (batch, hidden size) by default.

        Args:
            batch_size: the instances in the batch.
            steps: the steps that the loop will make; a stack may need as many places.
        """
        return self.zeros(batch_size, self.hidden_size)

    def continued(self, state: State, steps: int) -> State:
        """Return the state to continue from after other steps: by default the given state.

        A sequence that is run in portions must give the same results as the whole sequence. If the
        size of a cell's state depends on the number of steps, the cell must make room, or refuse.

        Args:
            state: the state that the caller gives to start from.
            steps: the number of steps that follow.

        Raises:
            UsageError: if no result that follows would be right.
        """
        return state

    def output(self, x: Tensor, state: State) -> Tensor:
        """Return a step's output, (batch, output size), a pure function of its arguments.

        It gets the state before the step if it names `before`, and the number of the step if it
        names `time`.
        """
        return state if isinstance(state, Tensor) else tensors_of(state)[0]

    def zeros(self, *shape: int) -> Tensor:
        """Return zeros with the type and the device of this cell's parameters."""
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor.is_floating_point():
                return torch.zeros(shape, dtype=tensor.dtype, device=tensor.device)
        return torch.zeros(shape)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Cell":
        """Return a copy; see `copied_module`."""
        return copied_module(self, memo)

    def extra_repr(self) -> str:
        """Show the sizes in the module's repr."""
        return f"input_size={self.input_size}, hidden_size={self.hidden_size}"

    def __repr__(self) -> str:
        """Return the tree of torch's, or one line where it is long."""
        return module_line(self, super().__repr__())

    def _repr_html_(self) -> str:
        return _html(self)


class Readout(nn.Module):
    """The function g of a recurrent network: `forward(x, output)` gives a step's prediction.

    The prediction is not fed back, so the readout is applied to all steps at once: x is (batch,
    time, input size), output (batch, time, state size), the result (batch, time, output size).
    Its `version` means what a cell's means.
    """

    version: ClassVar[int] = 1

    def __deepcopy__(self, memo: dict[int, Any]) -> "Readout":
        """Return a copy; see `copied_module`."""
        return copied_module(self, memo)

    def __init__(self, input_size: int, state_size: int, output_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.state_size = state_size
        self.output_size = output_size

    def __repr__(self) -> str:
        """Return the tree of torch's, or one line where it is long."""
        return module_line(self, super().__repr__())

    def _repr_html_(self) -> str:
        return _html(self)


def _html(module: nn.Module) -> str:
    """Return a table of a cell's or readout's parameters."""
    rows = [
        (name, "not yet made" if is_lazy(parameter) else tuple(parameter.shape))
        for name, parameter in module.named_parameters()
    ]
    title = f"{type(module).__name__}({module.extra_repr()})"
    return card(title, rows, first_sentence(module))
