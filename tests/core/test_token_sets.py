"""Targets that are sets of symbols: laid out, scored, trained and shown."""

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.models.loss import sequence_loss
from seqtasks.scoring.predict import decide


class Seen(st.Task):
    """Say which symbols have been seen so far."""

    inputs = st.Tokens("ab")
    targets = st.TokenSets("ab")

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return np.stack([np.logical_or.accumulate(inputs == i, axis=1) for i in (0, 1)], axis=-1)


class SeenAtLast(Seen):
    """Say at the end which symbols were seen."""

    layout = "end"

    def encode(self, inputs):
        return super().encode(inputs)[:, -1]


def test_sets_are_laid_out_and_written():
    batch = Seen().batch_of(np.array([[0, 0, 1]]))
    assert batch.targets.dtype == np.bool_
    assert Seen.targets.words(batch.targets[0]) == ["{a}", "{a}", "{ab}"]
    late = SeenAtLast().batch_of(np.array([[0, 0, 1]]))
    assert SeenAtLast.targets.words(late.targets[0]) == [".", ".", "{ab}"]
    assert late.scored.tolist() == [[False, False, True]]


def test_symbols_that_sets_are_written_with_are_quoted():
    everything = np.ones((1, 5), np.bool_)
    (brackets,) = st.TokenSets(["(", "{", "}", ",", "END"]).words(everything)
    assert brackets == "{(,'{','}',',',END}"
    (marks,) = st.TokenSets("a{}'\"").words(everything)
    assert marks == """{a'{''}'"'"'"'}"""
    task = st.task("dyck:kinds=3")
    words = task.targets.words(task.encode(task.inputs.encode("{}")[None])[0])
    assert words == ["{(,[,'{','}'}", "{(,[,'{',END}"]


def test_answers_that_are_no_sets_are_refused():
    class Ids(Seen):
        def encode(self, inputs):
            return np.stack([inputs, inputs], axis=-1)

    with pytest.raises(ValueError, match=r"Ids\.encode: sets of symbols must be bool, got int64"):
        Ids().batch_of(np.array([[0, 1]]))


def test_a_step_is_right_when_its_set_is_the_same_set():
    targets = np.array([[[True, False], [True, True], [False, False]]])
    predictions = np.array([[[True, False], [True, False], [True, True]]])
    assert [part.tolist() for part in st.token_accuracy(predictions, targets)] == [[1.0], [2.0]]
    assert st.sequence_accuracy(predictions, targets)[0].tolist() == [0.0]
    assert st.sequence_accuracy(targets, targets)[0].tolist() == [1.0]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_is_the_mean_cross_entropy_of_being_in_the_set(reduction):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    targets = torch.rand(2, 3, 4, generator=generator) < 0.5
    targets[:, :, 0] |= ~targets.any(-1)
    targets[1, 2] = False  # not scored
    expected = 0.0
    for row in range(2):
        for step in range(3 - row):
            chances = torch.sigmoid(logits[row, step])
            inside = torch.where(targets[row, step], chances, 1 - chances)
            expected -= float(inside.log().sum()) / 4
    expected /= 5 if reduction == "mean" else 2
    assert float(sequence_loss(logits, targets, None, reduction)) == pytest.approx(expected)
    lengths = torch.tensor([3, 2])
    assert float(sequence_loss(logits, targets, lengths, reduction)) == pytest.approx(expected)


def test_a_positive_logit_puts_a_symbol_into_the_set():
    logits = torch.tensor([[[1.0, -1.0], [-0.5, 0.5]]])
    assert decide(Seen.targets, logits).tolist() == [[[True, False], [False, True]]]


def test_a_cell_learns_sets_and_is_scored_on_them():
    result = st.run(Seen(), cell="gru", steps=600, evaluation_lengths=(10, 30), seed=1)
    assert result.solved
    assert result.metrics[30]["sequence_accuracy"] == 1.0
