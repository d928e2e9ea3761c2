"""Modules that take their state before x, or each part of it as an argument of its own."""

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.engine.unroll import engines_of


class StateFirst(nn.Module):
    """As the update of RAFT (Z. Teed and J. Deng, ECCV 2020): forward(h, x)."""

    by_hand = staticmethod(lambda module, x, h: module(h, x))

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.z, self.q = (nn.Linear(input_size + hidden_size, hidden_size) for _ in range(2))

    def forward(self, h, x):
        z = torch.sigmoid(self.z(torch.cat([h, x], 1)))
        return (1 - z) * h + z * torch.tanh(self.q(torch.cat([z * h, x], 1)))


class Apart(nn.Module):
    """As coRNN (T. K. Rusch and S. Mishra, ICLR 2021): forward(x, hy, hz)."""

    by_hand = staticmethod(lambda module, x, state: module(x, *state))

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.i2h = nn.Linear(input_size + 2 * hidden_size, hidden_size)

    def forward(self, x, hy, hz):
        hz = hz + 0.3 * (torch.tanh(self.i2h(torch.cat((x, hz, hy), 1))) - 0.9 * hy - 1.1 * hz)
        return hy + 0.3 * hz, hz


class ApartWithTime(Apart):
    """Takes the time that passed, by name, after the parts of its state."""

    by_hand = staticmethod(lambda module, x, state: module(x, *state, 1.0))

    def forward(self, x, hy, hz, dt):
        hy, hz = super().forward(x, hy, hz)
        return hy * (1 - 0.1 * dt), hz


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        (StateFirst, "module(state, x), x of (batch, input)"),
        (Apart, "module(x, state[0], state[1]), x of (batch, input)"),
        (ApartWithTime, "module(x, state[0], state[1]), x of (batch, input)"),
    ],
)
def test_a_state_before_x_or_in_parts_is_given_so(kind, called):
    torch.manual_seed(0)
    cell = st.cell(kind, 3, 4).double()
    assert cell.convention.describe()["called as"] == called
    inputs = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(2, 4, dtype=torch.float64)
    state = zeros if kind is StateFirst else (zeros, zeros)
    made = []
    for x in inputs.unbind(1):
        state = kind.by_hand(cell.module, x, state)
        made.append(state if kind is StateFirst else state[0])
    truth = torch.stack(made, 1)
    outputs, _ = st.unroll(cell, inputs, engine="native")
    assert engines_of(cell, "native").name == "native"
    given = [inputs, *cell.parameters()]
    found = [torch.autograd.grad(one.sin().sum(), given) for one in (truth, outputs)]
    torch.testing.assert_close(outputs, truth)
    torch.testing.assert_close(*found)
