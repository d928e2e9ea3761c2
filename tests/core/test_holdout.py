"""A held-out split: training never sees what is held out, and scores are of that alone."""

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.building import build_model
from seqtasks.holdout import Holdout
from seqtasks.lengths import LengthRange
from seqtasks.training import BatchSource


class Skewed(st.Task):
    """Bits that are mostly 1, as vectors of reals."""

    inputs, targets = st.Reals(1), st.Reals(1)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return (rng.random((batch_size, length, 1)) < 0.8).astype(float)

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1)

    def domain_size(self, length):
        return 2**length

    def enumerate(self, length):
        numbers = np.arange(2**length)[:, None] >> np.arange(length)
        return (numbers & 1).astype(np.float32)[..., None]


class Repeating(st.Task):
    """A task whose list of inputs has one twice."""

    inputs = targets = st.Tokens("01")

    def domain_size(self, length):
        return 10

    def enumerate(self, length):
        return np.zeros((10, length), dtype=int)


class Stubborn(Repeating):
    """A task that draws one input alone."""

    def generate(self, rng, batch_size, length):
        return np.zeros((batch_size, length), dtype=int)

    def domain_size(self, length):
        return 2

    def enumerate(self, length):
        return np.arange(2)[:, None].repeat(length, axis=1)


def text(inputs):
    return ["".join(f"{int(x)}" for x in np.ravel(row)) for row in inputs]


def split(task="parity", lengths=range(6, 7), share=0.2, seed=0):
    return Holdout(st.task(task), lengths, share, seed)


