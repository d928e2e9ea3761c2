"""A trial takes no rounding for a difference."""

import logging

import pytest
import torch
from grids import one_quick_in
from test_trial import Faint, model_of, outcome
from torch import nn

import seqtasks as st


class Mixture(st.Readout):
    """A mixture of experts whose gates and experts begin at zero."""

    def __init__(self, input_size, state_size, output_size, experts=3):
        super().__init__(input_size, state_size, output_size)
        self.gates = nn.Linear(input_size + state_size, experts)
        self.experts = nn.Linear(input_size + state_size, experts * output_size)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x, output):
        both = torch.cat([x, output], -1)
        gates = torch.softmax(self.gates(both), -1)
        experts = self.experts(both).unflatten(-1, (-1, self.output_size))
        return (gates[..., None] * experts).sum(-2)


class SoftmaxMixture(Mixture):
    """A mixture of softmaxes, as logarithms: the gates' gradients cancel."""

    def forward(self, x, output):
        both = torch.cat([x, output], -1)
        gates = torch.log_softmax(self.gates(both), -1)
        experts = self.experts(both).unflatten(-1, (-1, self.output_size))
        return torch.logsumexp(gates[..., None] + torch.log_softmax(experts, -1), -2)


class Unmoved(Faint):
    """A bias before a softmax, whose gradient is zero but for roundings."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.shift = nn.Parameter(torch.zeros(1))

    def output(self, x, state):
        return torch.softmax(state + self.shift, -1)


class Unstable(st.Cell):
    """Its roundings grow from step to step until nothing is right."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
        self.weight = nn.Parameter(3 * torch.randn(hidden_size, hidden_size))

    def forward(self, x, state):
        return torch.sin(self.linear(x) + 3 * state @ self.weight)


class Forgotten(st.Cell):
    """It starts at minus infinity, as a maximum does."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size) - 1e38

    def forward(self, x, state):
        return torch.maximum(0.9 * state, self.linear(x))


@one_quick_in(2, cell=["gru", "lstm", "concat"], readout=[Mixture, SoftmaxMixture])
def test_a_readout_of_zeros_is_no_false_alarm(cell, readout, caplog):
    with caplog.at_level(logging.WARNING, "seqtasks"):
        result = st.run(
            "adding", cell=cell, readout=readout, steps=2, evaluation_lengths=(10,), hidden_size=16
        )
    # Of one output, a softmax is 1 whatever the experts say, and that is said.
    said = [record.getMessage() for record in caplog.records]
    assert not [text for text in said if "no gradient reaches" not in text]
    assert result.model.engines.name != "plain"


@pytest.mark.parametrize("kind", [Unmoved, Unstable, Forgotten])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steps", [5, 60])
def test_what_rounding_explains_is_no_false_alarm(kind, dtype, steps):
    assert outcome(model_of(kind).to(dtype), steps) == "torch"
