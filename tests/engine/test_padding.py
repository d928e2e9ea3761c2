"""Past its end an instance computes with nothing but its own: rows alone in float64 are right."""

import copy

import pytest
import torch
from grids import one_quick_in
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells import Cell, Readout
from seqtasks.engine.unroll import engines_of
from seqtasks.models.loss import sequence_loss

ENGINES = ("plain", "torch", "native")


LENGTHS = torch.tensor([6, 3, 1, 4, 2])


EXACT = {"rtol": 1e-9, "atol": 1e-9}


class OfInput(Cell):
    """Divides by the input, by its length, and takes its logarithm."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(3 * input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        parts = [x / x.norm(dim=-1, keepdim=True), x.abs().log(), 1 / x, state]
        return torch.tanh(self.linear(torch.cat(parts, -1)))


class OfState(Cell):
    """Takes roots of a state that starts at zero; puts out a state divided by its length."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)
        self.start = nn.Parameter(torch.randn(hidden_size))

    def initial_state(self, batch_size, steps):
        return self.start.expand(batch_size, -1), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state):
        hidden, squares = state
        hidden = self.linear(torch.cat([1 / x, hidden], -1)).sin()
        squares = squares / 2 + hidden.square()
        return hidden / squares.sqrt(), squares

    def output(self, x, state):
        return state[0] / state[1].norm(dim=-1, keepdim=True) + x.sum(-1, keepdim=True).log()


class RootOfZero(Cell):
    """A root of a state that starts at zero, whose gradient nothing needs there."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(x) + 0.1 * state.abs().sqrt())


class Falling(Cell):
    """A state that leaves the domain of its root after five steps."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size) + 0.5

    def forward(self, x, state):
        return (state - 0.08).sqrt() * torch.sigmoid(self.linear(x)) * 0.1 + state - 0.09


class Inverse(Readout):
    """Divides by its inputs and by the cell's outputs."""

    def __init__(self, embedding_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__(embedding_size, hidden_size, output_size)
        self.linear = nn.Linear(embedding_size + hidden_size, output_size)

    def forward(self, inputs, outputs):
        return self.linear(torch.cat([1 / inputs, 1 / outputs], -1))


def tensors(state):
    return [state] if isinstance(state, torch.Tensor) else list(state)


def weighted(outputs):
    return sum(((k + 1) * tensor.cos()).sum() for k, tensor in enumerate(outputs))


def alone(run, inputs, given, lengths):
    """Return outputs, finals and gradients of rows one by one, each as long as it is."""
    total, outputs, finals = 0.0, [], []
    for row, length in enumerate(lengths.tolist()):
        own = None if given is None else [state[row : row + 1] for state in given]
        found, final = run(inputs[row : row + 1, :length], own, None)
        total = total + weighted([found, *tensors(final)])
        outputs.append(found[0])
        finals.append(tensors(final))
    return total, outputs, [torch.cat(parts) for parts in zip(*finals, strict=True)]


def check(run, inputs, given, lengths, parameters):
    """Hold a batch of mixed lengths against its rows alone."""
    leaves = [*parameters, *(given or ())]
    if inputs.is_floating_point():
        leaves.append(inputs)
    total, outputs, finals = alone(run, inputs, given, lengths)
    expected = torch.autograd.grad(total, leaves, materialize_grads=True)
    found, final = run(inputs, given, lengths)
    for row, length in enumerate(lengths.tolist()):
        assert_close(found[row, :length], outputs[row], **EXACT)
        assert not found[row, length:].any()
    assert_close(tensors(final), finals, **EXACT)
    # zeros past the end have a cosine too, which is a constant
    got = torch.autograd.grad(weighted([found, *tensors(final)]), leaves, materialize_grads=True)
    assert all(gradient.isfinite().all() for gradient in expected)
    assert_close(got, expected, **EXACT)


def single(state):
    return None if state is None else state[0] if len(state) == 1 else tuple(state)


@one_quick_in(2, kind=[OfInput, OfState, Falling, RootOfZero], engine=ENGINES)
def test_a_cell_that_divides_has_the_gradients_of_rows_alone(kind, engine):
    cell = kind(3, 4).double()
    inputs = torch.rand(5, 6, 3, dtype=torch.float64) + 0.2
    for row, length in enumerate(LENGTHS):
        inputs[row, length:] = (0.0, torch.nan, torch.inf)[row % 3]
    inputs.requires_grad_()

    def run(some, given, lengths):
        chosen = "plain" if lengths is None else engine
        return st.unroll(cell, some, single(given), lengths, engine=chosen)

    check(run, inputs, None, LENGTHS, list(cell.parameters()))
    start = tensors(cell.initial_state(5, 6))
    given = [(torch.rand_like(part) + 0.5).detach().requires_grad_() for part in start]
    check(run, inputs, given, LENGTHS, list(cell.parameters()))
    assert engine == "plain" or engines_of(cell, engine).name == engine


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [OfInput, OfState])
def test_an_instance_without_steps_leaves_no_trace(kind, engine):
    cell = kind(3, 4).double()
    inputs = (torch.rand(4, 5, 3, dtype=torch.float64) + 0.2).requires_grad_()
    lengths = torch.tensor([5, 0, 2, 0])
    found = {}
    for padding in (1.0, torch.nan):
        filled = inputs.detach().clone()
        filled[torch.arange(5) >= lengths[:, None]] = padding
        filled.requires_grad_()
        outputs, final, past = st.unroll(
            cell, filled, None, lengths, return_states=True, engine=engine
        )
        wanted = weighted([outputs, *tensors(final), *tensors(past)])
        gradients = torch.autograd.grad(wanted, [*cell.parameters(), filled])
        assert all(gradient.isfinite().all() for gradient in gradients)
        found[padding] = [outputs, *tensors(final), *tensors(past), *gradients]
    assert_close(found[torch.nan], found[1.0], **EXACT)
    outputs, final = st.unroll(cell, inputs[::2], None, lengths[::2])
    assert_close(found[1.0][0][::2], outputs, **EXACT)
    start = cell.initial_state(4, 5)
    for one, other in zip(tensors(start), found[1.0][1:], strict=False):
        assert_close(other[1::2], one[1::2], **EXACT)


