"""Every built-in cell computes what torch's own layers and the written-out equations compute."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells import GRU, LSTM, Concat, Elman, GRUConcat, Sum
from seqtasks_bits.torch_cells import NNGRU

BATCH, STEPS, INPUT, HIDDEN = 3, 6, 4, 5
EXACT = {"rtol": 1e-12, "atol": 1e-12}
SPECS = ["concat", "sum", "elman", "elman:nonlinearity=relu", "gru", "gru-concat", "lstm"]
TWINS = {
    "elman": (Elman, {}, nn.RNN),
    "elman-relu": (Elman, {"nonlinearity": "relu"}, nn.RNN),
    "gru": (GRU, {}, nn.GRU),
    "lstm": (LSTM, {}, nn.LSTM),
}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20)
        yield


def parts(state):
    """Return a state's tensors, whether it is one tensor or a tuple."""
    return state if isinstance(state, tuple) else (state,)


def random_state(cell, batch=BATCH):
    """Return a random state in the shape of the cell's own initial state."""
    drawn = tuple(torch.randn_like(part) for part in parts(cell.initial_state(batch, 1)))
    return drawn if len(drawn) > 1 else drawn[0]


def detached(state):
    """Return a copy of a state that gradients can be taken of."""
    copies = tuple(part.detach().clone().requires_grad_() for part in parts(state))
    return copies if isinstance(state, tuple) else copies[0]


def run_layer(layer, inputs, state):
    """Run a layer of torch: outputs and final state, in the shapes that `unroll` has."""
    start = tuple(part[None] for part in parts(state))
    outputs, final = layer(inputs, start if isinstance(state, tuple) else start[0])
    squeezed = tuple(part[0] for part in parts(final))
    return outputs, squeezed if isinstance(final, tuple) else squeezed[0]


def weighted_sum(*tensors):
    """Return a scalar on which every number of every tensor has its own influence."""
    generator = torch.Generator().manual_seed(7)
    return sum(
        (t * torch.randn(t.shape, generator=generator, dtype=t.dtype)).sum() for t in tensors
    )


@pytest.fixture(params=TWINS)
def twins(request):
    cell_class, options, layer_class = TWINS[request.param]
    cell = cell_class(INPUT, HIDDEN, **options).double()
    return cell, layer_class(INPUT, HIDDEN, batch_first=True, **options).double()


@pytest.mark.parametrize("direction", ["from the layer", "to the layer"])
def test_weights_go_between_cell_and_torch_layer_and_compute_the_same(twins, direction):
    cell, layer = twins
    source, target = (layer, cell) if direction == "from the layer" else (cell, layer)
    target.load_state_dict(source.state_dict())
    inputs = torch.randn(BATCH, STEPS, INPUT, dtype=torch.float64)
    start = random_state(cell)
    runs = []
    for module in (cell, layer):
        x, state = detached(inputs), detached(start)
        run = st.unroll if module is cell else run_layer
        outputs, final = run(module, x, state)
        weighted_sum(outputs, *parts(final)).backward()
        gradients = {name: p.grad for name, p in module.named_parameters()}
        runs.append((outputs, final, x.grad, [part.grad for part in parts(state)], gradients))
    assert_close(runs[0], runs[1], **EXACT)


def test_the_state_after_every_step_is_that_of_a_torch_layer_stopped_there(twins):
    cell, layer = twins
    cell.load_state_dict(layer.state_dict())
    inputs, start = torch.randn(BATCH, STEPS, INPUT, dtype=torch.float64), random_state(cell)
    _, final, states = st.unroll(cell, inputs, start, return_states=True)
    for step in range(STEPS):
        expected = run_layer(layer, inputs[:, : step + 1], start)[1]
        for got, want in zip(parts(states), parts(expected), strict=True):
            assert_close(got[:, step], want, **EXACT)
    assert_close(final, run_layer(layer, inputs, start)[1], **EXACT)


