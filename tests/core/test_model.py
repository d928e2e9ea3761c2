"""A model embeds, unrolls one cell or several, reads out, and measures itself over a batch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells import ConcatReadout, StateReadout
from seqtasks.models.build import build_model
from seqtasks.models.loss import sequence_loss
from seqtasks_bits.torch_cells import NNGRU

EXACT = {"rtol": 1e-12, "atol": 1e-12}
SYMBOLS = 3


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(23)
        yield


def made(cell="gru", layers=1, reals=False):
    """Return a model of ids (or vectors of 2), embedded in 4, with states of 5."""
    embedding = nn.Linear(2, 4) if reals else nn.Embedding(3, 4)
    cells = [st.cell(cell, 5 if layer else 4, 5) for layer in range(layers)]
    return st.Model(embedding, cells, ConcatReadout(4, 5, 2 if reals else SYMBOLS)).double()


def ids(*shape):
    return torch.randint(SYMBOLS, shape)


def leaf_tensors(state):
    """Return the tensors of a state, of states of layers, or of one."""
    return (
        [state] if isinstance(state, torch.Tensor) else [t for s in state for t in leaf_tensors(s)]
    )


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("cell", "layer_class"), [("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_layers_compute_what_torchs_stacked_layers_compute(cell, layer_class, layers):
    model = made(cell, layers)
    twin = layer_class(4, 5, layers, batch_first=True).double()
    named_by_layer = [dict(one.named_parameters()) for one in model.cells]
    twin.load_state_dict(
        {
            f"{name.removesuffix('_l0')}_l{layer}": value
            for layer, named in enumerate(named_by_layer)
            for name, value in named.items()
        }
    )
    inputs = ids(2, 6)
    embedded = model.embedding.weight[inputs]
    outputs, final = twin(embedded)
    expected = model.readout.linear(torch.cat([embedded, outputs], -1))

    predictions, state = model(inputs)
    assert_close(predictions, expected, **EXACT)
    weights = torch.randn_like(expected)
    gradients = (
        torch.autograd.grad((result * weights).sum(), [model.embedding.weight])
        for result in (predictions, expected)
    )
    assert_close(*gradients, **EXACT)
    state = state if layers > 1 else (state,)
    assert len(state) == layers
    finals = [torch.stack(parts) for parts in zip(*map(leaf_tensors, state), strict=True)]
    assert_close(finals, leaf_tensors(final), **EXACT)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["concat", "lstm", "nn-gru"])
def test_the_states_of_every_step_are_returned_when_asked_for(cell, layers):
    model, inputs = made(cell, layers), ids(2, 6)
    predictions, final = model(inputs)
    again, last, states = model(inputs, return_states=True)
    assert_close((again, last), (predictions, final), **EXACT)
    assert len(leaf_tensors(states)) == layers * (2 if cell == "lstm" else 1)
    for step in (0, 3, 5):
        here = [tensor[:, step] for tensor in leaf_tensors(states)]
        assert_close(here, leaf_tensors(model(inputs[:, : step + 1])[1]), **EXACT)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["concat", "lstm", "nn-gru"])
def test_two_halves_with_the_state_passed_on_are_the_whole(cell, layers):
    model, inputs, targets = made(cell, layers), ids(3, 8), ids(3, 8)
    whole, final = model(inputs)
    first, state = model(inputs[:, :3])
    second, ended = model(inputs[:, 3:], state)
    assert_close((torch.cat([first, second], 1), ended), (whole, final), **EXACT)
    assert_close(model.predict(inputs[:, 3:], state), whole[:, 3:].argmax(-1))
    halves = 3 * model.loss(inputs[:, :3], targets[:, :3]) + 5 * model.loss(
        inputs[:, 3:], targets[:, 3:], state
    )
    assert_close(halves / 8, model.loss(inputs, targets), **EXACT)


def test_ids_give_logits_and_predictions_their_places():
    model, inputs = made(), ids(4, 7)
    predicted = model.predict(inputs)
    assert (model(inputs)[0].shape, predicted.shape) == ((4, 7, SYMBOLS), (4, 7))
    assert predicted.dtype == torch.int64
    assert not predicted.requires_grad
    for place in np.ndindex(4, 7):
        logits = model(inputs)[0][place].tolist()
        assert predicted[place] == logits.index(max(logits))


def test_predictions_past_an_instances_length_are_not_scored_ids():
    lengths = torch.tensor([5, 0, 2])
    predicted = made().predict(ids(3, 5), lengths=lengths)
    past_end = torch.arange(5) >= lengths[:, None]
    assert torch.equal(predicted == st.IGNORE, past_end)


def surprise(logits, target):
    """Return -log of a target's probability, in Python's own arithmetic."""
    return math.log(sum(math.exp(logit) for logit in logits)) - logits[target]


@pytest.mark.parametrize("lengths", [None, [4, 1, 3]])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_ids_is_the_cross_entropy_over_scored_positions(reduction, lengths):
    model, inputs, targets = made(), ids(3, 4), ids(3, 4)
    targets[0, 1] = targets[2, 0] = targets[2, 3] = st.IGNORE
    counts = None if lengths is None else torch.tensor(lengths)
    logits = model(inputs, None, counts)[0].tolist()
    found = [
        surprise(logits[b][t], targets[b, t])
        for b in range(3)
        for t in range(4 if lengths is None else lengths[b])
        if targets[b, t] != -100
    ]
    assert len(found) == (9 if lengths is None else 6)
    expected = sum(found) / (len(found) if reduction == "mean" else 3)
    loss = model.loss(inputs, targets, lengths=counts, reduction=reduction)
    assert loss.item() == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("lengths", [None, [4, 1, 3]])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_reals_is_the_squared_error_over_scored_positions(reduction, lengths):
    model = made(reals=True)
    inputs, targets = torch.randn(2, 3, 4, 2, dtype=torch.float64)
    targets[0, 1], targets[2, 0, 1], targets[2, 3] = torch.nan, torch.nan, torch.nan
    counts = None if lengths is None else torch.tensor(lengths)
    predictions = model(inputs, None, counts)[0].tolist()
    found = []
    for b in range(3):
        for t in range(4 if lengths is None else lengths[b]):
            wanted = targets[b, t].tolist()
            if not any(math.isnan(number) for number in wanted):
                pairs = zip(predictions[b][t], wanted, strict=True)
                found.append(sum((p - w) ** 2 for p, w in pairs) / 2)
    assert len(found) == (9 if lengths is None else 6)
    loss = model.loss(inputs, targets, lengths=counts, reduction=reduction)
    expected = sum(found) / (len(found) if reduction == "mean" else 3)
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_an_unscored_position_has_no_gradient(reduction):
    logits = torch.randn(2, 3, SYMBOLS, requires_grad=True)
    targets = torch.tensor([[0, st.IGNORE, 2], [st.IGNORE, 1, 1]])
    sequence_loss(logits, targets, torch.tensor([3, 2]), reduction).backward()
    touched = logits.grad.abs().sum(-1) > 0
    assert touched.tolist() == [[True, False, True], [False, True, False]]


@pytest.mark.parametrize("reals", [False, True])
@pytest.mark.parametrize(("cell", "layers"), [("concat", 1), ("lstm", 2), ("nn-gru", 1)])
@settings(max_examples=10, deadline=None, derandomize=True)
@given(lengths=some.lists(some.integers(1, 6), min_size=1, max_size=4), fill=some.integers(0, 2))
def test_a_mixed_batch_predicts_and_learns_as_its_instances_alone(
    cell, layers, reals, lengths, fill
):
    torch.manual_seed(6)
    model, counts, steps = made(cell, layers, reals), torch.tensor(lengths), 6
    past_end = torch.arange(steps) >= counts[:, None]
    if reals:
        inputs, targets = torch.randn(2, len(lengths), steps, 2, dtype=torch.float64)
        inputs[past_end], targets[past_end] = fill, fill
    else:
        inputs, targets = ids(2, len(lengths), steps)
        inputs[past_end], targets[past_end] = fill, fill
    together = model.loss(inputs, targets, lengths=counts)
    gradients = torch.autograd.grad(together, [*model.parameters()])

    alone, outputs = 0.0, []
    for b, length in enumerate(lengths):
        own = inputs[b : b + 1, :length], targets[b : b + 1, :length]
        alone = alone + length * model.loss(*own) / sum(lengths)
        outputs.append(model(own[0]))
    assert_close(together, alone, **EXACT)
    assert_close(gradients, torch.autograd.grad(alone, [*model.parameters()]), **EXACT)

    predictions, final = model(inputs, None, counts)
    for b, (prediction, state) in enumerate(outputs):
        assert_close(predictions[b : b + 1, : lengths[b]], prediction, **EXACT)
        mine = [tensor[b : b + 1] for tensor in leaf_tensors(final)]
        assert_close(mine, leaf_tensors(state), **EXACT)
        if not reals:
            ids_alone = model.predict(inputs[b : b + 1, : lengths[b]])[0].tolist()
            padding = [st.IGNORE] * (steps - lengths[b])
            assert model.predict(inputs, lengths=counts)[b].tolist() == ids_alone + padding


def test_a_cell_that_scans_is_run_through_its_scan(monkeypatch):
    calls = []
    original = NNGRU.scan
    monkeypatch.setattr(NNGRU, "scan", lambda *given: calls.append(len(given)) or original(*given))
    made("nn-gru")(ids(2, 3))
    assert len(calls) == 1


def test_a_model_without_a_cell_is_refused():
    with pytest.raises(ValueError, match="at least one cell"):
        st.Model(nn.Embedding(2, 3), [], StateReadout(3, 3, 2))


@pytest.mark.parametrize("layers", [1, 2])
def test_a_built_model_is_that_of_its_seed_whatever_was_drawn_before(layers):
    def weights(seed):
        task = st.task("bitflip")
        return build_model(task, "gru", "concat", 6, 4, layers, seed).state_dict()

    first = weights(1)
    torch.manual_seed(99)
    again, other = weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
    assert {tensor.dtype for tensor in first.values()} == {torch.float32}


def test_building_a_model_leaves_the_global_random_states_alone():
    before = torch.get_rng_state(), np.random.get_state()
    build_model(st.task("bitflip"), "gru", "concat", 6)
    assert torch.equal(before[0], torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], np.random.get_state(), strict=True))


def test_a_built_model_has_the_sizes_asked_for():
    model = build_model(st.task("bitflip"), "lstm", "concat", 6, 4, layers=2)
    assert model.embedding.weight.shape == (2, 4)
    assert [(c.input_size, c.hidden_size) for c in model.cells] == [(4, 6), (6, 6)]
    assert model.readout.linear.weight.shape == (2, 4 + 6)
    assert build_model(st.task("bitflip"), "gru", "state", 6).embedding.weight.shape == (2, 6)
