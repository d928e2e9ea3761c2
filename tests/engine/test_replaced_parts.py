"""What of a model is replaced, patched or hooked is noticed, whatever runs it."""

import copy
import types

import pytest
import torch
from grids import one_quick_in
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.cells import StateReadout

IDS = torch.randint(2, (20, 7), generator=torch.Generator().manual_seed(0))


def model_of(cell="gru", layers=1, kind=st.Model):
    cells = [st.cell(cell, 8, 8) for _ in range(layers)]
    return kind(nn.Embedding(2, 8), cells, StateReadout(8, 8, 2))


def trained_copy(part):
    """Return a part with other weights of the same shapes."""
    other = copy.deepcopy(part)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    return other


def replace_readout(model):
    model.readout = StateReadout(8, 8, 2)


def replace_part_of_readout(model):
    model.readout.linear = nn.Linear(8, 2)


def replace_embedding(model):
    model.embedding = nn.Embedding(2, 8)


def replace_cell(model):
    model.cells[0] = st.cell("gru", 8, 8)


def replace_by_another_kind(model):
    model.cells[0] = st.cell("elman", 8, 8)


def replace_all_cells(model):
    model.cells = nn.ModuleList([st.cell("elman", 8, 8), st.cell("gru", 8, 8)])


def append_cell(model):
    model.cells.append(st.cell("gru", 8, 8))


def insert_cell(model):
    model.cells.insert(0, st.cell("elman", 8, 8))


def replace_parameter(model):
    model.cells[0].weight_hh_l0 = nn.Parameter(torch.randn_like(model.cells[0].weight_hh_l0))


def set_data(model):
    model.readout.linear.weight.data = torch.randn_like(model.readout.linear.weight)


def patch_cell(model):
    step = model.cells[0].forward
    model.cells[0].forward = lambda x, state: 0.5 * step(x, state)


def patch_readout(model):
    model.readout.forward = lambda x, output: 2 * model.readout.linear(output)


def patch_model(model):
    def forward(self, *given):
        predictions, state = st.Model.forward(self, *given)
        return 0.5 * predictions, state

    model.forward = types.MethodType(forward, model)


def other_class_of_cell(model):
    class Halved(type(model.cells[0])):
        def forward(self, x, state):
            return 0.5 * super().forward(x, state)

    model.cells[0].__class__ = Halved


def called_otherwise(model):
    class Halved(type(model.readout)):
        def __call__(self, x, output):
            return 0.5 * super().__call__(x, output)

    model.readout.__class__ = Halved


def hook_on_part(model):
    model.readout.register_forward_hook(lambda module, given, result: 0.5 * result)


CHANGES = [
    replace_readout,
    replace_part_of_readout,
    replace_embedding,
    replace_cell,
    replace_by_another_kind,
    replace_all_cells,
    append_cell,
    insert_cell,
    replace_parameter,
    set_data,
    patch_cell,
    patch_readout,
    patch_model,
    other_class_of_cell,
    called_otherwise,
    hook_on_part,
]


def results(model):
    """Return predictions with and without gradients, and the gradient of each parameter."""
    predictions = model(IDS)[0]
    model.zero_grad()
    predictions.square().sum().backward()
    with torch.no_grad():
        alone = model(IDS)[0]
    return {
        "predictions": predictions.detach(),
        "alone": alone,
        **{name: p.grad for name, p in model.named_parameters()},
    }


@one_quick_in(2, engine=ENGINES, change=CHANGES)
def test_a_model_with_something_replaced_computes_what_the_plain_loop_does(engine, change):
    model = model_of()
    engines = model.use_engine(engine)
    before = results(model)
    assert engines.name == engine
    change(model)
    found = results(model)
    model.use_engine("plain")
    torch.testing.assert_close(found, results(model), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(found["predictions"], before["predictions"])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_part_that_is_exchanged_in_place_keeps_the_engine(engine):
    model = model_of()
    engines = model.use_engine(engine)
    results(model)
    model.readout = trained_copy(model.readout)
    model.cells[0] = trained_copy(model.cells[0])
    results(model)
    assert engines.name == engine


@one_quick_in(2, engine=ENGINES, copied=[copy.copy, copy.deepcopy])
def test_a_copy_with_a_new_head_runs_its_own(engine, copied):
    model = model_of()
    model.use_engine(engine)
    results(model)
    other = copied(model)
    other._modules = dict(other._modules)  # which a shallow copy shares
    other.readout = StateReadout(8, 8, 2)
    for one in (other, model):
        found = results(one)
        assert one.engines.name == engine
        expected = one.plain(IDS)[0]
        torch.testing.assert_close(found["predictions"], expected.detach(), rtol=1e-4, atol=1e-5)


def halved(module, back):
    return tuple(None if b is None else 0.5 * b for b in back)


class Halved(st.Model):
    def __call__(self, *given, **named):
        predictions, state = super().__call__(*given, **named)
        return 0.5 * predictions, state


def with_patched_forward():
    model = model_of()
    patch_model(model)
    return model


def with_backward_pre_hook():
    model = model_of()
    model.register_full_backward_pre_hook(halved)
    return model


def with_forward_hook():
    model = model_of()
    model.register_forward_hook(lambda module, given, result: (0.5 * result[0], result[1]))
    return model


MODELS = {
    "patched forward": with_patched_forward,
    "full backward pre-hook": with_backward_pre_hook,
    "forward hook": with_forward_hook,
    "__call__": lambda: model_of(kind=Halved),
}


def add_hook(run):
    run.model.register_forward_hook(lambda module, given, result: (0.5 * result[0], result[1]))


def add_backward_pre_hook(run):
    run.model.register_full_backward_pre_hook(halved)


def patch_forward(run):
    patch_model(run.model)


def exchange_head(run):
    run.model.readout = trained_copy(run.model.readout)


OBSERVED = [add_hook, add_backward_pre_hook, patch_forward, exchange_head]


def trained(model, engine, observers=()):
    st.run(
        "parity",
        model=model,
        engine=engine,
        observers=list(observers),
        steps=20,
        log_every=5,
        evaluate_every=1000,
        evaluation_lengths=(5,),
        solved_after=0,
    )
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@pytest.mark.filterwarnings("ignore:Full backward hook")
@pytest.mark.parametrize("kind", MODELS)
def test_a_run_trains_a_hooked_or_patched_model_as_the_plain_loop_does(kind):
    first = MODELS[kind]()
    second = MODELS[kind]()
    second.load_state_dict(first.state_dict())
    expected = trained(first, "plain")
    torch.testing.assert_close(trained(second, "auto"), expected, rtol=1e-3, atol=1e-5)


class Once:
    """Does something to a run after its first steps."""

    def __init__(self, act):
        self.act = act

    @st.hookimpl
    def run_advanced(self, run, steps):
        act, self.act = self.act, None
        if act is not None:
            torch.manual_seed(5)
            act(run)


@pytest.mark.filterwarnings("ignore:Full backward hook")
@pytest.mark.parametrize("act", OBSERVED)
def test_what_an_observer_does_to_a_model_in_a_run_is_noticed(act):
    first = model_of()
    second = copy.deepcopy(first)
    expected = trained(first, "plain", [Once(act)])
    found = trained(second, "auto", [Once(act)])
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)
