"""An author's mistake in a task is named in one line, wherever the task is used."""

import logging

import numpy as np
import pytest

import seqtasks as st
from seqtasks.tasks.checking import all_inputs, try_task


class Right(st.Task):
    """Say the parity so far."""

    inputs = targets = st.Tokens("01")

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1) % 2


class Draws(Right):
    def encode(self, inputs):
        return np.where(np.random.random(inputs.shape) < 0.1, 1 - inputs, inputs)


class OtherSource(Right):
    def generate(self, rng, batch_size, length):
        return np.random.default_rng().integers(2, size=(batch_size, length))


class OfTheBatch(Right):
    def encode(self, inputs):
        return (inputs > inputs.mean(0)).astype(int)


class OfTheRowBefore(Right):
    def encode(self, inputs):
        return (inputs + np.roll(inputs, 1, axis=0)) % 2


class Changes(Right):
    def encode(self, inputs):
        inputs[:, 1:] ^= inputs[:, :-1].copy()
        return inputs


class Sorts(Right):
    def encode(self, inputs):
        inputs.sort(axis=1)
        return inputs


class OutsideSeldom(Right):
    def encode(self, inputs):
        return np.where(inputs.all(axis=1, keepdims=True), 2, inputs)


class OutsideInputs(Right):
    def generate(self, rng, batch_size, length):
        return rng.integers(3, size=(batch_size, length))


class Negative(Right):
    def encode(self, inputs):
        return inputs - 1


class NoEncode(st.Task):
    inputs = targets = st.Tokens("01")
    generate = Right.generate


class WrongShape(Right):
    def encode(self, inputs):
        return inputs[:, 1:]


class Fails(Right):
    def encode(self, inputs):
        return inputs[:, 99]


class IdsForSets(Right):
    targets = st.TokenSets("01")


class NaNInputs(st.Task):
    inputs = targets = st.Reals(1)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return np.where(rng.random((batch_size, length, 1)) < 0.3, np.nan, 1)

    def encode(self, inputs):
        return np.nan_to_num(inputs)


MISTAKES = {
    Draws: "task Draws gives other answers to the same inputs",
    OtherSource: "task OtherSource draws other inputs from the same generator",
    OfTheBatch: "task OfTheBatch: the answer to an input depends on the other inputs",
    OfTheRowBefore: "task OfTheRowBefore: the answer to an input depends on the other inputs",
    Changes: r"task Changes: encode at length 6 fails: .*must not change its inputs",
    Sorts: r"task Sorts: encode at length 6 fails: .*must not change its inputs",
    OutsideInputs: "task OutsideInputs gives the id 2 among its inputs, whose alphabet 0 1 has ids",
    Negative: "task Negative gives the id -1 among its targets, whose alphabet 0 1 has ids 0 to 1",
    NoEncode: "NoEncode does not define encode",
    WrongShape: r"WrongShape.encode returned shape \(32, 5\)",
    Fails: r"task Fails: encode at length 6 fails: IndexError: .*test_task_mistakes.py, line",
    IdsForSets: "IdsForSets.encode: sets of symbols must be bool",
    NaNInputs: "task NaNInputs gives nan among its inputs, which must be finite numbers",
}


@pytest.mark.parametrize(("task", "message"), MISTAKES.items())
def test_a_mistake_is_named_before_the_task_is_used(task, message, tmp_path):
    with pytest.raises(st.UsageError, match=message):
        try_task(task(), 6)
    with pytest.raises(
        st.UsageError, match=message.replace("length 6", r"length \d+").replace("5", r"\d+")
    ):
        st.run(task, cell="concat", steps=1, length="6", evaluation_lengths=(6,))
    with pytest.raises(st.UsageError, match=message):
        st.export(task, tmp_path / "x.npz", count=3, length="6")
    assert not list(tmp_path.iterdir())


def test_a_rare_id_outside_the_alphabet_is_named_with_its_task_when_it_comes():
    with pytest.raises(st.UsageError, match="task OutsideSeldom gives the id 2 among its targets"):
        st.run(OutsideSeldom, cell="concat", steps=2000, length="12", evaluation_lengths=(12,))


class Lists(Right):
    """Lists what `listing` says."""

    def domain_size(self, length):
        return 2**length

    def enumerate(self, length):
        return (np.arange(2**length)[:, None] >> np.arange(length)) & 1


class OneFewer(Lists):
    def enumerate(self, length):
        return super().enumerate(length)[1:]


class Repeats(Lists):
    def enumerate(self, length):
        return super().enumerate(length) // 2 + np.arange(length) % 2


class Undrawn(Lists):
    def generate(self, rng, batch_size, length):
        drawn = rng.integers(2, size=(batch_size, length))
        drawn[:, 0] |= ~drawn.any(axis=1)  # all but the zeros
        return drawn


class Unlisted(Lists):
    def domain_size(self, length):
        return 2 ** (length - 1)

    def enumerate(self, length):
        return super().enumerate(length)[::2]


class Unlikely(Lists):
    def generate(self, rng, batch_size, length):
        return (rng.random((batch_size, length)) < 0.1).astype(int)


LISTINGS = {
    OneFewer: "domain_size says 64 inputs, enumerate lists 63",
    Repeats: "enumerate lists an input twice",
    Undrawn: "of 64 inputs that enumerate lists, 1 were not among",
    Unlisted: "generate draws an input that enumerate does not list",
    Unlikely: "where inputs are not equally likely, say so",
}


@pytest.mark.parametrize(("task", "message"), LISTINGS.items())
def test_a_score_is_called_exact_only_if_all_inputs_are_listed_that_are_drawn(task, message):
    with pytest.raises(st.UsageError, match=message):
        all_inputs(task(), 6)
    with pytest.raises(st.UsageError, match=message):
        st.run(task, cell="concat", steps=1, length="6", evaluation_lengths=(6,))


def test_what_is_right_passes_and_may_be_unlikely_if_it_says_so():
    for length in range(1, 9):
        try_task(Right(), length)
        assert len(all_inputs(Lists(), length)) == 2**length
    honest = type("Honest", (Unlikely,), {"equally_likely": False})()
    assert len(all_inputs(honest, 6)) == 64


def test_inputs_of_one_kind_only_are_warned_of(caplog):
    class Constant(Right):
        def generate(self, rng, batch_size, length):
            return np.random.default_rng(0).integers(2, size=(batch_size, length))

    class OneRow(Right):
        def generate(self, rng, batch_size, length):
            return np.tile(rng.integers(2, size=(1, length)), (batch_size, 1))

    with caplog.at_level(logging.WARNING, logger="seqtasks"):
        try_task(Constant(), 20)
        try_task(OneRow(), 20)
    assert [record.getMessage() for record in caplog.records] == [
        "task Constant draws the same inputs from every generator",
        "task OneRow draws the same input for all instances of a batch",
    ]


class Running(st.Task):
    """As the documentation writes `is_solved`."""

    inputs = targets = st.Reals(1)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return rng.random((batch_size, length, 1))

    def encode(self, inputs):
        return inputs

    def is_solved(self, metrics):
        return metrics["mean_squared_error"] < 1e-9


def test_is_solved_is_asked_of_scores_alone():
    result = st.run(Running, cell="concat", steps=2, length="5", evaluation_lengths=(20,))
    assert not result.solved
    assert "mean_squared_error" in result.metrics[20]
