"""An engine reads a module's parameters anew each time, and leaves each its gradient."""

import pytest
import torch
from small_cell import EXACT, Tanh, compare, numbers
from torch import nn
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of

pytestmark = pytest.mark.parametrize("engine", ENGINES)


class Learned(Tanh):
    """Its initial state is a parameter, and its decay a buffer."""

    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.randn(3).double())
        self.register_buffer("decay", torch.rand(3).double())

    def initial_state(self, batch_size, steps):
        return self.start.expand(batch_size, -1)

    def forward(self, x, h):
        return self.decay * h + super().forward(x, h)


def backward(cell, engine, inputs):
    """Return outputs and the gradients that are left in the parameters, by name."""
    cell.zero_grad(set_to_none=True)
    outputs, final = st.unroll(cell, inputs, engine=engine)
    (outputs.square().sum() + final.sum()).backward()
    return outputs.detach(), {name: p.grad for name, p in cell.named_parameters()}


def test_parameters_that_are_unused_frozen_or_shared(engine):
    cell, inputs = Tanh(), numbers(4, 6, 3)

    def gradients(name):
        found = backward(cell, name, inputs)[1]
        unused = found.pop("unused")
        assert unused is None or not unused.any()
        assert (found["W.weight"] is None) is not cell.W.weight.requires_grad
        return {name: gradient for name, gradient in found.items() if gradient is not None}

    compare(gradients, cell, engine)
    cell.W.weight.requires_grad_(False)
    compare(gradients, cell, engine)
    cell.W.weight.requires_grad_()
    cell.R.weight = cell.W.weight
    compare(gradients, cell, engine)


def test_an_embedding_shared_with_the_readout(engine):
    class Tied(st.Readout):
        def __init__(self, embedding):
            super().__init__(3, 3, 5)
            self.embedding = embedding

        def forward(self, x, output):
            return output @ self.embedding.weight.mT

    embedding = nn.Embedding(5, 3)
    model = st.Model(embedding, Tanh(), Tied(embedding)).double()
    ids = torch.randint(0, 5, (4, 6))
    results = []
    for name in ("plain", engine):
        engines = model.use_engine(name)
        model.zero_grad()
        model.loss(ids, ids).backward()
        results.append([p.grad for p in model.parameters() if p is not model.cells[0].unused])
    assert engines.name == engine, engines.reasons
    assert_close(*results, **EXACT)


def test_nothing_is_trained(engine):
    cell, inputs = Tanh().requires_grad_(False), numbers(2, 3, 3)
    found, _ = st.unroll(cell, inputs, engine=engine)
    assert not found.requires_grad
    given = numbers(2, 3).requires_grad_()

    def run(name):
        outputs, _ = st.unroll(cell, inputs, given, engine=name)
        return torch.autograd.grad(outputs.sum(), given)

    compare(run, cell, engine)


def test_a_learned_initial_state_and_a_buffer(engine):
    cell, inputs = Learned(), numbers(4, 6, 3)

    def run(name):
        outputs, gradients = backward(cell, name, inputs)
        return outputs, gradients["start"], gradients["R.weight"]

    before = compare(run, cell, engine)
    cell.decay.zero_()  # a buffer is read anew each time
    assert not torch.allclose(compare(run, cell, engine)[0], before[0])


def test_changes_from_outside_are_seen_at_once(engine):
    cell, inputs = Tanh(), numbers(4, 6, 3)

    def run(name):
        return st.unroll(cell, inputs, engine=name)[0]

    seen = [compare(run, cell, engine)]
    cell.load_state_dict({name: 2 * value for name, value in cell.state_dict().items()})
    seen.append(compare(run, cell, engine))
    with torch.no_grad():
        cell.R.weight.mul_(0.5)
    seen.append(compare(run, cell, engine))
    cell.R.weight.data = numbers(3, 3)
    seen.append(compare(run, cell, engine))
    cell.R.weight = nn.Parameter(numbers(3, 3))
    seen.append(compare(run, cell, engine))
    cell.scale = 0.5
    seen.append(compare(run, cell, engine))
    for number, one in enumerate(seen):
        assert not any(torch.allclose(one, other) for other in seen[:number])


def test_another_type(engine):
    cell = Tanh()
    for dtype in (torch.float64, torch.float32, torch.float64):
        cell.to(dtype)
        outputs, final = st.unroll(cell, numbers(2, 3, 3).to(dtype), engine=engine)
        assert outputs.dtype == final.dtype == dtype
        assert engines_of(cell, engine).name == engine
    with pytest.raises(RuntimeError, match="dtype"):  # as the plain loop says
        st.unroll(cell, torch.zeros(2, 3, 3), engine=engine)
    cell.half()
    outputs, _ = st.unroll(cell, torch.zeros(2, 3, 3).half(), engine=engine)
    assert outputs.dtype == torch.float16


def test_a_parameter_changed_between_the_passes_is_a_clear_error(engine):
    cell = Tanh()
    outputs, _ = st.unroll(cell, numbers(2, 3, 3), engine=engine)
    with torch.no_grad():
        cell.R.weight.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        outputs.sum().backward()
