"""Pondering: each step is followed by blanks, and answered at the last of them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

import seqtasks as st
from seqtasks.models.build import build_model
from seqtasks.tasks.alphabets import IGNORE

SPECS = [
    "parity",
    "parity-check",
    "reverse-string",
    "stack-manipulation",
    "dyck:mode=predict",
    "copy-memory:items=1",
    "adding",
    "n-bit-flip-flop:channels=2",
]


def unscored(value):
    """Return a position like one that is scored, but is not."""
    if isinstance(value, list):
        return [False] * len(value) if isinstance(value[0], bool) else [float("nan")] * len(value)
    return IGNORE


def spread_by_hand(task, batch, ponder):
    """Return an instance's inputs and targets with blanks after each step, one at a time."""
    inputs, targets = [], []
    for read, wanted in zip(batch.inputs[0].tolist(), batch.targets[0].tolist(), strict=True):
        blank = [0.0] * len(read) if isinstance(read, list) else task.inputs.size
        inputs.append(read)
        for _ in range(ponder):
            inputs.append(blank)
            targets.append(unscored(wanted))
        targets.append(wanted)
    return inputs, targets


@settings(max_examples=60, deadline=None)
@given(some.sampled_from(SPECS), some.integers(0, 4), some.integers(1, 9), some.integers(0, 99))
def test_every_layout_is_the_loop_that_defines_it(spec, ponder, length, seed):
    task = st.task(spec)
    length = task.lengths.at_least(length)
    plain = task.batch(np.random.default_rng(seed), 1, length)
    pondered = task.with_ponder(ponder).batch(np.random.default_rng(seed), 1, length)
    inputs, targets = spread_by_hand(task, plain, ponder)
    assert pondered.inputs[0].tolist() == inputs
    np.testing.assert_equal(pondered.targets[0].tolist(), targets)  # NaN is NaN
    assert pondered.lengths.tolist() == [len(inputs)]
    assert (pondered.inputs.dtype, pondered.targets.dtype) == (
        plain.inputs.dtype,
        plain.targets.dtype,
    )
    assert pondered.scored.sum() == plain.scored.sum()


@pytest.mark.parametrize(
    ("spec", "without", "with_blanks"),
    [("parity", 2, 3), ("parity-check", 2, 3), ("reverse-string", 3, 3), ("adding", 2, 2)],
)
def test_a_task_without_a_blank_gets_one_and_one_with_a_blank_keeps_its_ids(
    spec, without, with_blanks
):
    task = st.task(spec)
    assert task.input_size == task.with_ponder(0).input_size == without
    assert task.with_ponder(2).input_size == with_blanks


def test_the_task_itself_stays_as_it_was_and_its_name_in_messages_too():
    task = st.task("bitshift:shift=2")
    made = task.with_ponder(3)
    assert (task.ponder, made.ponder, made.shift, type(made)) == (0, 3, 2, type(task))
    with pytest.raises(st.UsageError, match="parity cannot have length 0"):
        st.task("parity").with_ponder(1).batch(np.random.default_rng(0), 1, 0)
    with pytest.raises(st.UsageError, match="ponder must be at least 0, got -1"):
        task.with_ponder(-1)


def test_a_model_is_trained_and_scored_over_the_blanks(tmp_path):
    result = st.run(
        "parity-check",
        cell="elman",
        hidden_size=3,
        steps=2,
        ponder=2,
        evaluation_lengths=(4, 30),
        length="3",
        out=tmp_path,
    )
    assert result.model.embedding.weight.shape == (3, 3)
    assert [score.metrics for score in st.load(result.path).scores] == [
        score.metrics for score in result.scores
    ]
    loaded = st.load(result.path)
    assert loaded.task.ponder == 2
    assert st.evaluate(loaded.model, loaded.task, "4,30") == result.scores


def test_scores_are_those_of_a_loop_over_instances():
    task = st.task("parity").with_ponder(1)
    model = build_model(task, "elman", "state", 4, seed=1)
    (score,) = st.evaluate(model, task, 3)
    right = 0
    for number in range(8):
        bits = [int(bit) for bit in f"{number:03b}"]
        logits, _ = model(torch.tensor([[bits[0], 2, bits[1], 2, bits[2], 2]]))
        said = logits[0].argmax(-1).tolist()[1::2]
        right += sum(s == sum(bits[: i + 1]) % 2 for i, s in enumerate(said))
    assert score.metrics["token_accuracy"] == pytest.approx(right / 24)
