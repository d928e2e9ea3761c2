"""Hooks on values of a step: each engine changes the gradient there as the plain loop does."""

import pytest
import torch
from torch import nn
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph


class Hooked(st.Cell):
    """h' = tanh(a) + s a with a = W [x; h]; hooks on a, or on h' itself."""

    def __init__(self, on_sum=None, on_state=None):
        super().__init__(3, 4)
        self.linear = nn.Linear(7, 4)
        self.share = nn.Parameter(torch.tensor(0.3))
        self.on_sum, self.on_state = on_sum, on_state

    def forward(self, x, h):
        a = self.linear(torch.cat([x, h], -1))
        if self.on_sum is not None:
            a.register_hook(self.on_sum)
        h = torch.tanh(a) + self.share * a
        if self.on_state is not None:
            h.register_hook(self.on_state)
        return h


def clipped(g):
    return g.clamp(-0.05, 0.05)


def of_length_one(g):
    return g / (g.norm(dim=-1, keepdim=True) + 0.01)


def halved(g):
    return 0.5 * g


CELLS = {
    "clipped state": lambda: Hooked(on_state=clipped),
    "halved sum": lambda: Hooked(on_sum=halved),
    "both": lambda: Hooked(on_sum=of_length_one, on_state=halved),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CELLS)
def test_it_runs_as_the_plain_loop(engine, name):
    check(problem(Subject(CELLS[name]()), 5, 6), engine, [torch.float64])


class UsedBefore(Hooked):
    def forward(self, x, h):
        a = self.linear(torch.cat([x, h], -1))
        b = torch.tanh(a)
        a.register_hook(halved)
        return a + b


class OfTheState(Hooked):
    def forward(self, x, h):
        h.requires_grad_().register_hook(halved)
        return torch.tanh(self.linear(torch.cat([x, h], -1)))


class Twice(Hooked):
    def forward(self, x, h):
        h = super().forward(x, h)
        h.register_hook(clipped)
        return h


class Removed(Hooked):
    def forward(self, x, h):
        h = super().forward(x, h)
        h.register_hook(halved).remove()
        return h


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (UsedBefore(), "a value that it has used before: register the hook first"),
        (OfTheState(), "hooks a value that it did not compute|in place"),
        (Twice(on_state=halved), "hooks a value twice"),
        (Removed(), "removes a hook"),
        (Hooked(on_state=[].append), "it returns nothing, so it is called for its effects"),
        (Hooked(on_state=lambda g: g / g.norm()), "its rows mix"),
    ],
)
def test_it_is_refused_with_its_reason(cell, reason):
    with pytest.raises(UnsupportedError, match=reason):
        make_model_graph(None, [cell], None, torch.float32, steps=3, input_size=3)
