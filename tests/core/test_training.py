"""A trainer does what a hand-written loop of torch does, and goes on from any step alike."""

import math
import random
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout

import seqtasks as st
from seqtasks.models.build import build_model
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource, Trainer

TASK = st.task("bitshift:shift=1")
LENGTH = 6
SPECS = ["adam", "adamw", "sgd", "sgd:momentum=0.9", "rmsprop", "rmsprop:momentum=0.5"]
LOOPS = {
    "adam": lambda p: torch.optim.Adam(p, 0.01, fused=True),
    "adam:beta1=0.8,beta2=0.9,epsilon=1e-3,weight_decay=0.1": lambda p: torch.optim.Adam(
        p, 0.01, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, fused=True
    ),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.01, fused=True),
    "adamw:beta1=0.8,beta2=0.9,epsilon=1e-3,weight_decay=0.2": lambda p: torch.optim.AdamW(
        p, 0.01, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.2, fused=True
    ),
    "sgd": lambda p: torch.optim.SGD(p, 0.01),
    "sgd:momentum=0.9,weight_decay=0.1,nesterov=true": lambda p: torch.optim.SGD(
        p, 0.01, momentum=0.9, weight_decay=0.1, nesterov=True
    ),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01),
    "rmsprop:alpha=0.9,epsilon=1e-3,momentum=0.5,weight_decay=0.1": lambda p: torch.optim.RMSprop(
        p, 0.01, alpha=0.9, eps=1e-3, momentum=0.5, weight_decay=0.1
    ),
}


