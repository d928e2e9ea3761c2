"""Random numbers in a step: every engine draws what the plain loop draws, place by place."""

import copy
import itertools

import numpy as np
import pytest
import torch
from drawing_cells import DRAWS, Drawing
from torch import nn
from torch.nn import functional
from truth import ENGINES

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.randomness.counted_draws import CountedDraws, DrawKey

LENGTHS = torch.tensor([9, 4, 1, 7, 9, 2])


def model_of(*functions, dtype=torch.float64, layers=2):
    sizes = [4, *[6] * layers]
    cells = [Drawing(a, b, *functions) for a, b in itertools.pairwise(sizes)]
    return st.Model(nn.Linear(3, 4), cells, StateReadout(4, 6, 2)).to(dtype)


def results(model, engine, inputs, lengths=None, key=5, row=0):
    """Return predictions, final states and gradients of a call, and the engine that ran it."""
    engines = model.use_engine(engine)
    model.zero_grad()
    dtype = next(model.parameters()).dtype
    with CountedDraws(DrawKey(key, row), dtype):
        predictions, states = model(inputs, None, lengths)
    (predictions.square().sum() + sum(s.sum() for s in states)).backward()
    gradients = [p.grad.clone() for p in model.parameters()]
    return [predictions.detach(), *(s.detach() for s in states), *gradients], engines.name


