"""Scores are what counting instance by instance gives, and scoring leaves no trace."""

import itertools
import math
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import dropout

import seqtasks as st
from seqtasks.models.build import build_model
from seqtasks.scoring.evaluate import evaluate_at


class RunningSum(st.Task):
    """The sum of all digits so far, mod 3; it keeps what it drew."""

    inputs = targets = st.Tokens("012")

    def __init__(self, layout="each"):
        self.layout, self.drawn = layout, []

    def generate(self, rng, batch_size, length):
        self.drawn.append(rng.integers(3, size=(batch_size, length)))
        return self.drawn[-1]

    def encode(self, inputs):
        sums = inputs.cumsum(1) % 3
        return {"each": sums, "end": sums[:, -1], "after": sums[:, -2:]}[self.layout]


class Sparse(RunningSum):
    """The same, but nothing is asked where the digit is 2."""

    def encode(self, inputs):
        return np.where(inputs == 2, st.IGNORE, super().encode(inputs))


class Average(st.Task):
    """The mean of each vector's two numbers; it keeps what it drew."""

    inputs, targets, metrics = st.Reals(2), st.Reals(1), (st.mean_squared_error,)

    def __init__(self):
        self.drawn = []

    def generate(self, rng, batch_size, length):
        self.drawn.append(rng.random((batch_size, length, 2)))
        return self.drawn[-1]

    def encode(self, inputs):
        return inputs.mean(-1, keepdims=True)


class Table(nn.Module):
    """A module of one's own, from ids to logits, without a state; it notes its mode."""

    def __init__(self, symbols=3, rate=0.5):
        super().__init__()
        self.table, self.rate, self.modes = nn.Embedding(symbols, 3), rate, []

    def forward(self, ids):
        self.modes.append(self.training)
        return dropout(self.table(ids), self.rate, self.training)


class Fair(nn.Module):
    """A module without parameters that guesses."""

    def forward(self, ids):
        return torch.rand(*ids.shape, 3)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(25)
        yield


def model_for(task, cell="gru", seed=1):
    return build_model(task, cell, "state", 5, seed=seed)


def guess(model, ids):
    """Return a model's predicted ids for one list of ids, as Python counts."""
    result = model(torch.tensor([list(map(int, ids))]))
    logits = (result[0] if isinstance(result, tuple) else result)[0].tolist()
    return [row.index(max(row)) for row in logits]


def right_answers(layout, digits):
    """Return what a model reads and the right answer at each of its places, None if unscored."""
    sums = [sum(digits[: place + 1]) % 3 for place in range(len(digits))]
    if layout == "each":
        return digits, sums
    if layout == "end":
        return digits, [None] * (len(digits) - 1) + sums[-1:]
    return [*digits, 3, 3], [None] * len(digits) + sums[-2:]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("layout", ["each", "end", "after"])
def test_scores_are_those_of_a_loop_over_instances(layout, own):
    task = RunningSum(layout)
    model = Table(4, rate=0) if own else model_for(task)
    (score,) = st.evaluate(model, task, 7, sequences=60, seed=4)
    drawn = np.concatenate(task.drawn).tolist()
    right = scored = perfect = 0
    for digits in drawn:
        read, answers = right_answers(layout, digits)
        hits = [g == a for g, a in zip(guess(model, read), answers, strict=True) if a is not None]
        right, scored, perfect = right + sum(hits), scored + len(hits), perfect + all(hits)
    assert len(drawn) == score.sequences == 60
    assert 0 < right < scored
    assert score.metrics == {
        "token_accuracy": pytest.approx(right / scored),
        "sequence_accuracy": pytest.approx(perfect / 60),
    }
    assert (score.length, score.exhaustive) == (7, False)
    for name, (low, high) in score.intervals.items():
        assert 0 <= low < high <= 1
        assert low - 1e-12 <= score.metrics[name] <= high + 1e-12


def test_an_instance_counts_by_its_scored_positions():
    task = Sparse()
    model = model_for(task)
    (score,) = st.evaluate(model, task, 4, sequences=40)
    hits = [
        guessed == answer
        for digits in np.concatenate(task.drawn).tolist()
        for digit, guessed, answer in zip(
            digits, guess(model, digits), right_answers("each", digits)[1], strict=True
        )
        if digit != 2
    ]
    assert score.metrics["token_accuracy"] == pytest.approx(sum(hits) / len(hits), abs=1e-12)


def test_the_error_of_reals_is_that_of_a_loop_over_instances():
    task = Average()
    model = model_for(task).double()
    (score,) = st.evaluate(model, task, [4], sequences=50)
    errors = []
    for vectors in np.concatenate(task.drawn).astype(np.float32):
        predicted = model(torch.tensor(vectors, dtype=torch.float64)[None])[0][0, :, 0].tolist()
        pairs = zip(predicted, vectors.tolist(), strict=True)
        errors.append(sum((p - (a + b) / 2) ** 2 for p, (a, b) in pairs) / 4)
    mean = sum(errors) / 50
    assert score.metrics["mean_squared_error"] == pytest.approx(mean, rel=1e-6)
    spread = math.sqrt(sum((e - mean) ** 2 for e in errors) / 49 / 50)
    low, high = score.intervals["mean_squared_error"]
    assert (low, high) == pytest.approx((mean - 1.96 * spread, mean + 1.96 * spread), rel=1e-4)