@pytest.mark.parametrize("task", ["parity", "modular-sum", Skewed(), "copy:symbols=2"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_split_parts_the_whole_domain(task, share):
    task = st.task(task)
    made = split(task, range(4, 7), share)
    for length in (4, 5, 6):
        held_out, trained = set(text(made.held_out(length))), set(text(made.trained(length)))
        assert len(held_out) == round(share * task.domain_size(length))
        assert not held_out & trained
        assert held_out | trained == set(text(task.enumerate(length)))
    assert [length in made for length in (3, 4, 6, 7)] == [False, True, True, False]


def test_a_split_depends_on_seed_and_length_alone():
    one = text(split().held_out(6))
    assert one == text(split(lengths=range(5, 9)).held_out(6))
    assert one != text(split(seed=1).held_out(6))
    assert set(text(split().held_out(6))) != set(text(split(lengths=range(7, 8)).held_out(7)))


@pytest.mark.parametrize("data", ["sampled", "epochs"])
@pytest.mark.parametrize("task", ["parity", Skewed()])
def test_no_batch_has_an_input_that_is_held_out(task, data):
    task = st.task(task)
    made = split(task)
    source = BatchSource(task, LengthRange(6, 6), 8, data, 0, holdout=made)
    rows = set()
    for step in range(300):
        rows |= set(text(source.batch(step).inputs.numpy()))
    assert rows <= set(text(made.trained(6)))
    if data == "epochs":
        assert rows == set(text(made.trained(6)))


def test_what_is_drawn_is_the_tasks_own_distribution_but_for_what_is_held_out():
    task = Skewed()
    made = split(task, range(4, 5), 0.25)
    drawn = text(made.draw(np.random.default_rng(3), 40_000, 4))
    chance = {row: 0.8 ** row.count("1") * 0.2 ** row.count("0") for row in text(made.trained(4))}
    whole = sum(chance.values())
    for row, share in chance.items():
        expected = 40_000 * share / whole
        assert abs(drawn.count(row) - expected) < 5 * np.sqrt(expected) + 1
    assert set(drawn) <= set(chance)


def test_scores_at_its_lengths_are_of_what_is_held_out_alone():
    task, made = st.task("parity"), split()
    model = build_model(task, "elman", "state", 4, seed=1)
    inside, outside = st.evaluate(model, task, "6,7", holdout=made)
    right = perfect = 0
    for bits in made.held_out(6).tolist():
        said = model(torch.tensor([bits]))[0][0].argmax(-1).tolist()
        hits = [s == sum(bits[: i + 1]) % 2 for i, s in enumerate(said)]
        right, perfect = right + sum(hits), perfect + all(hits)
    count = len(made.held_out(6))
    assert inside.metrics == pytest.approx(
        {"token_accuracy": right / count / 6, "sequence_accuracy": perfect / count}
    )
    assert (inside.held_out, inside.exhaustive, inside.sequences) == (True, True, count)
    assert (outside.held_out, outside.sequences) == (False, 128)
    assert [outside] == st.evaluate(model, task, "7")


def test_many_that_are_held_out_are_sampled_without_repeating(monkeypatch):
    seen = []
    task, made = st.task("parity"), split(lengths=range(12, 13), share=0.5)
    model = build_model(task, "elman", "state", 2, seed=1)
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda ids: seen.extend(text(ids)) or forward(ids))
    (score,) = st.evaluate(model, task, "12", sequences=100, holdout=made)
    assert (score.sequences, score.exhaustive, score.held_out) == (100, False, True)
    assert len(set(seen)) == 100
    assert set(seen) <= set(text(made.held_out(12)))
    low, high = score.intervals["token_accuracy"]
    assert low < score.metrics["token_accuracy"] < high


@pytest.mark.parametrize("data", ["sampled", "epochs"])
def test_a_run_never_trains_on_what_it_is_scored_on(data, tmp_path):
    trained = set()

    class Watched(st.Model):
        def forward(self, inputs, *arguments):
            if self.training:
                trained.update(text(inputs))
            return super().forward(inputs, *arguments)

    built = build_model(st.task("parity"), "elman", "state", 4)
    model = Watched(built.embedding, list(built.cells), built.readout)
    result = st.run(
        "parity", model=model, length="5", holdout=0.25, data=data, steps=60, out=tmp_path,
        evaluation_lengths=(5, 6), evaluate_every=20,
    )  # fmt: skip
    held_out = set(text(result.holdout.held_out(5)))
    assert len(held_out) == 8
    assert trained == set(text(result.holdout.trained(5)))
    assert [score.held_out for score in result.scores] == [True, False]
    assert [score.held_out for score in result.untrained] == [True, False]
    assert st.load(result.path, model=model).scores == result.scores


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "adding", "length": "4"}, "Adding cannot enumerate its inputs of length 4, so"),
        ({"length": "21"}, "Parity has 2097152 inputs of length 21 and more than 1048576 are not"),
        ({"length": "3..21"}, "inputs of length 21"),
        ({"length": "1..9"}, "Parity has 2 inputs of length 1: a held-out share of 0.1 leaves"),
        ({"holdout": 1}, "holdout must be a share from 0 to below 1, got 1"),
        ({"holdout": -0.1}, "holdout must be a share from 0 to below 1, got -0.1"),
        ({"holdout": float("nan")}, "holdout must be a share from 0 to below 1, got nan"),
        ({"holdout": "0.1"}, "holdout must be a number, got '0.1'"),
        ({"holdout": None}, "holdout must be a number, got None"),
    ],
)
def test_a_split_that_cannot_be_made_is_refused(changes, message):
    with pytest.raises(st.UsageError) as caught:
        st.Experiment(**{"task": "parity", "holdout": 0.1, **changes})
    assert message in str(caught.value)


def test_tasks_for_which_no_split_can_be_right_are_refused():
    with pytest.raises(st.UsageError, match="lists an input of length 3 twice"):
        split(Repeating(), range(3, 4), 0.5).held_out(3)
    seeds = [
        seed for seed in range(9) if not split(Stubborn(), range(3, 4), 0.5, seed).held_out(3).any()
    ]
    assert seeds
    with pytest.raises(st.UsageError, match="hardly draws an input of length 3 that is not held"):
        split(Stubborn(), range(3, 4), 0.5, seeds[0]).draw(np.random.default_rng(0), 4, 3)