def test_a_cell_starts_from_zeros_as_torch_layers_do(twins):
    cell, layer = twins
    cell.load_state_dict(layer.state_dict())
    inputs = torch.randn(BATCH, STEPS, INPUT, dtype=torch.float64)
    assert_close(st.unroll(cell, inputs)[0], layer(inputs)[0], **EXACT)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def concat_step(p, x, h):
    return np.tanh(p["linear.weight"] @ np.concatenate([x, h]) + p["linear.bias"])


def sum_step(p, x, h):
    return np.tanh(p["linear.weight"] @ (x + h) + p["linear.bias"])


def gru_concat_step(p, x, h):
    xh = np.concatenate([x, h])
    r = sigmoid(p["reset.weight"] @ xh + p["reset.bias"])
    u = sigmoid(p["update.weight"] @ xh + p["update.bias"])
    n = np.tanh(p["candidate.weight"] @ np.concatenate([x, r * h]) + p["candidate.bias"])
    return u * n + (1 - u) * h


def written_out(step, values):
    """Run an equation over each instance alone, in NumPy: the states (batch, time, hidden)."""
    batches = []
    for instance, h in zip(values["inputs"], values["state"], strict=True):
        states = []
        for x in instance:
            h = step(values, x, h)
            states.append(h)
        batches.append(states)
    return np.array(batches)


EQUATIONS = [
    (Concat, INPUT, concat_step),
    (Sum, HIDDEN, sum_step),
    (GRUConcat, INPUT, gru_concat_step),
]


