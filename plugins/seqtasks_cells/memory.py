"""Controllers with a memory beside their state: a stack, and a tape."""

from fractions import Fraction
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks import UsageError
from seqtasks.cells import Cell, State, begin_linear
from seqtasks_cells.checks import check_choice, check_positive, check_share

__all__ = ["StackRNN", "TapeRNN"]

Nonlinearity = Literal["relu", "tanh"]


class Controller(Cell):
    """A simple recurrent network that reads a memory's cell and chooses among actions.

    h' = φ(W [x; r; h] + b), where r is the cell read;  a = softmax(A h' + c)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell_size: int,
        actions: int,
        nonlinearity: Nonlinearity,
    ) -> None:
        super().__init__(input_size, hidden_size)
        check_positive("cell_size", cell_size)
        check_choice("nonlinearity", nonlinearity, ("relu", "tanh"))
        self.cell_size = cell_size
        self.nonlinearity = nonlinearity
        self.controller = nn.Linear(input_size + cell_size + hidden_size, hidden_size)
        self.action = nn.Linear(hidden_size, actions)

    def begin_as_haiku(self) -> None:
        """Draw the controller as `hk.VanillaRNN` does: one linear map of [x; r], another of h."""
        read = self.input_size + self.cell_size
        begin_linear(self.controller.weight[:, :read], read)
        begin_linear(self.controller.weight[:, read:], self.hidden_size)

    def places(self, steps: int) -> int:
        """Return the number of cells of the memory for a loop of `steps` steps."""
        raise NotImplementedError

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor]:
        """Return zeros for h, (batch, hidden size), and the memory, (batch, places, cell size)."""
        memory = self.zeros(batch_size, self.places(steps), self.cell_size)
        return self.zeros(batch_size, self.hidden_size), memory

    def control(self, x: Tensor, read: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next h, (batch, hidden size), and actions, (batch, actions, 1, 1)."""
        activation = functional.relu if self.nonlinearity == "relu" else torch.tanh
        hidden = activation(self.controller(torch.cat([x, read, hidden], -1)))
        return hidden, torch.softmax(self.action(hidden), -1)[..., None, None]


class StackRNN(Controller):
    """A simple recurrent network that reads the top of a stack of vectors.

    h' = φ(W [x; s_0; h] + b);  a = softmax(A h' + c) over push, pop and no-op
    s'_0 = a_push (D h' + d) + a_pop s_1 + a_noop s_0
    s'_i = a_push s_{i-1} + a_pop s_{i+1} + a_noop s_i, with zeros below the bottom

    The state is the pair (h, s). The stack is (batch, depth, cell size), with its top first.
    Vectors that are pushed off the bottom are lost; a stack as deep as the sequence is long loses
    none. A deeper stack computes the same, since only zeros lie below the pushed vectors. So
    depths are rounded up, to 1, 2, 3, 4, 6, 8, 12, 16, 24 ...: sequences of many lengths then need
    stacks of few depths, and an engine makes one program for each depth. A loop that continues
    from a state deepens its stack by its own steps, so that portions of a sequence compute the
    same as the whole.

    Source: A. Joulin and T. Mikolov, "Inferring Algorithmic Patterns with Stack-Augmented
    Recurrent Nets", NeurIPS 2015, in the form of G. Delétang et al., "Neural Networks and the
    Chomsky Hierarchy", ICLR 2023: a ReLU controller, a linear map to the pushed vector, and a
    stack that starts with zeros.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the controller's state, which is the output.
        cell_size: the features of a vector on the stack.
        depth: the vectors that the stack holds; None for the loop's number of steps, rounded up.
        nonlinearity: φ, `relu` or `tanh`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell_size: int = 8,
        depth: int | None = None,
        nonlinearity: Nonlinearity = "relu",
    ) -> None:
        super().__init__(input_size, hidden_size, cell_size, 3, nonlinearity)
        if depth is not None:
            check_positive("depth", depth)
        self.depth = depth
        self.push = nn.Linear(hidden_size, cell_size)

    def places(self, steps: int) -> int:
        """Return the number of vectors that the stack holds."""
        if self.depth is not None:
            return self.depth
        power = 2 ** (steps - 1).bit_length()
        return power * 3 // 4 if steps <= power * 3 // 4 else power

    def continued(self, state: State, steps: int) -> State:
        """Return a state with room below for the pushes of the steps, if no depth is given."""
        if self.depth is not None or not isinstance(state, tuple | list):
            return state
        hidden, stack = cast("tuple[Tensor, Tensor]", state)
        return hidden, functional.pad(stack, (0, 0, 0, steps))  # it may be full

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the next h, (batch, hidden size), and stack, (batch, depth, cell size)."""
        hidden, stack = state
        hidden, actions = self.control(x, stack[:, 0], hidden)
        push, pop, no_op = actions.unbind(1)
        pushed = torch.cat([self.push(hidden)[:, None], stack[:, :-1]], 1)
        popped = torch.cat([stack[:, 1:], torch.zeros_like(stack[:, :1])], 1)
        return hidden, push * pushed + pop * popped + no_op * stack


