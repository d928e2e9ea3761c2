"""Every readout computes its printed formula, and tanh logits have the floor they must have."""

import math

import numpy as np
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

import seqtasks as st
from seqtasks.cells import ConcatReadout, StateReadout, SumReadout

SPECS = [
    f"{name}{activation}"
    for name in ("concat", "sum", "state")
    for activation in ("", ":activation=identity", ":activation=tanh")
]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(21)
        yield


def made(spec, output_size=2):
    """Return a readout in float64, and one batch of inputs and outputs (2, 3, size) for it."""
    input_size = 5 if spec.startswith("sum") else 4
    readout = st.readout(spec, input_size, 5, output_size).double()
    x = torch.randn(2, 3, input_size, dtype=torch.float64, requires_grad=True)
    return readout, x, torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)


def printed(spec, v, c, x, h):
    """Return one step's prediction of one instance, as the formula is printed."""
    name, _, activation = spec.partition(":activation=")
    joined = {"concat": lambda: np.concatenate([x, h]), "sum": lambda: x + h, "state": lambda: h}
    y = v @ joined[name]() + c
    return np.tanh(y) if activation == "tanh" else y


@pytest.mark.parametrize("output_size", [1, 2, 7])
@pytest.mark.parametrize("spec", SPECS)
def test_a_readout_computes_its_formula_at_every_step_of_every_instance(spec, output_size):
    readout, x, h = made(spec, output_size)
    predictions = readout(x, h)
    assert predictions.shape == (2, 3, output_size)
    v, c = (parameter.detach().numpy() for parameter in readout.parameters())
    for place in np.ndindex(2, 3):
        expected = printed(spec, v, c, x[place].detach().numpy(), h[place].detach().numpy())
        np.testing.assert_allclose(predictions[place].detach(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("spec", SPECS)
def test_gradients_agree_with_finite_differences(spec):
    readout, x, h = made(spec)
    names = [name for name, _ in readout.named_parameters()]

    def run(x, h, *values):
        return functional_call(readout, dict(zip(names, values, strict=True)), (x, h))

    assert torch.autograd.gradcheck(run, (x, h, *readout.parameters()))


@pytest.mark.parametrize("name", ["concat", "sum", "state"])
def test_the_logits_are_free_unless_tanh_is_asked_for(name):
    for spec, bounded in ((name, False), (f"{name}:activation=tanh", True)):
        readout, x, h = made(spec)
        largest = readout(100 * x, 100 * h).abs().max().item()
        assert (largest <= 1) == bounded


@pytest.mark.parametrize("cls", [ConcatReadout, SumReadout, StateReadout])
def test_two_class_cross_entropy_of_tanh_logits_ends_at_its_floor(cls):
    floor = math.log(1 + math.exp(-2))
    assert floor == pytest.approx(0.1269, abs=5e-5)
    readout = cls(5, 5, 2, activation="tanh").double()
    with torch.no_grad():  # the two logits as far apart as they can be
        for parameter in readout.parameters():
            parameter[1] = -parameter[0]
    x, h = torch.randn(2, 8, 50, 5, dtype=torch.float64)
    for scale in (1, 10, 100, 1e6):
        logits = readout(scale * x, scale * h)
        right = logits.argmax(-1)  # targets as kind as they can be
        loss = cross_entropy(logits.flatten(0, 1), right.flatten()).item()
        assert loss >= floor - 1e-12
    assert loss == pytest.approx(floor, abs=1e-9)


def test_without_tanh_the_cross_entropy_goes_below_that_floor():
    readout = ConcatReadout(5, 5, 2)
    logits = readout(1000 * torch.randn(8, 50, 5), torch.zeros(8, 50, 5)).flatten(0, 1)
    assert cross_entropy(logits, logits.argmax(-1)).item() < 0.05


def test_the_sum_of_different_sizes_is_refused_with_both_sizes_and_a_way_out():
    with pytest.raises(st.UsageError) as error:
        st.readout("sum", 3, 4, 2)
    for text in ("'sum'", "embedding size (3)", "output size (4)", "must be equal", "'concat'"):
        assert text in str(error.value)


@pytest.mark.parametrize("cls", [ConcatReadout, SumReadout, StateReadout])
def test_an_unknown_activation_is_refused_in_python(cls):
    with pytest.raises(st.UsageError, match="identity or tanh, got 'relu'"):
        cls(3, 3, 2, activation="relu")


def test_an_unknown_activation_is_refused_in_a_spec_with_the_choices():
    with pytest.raises(st.UsageError, match=r"identity\|tanh"):
        st.readout("state:activation=relu", 3, 3, 2)


def test_an_unknown_readout_is_refused_with_the_nearest_name():
    with pytest.raises(st.UsageError, match="'concat'"):
        st.readout("conct", 3, 3, 2)


def test_the_state_readout_does_not_see_the_input():
    readout, x, h = made("state")
    (gradient,) = torch.autograd.grad(readout(x, h).sum(), [x], allow_unused=True)
    assert gradient is None
