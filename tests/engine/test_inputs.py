"""Inputs of any layout, padding and odd numbers do by an engine what they do in the plain loop."""

import pytest
import torch
from small_cell import EXACT, Tanh, compare, numbers
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def test_inputs_that_lie_oddly_in_memory(engine):
    cell = Tanh()
    odd = numbers(3, 12, 4).permute(2, 1, 0)[:, ::2]
    state = numbers(3, 4).mT
    lengths = torch.tensor([6, 0, 3, 1], dtype=torch.int32)

    def run(name):
        return st.unroll(cell, odd, state, lengths, return_states=True, engine=name)

    compare(run, cell, engine)
    repeated = numbers(1, 6, 3).expand(4, -1, -1).requires_grad_()

    def gradient(name):
        outputs, _ = st.unroll(cell, repeated, engine=name)
        return torch.autograd.grad(outputs.square().mean(), repeated)

    compare(gradient, cell, engine)


def test_padding_that_is_no_number_touches_nothing(engine):
    cell, inputs = Tanh(), numbers(3, 5, 3)
    lengths = torch.tensor([5, 0, 2])
    results = []
    for padding in (0.0, float("nan"), float("inf")):
        filled = inputs.clone()
        filled[torch.arange(5) >= lengths[:, None]] = padding
        filled.requires_grad_()
        outputs, final = st.unroll(cell, filled, None, lengths, engine=engine)
        weights = [p for p in cell.parameters() if p is not cell.unused]
        gradients = torch.autograd.grad(outputs.sum() + final.sum(), [filled, *weights])
        results.append((outputs, final, *gradients))
    assert_close(results[1], results[0], rtol=0, atol=0)
    assert_close(results[2], results[0], rtol=0, atol=0)


def test_a_number_that_is_none_goes_where_it_does_in_the_plain_loop(engine):
    cell, inputs = Tanh(), numbers(4, 5, 3)
    inputs[1, 2, 0], inputs[2, 1, 1] = float("nan"), float("inf")

    def run(name):
        return st.unroll(cell, inputs, engine=name)[0]

    run(engine)
    found, expected = run(engine), run("plain")
    assert torch.equal(found.isnan(), expected.isnan())
    assert_close(found, expected, equal_nan=True, **EXACT)
    assert found.isnan().any()
    assert not found[0].isnan().any()


def test_wrong_inputs_are_told_as_by_the_plain_loop(engine):
    cell = Tanh()
    for inputs, state, lengths in (
        (numbers(2, 3), None, None),
        (numbers(2, 0, 3), None, None),
        (numbers(2, 3, 3), None, torch.tensor([1, 4])),
        (numbers(2, 3, 3), None, torch.tensor([1.0, 2.0])),
        (numbers(2, 3, 4), None, None),
        (numbers(2, 3, 3), numbers(2, 5), None),
        (numbers(2, 3, 3), numbers(5, 3), None),
    ):
        messages = []
        for name in ("plain", engine):
            with pytest.raises((ValueError, RuntimeError)) as caught:
                st.unroll(cell, inputs, state, lengths, engine=name)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
    with pytest.raises(ValueError, match="engine must be one of"):
        st.unroll(cell, numbers(2, 3, 3), engine="fast")


def test_an_empty_batch(engine):
    cell = Tanh()
    outputs, final = st.unroll(cell, numbers(0, 4, 3), engine=engine)
    assert outputs.shape == (0, 4, 3)
    assert final.shape == (0, 3)
