"""Nothing that follows END in an answer counts, neither in a score nor in training."""

import numpy as np
import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.models.loss import sequence_loss
from seqtasks.registry.discovery import current_registry
from seqtasks.tasks.alphabets import IGNORE, Tokens


def tasks_with_an_end():
    """Return the names of the registered tasks whose answers end with END."""
    names = []
    for name in current_registry().names("task"):
        targets = st.task(name).targets
        if isinstance(targets, Tokens) and "END" in targets.symbols:
            names.append(name)
    return names


NAMES = tasks_with_an_end()


class Oracle(nn.Module):
    """A model that is right up to END, and says random symbols after it."""

    def __init__(self, task, wrong_at_the_end=False):
        super().__init__()
        self.task, self.wrong = task, wrong_at_the_end

    def forward(self, ids):
        symbols = self.task.targets.size
        given = (ids < self.task.inputs.size).sum(1)[0]
        answers = torch.from_numpy(self.task.batch_of(ids[:, :given].numpy()).targets)
        said = torch.where(answers == IGNORE, torch.randint(symbols, answers.shape), answers)
        if self.wrong:
            said = torch.where(answers == symbols - 1, 0, said)
        return nn.functional.one_hot(said, symbols).float()


def test_there_are_such_tasks():
    expected = {"stack-manipulation", "binary-addition", "binary-multiplication", "repeat-copy"}
    assert expected <= set(NAMES)


@pytest.mark.parametrize("ponder", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_what_follows_end_is_not_scored_and_end_itself_is(name, ponder):
    task = st.task(name)
    batch = task.with_ponder(ponder).batch(np.random.default_rng(1), 200, 9)
    for row in batch.targets[batch.scored.any(axis=1)]:
        answer = row[row != IGNORE]
        assert task.targets.symbols[answer[-1]] == "END"
        assert (answer[:-1] != answer[-1]).all()
        last = np.flatnonzero(row == answer[-1])[0]
        assert (row[last + 1 :] == IGNORE).all()
    ends = (batch.targets == task.targets.size - 1).argmax(axis=1)
    assert (ends < batch.targets.shape[1] - 1).any()  # so that something follows END


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_says_anything_after_end_is_all_right(name):
    task = st.task(name)
    (score,) = st.evaluate(Oracle(task), task, 9, sequences=100)
    assert score.metrics == {"token_accuracy": 1.0, "sequence_accuracy": 1.0}
    (score,) = st.evaluate(Oracle(task, wrong_at_the_end=True), task, 9, sequences=100)
    assert score.metrics["sequence_accuracy"] == 0
    assert 0 < score.metrics["token_accuracy"] < 1


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_after_end_does_not_change_the_loss(name, reduction):
    batch = st.task(name).batch(np.random.default_rng(1), 30, 9)
    targets = torch.from_numpy(batch.targets)
    logits = torch.randn(*targets.shape, st.task(name).targets.size, requires_grad=True)
    changed = torch.where((targets == IGNORE)[..., None], -5 * logits.detach(), logits.detach())
    loss = sequence_loss(logits, targets, reduction=reduction)
    assert sequence_loss(changed, targets, reduction=reduction) == loss.detach()
    loss.backward()
    assert (logits.grad[targets == IGNORE] == 0).all()
