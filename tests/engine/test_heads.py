"""Weights of several axes beside states of several, and states that start at no finite number."""

import math

import pytest
import torch
from grids import one_quick_in
from torch import nn
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.unroll import engines_of

USES = {
    "times": ((2, 3), lambda s, w: s * w),
    "plus": ((2, 3), lambda s, w: s + w),
    "minus": ((2, 3), lambda s, w: w - s),
    "divided": ((2, 3), lambda s, w: s / (w.abs() + 1)),
    "for each head": ((2, 1), lambda s, w: s * w),
    "for each feature": ((1, 3), lambda s, w: s * w),
    "of three axes": ((1, 2, 3), lambda s, w: (s[:, None] * w)[:, 0]),
    "chosen": ((2, 3), lambda s, w: torch.where(s > 0, s, w)),
    "power": ((2, 3), lambda s, w: s.sigmoid() ** w),
    "lerp": ((2, 3), lambda s, w: torch.lerp(s, s.sin(), w)),
    "einsum": ((2, 3), lambda s, w: torch.einsum("bnk,nk->bnk", s, w)),
    "a product for each head": ((2, 3, 3), lambda s, w: torch.einsum("bnk,nkj->bnj", s, w)),
    "layer_norm": ((2, 3), lambda s, w: nn.functional.layer_norm(s, (2, 3), w)),
    "squared": ((2, 3), lambda s, w: s * w * w),
    "in two places": ((2, 3), lambda s, w: s * w + w.flip(0)),
    "transposed": ((3, 2), lambda s, w: s * w.t()),
    "sliced": ((3, 3), lambda s, w: s * w[1:]),
}


class Heads(st.Cell):
    """Has a state of two heads, of three features each, and a weight for each number."""

    def __init__(self, shape, use, of_state):
        super().__init__(6, 6)
        self.enter = nn.Linear(6, 6)
        self.weight = nn.Parameter(torch.randn(shape))
        self.use, self.of_state = use, of_state

    def forward(self, x, state):
        entered = self.enter(x)
        source = state if self.of_state else entered
        made = self.use(source.view(-1, 2, 3), self.weight).flatten(1)
        return torch.tanh(made + (entered if self.of_state else 0.5 * state))


@one_quick_in(2, name=USES, of_state=[True, False])
def test_a_weight_of_several_axes_has_its_gradient_by_the_torch_engine(name, of_state):
    check(problem(Subject(Heads(*USES[name], of_state)), 9, 5), "torch")


@pytest.mark.parametrize("name", ["times", "in two places"])
def test_a_weight_of_several_axes_has_its_gradient_by_the_native_engine(name):
    check(problem(Subject(Heads(*USES[name], of_state=True)), 9, 5), "native")


class Greatest(st.Cell):
    """Keeps the greatest number so far, from a number that is less than all, or is none."""

    def __init__(self, start):
        super().__init__(4, 4)
        self.start = start
        self.enter = nn.Linear(4, 4)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, 4) + self.start, self.zeros(batch_size, 4)

    def forward(self, x, state):
        greatest, total = state
        new = torch.fmax(greatest, self.enter(x))
        return new, 0.5 * total + torch.exp(new)

    def output(self, x, state):
        return state[1]


@one_quick_in(2, engine=ENGINES, start=[-math.inf, math.nan, -1e30])
def test_a_state_may_start_at_an_infinity_or_no_number(engine, start):
    cell, x = Greatest(start), torch.randn(5, 4, 4)
    found = {}
    for name in ("plain", engine):
        outputs, _ = st.unroll(cell, x, engine=name)
        gradients = torch.autograd.grad(outputs.sum(), list(cell.parameters()))
        found[name] = outputs, *gradients
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    for ours, expected in zip(found[engine], found["plain"], strict=True):
        assert expected.isfinite().all()
        torch.testing.assert_close(ours, expected)


class OfWeightsAlone(st.Cell):
    """Puts out what depends on neither the inputs nor the state."""

    def __init__(self, number):
        super().__init__(4, 4)
        self.linear = nn.Linear(8, 4)
        self.bias = nn.Parameter(torch.randn(3))
        self.number = number

    def forward(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1)))

    def output(self, x, state):
        return torch.zeros_like(x[:, :3]) + (1.5 if self.number else self.bias.exp())


@one_quick_in(2, engine=ENGINES, number=[True, False])
def test_an_output_may_be_the_same_for_all_rows(engine, number):
    check(problem(Subject(OfWeightsAlone(number)), 3, 2), engine)
