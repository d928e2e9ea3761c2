"""A module is a module by any engine: its parameters, copies, modes and gradients behave."""

import copy
import gc
import threading
import weakref

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.with_engine import engines_of

EXACT = {"rtol": 1e-10, "atol": 1e-12}
pytestmark = pytest.mark.parametrize("engine", ENGINES)


class Tanh(st.Cell):
    """tanh(W x + R h + b), and a bias that nothing uses."""

    def __init__(self, input_size=3, hidden_size=3):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.unused = nn.Parameter(torch.ones(2))
        self.scale = 1.0
        self.double()

    def forward(self, x, h):
        return torch.tanh(self.scale * (self.W(x) + self.R(h)))


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


def model_of(cell, **kwargs):
    return st.Model(nn.Embedding(5, 3), cell, st.readout("concat", 3, 3, 5)).double()


def numbers(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def compare(run, module, engine):
    """Check that a run has the same results by both engines; return those of the engine."""
    found = run(engine)
    assert_close(found, run("plain"), **EXACT)
    assert engines_of(module, engine).name == engine, engines_of(module, engine).reasons
    return found


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


def test_a_parameter_changed_between_the_passes_is_a_clear_error(engine):
    cell = Tanh()
    outputs, _ = st.unroll(cell, numbers(2, 3, 3), engine=engine)
    with torch.no_grad():
        cell.R.weight.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        outputs.sum().backward()


def test_a_copy_goes_its_own_way(engine):
    model = model_of(Tanh())
    ids = torch.randint(0, 5, (4, 6))
    engines = model.use_engine(engine)
    before, _ = model(ids)
    assert engines.name == engine, engines.reasons
    twin = copy.deepcopy(model)
    assert_close(twin(ids)[0], before, **EXACT)
    assert twin.engines.name == engine
    with torch.no_grad():
        twin.cells[0].R.weight.add_(1)
    assert_close(model(ids)[0], before, rtol=0, atol=0)
    assert not torch.allclose(twin(ids)[0], before)
    assert_close(twin(ids)[0], twin.plain(ids)[0], **EXACT)


def test_programs_live_no_longer_than_their_cell(engine):
    cell = Tanh()
    st.unroll(cell, numbers(2, 3, 3), engine=engine)
    gone = weakref.ref(cell)
    del cell
    gc.collect()
    assert gone() is None


def test_threads_that_share_a_model(engine):
    model = model_of(Tanh()).eval()
    engines = model.use_engine(engine)
    batches = [torch.randint(0, 5, (16, 20)) for _ in range(4)]
    with torch.no_grad():
        expected = [model(ids)[0] for ids in batches]
    assert engines.name == engine, engines.reasons
    wrong = []

    def work(k):
        with torch.no_grad():
            same = [torch.equal(model(batches[k])[0], expected[k]) for _ in range(50)]
            wrong.extend([k] * same.count(False))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_evaluation_and_prediction(engine):
    model = model_of([Tanh(), Tanh()]).eval()
    ids, lengths = torch.randint(0, 5, (4, 6)), torch.tensor([6, 1, 0, 3])
    expected = model.predict(ids, lengths=lengths)
    engines = model.use_engine(engine)
    assert torch.equal(model.predict(ids, lengths=lengths), expected)
    assert engines.name == engine, engines.reasons
    with torch.inference_mode():
        assert_close(model(ids)[0], model.plain(ids)[0], **EXACT)
    with pytest.raises(IndexError):
        model(ids + 5)


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
