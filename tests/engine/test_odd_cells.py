"""Cells of odd transitions run by each engine: what they keep, exchange, forget or rearrange."""

import torch
from grids import one_quick_in
from torch import nn
from truth import ENGINES, Subject, check, problem

import seqtasks as st


class Rearranged(st.Cell):
    """Flips, rolls and takes parts of its state, and remembers the input before."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        size = self.hidden_size
        return (
            self.zeros(batch_size, size),
            self.zeros(batch_size, self.input_size),
            self.zeros(batch_size, 2, size),
        )

    def forward(self, x, state):
        hidden, before, rows = state
        mixed = torch.sin(hidden.flip(-1) + before) * hidden[:, torch.tensor([0, 2, 2, 1, 0])]
        hidden = torch.tanh(self.linear(x) + mixed + rows.roll(1, 1).sum(1))
        hidden = torch.where(hidden > 0.2, hidden, 0.5 * hidden.roll(2, -1))
        rows = torch.softmax(torch.stack([hidden, rows[:, 0]], 1), -1)
        return hidden, x, rows / torch.linalg.vector_norm(rows, dim=-1, keepdim=True)


class Memoryless(st.Cell):
    """Its next state is a function of the input alone."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(x))


class Exchanged(st.Cell):
    """Two states that change places, and one that is the same as another."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = nn.Parameter(torch.rand(hidden_size))

    def initial_state(self, batch_size, steps):
        first = torch.ones(batch_size, self.hidden_size, dtype=self.scale.dtype)
        return first, 2 * first, 3 * first

    def forward(self, x, state):
        one, other, third = state
        total = torch.cos(x * self.scale + one - third)
        return other, total, total


class Backwards(st.Cell):
    """A map whose rows are read from the last to the first, and a bias without a matrix, too."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)
        self.bias = nn.Parameter(torch.randn(hidden_size))

    def forward(self, x, state):
        mixed = self.linear(torch.cat([x, state], 1)).flip(1)
        return torch.tanh(mixed + (state * self.bias).flip(1) + self.bias.flip(0))


class Swapped(st.Cell):
    """Two states that change places, one of which takes the input in."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.weight = nn.Parameter(torch.randn(input_size, hidden_size))
        self.start = nn.Parameter(torch.randn(input_size))

    def initial_state(self, batch_size, steps):
        zeros = self.zeros(batch_size, self.hidden_size)
        return zeros, zeros

    def forward(self, x, state):
        return state[1], state[0] + x @ self.weight + self.start @ self.weight


class RowsOfAParameter(st.Cell):
    """One parameter holds what its initial state is computed from, and its decay."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.rows = nn.Parameter(torch.randn(2, hidden_size))

    def initial_state(self, batch_size, steps):
        return self.rows[0].tanh().expand(batch_size, -1)

    def forward(self, x, state):
        return torch.tanh(x + self.rows[1] * state)


@one_quick_in(
    2,
    engine=ENGINES,
    kind=[Rearranged, Memoryless, Exchanged, Swapped, Backwards, RowsOfAParameter],
)
def test_it_runs_and_agrees(engine, kind):
    subject = Subject(kind(5, 5))
    for batch, steps in ((1, 1), (3, 2), (17, 7)):
        check(problem(subject, batch, steps), engine, [torch.float64])
        check(problem(subject, batch, steps, given=True, mixed=True), engine, [torch.float64])
