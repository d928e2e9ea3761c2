"""Training on a fixed set of inputs: N of them, each once an epoch, in batches of one length."""

import time
from collections import Counter

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource


def source(count=50, length="3..8", batch_size=7, seed=0, task="bitflip", **options):
    lengths = LengthRange.parse(length)
    return BatchSource(
        st.task(task), lengths, batch_size, "sampled", seed, training_inputs=count, **options
    )


def epoch(drawn, number):
    """Return the inputs of an epoch, each as a tuple, and the sizes of its batches."""
    steps = range(number * drawn.block_steps, (number + 1) * drawn.block_steps)
    batches = [drawn.batch(step) for step in steps]
    rows = [tuple(row) for batch in batches for row in batch.inputs.tolist()]
    return rows, [len(batch.inputs) for batch in batches], batches


@pytest.mark.parametrize("length", ["6", "3..8"])
@pytest.mark.parametrize("count", [1, 6, 7, 50])
def test_each_epoch_holds_each_of_the_n_inputs_once(count, length):
    drawn = source(count, length)
    first, sizes, batches = epoch(drawn, 0)
    assert len(first) == sum(sizes) == count
    assert all(1 <= size <= 7 for size in sizes)
    for number in (1, 2, 9):
        assert Counter(epoch(drawn, number)[0]) == Counter(first)
    for batch in batches:
        assert torch.equal(batch.targets, 1 - batch.inputs)  # bitflip


def test_epochs_are_shuffled_and_depend_on_seed_and_number_alone():
    one, other, another = source(seed=1), source(seed=1), source(seed=2)
    assert epoch(one, 0)[0] != epoch(one, 1)[0]
    assert epoch(other, 5)[0] == epoch(one, 5)[0]
    assert Counter(epoch(another, 0)[0]) != Counter(epoch(one, 0)[0])


def test_lengths_are_drawn_as_the_curriculum_says():
    rows, _, _ = epoch(source(6000, "1..6", 64), 0)
    counts = Counter(map(len, rows))
    assert set(counts) == {1, 2, 3, 4, 5, 6}
    assert all(abs(number - 1000) < 5 * np.sqrt(1000) for number in counts.values())
    fixed, _, _ = epoch(source(20, "1..6", curriculum="fixed:length=4"), 0)
    assert set(map(len, fixed)) == {4}


def test_none_of_the_inputs_is_one_that_is_held_out():
    experiment = st.Experiment(task="parity", length="6", holdout=0.5, training_inputs=40)
    task = experiment.make_task()
    holdout = experiment.make_holdout(task)
    rows, _, _ = epoch(source(40, "6", task="parity", holdout=holdout), 0)
    assert not {tuple(row) for row in holdout.held_out(6).tolist()} & set(rows)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"curriculum": "increasing"}, "no steps along which lengths increase"),
        ({"data": "epochs"}, "leave one of the two out"),
        ({"training_inputs": 0}, "training_inputs must be at least 1"),
        ({"training_inputs": 10**15}, "GiB of memory"),
    ],
)
def test_what_does_not_go_with_a_fixed_set_is_refused(settings, why):
    with pytest.raises(UsageError, match=why):
        st.run("bitflip", steps=2, **{"training_inputs": 5, "length": "1..5", **settings})


def test_every_engine_trains_on_the_same_inputs_and_a_resume_goes_on(tmp_path):
    options = {
        "cell": "gru",
        "hidden_size": 4,
        "training_inputs": 30,
        "length": "2..5",
        "batch_size": 8,
        "dtype": "float64",
        "evaluation_lengths": (5,),
    }
    whole = {
        engine: st.run("parity", steps=25, engine=engine, **options).model.state_dict()
        for engine in ("plain", "torch", "native")
    }
    part = st.run("parity", steps=11, engine="native", out=tmp_path, **options)
    resumed = st.resume(part.path, steps=25).model.state_dict()
    for name, wanted in whole["plain"].items():
        for engine in ("torch", "native"):
            torch.testing.assert_close(whole[engine][name], wanted, rtol=1e-7, atol=1e-9)
        assert torch.equal(resumed[name], whole["native"][name])


class Table(st.Task):
    """Say the bit that a fixed random table holds for the input: it can only be learnt by heart."""

    inputs = targets = st.Tokens("01")
    layout = "end"

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        table = np.random.default_rng(5).integers(2, size=2 ** inputs.shape[1])
        return table[inputs @ (1 << np.arange(inputs.shape[1]))]


def test_few_inputs_are_learnt_by_heart_and_the_others_are_not():
    result = st.run(
        Table,
        cell="gru",
        length="12",
        training_inputs=16,
        steps=600,
        solved_after=0,
        learning_rate=0.01,
        evaluation_lengths=(12,),
    )
    losses = [line["loss"] for line in result.history if "loss" in line]
    assert losses[-1] < 0.05
    assert result.metrics[12]["token_accuracy"] < 0.65


def test_a_set_that_takes_long_to_draw_is_no_silence(monkeypatch, caplog):
    monkeypatch.setattr("seqtasks.training.fixed_set.SECONDS_BETWEEN_LINES", 0.01)
    draw = BatchSource._drawn

    def slowly(self, rng, count, length):
        time.sleep(0.2)
        return draw(self, rng, count, length)

    monkeypatch.setattr(BatchSource, "_drawn", slowly)
    source(50, "6")
    told = [record.getMessage() for record in caplog.records]
    assert told
    assert told[0].startswith("50 training inputs are still being prepared, after ")
