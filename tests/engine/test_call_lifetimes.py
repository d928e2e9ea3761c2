"""A model called as a module: outputs and gradients stay as they are while later calls run."""

import copy

import pytest
import torch
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st

EXACT = {"rtol": 1e-9, "atol": 1e-9}
pytestmark = pytest.mark.parametrize("engine", ENGINES)


def models(engine):
    """Return a model that an engine runs, its copy on the plain loop, and some batches."""
    torch.manual_seed(5)
    model = st.Model(torch.nn.Embedding(3, 4), st.cell("gru", 4, 6), st.readout("state", 4, 6, 3))
    model, plain = model.double(), copy.deepcopy(model)
    model.use_engine(engine)
    return model, plain, [torch.randint(3, (5, 7)) for _ in range(3)]


def loss_of(model, ids):
    return torch.nn.functional.cross_entropy(model(ids)[0].flatten(0, 1), ids.flatten())


def gradients_of(model):
    return [parameter.grad for parameter in model.parameters()]


def kept(tensors):
    """Return tensors with copies of their numbers."""
    return [(tensor, tensor.detach().clone()) for tensor in tensors]


def assert_unchanged(pairs):
    for tensor, before in pairs:
        assert torch.equal(tensor, before)


def test_results_stay_while_later_calls_run(engine):
    model, plain, batches = models(engine)
    results = [model(ids) for ids in batches]
    held = kept([tensor for result in results for tensor in result])
    losses = [loss_of(model, ids) for ids in batches]
    sum(losses).backward()
    with torch.no_grad():
        model(batches[0])
    assert_unchanged(held)
    for (logits, state), ids in zip(results, batches, strict=True):
        expected = plain(ids)
        assert_close((logits, state), (expected[0], expected[1]), **EXACT)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_gradients_that_the_caller_keeps_stay_across_steps(engine, set_to_none):
    model, plain, batches = models(engine)
    optimizers = [torch.optim.Adam(one.parameters(), 0.1) for one in (model, plain)]
    held = []
    for ids in batches * 2:
        for one, optimizer in zip((model, plain), optimizers, strict=True):
            optimizer.zero_grad(set_to_none=set_to_none)
            loss_of(one, ids).backward()
            optimizer.step()
        assert_close(gradients_of(model), gradients_of(plain), **EXACT)
        if set_to_none:  # else torch itself changes them
            assert_unchanged(held)
            held += kept(gradients_of(model))
    assert_close(list(model.parameters()), list(plain.parameters()), **EXACT)


def test_gradients_accumulate(engine):
    model, plain, batches = models(engine)
    for one in (model, plain):
        for ids in batches:
            loss_of(one, ids).backward()
    assert_close(gradients_of(model), gradients_of(plain), **EXACT)
    by_hand = [torch.zeros_like(parameter) for parameter in model.parameters()]
    for ids in batches:
        parts = torch.autograd.grad(loss_of(model, ids), list(model.parameters()))
        for total, part in zip(by_hand, parts, strict=True):
            total += part
    assert_close(by_hand, gradients_of(plain), **EXACT)


def test_one_gradient_changed_in_place_leaves_the_others(engine):
    model, _, batches = models(engine)
    loss_of(model, batches[0]).backward()
    first, *others = gradients_of(model)
    held = kept(others)
    first.fill_(9)
    assert_unchanged(held)


def test_one_loss_of_a_call_used_twice(engine):
    model, plain, (ids, other, _) = models(engine)
    for one in (model, plain):
        logits, state = one(ids)
        again, _ = one(other, state)
        loss = (logits * again).sum() + logits.square().mean() + again[:, 0].sin().sum()
        loss.backward(retain_graph=True)
        loss.backward()
    assert_close(gradients_of(model), gradients_of(plain), **EXACT)


def test_calls_of_other_kinds_in_turns_get_programs_of_their_own(engine):
    model, plain, (ids, _, _) = models(engine)
    lengths = torch.tensor([7, 1, 3, 7, 5])
    for _ in range(2):
        for call in (
            lambda one: one(ids)[0],
            lambda one: one(ids)[0],
            lambda one: one(ids, lengths=lengths)[0],
            lambda one: one(ids[:, :4])[0],
            lambda one: one(ids, return_states=True)[2],
            lambda one: one(ids, one(ids)[1].tanh())[0],
        ):
            for one in (model, plain):
                one.zero_grad()
                call(one).square().sum().backward()
            assert_close(gradients_of(model), gradients_of(plain), **EXACT)
            with torch.no_grad():
                assert_close(call(model), call(plain), **EXACT)


def test_a_change_between_two_equal_calls_is_noticed(engine):
    model, _, (ids, _, _) = models(engine)
    model(ids), model(ids)
    weight = model.readout.linear.weight
    weight.requires_grad_(False)
    loss_of(model, ids).backward()
    assert weight.grad is None
    weight.requires_grad_(True)
    model.cells[0] = st.cell("elman", 4, 6).double()
    found = model(ids)[0]
    assert_close(found, model.plain(ids)[0], **EXACT)
    with torch.no_grad():
        weight.mul_(2)
    assert_close(model(ids)[0], model.plain(ids)[0], **EXACT)
    model.readout.linear.register_forward_hook(lambda module, given, found: found + 1)
    model.use_engine("auto")
    assert_close(model(ids)[0], model.plain(ids)[0], **EXACT)


def transposed(model):
    weight = model.cells[0].weight_hh_l0
    weight.data = weight.data.t()


def other_parameters(model):
    linear = model.readout.linear
    others = {name: torch.nn.Parameter(2 * p) for name, p in linear.named_parameters()}
    vars(linear)["_parameters"] = others


def other_type(model):
    model.float()


@pytest.mark.parametrize("change", [transposed, other_parameters, other_type])
def test_tensors_that_change_between_two_equal_calls(engine, change):
    model, _, (ids, _, _) = models(engine)
    model.cells[0] = st.cell("elman", 4, 6).double()
    for _ in range(3):
        loss_of(model, ids).backward()
    model.zero_grad()
    change(model)
    loss_of(model, ids).backward()
    assert model.engines.name == engine
    plain = copy.deepcopy(model)
    plain.use_engine("plain")
    plain.zero_grad()
    loss_of(plain, ids).backward()
    assert_close(gradients_of(model), gradients_of(plain))


def test_a_hook_on_a_parameter_that_had_one_before(engine):
    model, _, (ids, _, _) = models(engine)
    weight = model.readout.linear.weight
    weight.register_hook(lambda gradient: gradient).remove()
    model(ids), model(ids)
    weight.register_hook(lambda gradient: 2 * gradient)
    model(ids)
    assert model.engines.name == "plain"


def test_autocast_between_two_equal_calls(engine):
    model, _, (ids, _, _) = models(engine)
    model(ids), model(ids)
    with torch.autocast("cpu", torch.bfloat16):
        model(ids)
    assert model.engines.name == "plain"
    model(ids)
    assert model.engines.name == engine


def test_an_input_that_a_transform_left_behind(engine):
    cell = st.cell("gru", 3, 4).double()
    escaped = []
    torch.func.vmap(lambda x: escaped.append(x) or x)(torch.randn(2, 5, 3, dtype=torch.float64))
    torch.func.grad(lambda x: escaped.append(x) or x.sum())(torch.randn(2, 5, 3).double())
    inputs = escaped[1]
    found = st.unroll(cell, inputs, engine=engine)[0]
    assert_close(found, st.unroll(cell, inputs)[0], **EXACT)
