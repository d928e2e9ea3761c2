"""A pass by an engine is an operation of torch's autograd like any other."""

import pytest
import torch
from small_cell import EXACT, Tanh, compare, numbers
from torch import nn
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def test_gradients_of_parts_of_the_results(engine):
    cell, inputs = Tanh(), numbers(4, 5, 3)
    weights = [p for p in cell.parameters() if p is not cell.unused]
    for pick in (
        lambda outputs, final, states: final[2].sum(),
        lambda outputs, final, states: states[:, 1].square().sum(),
        lambda outputs, final, states: outputs[0, -1, 0],
        lambda outputs, final, states: (outputs * states).sum() + final.sum(),
    ):

        def run(name, pick=pick):
            results = st.unroll(cell, inputs, return_states=True, engine=name)
            return torch.autograd.grad(pick(*results), weights)

        compare(run, cell, engine)


def test_two_passes_forward_before_their_passes_back(engine):
    cell, weights = Tanh(), None

    def run(name):
        nonlocal weights
        weights = [p for p in cell.parameters() if p is not cell.unused]
        torch.manual_seed(1)
        totals = [st.unroll(cell, numbers(b, 3, 3), engine=name)[0].sum() for b in (2, 9, 2)]
        return [torch.autograd.grad(total, weights) for total in totals]

    compare(run, cell, engine)


def test_one_pass_back_twice(engine):
    cell, inputs = Tanh(), numbers(20, 5, 3).requires_grad_()
    outputs, final = st.unroll(cell, inputs, engine=engine)
    total = outputs.square().sum() + final.sum()
    sources = [inputs, *(p for p in cell.parameters() if p is not cell.unused)]
    first = torch.autograd.grad(total, sources, retain_graph=True)
    assert_close(torch.autograd.grad(total, sources, retain_graph=True), first, rtol=0, atol=0)
    plain, last = st.unroll(cell, inputs)
    expected = torch.autograd.grad(plain.square().sum() + last.sum(), sources)
    assert_close(first, expected, **EXACT)


def test_a_derivative_of_a_derivative_is_a_clear_error(engine):
    cell, inputs = Tanh(), numbers(2, 3, 3).requires_grad_()
    for total in (lambda outputs: outputs.sum(), lambda outputs: outputs.square().sum()):
        outputs, _ = st.unroll(cell, inputs, engine=engine)
        with pytest.raises(RuntimeError, match="engine='plain'"):
            torch.autograd.grad(total(outputs), inputs, create_graph=True)


class Delay(st.Cell):
    """Puts out what the state was two steps ago, scaled; a third state is never read."""

    def __init__(self):
        super().__init__(4, 4)
        self.scale = nn.Parameter(torch.ones(4))

    def initial_state(self, batch_size, steps):
        return tuple(self.zeros(batch_size, 4) for _ in range(3))

    def forward(self, x, state):
        return state[1] * self.scale, x, torch.zeros_like(x)

    def output(self, x, state):
        return state[0]


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("kind", ["outputs", "final"])
def test_what_no_gradient_reaches_has_none(engine, kind, steps):
    cell = Delay()

    def run(name):
        inputs = torch.ones(2, steps, 4, requires_grad=True)
        state = tuple(torch.ones(2, 4, requires_grad=True) for _ in range(3))
        outputs, final = st.unroll(cell, inputs, state, engine=name)
        total = outputs.sum() if kind == "outputs" else final[1].sum()
        sources = [inputs, *state, *cell.parameters()]
        return torch.autograd.grad(total, sources, allow_unused=True)

    found, expected = run(engine), run("plain")
    assert engines_of(cell, engine).name == engine
    assert [f is None for f in found] == [e is None for e in expected]
    for one, other in zip(found, expected, strict=True):
        if other is not None:
            assert_close(one, other)


def test_results_of_several_passes_at_once(engine):
    cell = Tanh()
    weights = [p for p in cell.parameters() if p is not cell.unused]

    def run(name):
        found = []
        torch.manual_seed(1)
        for rows, steps in ((2, 5), (2, 5), (3, 4), (2, 5)):
            first, state = st.unroll(cell, numbers(rows, steps, 3), engine=name)
            second, _ = st.unroll(cell, numbers(rows, steps, 3), state, engine=name)
            third, _ = st.unroll(cell, numbers(rows, 7, 3), engine=name)
            total = first.sum() * second.square().sum() + third.sum()
            found.append(torch.autograd.grad(total, weights))
        return found

    compare(run, cell, engine)


def test_derivatives_by_functions_of_torch_are_those_of_the_plain_loop(engine):
    cell, inputs = Tanh(), numbers(2, 3, 3)
    compare(lambda name: st.unroll(cell, inputs, engine=name)[0], cell, engine)
    found = torch.func.grad(lambda x: st.unroll(cell, x, engine=engine)[0].sum())(inputs)
    expected = torch.func.grad(lambda x: st.unroll(cell, x)[0].sum())(inputs)
    assert_close(found, expected, **EXACT)


def test_under_autocast_the_plain_loop_runs(engine):
    cell, inputs = st.cell("elman", 3, 4), torch.randn(2, 5, 3)
    for _ in range(2):
        with torch.autocast("cpu", torch.bfloat16):
            found, _ = st.unroll(cell, inputs, engine=engine)
            expected, _ = st.unroll(cell, inputs)
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected)
        st.unroll(cell, inputs, engine=engine)
        assert engines_of(cell, engine).name == engine


def test_a_parameter_whose_numbers_do_not_follow_each_other(engine):
    cell = st.cell("elman", 3, 4)
    name, weight = next(iter(cell.named_parameters()))
    owner = cell.get_submodule(name.rpartition(".")[0])
    scattered = nn.Parameter(weight.detach().t().contiguous().t())
    setattr(owner, name.rpartition(".")[2], scattered)
    inputs = torch.randn(2, 5, 3)

    def gradients(outputs):
        return torch.autograd.grad(outputs.square().sum(), list(cell.parameters()))

    found, _ = st.unroll(cell, inputs, engine=engine)
    expected, _ = st.unroll(cell, inputs)
    assert_close(found, expected)
    assert engines_of(cell, engine).name == engine
    for one, other in zip(gradients(found), gradients(expected), strict=True):
        assert_close(one, other)


def test_a_gradient_of_final_states_leaves_nothing_to_the_next_call(engine):
    found = {}
    for name in ("plain", engine):
        torch.manual_seed(0)
        cell = st.cell("stack-rnn", 3, 5).double()
        x = torch.randn(9, 4, 3, dtype=torch.float64)
        for with_state in (True, False, True):
            cell.zero_grad()
            outputs, state = st.unroll(cell, x, engine=name)
            total = outputs.square().sum()
            (total + sum(part.square().sum() for part in state) * with_state).backward()
            gradients = [p.grad.clone() for p in cell.parameters() if p.grad is not None]
            found[name, with_state] = gradients
    for with_state in (True, False):
        pairs = zip(found["plain", with_state], found[engine, with_state], strict=True)
        assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-12) for a, b in pairs)
