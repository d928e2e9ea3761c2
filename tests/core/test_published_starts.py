"""Networks of the published protocol begin as haiku's."""

import numpy as np
import pytest
import torch
from test_published_protocols import published

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.runs.model_and_batches import experiment_model


def haiku_parameters(cell, symbols=4, hidden=256):
    experiment = published("cycle-navigation", cell=cell, hidden_size=hidden)
    model = experiment_model(experiment, experiment.make_task())
    return {name.removeprefix("cells.0."): value for name, value in model.named_parameters()}


def assert_begins_like_a_linear_map(weights, inputs):
    """Normal with deviation 1 / sqrt(inputs), cut off at two deviations: by its moments."""
    drawn = weights.detach().double().flatten() * inputs**0.5
    # of a standard normal cut off at +-2: mean 0, deviation 0.8796, kurtosis 2.5 (fourth moment)
    inside = 1 - 2 * 0.02275013194817921
    density = np.exp(-2) / np.sqrt(2 * np.pi)
    variance = 1 - 4 * density / inside
    fourth = 3 * variance - 16 * density / inside
    count = len(drawn)
    assert drawn.abs().max() <= 2.0001
    assert drawn.abs().max() > 2 - 40 / count
    assert float(drawn.mean()) == pytest.approx(0, abs=5 / count**0.5)
    assert float(drawn.square().mean()) == pytest.approx(variance, abs=5 * 1.2 / count**0.5)
    assert float(drawn.pow(4).mean()) == pytest.approx(fourth, abs=5 * 3 / count**0.5)


def test_the_relu_network_begins_as_haikus_vanilla_rnn():
    begun = haiku_parameters("elman:nonlinearity=relu")
    assert_begins_like_a_linear_map(begun["weight_ih_l0"], 4)
    assert_begins_like_a_linear_map(begun["weight_hh_l0"], 256)
    assert_begins_like_a_linear_map(begun["readout.linear.weight"], 256)
    for name in ("bias_ih_l0", "bias_hh_l0", "readout.linear.bias"):
        assert not begun[name].any()


def test_the_lstm_begins_as_haikus_one_linear_map_whose_forget_gates_have_one_added():
    begun = haiku_parameters("lstm")
    assert_begins_like_a_linear_map(begun["weight_ih_l0"], 260)
    assert_begins_like_a_linear_map(begun["weight_hh_l0"], 260)
    bias = (begun["bias_ih_l0"] + begun["bias_hh_l0"]).view(4, 256)  # i, f, g, o in torch's order
    assert bias.tolist() == [[0.0] * 256, [1.0] * 256, [0.0] * 256, [0.0] * 256]


@pytest.mark.parametrize("cell", ["stack-rnn", "tape-rnn:jump=1/2"])
def test_a_controller_begins_as_haikus_vanilla_rnn_over_symbol_and_what_is_read(cell):
    begun = haiku_parameters(cell)
    assert_begins_like_a_linear_map(begun["controller.weight"][:, :12], 12)
    assert_begins_like_a_linear_map(begun["controller.weight"][:, 12:], 256)
    rest = {"push.weight": 256, "action.weight": 256, "write.0.weight": 256, "write.2.weight": 64}
    for name, inputs in (rest | {"write.4.weight": 64}).items():
        if name in begun:
            assert_begins_like_a_linear_map(begun[name], inputs)
    assert not any(value.any() for name, value in begun.items() if name.endswith("bias"))


def test_a_model_begins_by_its_seed_whatever_state_the_caller_has():
    first = haiku_parameters("lstm", hidden=8)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    second = haiku_parameters("lstm", hidden=8)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)


class Unknown(st.Cell):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = torch.nn.Parameter(torch.ones(hidden_size))
        self.linear = torch.nn.Linear(input_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(x) + self.scale * state)


def test_a_cell_whose_start_haiku_does_not_know_is_refused_and_may_say_it_itself():
    with pytest.raises(UsageError, match="does not know how the parameters of Unknown begin"):
        st.run("parity-check", protocol="published", cell=Unknown, steps=1)

    class Known(Unknown):
        def begin_as_haiku(self):
            self.scale.fill_(3.0)

    experiment = published("parity-check", cell=Known, hidden_size=5)
    [cell] = experiment_model(experiment, experiment.make_task()).cells
    assert cell.scale.tolist() == [3.0] * 5
    assert not cell.linear.bias.any()