def farthest(found, expected):
    return max(
        float((a - b).abs().max() / b.abs().max().clamp(min=1e-3))
        for a, b in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_draws_alike_in_all_engines(engine, name):
    model, inputs = model_of(DRAWS[name]), torch.randn(6, 9, 3, dtype=torch.float64)
    for lengths in (None, LENGTHS):
        expected, _ = results(model, "plain", inputs, lengths)
        found, ran = results(model, engine, inputs, lengths)
        assert ran == engine
        assert farthest(found, expected) < 1e-10
    other, _ = results(model, "plain", inputs, key=6)
    assert farthest(other, expected) > 1e-6


EACH_KIND = ("randn_like", "dropout", "shared by rows", "gumbel_softmax", "bernoulli", "randint")


@pytest.mark.parametrize("engine", ENGINES)
def test_functions_draw_alike_one_after_the_other_in_float32(engine):
    model = model_of(*(DRAWS[name] for name in EACH_KIND), dtype=torch.float32)
    inputs = torch.randn(6, 9, 3)
    expected, _ = results(model, "plain", inputs, LENGTHS)
    found, ran = results(model, engine, inputs, LENGTHS)
    assert ran == engine
    assert farthest(found, expected) < 1e-4


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_a_part_of_a_batch_draws_what_it_draws_in_the_whole(engine):
    model = model_of(DRAWS["randn_like"], DRAWS["dropout"])
    inputs = torch.randn(40, 9, 3, dtype=torch.float64)
    whole, _ = results(model, engine, inputs)
    for rows in (slice(0, 7), slice(7, 40)):
        part, ran = results(model, engine, inputs[rows], row=rows.start)
        assert ran == engine
        assert farthest(part[:1], [whole[0][rows]]) < 1e-10


@pytest.mark.parametrize("engine", ENGINES)
def test_portions_of_a_sequence_draw_what_the_whole_draws(engine, monkeypatch):
    monkeypatch.setattr("seqtasks.engine.contract.chunked.NUMBERS", {"cpu": 1})
    model = model_of(DRAWS["randn_like"], DRAWS["shared by rows"])
    inputs, lengths = torch.randn(3, 100, 3, dtype=torch.float64), torch.tensor([100, 41, 3])
    for given in (None, lengths):
        found = []
        for name in ("plain", engine):
            engines = model.use_engine(name)
            with torch.no_grad(), CountedDraws(DrawKey(1), torch.float64):
                found.append(model(inputs, None, given)[0])
            assert engines.name == name
        assert farthest(found[1:], found[:1]) < 1e-10


class Around(nn.Module):
    """A linear map of inputs, or of inputs and outputs, that drops some of its results."""

    def __init__(self, *sizes):
        super().__init__()
        self.map = nn.Linear(*sizes)

    def forward(self, *given):
        made = functional.dropout(self.map(given[-1]), 0.4)
        return made + 0.1 * torch.randn(made.shape[-1], dtype=made.dtype)


class DrawsOut(st.Cell):
    """Draws in its output alone."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.inner = Drawing(input_size, hidden_size)

    def forward(self, x, h):
        return self.inner(x, h)

    def output(self, x, h):
        return h + torch.rand_like(h)


@pytest.mark.parametrize("engine", ENGINES)
def test_embedding_output_and_readout_draw_alike(engine):
    readout = Around(6, 2)
    readout.output_size = 2
    model = st.Model(Around(3, 4), [DrawsOut(4, 5), DrawsOut(5, 6)], readout).double()
    inputs = torch.randn(6, 9, 3, dtype=torch.float64)
    for lengths in (None, LENGTHS):
        expected, _ = results(model, "plain", inputs, lengths)
        found, ran = results(model, engine, inputs, lengths)
        assert ran == engine
        assert farthest(found, expected) < 1e-10


def test_a_draw_as_long_as_the_batch_is_told_from_one_of_the_batch():
    class Both(Drawing):
        def forward(self, x, h):
            size = h.shape[1]
            ours = torch.randn(size, 1, dtype=h.dtype)
            return super().forward(x, h + torch.rand(len(h), 1, dtype=h.dtype) + ours.T)

    model = st.Model(nn.Linear(3, 4), Both(4, 6), StateReadout(4, 6, 2)).double()
    inputs = torch.randn(6, 5, 3, dtype=torch.float64)  # as many rows as units
    expected, _ = results(model, "plain", inputs[:4])
    found, _ = results(model, "plain", inputs)
    assert farthest([found[0][:4]], expected[:1]) < 1e-12


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dropout_drops_its_share_and_keeps_the_mean(engine):
    class Dropped(st.Cell):
        def __init__(self):
            super().__init__(1, 64)
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, x, h):
            return functional.dropout(torch.ones_like(h), 0.3) + 0 * self.unused

    model = st.Model(nn.Identity(), Dropped(), StateReadout(1, 64, 2))
    model.use_engine(engine)
    with torch.no_grad(), CountedDraws(DrawKey(0), torch.float32):
        states = model(torch.zeros(50, 40, 1), return_states=True)[2]
    assert set(states.unique().tolist()) == {0.0, float(torch.tensor(1.0) / (1 - 0.3))}
    count = states.numel()
    assert abs(float((states == 0).double().mean()) - 0.3) < 4 * np.sqrt(0.21 / count)
    assert abs(float(states.double().mean()) - 1) < 4 * np.sqrt(0.3 / 0.7 / count)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_infinite_gradient_has_the_draws_of_its_row(engine):
    class Rooted(Drawing):
        def forward(self, x, h):
            return super().forward(x, h) + torch.sqrt(torch.relu(x[:, :1])) * torch.rand_like(h)

    model = st.Model(nn.Linear(3, 4), Rooted(4, 6), StateReadout(4, 6, 2)).double()
    inputs = torch.randn(3, 4, 3, dtype=torch.float64)
    expected, _ = results(model, "plain", inputs)
    found, ran = results(model, engine, inputs)
    assert ran == engine
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True)


REFUSED = {
    "own generator": lambda a, h: a + torch.rand(a.shape, generator=torch.Generator()),
    "batch behind": lambda a, h: a + torch.rand(a.shape[1], len(a), dtype=a.dtype).T,
    "permutation": lambda a, h: a[:, torch.randperm(a.shape[1])],
    "another type": lambda a, h: a + torch.rand(a.shape, dtype=torch.float32),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_draw_that_cannot_be_recorded_is_refused_by_name(name):
    model = model_of(REFUSED[name])
    engines = model.use_engine("auto")
    with CountedDraws(DrawKey(0), torch.float64):
        model(torch.randn(6, 9, 3, dtype=torch.float64))
    assert engines.name == "plain"
    assert "draws" in engines.unsupported


def test_without_a_key_the_plain_loop_draws_from_torch():
    model, inputs = model_of(DRAWS["dropout"], dtype=torch.float32), torch.randn(6, 9, 3)
    engines = model.use_engine("auto")
    torch.manual_seed(0)
    found = model(inputs)[0]
    assert engines.name == "plain"
    assert "give model.use_engine a seed" in engines.reasons["native"]
    model.use_engine("plain")
    torch.manual_seed(0)
    torch.testing.assert_close(model(inputs)[0], found, rtol=0, atol=0)


def test_a_draw_of_another_generator_beside_counted_ones_is_refused():
    model = model_of(lambda a, h: functional.dropout(a, 0.5) + 1e-6 * torch.poisson(torch.ones(6)))
    engines = model.use_engine("auto")
    with CountedDraws(DrawKey(0), torch.float64):
        model(torch.randn(6, 9, 3, dtype=torch.float64))
    assert engines.name == "plain"
    assert "poisson" in engines.unsupported


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluation_mode_draws_what_the_modules_draw_there(engine):
    class Both(Drawing):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.dropout = nn.Dropout(0.5)

        def forward(self, x, h):
            return self.dropout(super().forward(x, h + 0.2 * torch.randn_like(h)))

    model = st.Model(nn.Linear(3, 4), Both(4, 6), StateReadout(4, 6, 2)).double()
    inputs = torch.randn(6, 9, 3, dtype=torch.float64)
    found = {}
    for training in (True, False):
        model.train(training)
        expected, _ = results(model, "plain", inputs)
        found[training], ran = results(model, engine, inputs)
        assert ran == engine
        assert farthest(found[training], expected) < 1e-10
    assert farthest(found[True], found[False]) > 1e-3


def test_a_copy_draws_the_same():
    model, inputs = model_of(DRAWS["dropout"]), torch.randn(6, 9, 3, dtype=torch.float64)
    found, _ = results(model, "plain", inputs)
    again, _ = results(copy.deepcopy(model), "plain", inputs)
    assert farthest(found, again) == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_seed_lets_calls_of_ones_own_draw_alike_in_all_engines(engine):
    inputs = torch.randn(6, 9, 3, dtype=torch.float64)
    model = model_of(DRAWS["dropout"])

    def called(name, seed, calls=0):
        engines = model.use_engine(name, seed=seed)
        engines.calls = calls
        state = torch.get_rng_state()
        found = [model(inputs)[0].detach() for _ in range(3)]
        assert engines.name == name
        assert engines.calls == calls + 3
        assert torch.equal(torch.get_rng_state(), state)
        return found

    first, again = called(engine, 3), called("plain", 3)
    assert farthest(first, again) < 1e-10
    assert farthest(first[1:2], first[:1]) > 1e-3
    assert farthest(called(engine, 3, calls=2)[:1], first[2:]) == 0
    assert farthest(called(engine, 4), first) > 1e-3


@pytest.mark.parametrize("seed", [-1, 0.5, True, "0"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0"):
        model_of().use_engine("plain", seed=seed)


def test_a_copy_goes_on_with_the_seed_of_its_model():
    inputs, model = torch.randn(6, 9, 3), model_of(DRAWS["dropout"], dtype=torch.float32)
    model.use_engine("plain", seed=1)
    model(inputs)
    copied = copy.deepcopy(model)
    torch.testing.assert_close(copied(inputs)[0], model(inputs)[0], rtol=0, atol=0)