@pytest.mark.parametrize(("length", "sequences"), [(3, 1000), (4, 1), (10, 1000)])
def test_a_small_domain_is_scored_whole_and_exactly(length, sequences):
    task = st.task("parity")
    model = model_for(task)
    (score,) = st.evaluate(model, task, length, sequences)
    right = perfect = 0
    for bits in itertools.product([0, 1], repeat=length):
        hits = [g == sum(bits[: i + 1]) % 2 for i, g in enumerate(guess(model, bits))]
        right, perfect = right + sum(hits), perfect + all(hits)
    assert score.exhaustive
    assert score.sequences == 2**length
    exact = {"token_accuracy": right / 2**length / length, "sequence_accuracy": perfect / 2**length}
    assert score.metrics == pytest.approx(exact, abs=1e-15)
    assert all(tuple(score.intervals[name]) == (v, v) for name, v in score.metrics.items())


@pytest.mark.parametrize(("length", "sequences"), [(5, 1), (11, 1000), (200, 30)])
def test_a_large_domain_is_sampled_by_the_number_asked_for(length, sequences):
    (score,) = st.evaluate(model_for(st.task("parity")), "parity", length, sequences)
    assert (score.exhaustive, score.sequences) == (False, sequences)


class OftenZeros(RunningSum):
    """Of both inputs, zeros are drawn three times in four."""

    equally_likely = False

    def generate(self, rng, batch_size, length):
        return np.repeat(rng.integers(4, size=(batch_size, 1)) // 3, length, axis=1)

    def domain_size(self, length):
        return 2

    def enumerate(self, length):
        return np.repeat(np.arange(2)[:, None], length, axis=1)


def test_inputs_that_are_not_equally_likely_are_drawn_though_they_are_few():
    task = OftenZeros("end")
    (score,) = st.evaluate(model_for(task), task, 1, 4000)
    assert (score.exhaustive, score.sequences) == (False, 4000)
    found = {row.strategy: row.metrics["token_accuracy"] for row in st.baselines(task, 1).rows}
    assert found["always the commonest, 0"] == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("constant", ["predict.FORWARD_NUMBERS", "counts.DRAW_SYMBOLS"])
@pytest.mark.parametrize("size", [1, 5 * 9])
@pytest.mark.parametrize("task_class", [RunningSum, Average])
def test_the_size_of_portions_does_not_change_the_result(monkeypatch, constant, size, task_class):
    model = model_for(task_class()).double()
    whole = evaluate_at(model, task_class(), 9, 53)
    monkeypatch.setattr(f"seqtasks.scoring.{constant}", size)
    task = task_class()
    portioned = evaluate_at(model, task, 9, 53)
    assert portioned.metrics == pytest.approx(whole.metrics, rel=1e-12)
    assert portioned.sequences == whole.sequences == 53
    sizes = {1: [1] * 53, 45: [5] * 10 + [3]}[size] if constant.endswith("DRAW_SYMBOLS") else [53]
    assert [len(drawn) for drawn in task.drawn] == sizes


def test_a_portion_of_a_whole_domain_is_not_left_out(monkeypatch):
    model, task = model_for(st.task("parity")), st.task("parity")
    whole = st.evaluate(model, task, 6)
    monkeypatch.setattr(
        "seqtasks.scoring.predict.FORWARD_NUMBERS", 64 * 6 * 5
    )  # five rows at a time
    assert st.evaluate(model, task, 6) == whole


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_scored_in_evaluation_mode_and_put_back(training):
    model = Table().train(training)
    st.evaluate(model, RunningSum(), 5, 20)
    assert set(model.modes) == {False}
    assert model.training == training


def test_each_part_of_a_model_keeps_its_own_mode():
    model = nn.Sequential(nn.Embedding(3, 3), nn.Dropout(0.5), nn.Linear(3, 3)).train()
    model[1].eval()
    st.evaluate(model, RunningSum(), 5, 20)
    assert [part.training for part in model] == [True, False, True]


def test_the_mode_is_put_back_after_an_error_too():
    model = nn.Sequential(nn.Embedding(3, 4), nn.Linear(5, 3)).train()
    with pytest.raises(RuntimeError):
        st.evaluate(model, RunningSum(), 5)
    assert model.training


@pytest.mark.parametrize("make", [Table, Fair, lambda: model_for(RunningSum())])
def test_scoring_leaves_the_global_random_states_and_the_gradients_alone(make):
    model = make()
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    st.evaluate(model, RunningSum(), "5,6", 20)
    assert torch.equal(before[0], torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], np.random.get_state(), strict=True))
    assert before[2] == random.getstate()
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("make", [lambda: model_for(RunningSum()), Fair])
def test_scores_are_the_same_again_whatever_was_drawn_before(make):
    model = make()
    first = st.evaluate(model, RunningSum(), 8, 50)
    torch.manual_seed(1)
    assert st.evaluate(model, RunningSum(), 8, 50) == first
    assert st.evaluate(model, RunningSum(), 8, 50, seed=1) != first


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ("9,5", [9, 5]),
        ("3..5,4,9", [3, 4, 5, 9]),
        (7, [7]),
        ([8, 2, 8], [8, 2]),
        (range(1, 3), [1, 2]),
    ],
)
def test_there_is_a_score_for_each_length_in_the_order_given(lengths, expected):
    scores = st.evaluate(Table(), RunningSum(), lengths, sequences=2)
    assert [score.length for score in scores] == expected


def test_a_score_goes_through_plain_data_and_back():
    (score,) = st.evaluate(Table(), RunningSum(), 5, 20)
    assert st.Score.from_json(score.to_json()) == score


@pytest.mark.parametrize(("lengths", "sequences"), [("5", 0), ("0", 5), ("9..5", 5)])
def test_what_cannot_be_scored_is_refused(lengths, sequences):
    with pytest.raises(st.UsageError):
        st.evaluate(Table(), RunningSum(), lengths, sequences)