@pytest.mark.parametrize("engine", ENGINES)
def test_states_of_every_step_have_the_gradients_of_rows_alone(engine):
    cell = OfState(3, 4).double()
    inputs = (torch.rand(5, 6, 3, dtype=torch.float64) + 0.2).requires_grad_()
    leaves = [*cell.parameters(), inputs]

    def wanted(past, row, length):
        return ((row + 1) * past[:, :length].cos()).sum() + past[:, length:].sin().sum()

    total = 0.0
    for row, length in enumerate(LENGTHS.tolist()):
        _, final, past = st.unroll(cell, inputs[row : row + 1, :length], return_states=True)
        for last, every in zip(tensors(final), tensors(past), strict=True):
            frozen = last[:, None].expand(-1, 6 - length, -1)
            total = total + wanted(torch.cat([every, frozen], 1), row, length)
    expected = torch.autograd.grad(total, leaves)
    _, _, past = st.unroll(cell, inputs, None, LENGTHS, return_states=True, engine=engine)
    total = sum(
        wanted(every[row : row + 1], row, length)
        for every in tensors(past)
        for row, length in enumerate(LENGTHS.tolist())
    )
    assert_close(torch.autograd.grad(total, leaves), expected, **EXACT)


def model_of(kind, reals, layers=2):
    torch.manual_seed(3)
    embedding = nn.Linear(2, 3) if reals else nn.Embedding(4, 3)
    with torch.no_grad():  # logarithms are taken of what it gives
        for parameter in embedding.parameters():
            parameter.copy_(parameter.abs() + 0.1)
    cells = [kind(3, 4), *(OfInput(4, 4) for _ in range(layers - 1))]
    return st.Model(embedding, cells, Inverse(3, 4, 5)).double()


