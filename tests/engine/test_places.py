"""Places that depend on values: what a cell may do with them, and what is refused."""

from functools import partial

import pytest
import torch
from grids import one_quick_in
from torch import nn
from torch.nn import functional
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


class Placing(st.Cell):
    """Applies a function to a combination of input and state."""

    def __init__(self, function, size=6):
        super().__init__(size, size)
        self.function, self.linear = function, nn.Linear(2 * size, size)

    def forward(self, x, h):
        return torch.tanh(self.function(self.linear(torch.cat([x, h], -1))))


class Allocating(st.Cell):
    """Writes to the slots that were used least, as a differentiable neural computer does."""

    def __init__(self, input_size, slots=20):
        super().__init__(input_size, slots)
        self.write, self.free = nn.Linear(input_size, 1), nn.Linear(input_size, slots)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size)

    def forward(self, x, usage):
        order = usage.argsort(dim=-1, stable=True)
        used = usage.gather(1, order)
        before = torch.cat([torch.ones_like(used[:, :1]), used[:, :-1]], -1).cumprod(-1)
        allocation = torch.zeros_like(usage).scatter(1, order, (1 - used) * before)
        weighting = self.write(x).sigmoid() * allocation
        return (usage + weighting - usage * weighting) * self.free(x).sigmoid()


def results_of(cell, x, engine):
    outputs, _ = st.unroll(cell, x, engine=engine)
    return [outputs, *torch.autograd.grad(outputs.sin().sum(), cell.parameters())]


@pytest.mark.parametrize("engine", ENGINES)
def test_least_used_slots_are_allocated_as_by_the_plain_loop(engine):
    cell, x = Allocating(3).double(), torch.randn(7, 30, 3, dtype=torch.float64)
    found = results_of(cell, x, engine)
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    for ours, theirs in zip(found, results_of(cell, x, "plain"), strict=True):
        torch.testing.assert_close(ours, theirs)


@one_quick_in(2, engine=ENGINES, shape=[(4, 3), (2, 3, 4), (1, 6), (6, 1)])
def test_sorting_along_any_axis_is_undone_by_scattering(engine, shape):
    def there_and_back(v):
        v = v[:, :1] * torch.linspace(-1, 2, torch.Size(shape).numel(), dtype=v.dtype) + v[:, 1:2]
        wide = v.view(-1, *shape)
        for axis in range(1, wide.dim()):
            values, order = wide.sort(axis, descending=axis == 1)
            wide = wide + 0.5 * torch.zeros_like(wide).scatter(axis, order, values)
            wide = wide + wide.gather(axis, order).cumsum(axis)
        return wide.flatten(1)[:, :6]

    size = min(6, torch.Size(shape).numel())
    cell = Placing(there_and_back, size).double()
    x = torch.randn(5, 4, size, dtype=torch.float64)
    found = results_of(cell, x, engine)
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    for ours, theirs in zip(found, results_of(cell, x, "plain"), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_place_beyond_an_axis_has_no_number():
    class Reads(st.Cell):
        def __init__(self):
            super().__init__(2, 2)
            self.table = nn.Parameter(torch.randn(8, 2))

        def forward(self, x, h):
            return self.table[(x[:, 0] - 1).clamp(-1, 30).long()]

    cell = Reads()
    st.unroll(cell, 1 + torch.rand(20, 3, 2), engine="torch")
    assert engines_of(cell, "torch").name == "torch", engines_of(cell, "torch").reasons
    outputs, _ = st.unroll(cell, torch.tensor([[[8.5, 0.0], [9.5, 0.0]]]), engine="torch")
    torch.testing.assert_close(outputs[0, 0], cell.table[7])
    assert outputs[0, 1].isnan().all()


REFUSED = {
    "a mask": (lambda v: v + v[v > 0].sum(), "depends on the values"),
    "classes by value": (
        lambda v: v + functional.one_hot(v.argmax(-1))[:, :1],
        "number of classes",
    ),
    "bits": (lambda v: v * (v.argmax(-1, keepdim=True) & 1), "whole numbers"),
    "a power": (lambda v: v * v.argmax(-1, keepdim=True) ** 2, "whole numbers"),
    "a reduction": (
        lambda v: v.scatter(1, v.argsort(-1), v, reduce="add"),
        "with a reduction",
    ),
    "rows": (lambda v: v[v[:, 0].argmax(0, True)].expand_as(v), "its rows mix"),
    "repeats": (lambda v: v.repeat_interleave(v.argmax(-1) * 0 + 1, 0), "depends on the values"),
    "shared gradient": (
        lambda v: functional.embedding(v.argmax(-1), torch.ones(6, 6), scale_grad_by_freq=True),
        "beyond a table",
    ),
    "all numbers": (lambda v: v * v.argmax(), "its rows mix"),
}


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_exact_rule_is_refused(name):
    function, reason = REFUSED[name]
    cell = Placing(function)
    st.unroll(cell, torch.randn(4, 3, 6), engine="torch")
    engines = engines_of(cell, "torch")
    assert engines.name == "plain"
    assert reason in engines.reasons["torch"], engines.reasons


class Ordering(st.Cell):
    """Puts out the places of its inputs in each order that torch knows."""

    def __init__(self, size):
        super().__init__(size, 1)
        self.one = torch.nn.Parameter(torch.ones(1))
        counts = sorted({1, 2, size // 2, size})
        self.orders = [
            lambda x: x.sort()[1],
            lambda x: x.argsort(descending=True),
            lambda x: x.sort(stable=True)[1],
            *(partial(torch.topk, k=k, largest=k != 2) for k in counts),
            partial(torch.topk, k=size // 2, sorted=False),
        ]

    def forward(self, x, h):
        return h + self.one

    def output(self, x, state):
        found = [order(x) for order in self.orders]
        places = [one if isinstance(one, torch.Tensor) else one[1] for one in found]
        return torch.cat(places, 1) * self.one


@pytest.mark.parametrize("size", [4, 17, pytest.param(130, marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", ENGINES)
def test_equal_numbers_stand_in_the_order_of_torch(engine, size):
    cell, shape = Ordering(size), (40, size)
    few = [torch.randint(0, count, shape).float() for count in (1, 2, 5, size)]
    x = torch.stack([*few, torch.randn(shape)], 1)
    x[0, 1, ::2], x[1, 2, ::3], x[2, 3, -1] = torch.nan, torch.inf, torch.nan
    expected, _ = st.unroll(cell, x)
    found, _ = st.unroll(cell, x, engine=engine)
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert torch.equal(found, expected)
