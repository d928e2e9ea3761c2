"""What a cell adds to the loss is added alike by every engine."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from training_runs import LENGTHS, assert_close_runs, model, trainer
from truth import ENGINES
from whole_models import drawn

import seqtasks as st
from seqtasks.models.loss import sequence_loss

SIZE = 3
NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True


class Pondering(st.Cell):
    """A cell whose activity and its change cost; `price` is trained by the penalty alone."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size + hidden_size, hidden_size)
        self.price = nn.Parameter(torch.linspace(0.5, 1.5, hidden_size))

    def forward(self, x, state):
        return torch.tanh(self.enter(torch.cat([x, state], -1)))

    def penalty(self, x, state, time, before):
        change = (self.price * (state - before)).square().mean(-1)
        return change * (1 + time[:, 0] / 8) + 0.1 * (x * state).abs().sum(-1)


class Flat(st.Cell):
    """A cell whose penalty depends on its weights alone."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.enter(torch.cat([x, state], -1)))

    def penalty(self, x, state):
        return self.enter.weight.square().mean().expand(len(x))


class Plain(Flat):
    penalty = None


def stacked(kind, *cells):
    made = model(kind)
    made.cells = nn.ModuleList([cell().double() for cell in cells])
    return made


def by_hand(made, inputs, lengths):
    """Return predictions and the penalty, instance by instance, by a loop of this test's own."""
    penalties, predicted = [], torch.zeros(*inputs.shape, 4, dtype=torch.float64)
    for row, length in enumerate(lengths.tolist()):
        if not length:
            continue
        embedded = made.embedding(inputs[row : row + 1, :length])
        outputs = embedded
        added = torch.zeros(length, dtype=torch.float64)
        for cell in made.cells:
            state, each = cell.initial_state(1, length), []
            for step in range(length):
                x, before = outputs[:, step], state
                state = cell(x, state)
                each.append(state)
                if isinstance(cell, Pondering):
                    time = torch.full((1, 1), float(step), dtype=torch.float64)
                    added[step] += cell.penalty(x, state, time, before)[0]
                elif not isinstance(cell, Plain):
                    added[step] += cell.penalty(x, state)[0]
            outputs = torch.stack(each, 1)
        penalties += added.unbind()
        predicted[row, :length] = made.readout(embedded, outputs)[0]
    return predicted, torch.stack(penalties).mean()


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
@pytest.mark.parametrize("cells", [(Pondering,), (Pondering, Plain, Flat), (Plain,)])
@pytest.mark.parametrize("mixed", [False, True])
def test_the_penalty_is_the_mean_over_the_steps_that_instances_have(engine, cells, mixed):
    made = stacked("symbols", *cells)
    made.use_engine(engine)
    ids, _, lengths = drawn(made, 7, 6, mixed)
    predictions, _, penalty = made(ids, lengths=lengths, return_penalty=True)
    steps = torch.full((7,), 6) if lengths is None else lengths
    expected, added = by_hand(made, ids, steps)
    assert_close(predictions, expected)
    assert_close(penalty, added, check_dtype=False) if made.has_penalty else None
    assert made.has_penalty or penalty == 0
    assert made.engines.name == engine
    named = dict(made.named_parameters())
    targets = torch.randint(4, (7, 6))
    loss = made.loss(ids, targets, lengths=lengths)
    by_definition = sequence_loss(expected, targets, lengths) + (added if made.has_penalty else 0)
    assert_close(loss, by_definition)
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    wanted = torch.autograd.grad(by_definition, list(named.values()), allow_unused=True)
    for name, one, other in zip(named, found, wanted, strict=True):
        assert_close(one, other, msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_of_the_penalty_alone_has_no_gradient_without_it(engine):
    made = stacked("symbols", Pondering)
    made.use_engine(engine)
    predictions, _, penalty = made(torch.randint(4, (3, 5)), return_penalty=True)
    predictions.sum().backward(retain_graph=True)
    price, weight = made.cells[0].price, made.cells[0].enter.weight
    assert price.grad is None
    assert weight.grad is not None
    penalty.backward()
    assert price.grad.abs().min() > 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["symbols", "sets", "reals"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_training_is_the_plain_loops(engine, kind, reduction):
    start = stacked(kind, Pondering, Flat)
    options = {"clip": 0.5, "loss_reduction": reduction, "lengths": LENGTHS[:2]}
    made = trainer(start, kind, engine, **options)
    assert_close_runs(made, trainer(start, kind, "plain", **options), 10)


def test_threads_share_the_penalty():
    start = stacked("symbols", Pondering)
    made = trainer(start, "symbols", "native", threads=3)
    assert_close_runs(made, trainer(start, "symbols", "plain"), 8)


def test_the_loss_of_a_training_step_holds_the_penalty():
    start = stacked("symbols", Pondering)
    made = trainer(start, "symbols", "plain")
    batch = made._source.batch(0)
    expected = copy.deepcopy(start).loss(batch.inputs, batch.targets).detach()
    assert made.advance(1) == [float(expected)]


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
@pytest.mark.parametrize("wrong", [lambda x: x, lambda x: x.sum(1, keepdim=True), lambda x: 0.5])
def test_a_penalty_of_another_shape_is_refused(engine, wrong):
    made = stacked("symbols", Plain)
    made.cells[0].penalty = lambda x, state: wrong(x)
    made.use_engine(engine)
    with pytest.raises((ValueError, st.UsageError), match="penalty must return a tensor"):
        made(torch.randint(4, (3, 5)), return_penalty=True)


def test_a_submodule_of_the_name_is_no_penalty():
    class Holding(st.Cell):
        def __init__(self, input_size=SIZE, hidden_size=SIZE):
            super().__init__(input_size, hidden_size)
            self.penalty = nn.Linear(input_size + hidden_size, hidden_size)

        def forward(self, x, state):
            return torch.tanh(self.penalty(torch.cat([x, state], -1)))

    made = stacked("symbols", Holding)
    assert not made.has_penalty
    assert made(torch.zeros(2, 3, dtype=torch.int64), return_penalty=True)[-1] == 0