@pytest.mark.parametrize(("cell_class", "input_size", "step"), EQUATIONS)
def test_a_cell_computes_the_equation_as_printed_and_its_gradients(cell_class, input_size, step):
    cell = cell_class(input_size, HIDDEN).double()
    inputs = torch.randn(2, 4, input_size, dtype=torch.float64, requires_grad=True)
    state = torch.randn(2, HIDDEN, dtype=torch.float64, requires_grad=True)
    outputs, final, states = st.unroll(cell, inputs, state, return_states=True)
    tensors = {**dict(cell.named_parameters()), "inputs": inputs, "state": state}
    values = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    expected = written_out(step, values)
    np.testing.assert_allclose(outputs.detach(), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(states.detach(), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(final.detach(), expected[:, -1], rtol=0, atol=1e-12)

    weights = np.random.default_rng(3).normal(size=expected.shape)
    (outputs * torch.from_numpy(weights)).sum().backward()
    for name, tensor in tensors.items():
        for place in np.ndindex(*tensor.shape):  # the complex step: exact to the last digits
            shifted = values[name].astype(complex)
            shifted[place] += 1e-30j
            slope = (written_out(step, {**values, name: shifted}) * weights).sum().imag / 1e-30
            assert tensor.grad[place].item() == pytest.approx(slope, rel=1e-11, abs=1e-12), name


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("spec", SPECS)
def test_gradients_agree_with_finite_differences(spec, steps):
    size = 3 if spec == "sum" else 2
    cell = st.cell(spec, size, 3).double()
    names = [name for name, _ in cell.named_parameters()]
    x = torch.randn(2, steps, size, dtype=torch.float64, requires_grad=True)
    state = tuple(part.detach().requires_grad_() for part in parts(random_state(cell, 2)))

    def run(x, *rest):
        start = rest[: len(state)] if len(state) > 1 else rest[0]
        weights = dict(zip(names, rest[len(state) :], strict=True))
        if steps == 1:
            return functional_call(cell, weights, (x[:, 0], start))
        module = Unrolled(cell)
        named = {f"cell.{name}": value for name, value in weights.items()}
        outputs, final = functional_call(module, named, (x, start))
        return (outputs, *parts(final))

    assert torch.autograd.gradcheck(run, (x, *state, *cell.parameters()))


class Unrolled(nn.Module):
    """A cell run along a sequence, as a module, so that its parameters can be put in."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x, state):
        return st.unroll(self.cell, x, state)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec != "sum"])
@pytest.mark.parametrize("sizes", [(2, 7), (7, 2), (1, 1)])
def test_the_hidden_size_may_differ_from_the_embedding_size(spec, sizes):
    cell = st.cell(spec, *sizes)
    outputs, final = st.unroll(cell, torch.randn(3, 4, sizes[0]))
    assert outputs.shape == (3, 4, sizes[1])
    assert all(part.shape == (3, sizes[1]) for part in parts(final))


def test_the_sum_of_different_sizes_is_refused_with_both_sizes_and_a_way_out():
    with pytest.raises(st.UsageError) as error:
        st.cell("sum", 3, 4)
    for text in ("'sum'", "embedding size (3)", "hidden size (4)", "must be equal", "'concat'"):
        assert text in str(error.value)


def test_an_unknown_nonlinearity_is_refused():
    with pytest.raises(st.UsageError, match="nonlinearity"):
        st.cell("elman:nonlinearity=sigmoid", 3, 4)
    with pytest.raises(st.UsageError, match="sigmoid"):
        Elman(3, 4, nonlinearity="sigmoid")


@pytest.mark.parametrize("spec", SPECS)
def test_parameters_start_uniform_within_torchs_usual_bounds(spec):
    fan_in = 32 if "concat" in spec else 16
    for parameter in st.cell(spec, 16, 16).parameters():
        assert 0.75 * fan_in**-0.5 < parameter.abs().max().item() <= fan_in**-0.5 * (1 + 1e-6)
        assert parameter.std().item() == pytest.approx((3 * fan_in) ** -0.5, rel=0.4)


def all_of(result):
    """Return outputs and final state of a run, with the gradients of a scalar of both."""
    outputs, final, *leaves = result
    return outputs, final, torch.autograd.grad(weighted_sum(outputs, final), leaves)


@pytest.mark.parametrize("given_state", [False, True])
@pytest.mark.parametrize("lengths", [None, [6, 1, 4], [3, 3, 2], [5, 0, 6]])
def test_the_scan_of_nn_gru_is_the_plain_loop(lengths, given_state):
    cell = NNGRU(INPUT, HIDDEN).double()
    inputs = torch.randn(BATCH, STEPS, INPUT, dtype=torch.float64, requires_grad=True)
    state = random_state(cell).requires_grad_() if given_state else None
    leaves = [inputs, *cell.parameters(), *([state] if given_state else [])]
    counts = None if lengths is None else torch.tensor(lengths)
    scanned = all_of((*cell.scan(inputs, state, counts), *leaves))
    looped = all_of((*st.unroll(cell, inputs, state, counts), *leaves))
    assert_close(scanned, looped, **EXACT)


@pytest.mark.parametrize("wrapped", ["nn-gru-cell", "nn-gru"])
def test_a_wrapped_torch_module_is_the_gru_with_its_weights(wrapped):
    cell, twin = st.cell(wrapped, INPUT, HIDDEN).double(), GRU(INPUT, HIDDEN).double()
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    inner = cell.cell if wrapped == "nn-gru-cell" else cell.layer
    suffix = "" if wrapped == "nn-gru-cell" else "_l0"
    weights = {f"{name}_l0": getattr(inner, name + suffix) for name in names}
    twin.load_state_dict(weights)
    inputs = torch.randn(BATCH, STEPS, INPUT, dtype=torch.float64, requires_grad=True)
    state, lengths = random_state(cell).requires_grad_(), torch.tensor([6, 2, 3])
    got = all_of((*st.unroll(cell, inputs, state, lengths), inputs, state, *weights.values()))
    mine = [dict(twin.named_parameters())[name] for name in weights]
    want = all_of((*st.unroll(twin, inputs, state, lengths), inputs, state, *mine))
    assert_close(got, want, **EXACT)