class TapeRNN(Controller):
    """A simple recurrent network whose head writes on a circular tape and then moves.

    h' = φ(W [x; t_0; h] + b);  a = softmax(A h' + c) over stay, left, right, jump left, jump right
    w = t, but with w_0 = V_3 relu(V_2 relu(V_1 h' + v_1) + v_2) + v_3
    t'_i = a_stay w_i + a_left w_{i+1} + a_right w_{i-1} + a_jumpleft w_{i+J} + a_jumpright w_{i-J}

    Indices wrap around. The head stays at t_0, and the tape moves, to the left or to the right. The
    state is the pair (h, t), and the tape is (batch, places, cell size). A longer tape would not
    compute the same: on 2 T + 1 places, two jumps to the right equal one move to the left.

    Source: G. Delétang et al., "Neural Networks and the Chomsky Hierarchy", ICLR 2023, and its
    published code, where J is the length of the input. A cell sees the loop's steps, T, and the
    input may be a part of them: `jump=1/3` is the published cell for `duplicate-string`, whose
    answer takes twice as long as its input, and `jump=1/2` for `reverse-string`.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the controller's state, which is the output.
        cell_size: the features of a cell of the tape.
        places: the cells of the tape; None for 2 T + 1 in a loop of T steps, so that no walk of
            single moves returns to its start.
        jump: J, the number of cells of a jump, or the fraction of T that it is, rounded down; None
            for half of `places`, which is T if that is None too. If J depends on T, instances that
            share a batch share the tape and the jump of the longest. A loop can continue from a
            state only if `places` is given, since a portion of a sequence does not know T.
        write_size: the units in each hidden layer of the network that computes the written vector.
        nonlinearity: φ, `relu` or `tanh`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell_size: int = 8,
        places: int | None = None,
        jump: int | Fraction | None = None,
        write_size: int = 64,
        nonlinearity: Nonlinearity = "relu",
    ) -> None:
        super().__init__(input_size, hidden_size, cell_size, 5, nonlinearity)
        if places is not None:
            check_positive("places", places)
        if isinstance(jump, float):
            raise UsageError(
                f"jump must be a whole number or a Fraction, as Fraction(1, 2), got {jump}"
            )
        if isinstance(jump, Fraction):
            check_share("jump", jump)
            if places is not None:
                raise UsageError(
                    "jump can be a fraction of the steps only if the tape grows with them: give "
                    f"a whole number, or leave out places, got jump={jump} and places={places}"
                )
        elif jump is not None:
            check_positive("jump", jump)
        check_positive("write_size", write_size)
        self.tape_places = places
        self.jump = jump
        self.write = nn.Sequential(
            nn.Linear(hidden_size, write_size),
            nn.ReLU(),
            nn.Linear(write_size, write_size),
            nn.ReLU(),
            nn.Linear(write_size, cell_size),
        )

    def places(self, steps: int) -> int:
        """Return the number of cells of the tape."""
        return 2 * steps + 1 if self.tape_places is None else self.tape_places

    def continued(self, state: State, steps: int) -> State:
        """Return the state unchanged, if the tape has a fixed length.

        Raises:
            UsageError: if the tape's length depends on its loop's, which a portion does not know.
        """
        if self.tape_places is None:
            raise UsageError(
                "a tape-rnn without places cannot go on from a state: its tape and its jumps "
                "depend on the steps of the whole sequence, T; give places (2 T + 1) and jump (T)"
            )
        return state

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the next h, (batch, hidden size), and tape, (batch, places, cell size)."""
        hidden, tape = state
        hidden, actions = self.control(x, tape[:, 0], hidden)
        written = torch.cat([self.write(hidden)[:, None], tape[:, 1:]], 1)
        jump = self.jump if isinstance(self.jump, int) else self._part(tape.shape[1] // 2)
        moves = (0, -1, 1, -jump, jump)
        moved = [written.roll(move, 1) for move in moves]
        return hidden, (actions * torch.stack(moved, 1)).sum(1)

    def _part(self, steps: int) -> int:
        """Return the number of cells of a jump in a loop of `steps` steps."""
        return steps if self.jump is None else int(self.jump * steps)
