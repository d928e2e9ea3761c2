"""Every parameter of an embedding is trained by any engine, whatever the embedding does."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.errors import UsageError

SYMBOLS, WIDTH = 4, 5


class LowRank(nn.Embedding):
    """A table and a trained correction of low rank, which begins at zero."""

    def __init__(self, symbols, width):
        super().__init__(symbols, width)
        self.first = nn.Parameter(torch.randn(symbols, 2))
        self.second = nn.Parameter(torch.zeros(2, width))

    def forward(self, ids):
        return super().forward(ids) + self.first[ids] @ self.second


class Scaled(nn.Embedding):
    def __init__(self, symbols, width):
        super().__init__(symbols, width)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, ids):
        return super().forward(ids) * self.scale


class WithPlaces(nn.Embedding):
    """A table and an embedding of the position, zero at first."""

    def __init__(self, symbols, width):
        super().__init__(symbols, width)
        self.places = nn.Parameter(torch.zeros(50, width))

    def forward(self, ids):
        return super().forward(ids) + self.places[: ids.shape[1]]


class Called(nn.Embedding):
    """It overrides the call, not forward."""

    def __call__(self, ids):
        return 2 * super().__call__(ids)


class Inherited(nn.Embedding):
    """A subclass that changes nothing."""


def patched(symbols, width):
    table = nn.Embedding(symbols, width)
    scale = nn.Parameter(torch.full((width,), 0.5))
    table.register_parameter("scale", scale)
    table.forward = lambda ids: functional.embedding(ids, table.weight) * scale
    return table


def parametrized(symbols, width):
    class Doubled(nn.Module):
        def forward(self, weight):
            return 2 * weight

    table = nn.Embedding(symbols, width)
    nn.utils.parametrize.register_parametrization(table, "weight", Doubled())
    return table


def bagged(symbols, width):
    return nn.Sequential(nn.Embedding(symbols, 3), nn.Linear(3, width), nn.Tanh())


def with_option(**options):
    return lambda symbols, width: nn.Embedding(symbols, width, **options)


def larger(symbols, width):
    """A table to which rows were added, though it says it has fewer."""
    table = nn.Embedding(2, width)
    table.weight = nn.Parameter(torch.randn(symbols, width))
    return table


MAKERS = [
    LowRank,
    Scaled,
    WithPlaces,
    Called,
    Inherited,
    patched,
    parametrized,
    bagged,
    larger,
    with_option(padding_idx=1),
    with_option(max_norm=0.5),
    with_option(scale_grad_by_freq=True),
    with_option(sparse=True),
]


def made(maker):
    torch.manual_seed(3)
    return st.Model(maker(SYMBOLS, WIDTH), st.cell("gru", WIDTH, 6), StateReadout(WIDTH, 6, 2))


def dense(gradient):
    return gradient.to_dense() if gradient is not None and gradient.is_sparse else gradient


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize("maker", MAKERS)
def test_an_embedding_of_ones_own_gives_what_the_plain_loop_gives(maker, engine):
    model = made(maker)
    twin = copy.deepcopy(model) if maker is not patched else made(maker)
    try:
        model.use_engine(engine)
        model(torch.zeros(1, 1, dtype=torch.int64))
    except UsageError:
        model.use_engine("auto")
    ids = torch.randint(SYMBOLS, (6, 9), generator=torch.Generator().manual_seed(1))
    for _ in range(3):  # as trained, with other parameters each time
        results = []
        for one in (model, twin):
            one.zero_grad()
            predictions, _ = one(ids)
            predictions.square().sum().backward()
            results.append((predictions, [dense(p.grad) for p in one.parameters()]))
        torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
        assert all(gradient is not None for gradient in results[0][1])
        for one in (model, twin):
            with torch.no_grad():
                for parameter in one.parameters():
                    parameter.add_(
                        0.1 * torch.sin(torch.arange(parameter.numel()).view_as(parameter))
                    )


@pytest.mark.parametrize("maker", [LowRank, Scaled, WithPlaces, patched])
def test_a_run_trains_every_parameter_of_an_embedding_of_ones_own(maker):
    model = made(maker)
    before = copy.deepcopy(model.state_dict())
    st.run("bitshift:shift=1", model=model, steps=5, evaluation_lengths=(5,), engine="auto")
    for name, value in model.state_dict().items():
        assert not torch.equal(value, before[name]), name


def test_the_reason_names_the_embedding():
    model = made(LowRank)
    engines = model.use_engine("auto")
    model(torch.zeros(1, 1, dtype=torch.int64))
    assert engines.name == "plain"
    assert "its embedding, a LowRank, is not torch.nn.Embedding itself" in engines.reasons["native"]
