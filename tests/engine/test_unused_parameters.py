"""A parameter without a gradient, in batches of few steps, is passed over as torch.optim does."""

import copy

import pytest
import torch
from grids import one_quick_in
from training_runs import WIDTH, assert_close_runs, model, trainer
from truth import ENGINES

from seqtasks.cells import Cell

MEMORIES = ["stack-rnn:cell_size=2,depth=2", "tape-rnn:cell_size=2,places=3", "stack-rnn"]
OPTIMIZERS = [
    "adam:weight_decay=0.1",
    "adamw",
    "sgd:momentum=0.9,nesterov=true,weight_decay=0.1",
    "rmsprop:momentum=0.5,weight_decay=0.1",
]


class Delayed(Cell):
    """What `first` makes of the input is put out two steps later."""

    def __init__(self):
        super().__init__(WIDTH, WIDTH)
        self.first = torch.nn.Linear(WIDTH, WIDTH)
        self.second = torch.nn.Linear(WIDTH, WIDTH)

    def initial_state(self, batch_size, steps):
        """Return three states of zeros, (batch, width)."""
        return tuple(self.zeros(batch_size, WIDTH) for _ in range(3))

    def forward(self, x, state):
        """Return what comes out now, and what will."""
        _, next_out, later = state
        return x + next_out, torch.tanh(self.second(later)), self.first(x)

    def output(self, x, state):
        """Return the first state."""
        return state[0]


@one_quick_in(4, engine=ENGINES, cell=MEMORIES, optimizer=OPTIMIZERS)
def test_what_is_written_to_a_memory_in_a_batch_of_one_step(engine, cell, optimizer):
    start = model("symbols", cell)
    options = {"optimizer": optimizer, "clip": 0.5, "lengths": (1, 1, 2, 1)}
    assert_close_runs(
        *(trainer(start, "symbols", name, **options) for name in (engine, "plain")), 24
    )


@one_quick_in(2, engine=ENGINES, threads=[1, 2])
def test_what_is_put_out_two_steps_later(engine, threads):
    start = model("symbols", Delayed())
    options = {"lengths": (2, 1, 3, 2), "threads": threads}
    made, plain = (trainer(start, "symbols", name, **options) for name in (engine, "plain"))
    weights = [made.model.cells[0].first.bias, made.model.cells[0].second.bias]
    before = [weight.detach().clone() for weight in weights]
    assert_close_runs(made, plain, 2)
    changed = [not torch.equal(old, new) for old, new in zip(before, weights, strict=True)]
    assert changed == [False, True]
    assert_close_runs(made, plain, 22)
    assert not torch.equal(before[0], weights[0])


@one_quick_in(4, engine=ENGINES, begun=[1, 2, 7], optimizer=OPTIMIZERS)
def test_a_run_goes_on_from_where_some_were_not_used(engine, optimizer, begun):
    start = model("symbols", MEMORIES[0])
    options = {"optimizer": optimizer, "lengths": (1, 1, 2, 1)}
    for names in ((engine, "plain"), ("plain", engine), (engine, engine)):
        first, second = (trainer(start, "symbols", name, **options) for name in names)
        plain = trainer(start, "symbols", "plain", **options)
        first.advance(begun)
        plain.advance(begun)
        second.advance(5)  # of which nothing is to be left
        second.restore(first.state(), begun)
        assert_close_runs(second, plain, 12)


@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_are_none_where_the_plain_loop_has_none(engine):
    start = model("symbols", Delayed())
    made, plain = copy.deepcopy(start), copy.deepcopy(start)
    made.use_engine(engine)
    plain.use_engine("plain")
    for time in (1, 2, 3):
        ids = torch.randint(0, 4, (2, time))
        for wanted in (
            lambda results: results[0].sum(),
            lambda results: results[1][2].sum(),
            lambda results: results[1][0].sum() + results[0].sum(),
        ):
            for one in (made, plain):
                one.zero_grad()
                wanted(one(ids)).backward()
            for (name, p), q in zip(made.named_parameters(), plain.parameters(), strict=True):
                assert (p.grad is None) == (q.grad is None), (time, name)
                torch.testing.assert_close(p.grad, q.grad, rtol=1e-10, atol=1e-12)


class Unread(Cell):
    """Keeps in a second state, which nothing reads, a slice of the input and of a parameter."""

    def __init__(self):
        super().__init__(WIDTH, WIDTH)
        self.linear = torch.nn.Linear(WIDTH, WIDTH)
        self.unread = torch.nn.Linear(WIDTH, 2 * WIDTH)
        self.beside = torch.nn.Parameter(torch.ones(WIDTH))

    def initial_state(self, batch_size, steps):
        """Return a state of zeros and one that nothing reads, (batch, width) each."""
        return self.zeros(batch_size, WIDTH), self.zeros(batch_size, WIDTH)

    def forward(self, x, state):
        """Return the next state, and what nothing reads."""
        joined = torch.cat([self.beside.expand(len(x), -1), x], -1)
        _, used = joined.chunk(2, -1)
        return torch.tanh(self.linear(used) + state[0]), self.unread(x).chunk(2, -1)[0] + x

    def output(self, x, state):
        """Return the first state."""
        return state[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_nothing_reads_has_the_gradient_that_torch_gives_it(engine):
    start = model("symbols", Unread())
    made, plain = copy.deepcopy(start), copy.deepcopy(start)
    made.use_engine(engine)
    plain.use_engine("plain")
    for time in (1, 3):
        ids = torch.randint(0, 4, (3, time))
        given = [torch.randn(3, WIDTH).to(next(start.parameters())) for _ in range(2)]
        for wanted in (
            lambda results: results[0].sum(),
            lambda results: results[1][1].sum(),
            lambda results: results[0].sum() + results[1][1].sum(),
        ):
            found = []
            for one in (made, plain):
                one.zero_grad()
                starts = tuple(part.clone().requires_grad_() for part in given)
                wanted(one(ids, starts)).backward()
                named = {name: p.grad for name, p in one.named_parameters()}
                found.append(named | {f"state {k}": part.grad for k, part in enumerate(starts)})
            for name, gradient in found[0].items():
                assert (gradient is None) == (found[1][name] is None), (time, name)
                torch.testing.assert_close(gradient, found[1][name], rtol=1e-10, atol=1e-12)
    assert made.engines.name == engine, made.engines.reasons


@pytest.mark.parametrize("engine", ENGINES)
def test_a_checkpoint_of_another_model_is_refused(engine):
    if engine == "torch":
        pytest.skip("torch's own optimiser takes what it is given")
    made = trainer(model("symbols"), "symbols", engine)
    made.advance(3)
    kept = {k: v for k, v in made.state().items() if not k.startswith("optimizer.0")}
    with pytest.raises(KeyError, match="0"):
        made.restore(kept, 3)