class Noisy(st.Cell):
    """A cell that drops numbers at random while it is trained."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(dropout(torch.cat([x, state], -1), 0.3, self.training)))


class Spoiled(nn.Module):
    """A model whose logits are multiplied by a number in one of its calls."""

    def __init__(self, model, call, factor):
        super().__init__()
        self.model, self.call, self.factor, self.calls = model, call, factor, 0

    def forward(self, inputs):
        self.calls += 1
        return self.model(inputs)[0] * (self.factor if self.calls == self.call else 1.0)


def model(cell="gru"):
    return build_model(TASK, cell, "state", 5, seed=3)


def source():
    return BatchSource(TASK, LengthRange(LENGTH, LENGTH), 4, "sampled", 7)


def trainer(trained=None, optimizer="adam", learning_rate=0.01, **options):
    return Trainer(trained or model(), source(), optimizer, learning_rate, **options)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def hand_written(trained, optimizer, steps, after_backward=lambda parameters: None):
    losses = []
    for step in range(steps):
        batch = source().batch(step)
        optimizer.zero_grad()
        logits, _ = trained(batch.inputs)
        loss = cross_entropy(logits.reshape(-1, 2), batch.targets.reshape(-1))
        loss.backward()
        after_backward(list(trained.parameters()))
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("optimizer", LOOPS)
def test_training_is_the_hand_written_loop_bit_by_bit(optimizer):
    mine, theirs = model(), model()
    losses = trainer(mine, optimizer).advance(8)
    assert losses == hand_written(theirs, LOOPS[optimizer](theirs.parameters()), 8)
    assert same(mine.state_dict(), theirs.state_dict())


def test_adam_is_the_published_rule():
    mine, theirs = model().double(), model().double()
    trainer(mine).advance(6)
    parameters = list(theirs.parameters())
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    for step in range(6):
        batch = source().batch(step)
        loss = theirs.loss(batch.inputs, batch.targets)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g, (m, v) in zip(parameters, gradients, moments, strict=True):
                m.mul_(0.9).add_(0.1 * g)
                v.mul_(0.999).add_(0.001 * g * g)
                corrected = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
                p -= 0.01 * corrected[0] / (corrected[1].sqrt() + 1e-8)
    for one, other in zip(mine.parameters(), parameters, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def change(clip):
    """Return how far one step of plain gradient descent at rate 1 goes."""
    trained = model().double()
    before = [p.detach().clone() for p in trained.parameters()]
    trainer(trained, "sgd", 1.0, clip=clip).advance(1)
    differences = [p - b for p, b in zip(trained.parameters(), before, strict=True)]
    return torch.cat([difference.flatten() for difference in differences]).detach()


def test_a_clipped_step_keeps_its_direction_and_has_the_norm_asked_for():
    free = change(None)
    norm = free.norm().item()
    torch.testing.assert_close(change(norm / 3), free / 3, rtol=1e-4, atol=0)
    assert torch.equal(change(norm * 3), free)


def test_clipping_is_that_of_torch_at_every_step():
    mine, theirs = model(), model()
    losses = trainer(mine, "sgd", 0.5, clip=0.05).advance(8)
    optimizer = torch.optim.SGD(theirs.parameters(), 0.5)
    clip = partial(nn.utils.clip_grad_norm_, max_norm=0.05)
    assert losses == hand_written(theirs, optimizer, 8, clip)


@pytest.mark.parametrize("optimizer", ["adam", "sgd:momentum=0.9"])
@pytest.mark.parametrize("factor", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_stretch_and_changes_no_weight(factor, optimizer):
    spoiled = trainer(Spoiled(model(), 4, factor), optimizer)
    losses = spoiled.advance(10)
    sound = trainer(Spoiled(model(), 0, 1.0), optimizer)
    assert losses[:3] == sound.advance(3)
    assert len(losses) == spoiled.step == 4
    assert not math.isfinite(losses[3])
    assert same(spoiled.state(), sound.state())


@pytest.mark.parametrize("optimizer", SPECS)
@pytest.mark.parametrize("restored", ["another trainer", "itself"])
def test_a_restored_trainer_goes_on_bit_by_bit(optimizer, restored):
    first = trainer(model(Noisy), optimizer)
    first.advance(3)
    kept = first.state()
    losses, end = first.advance(5), first.state()
    again = first if restored == "itself" else trainer(model(Noisy), optimizer)
    again.advance(1)
    again.restore(kept, 3)
    assert again.step == 3
    assert same(again.state(), kept)
    assert again.advance(5) == losses
    assert same(again.state(), end)


@pytest.mark.parametrize("optimizer", SPECS)
def test_a_kept_state_stays_as_it_was_whoever_trains_on_from_it(optimizer):
    first = trainer(model(Noisy), optimizer)
    first.advance(2)
    kept = first.state()
    copies = {name: tensor.clone() for name, tensor in kept.items()}
    first.advance(2)
    assert same(kept, copies)
    first.restore(kept, 2)
    first.advance(2)
    assert same(kept, copies)


def test_an_untrained_state_can_be_put_back():
    first = trainer()
    kept = first.state()
    losses = first.advance(3)
    first.restore(kept, 0)
    assert first.advance(3) == losses


def test_how_training_is_cut_into_stretches_does_not_matter():
    whole, cut = trainer(model(Noisy)), trainer(model(Noisy))
    losses = whole.advance(12)
    pieces = []
    with torch.random.fork_rng(devices=[]):
        for steps in (1, 5, 0, 4, 2):
            pieces += cut.advance(steps)
            st.evaluate(cut.model, TASK, LENGTH)  # in evaluation mode, for what comes between
            cut.model.eval()
            torch.manual_seed(steps)
            torch.rand(3)
    assert pieces == losses
    assert same(whole.state(), cut.state())
    assert whole.step == cut.step == 12


def test_random_draws_inside_the_model_depend_on_the_seed():
    first, again, other = (trainer(model(Noisy), seed=seed).advance(4) for seed in (1, 1, 2))
    assert first == again
    assert first[0] != other[0]


def test_training_leaves_the_global_random_states_alone():
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    trainer(model(Noisy)).advance(3)
    assert torch.equal(before[0], torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], np.random.get_state(), strict=True))
    assert before[2] == random.getstate()


def test_a_stretch_ends_after_the_step_at_which_stop_says_so():
    asked = iter([False, False, True, False])
    stopped = trainer()
    losses = stopped.advance(10, lambda: next(asked))
    assert losses == trainer().advance(3)
    assert stopped.step == 3


def test_the_sum_reduction_sums_the_positions_of_an_instance():
    mean, total = trainer().advance(1), trainer(loss_reduction="sum").advance(1)
    assert total[0] == pytest.approx(LENGTH * mean[0], rel=1e-6)


def test_a_frozen_parameter_stays_as_it_is():
    trained = model()
    trained.embedding.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    trainer(trained, "adamw").advance(2)
    moved = {n for n, tensor in trained.state_dict().items() if not torch.equal(tensor, before[n])}
    assert moved == before.keys() - {"embedding.weight"}


def test_a_model_with_nothing_to_train_is_refused():
    with pytest.raises(st.UsageError, match="no parameter to train"):
        trainer(model().requires_grad_(False))


@pytest.mark.parametrize(
    ("optimizer", "texts"),
    [
        ("adm", ["unknown optimizer 'adm'; known: adam, adamw, rmsprop, sgd.", "mean 'adam'?"]),
        ("./mine.py:Mine", ["unknown optimizer './mine.py:Mine'"]),
        ("sgd:moment=0.9", ["has no parameter 'moment'", "weight_decay", "mean 'momentum'?"]),
        ("sgd:momentum=much", ["momentum", "much"]),
        ("sgd:momentum=-1", ["optimizer sgd:momentum=-1: ", "momentum"]),
        ("adam:learning_rate=1", ["has no parameter 'learning_rate'"]),
    ],
)
def test_an_optimizer_that_cannot_be_had_is_refused_with_what_can(optimizer, texts):
    with pytest.raises(st.UsageError) as error:
        trainer(optimizer=optimizer)
    assert all(text in str(error.value) for text in texts), str(error.value)
