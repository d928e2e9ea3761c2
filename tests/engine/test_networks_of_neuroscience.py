"""A rate network and a spiking network train by a program as by the plain loop, for 200 steps."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from training_runs import LENGTHS, model, trainer

import seqtasks as st

STEPS, SIZE = 200, 3
NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True


class Rates(st.Cell):
    """Dale's law, noise, a decay, and a price of activity."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.recur = nn.Parameter(torch.randn(hidden_size, hidden_size))
        self.register_buffer("signs", torch.tensor([1.0, -1.0, 1.0]))

    def constrain(self):
        self.recur.copy_(torch.relu(self.recur * self.signs) * self.signs)

    def forward(self, x, h):
        drive = self.enter(x) + h @ self.recur.t() + 0.05 * torch.randn_like(h)
        return 0.5 * h + 0.5 * torch.relu(drive)

    def penalty(self, x, h):
        return 0.01 * h.square().mean(-1)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, above, slope):
        ctx.save_for_backward(above, slope)
        return (above > 0).to(above.dtype)

    @staticmethod
    def backward(ctx, gradient):
        above, slope = ctx.saved_tensors
        return gradient / (1 + slope * above.abs()) ** 2, None


class Spiking(st.Cell):
    """Spikes with a surrogate gradient that grows steeper, and a price of spikes."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.recur = nn.Linear(hidden_size, hidden_size)
        self.register_buffer("slope", torch.tensor(1.0))

    @property
    def output_size(self):
        return self.hidden_size

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def anneal(self, step, steps):
        return {"slope": 1.0 + 9.0 * step / steps}

    def forward(self, x, state):
        spikes, potential = state
        potential = 0.8 * potential * (1 - spikes) + self.enter(x) + self.recur(spikes)
        return Spike.apply(potential - 0.3, self.slope), potential

    def penalty(self, x, state):
        return 0.05 * state[0].mean(-1)


@pytest.mark.parametrize("cell", [Rates, Spiking])
def test_a_program_trains_it_as_the_plain_loop_does(cell):
    start = model("symbols")
    start.cells = nn.ModuleList([cell().double()])
    options = {"clip": 1.0, "lengths": LENGTHS[:2], "steps": STEPS}
    made = trainer(start, "symbols", "native", **options)
    plain = trainer(start, "symbols", "plain", **options)
    losses, expected = made.advance(STEPS), plain.advance(STEPS)
    assert made.compiled_steps is not None
    assert losses[-1] < losses[0]
    assert_close(torch.tensor(losses), torch.tensor(expected), rtol=1e-6, atol=1e-6)
    found, wanted = made.state(), plain.state()
    for name, value in found.items():
        assert_close(value, wanted[name], rtol=1e-6, atol=1e-6, msg=name)