@one_quick_in(2, reals=[False, True], engine=ENGINES)
def test_a_model_that_divides_learns_as_from_rows_alone(reals, engine):
    model = model_of(OfInput, reals)
    model.use_engine(engine)
    plain = copy.deepcopy(model)
    plain.use_engine("plain")
    inputs = torch.rand(5, 6, 2, dtype=torch.float64) if reals else torch.randint(4, (5, 6))
    for row, length in enumerate(LENGTHS):
        inputs[row, length:] = torch.nan if reals else -100
    targets = torch.randint(5, (5, 6))
    model.loss(inputs, targets, lengths=LENGTHS).backward()
    assert model.engines.name == engine, model.engines.reasons
    for row, length in enumerate(LENGTHS):
        share = length / LENGTHS.sum()
        own = inputs[row : row + 1, :length], targets[row : row + 1, :length]
        (share * plain.loss(*own)).backward()
    for one, other in zip(model.parameters(), plain.parameters(), strict=True):
        assert one.grad.isfinite().all()
        assert_close(one.grad, other.grad, **EXACT)
    predictions, _ = model(inputs, None, LENGTHS)
    assert not predictions[torch.arange(6) >= LENGTHS[:, None]].any()


def test_a_cell_with_a_scan_learns_as_from_rows_alone():
    class WithScan(OfInput):
        def scan(self, inputs, state=None, lengths=None):
            return st.unroll(self, inputs, state, lengths)

    model = model_of(WithScan, reals=True)
    inputs = torch.rand(5, 6, 2, dtype=torch.float64)
    targets, lengths = torch.randint(5, (5, 6)), torch.tensor([6, 3, 0, 4, 2])
    inputs[torch.arange(6) >= lengths[:, None]] = torch.nan
    found = torch.autograd.grad(
        model.loss(inputs, targets, lengths=lengths), list(model.parameters())
    )
    total = sum(
        length * model.loss(inputs[row : row + 1, :length], targets[row : row + 1, :length])
        for row, length in enumerate(lengths.tolist())
        if length
    )
    expected = torch.autograd.grad(total / lengths.sum(), list(model.parameters()))
    assert_close(found, expected, **EXACT)


@pytest.mark.parametrize("engine", ENGINES)
def test_scoring_in_portions_ends_where_rows_alone_end(engine, monkeypatch):
    from seqtasks.engine.contract import chunked

    monkeypatch.setitem(chunked.NUMBERS, "cpu", 1)
    monkeypatch.setattr(chunked, "LEAST_STEPS", 2)
    model = model_of(OfInput, reals=False)
    model.use_engine(engine)
    inputs = torch.randint(4, (5, 6))
    lengths = torch.tensor([6, 3, 0, 4, 1])
    inputs[torch.arange(6) >= lengths[:, None]] = -100
    with torch.no_grad():
        found, finals = model(inputs, None, lengths)
        for row, length in enumerate(lengths.tolist()):
            assert not found[row, length:].any()
            if length:
                own, final = model.plain(inputs[row : row + 1, :length])
                assert_close(found[row : row + 1, :length], own, **EXACT)
                for one, other in zip(finals, final, strict=True):
                    assert_close(one[row : row + 1], other, **EXACT)


@pytest.mark.parametrize("kind", ["ids", "sets", "reals"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_loss_ignores_what_is_predicted_past_the_end(kind, reduction):
    lengths = torch.tensor([4, 2])
    predictions = torch.randn(2, 4, 3, dtype=torch.float64)
    targets = {
        "ids": torch.randint(3, (2, 4)),
        "sets": torch.ones(2, 4, 3, dtype=torch.bool),
        "reals": torch.randn(2, 4, 3, dtype=torch.float64),
    }[kind]
    results = []
    for filling in (0.0, torch.nan):
        filled = predictions.clone()
        filled[1, 2:] = filling
        filled.requires_grad_()
        loss = sequence_loss(filled, targets, lengths, reduction)
        results.append((loss, *torch.autograd.grad(loss, filled)))
    assert_close(results[1], results[0], rtol=0, atol=0)
    assert results[1][1].isfinite().all()
