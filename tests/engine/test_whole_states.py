"""Counters, places and flags in a state run by each engine, exactly, or are refused."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of

SIZE = 4


class Counting(st.Cell):
    """The state is (h, something whole); `step` says what becomes of it."""

    kind, shape, first = torch.int64, (1,), 0

    def __init__(self, input_size=3, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size, steps):
        whole = torch.full((batch_size, *self.shape), self.first, dtype=self.kind)
        return self.zeros(batch_size, self.hidden_size), whole

    def forward(self, x, state):
        h, whole = state
        new = torch.tanh(self.enter(torch.cat([x, h], 1)))
        return self.step(x, h, new, whole)


class Counter(Counting):
    def step(self, x, h, new, count):
        return new / (1 + count), count + 1


class SmallCounter(Counting):
    kind = torch.int32

    def step(self, x, h, new, count):
        return new * count.to(new.dtype).cos(), torch.minimum(count + 2, torch.full_like(count, 5))


class ChangedInPlace(Counting):
    shape = (2,)

    def step(self, x, h, new, counts):
        counts = counts.clone()
        counts += 1
        counts[:, 1] -= 2
        counts[:, 1].clamp_(min=-3)
        return new + counts[:, :1] * h, counts % 7


class EveryThird(Counting):
    """It decides by its counter, as a clockwork does."""

    shape = ()

    def step(self, x, h, new, count):
        return torch.where((count % 3 == 1)[:, None], new, h), count + 1


class CountingDown(Counting):
    first = 3

    def step(self, x, h, new, count):
        left = torch.clamp(count - 1, min=0)
        return new * (left > 0).to(new.dtype) + h * left, left


class Pointer(Counting):
    """A place in a ring that its own values move."""

    shape = (SIZE,)

    def step(self, x, h, new, place):
        moved = torch.where(new > 0, place + 1, place - 1) % 5
        return torch.where(moved == 2, new, 0.5 * h), moved


class Flag(Counting):
    kind = torch.bool

    def step(self, x, h, new, begun):
        return torch.where(begun, new, x[:, :1].expand_as(new)), begun | (x[:, 1:2] > 0)


class Mask(Counting):
    kind, shape, first = torch.bool, (SIZE,), True

    def step(self, x, h, new, alive):
        return new * alive, alive & (new < 0.5) & ~(new < -0.6)


class Spikes(Counting):
    """It counts what passed a bound; the count scales the output, without a gradient."""

    shape = (SIZE,)

    def step(self, x, h, new, count):
        count = count + (new > 0.2).long() * 2
        return new - 0.1 * count.to(new.dtype), count

    def output(self, x, state):
        return state[0] * (1 + state[1])


class Rounded(Counting):
    shape = (SIZE,)

    def step(self, x, h, new, whole):
        return new + whole.sum(1, keepdim=True), (5 * new).to(torch.int64)


CELLS = [
    Counter,
    SmallCounter,
    ChangedInPlace,
    EveryThird,
    CountingDown,
    Pointer,
    Flag,
    Mask,
    Spikes,
    Rounded,
]


def by_hand(cell, inputs, state):
    outputs = []
    for x in inputs.unbind(1):
        state = cell(x, state)
        outputs.append(cell.output(x, state))
    return torch.stack(outputs, 1), state


@pytest.mark.parametrize("given", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        pytest.param(e, k, marks=() if k in (Pointer, Mask) else pytest.mark.slow)
        for e in ENGINES
        for k in CELLS
    ],
)
def test_it_runs_as_a_loop_in_torch(engine, kind, given):
    cell = kind().double()
    inputs = torch.randn(7, 9, 3, dtype=torch.float64, requires_grad=True)
    start = cell.initial_state(7, 9)
    if given:
        h = torch.randn(7, SIZE, dtype=torch.float64)
        drawn = torch.randint(0, 2 if kind.kind == torch.bool else 4, start[1].shape)
        start = h, drawn.to(kind.kind)
    truth, last = by_hand(cell, inputs, start)
    outputs, final, states = st.unroll(
        cell, inputs, start if given else None, return_states=True, engine=engine
    )
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(outputs, truth)
    assert_close(final, last)
    assert final[1].dtype == states[1].dtype == kind.kind
    assert torch.equal(states[1][:, -1], last[1])
    sources = [inputs, *cell.parameters()]
    for found, expected in zip(
        torch.autograd.grad(outputs.sin().sum() + final[0].sum(), sources),
        torch.autograd.grad(truth.sin().sum() + last[0].sum(), sources),
        strict=True,
    ):
        assert_close(found, expected)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [Counter, pytest.param(Mask, marks=pytest.mark.slow)])
def test_given_states_go_with_instances_of_mixed_lengths(engine, kind):
    check(problem(Subject(kind()), 5, 6, given=True, mixed=True), engine, [torch.float64])


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_recorded(kind, dtype):
    make_model_graph(None, [kind().to(dtype)], None, dtype, steps=3, input_size=3)


class Doubled(Counting):
    def step(self, x, h, new, count):
        return new, 2 * count + 1


class Fibonacci(Counting):
    shape = (2,)

    def step(self, x, h, new, pair):
        return new, torch.stack([pair[:, 1], pair[:, 0] + pair[:, 1]], 1)


class FastCounter(Counting):
    def step(self, x, h, new, count):
        return new, count + 1000


class LargeProduct(Counting):
    def step(self, x, h, new, count):
        return new * (count * 7919 % 13 == 0), count + 1


class OfAnyNumber(Counting):
    shape = (SIZE,)

    def step(self, x, h, new, count):
        return new, (h / x[:, :1]).long()


class Bits(Counting):
    def step(self, x, h, new, count):
        return new, count ^ 1


class ByThePythonNumber(Counting):
    def step(self, x, h, new, count):
        return (new if int(count[0]) % 2 else h), count + 1


class ToAnotherType(Counting):
    def step(self, x, h, new, count):
        return new, count.float()


class Bytes(Counting):
    kind = torch.uint8

    def step(self, x, h, new, count):
        return new, count + 1


REFUSED = {
    Doubled: "grow",
    Fibonacci: "grow",
    FastCounter: "grow",
    LargeProduct: "too large",
    OfAnyNumber: "grow",
    Bits: "whole numbers",
    ByThePythonNumber: "rows",
    ToAnotherType: "type",
    Bytes: "uint8",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_may_not_be_exact_is_refused(kind):
    with pytest.raises(UnsupportedError, match=REFUSED[kind]):
        make_model_graph(None, [kind()], None, torch.float32, steps=3, input_size=3)


def test_a_counter_that_is_given_too_large_runs_by_the_plain_loop():
    cell, inputs = Counter(), torch.randn(2, 3, 3)
    start = torch.zeros(2, SIZE), torch.full((2, 1), 2**24)
    _, final = st.unroll(cell, inputs, start, engine="torch")
    assert engines_of(cell, "torch").name == "plain"
    assert final[1].tolist() == [[2**24 + 3]] * 2


def test_rows_of_different_lengths_keep_their_own_count():
    cell, lengths = Counter(), torch.tensor([4, 0, 2])
    _, final = st.unroll(cell, torch.randn(3, 4, 3), lengths=lengths, engine="torch")
    assert engines_of(cell, "torch").name == "torch"
    assert final[1][:, 0].tolist() == [4, 0, 2]
