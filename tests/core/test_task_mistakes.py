"""A long table of tasks: an author's mistake is named in one line, wherever the task is used."""

import ctypes
import dataclasses
import logging

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.authoring.recommended_settings import settings_mistakes
from seqtasks.cells import Concat, ConcatReadout
from seqtasks.tasks.listed_inputs import all_inputs
from seqtasks.tasks.mistakes import try_task, try_two_lengths
from seqtasks.tasks.settings import OPTIMIZER_NAMES
from seqtasks.training.optimizers import OPTIMIZERS


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


class ChangesTheMemory(Right):
    def encode(self, inputs):
        ctypes.memset(inputs.ctypes.data, 0, inputs.nbytes)  # as torch does, it asks nobody
        return inputs.copy()


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


class OfTheLongest(Right):
    layout = "after"

    def encode(self, inputs):
        return inputs[:, : 1 + int(inputs.sum(1).max())]


class Forgets(Right):
    def encode(self, inputs):
        np.cumsum(inputs, axis=1)


class ForgetsToDraw(Right):
    def generate(self, rng, batch_size, length):
        rng.integers(2, size=(batch_size, length))


class Symbols(Right):
    def encode(self, inputs):
        return np.array(["0", "1"])[inputs]


class Complex(Right):
    def encode(self, inputs):
        return inputs * (1 + 1j)


class NaNIds(Right):
    def encode(self, inputs):
        return np.where(inputs == 1, np.nan, 0)


class Halves(Right):
    def encode(self, inputs):
        return inputs / 2


class Leaves(Right):
    def encode(self, inputs):
        raise SystemExit(3)


class Vectors(st.Task):
    inputs = targets = st.Reals(1)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return rng.random((batch_size, length, 1))


class InfiniteTargets(Vectors):
    def encode(self, inputs):
        return np.where(inputs > 0.5, np.inf, inputs)


class TooLarge(Vectors):
    def encode(self, inputs):
        return inputs * 1e300


class ComplexVectors(Vectors):
    def encode(self, inputs):
        return np.fft.fft(inputs, axis=1)


class TextVectors(Vectors):
    def generate(self, rng, batch_size, length):
        return super().generate(rng, batch_size, length).astype(str)


MISTAKES = {
    OfTheLongest: "task OfTheLongest: the length of an answer depends on the other inputs",
    Forgets: r"Forgets.encode: ids must be whole numbers, got None; is a `return` missing\?",
    ForgetsToDraw: "ForgetsToDraw.generate: ids must be whole numbers, got None",
    Symbols: "Symbols.encode: ids must be whole numbers, got text: return the places of symbols",
    Complex: "Complex.encode: ids must be whole numbers, got complex128",
    NaNIds: "NaNIds.encode: ids must be whole numbers, got nan",
    Halves: r"Halves.encode: ids must be whole numbers, got 0\.5",
    Leaves: "task Leaves: encode at length 6 fails: SystemExit: 3",
    InfiniteTargets: "task InfiniteTargets gives inf among its targets, which must be finite",
    TooLarge: "task TooLarge gives .*e.299 among its targets, which must be finite",
    ComplexVectors: "ComplexVectors.encode: real vectors must be numbers, got complex128",
    TextVectors: "inputs of task TextVectors: real vectors must be numbers, got text",
    Draws: "task Draws gives other answers to the same inputs",
    OtherSource: "task OtherSource draws other inputs from the same generator",
    OfTheBatch: "task OfTheBatch: the answer to an input depends on the other inputs",
    OfTheRowBefore: "task OfTheRowBefore: the answer to an input depends on the other inputs",
    Changes: r"task Changes: encode at length 6 fails: .*must not change its inputs",
    Sorts: r"task Sorts: encode at length 6 fails: .*must not change its inputs",
    ChangesTheMemory: "task ChangesTheMemory: encode must not change its inputs: copy them first",
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
    anywhere = message.replace("length 6", r"length \d+").replace("32, 5", r"\d+, \d+")
    with pytest.raises(st.UsageError, match=anywhere):
        st.run(task, cell="concat", steps=1, length="6", evaluation_lengths=(6,))
    with pytest.raises(st.UsageError, match=message):
        st.export(task, tmp_path / "x.npz", count=3, length="6")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint64, np.bool_, np.float32, np.float64])
def test_ids_may_be_integers_truths_or_whole_floats(kind):
    class Typed(Right):
        def generate(self, rng, batch_size, length):
            return super().generate(rng, batch_size, length).astype(kind)

        def encode(self, inputs):
            return super().encode(inputs).astype(kind)

    try_task(Typed(), 6)
    typed, plain = (one.batch(np.random.default_rng(0), 9, 6) for one in (Typed(), Right()))
    assert typed.inputs.dtype == typed.targets.dtype == np.int64
    assert np.array_equal(typed.inputs, plain.inputs)
    assert np.array_equal(typed.targets, plain.targets)


ATTRIBUTES = {
    "lengths": ("all", "Mine.lengths must be a seqtasks.tasks.lengths.AllowedLengths, got 'all'"),
    "settings": ({"cell": "gru"}, "Mine.settings must be a seqtasks.tasks.settings.Settings"),
    "metrics": (("accuracy",), "Mine.metrics must be a tuple of metrics"),
    "targets": ("01", "Mine must say its targets"),
    "inputs": (property(lambda self: {}["x"]), "task Mine cannot say what it is: KeyError"),
}


@pytest.mark.parametrize(
    ("attribute", "value", "message"), [(k, *v) for k, v in ATTRIBUTES.items()]
)
def test_an_attribute_of_a_wrong_kind_is_named_before_anything_else(attribute, value, message):
    mine = type("Mine", (Right,), {attribute: value})
    for use in (lambda: st.task(mine), lambda: st.run(mine, steps=1)):
        with pytest.raises(st.UsageError, match=message.replace("task Mine", "(task )?Mine")):
            use()


@pytest.mark.parametrize("size", [-1, 2.5, "many", float("inf")])
def test_a_number_of_inputs_that_is_none_is_named(size):
    mine = type("Mine", (Lists,), {"domain_size": lambda self, length: size})
    with pytest.raises(st.UsageError, match="task Mine: domain_size of length 6"):
        st.run(mine, cell="concat", steps=1, length="6", evaluation_lengths=(6,))
    with pytest.raises(st.UsageError, match="task Mine: domain_size of length 6"):
        st.baselines(mine(), 6)


def test_a_task_that_is_wrong_is_not_scored():
    model = st.Model(torch.nn.Embedding(2, 3), Concat(3, 4), ConcatReadout(3, 4, 2))
    for task in (Draws, OfTheBatch, OtherSource):
        with pytest.raises(st.UsageError, match=MISTAKES[task]):
            st.evaluate(model, task(), "6")


def test_a_task_that_scores_nothing_is_warned_of(caplog):
    class Nothing(Right):
        def encode(self, inputs):
            return np.full(inputs.shape, st.IGNORE)

    with caplog.at_level(logging.WARNING, logger="seqtasks"):
        try_task(Nothing(), 6)
    assert "task Nothing scores no position of 32 inputs of length 6" in caplog.text


def test_a_length_at_which_a_task_fails_is_found_beside_one_at_which_it_does_not():
    class Even(Right):
        def encode(self, inputs):
            return inputs.reshape(len(inputs), -1, 2)[:, :, ::-1].reshape(inputs.shape)

    try_task(Even(), 8)
    with pytest.raises(st.UsageError, match="task Even: encode at length 9 fails: ValueError"):
        try_two_lengths(Even(), 8)


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


def test_a_task_may_hand_out_the_same_array_again_and_again(caplog):
    class Reuses(Right):
        array = np.empty(0)

        def generate(self, rng, batch_size, length):
            self.array.resize((batch_size, length), refcheck=False)
            self.array[:] = rng.integers(2, size=(batch_size, length))
            return self.array

    with caplog.at_level(logging.WARNING, logger="seqtasks"):
        try_task(Reuses(), 20)
    assert caplog.records == []


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


class Shifted(Right):
    def __init__(self, shift=3):
        self.shift = shift


@dataclasses.dataclass
class Changeable(Right):
    shift: int = 3


@dataclasses.dataclass(frozen=True)
class Frozen(Right):
    shift: int = 3


class OwnStart(Frozen):
    def __init__(self, by=1):
        object.__setattr__(self, "by", by)


class NoParameters(Right):
    def __init__(self):
        self.cache = {}


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Shifted, "task Shifted takes shift and is no dataclass"),
        (OwnStart, "task OwnStart takes by and is no dataclass"),
        (Changeable, "task Changeable may change after a run has recorded its parameters"),
        (Frozen, None),
        (NoParameters, None),
    ],
)
def test_parameters_that_no_record_holds_for_good_are_named(caplog, task, message):
    try_task(task(), 4)
    if message is None:
        assert caplog.text == ""
    else:
        assert message in caplog.text
        assert "make it a frozen dataclass: @dataclass(frozen=True)" in caplog.text


@pytest.mark.parametrize("task", [Shifted, OwnStart])
def test_an_instance_whose_parameters_are_not_known_is_not_recorded(tmp_path, task):
    with pytest.raises(st.UsageError, match=r"parameters of .* cannot be recorded: make it a froz"):
        st.run(task(5), steps=1, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def settled(**settings):
    """Return a task that recommends some settings."""
    return type("Settled", (Right,), {"settings": st.Settings(**settings)})()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, None),
        ({"cell": "./mine.py:Mine", "readout": "sum"}, None),
        ({"cell": "grru"}, "unknown cell 'grru'. Did you mean 'gru'?"),
        ({"readout": "stat"}, "unknown readout 'stat'. Did you mean 'state'?"),
        ({"optimizer": "adma"}, "unknown optimizer 'adma'. Did you mean 'adam'?"),
        ({"curriculum": "unifrom"}, "curriculum"),
        ({"lr_schedule": "warmup:step=3"}, "step"),
    ],
)
def test_recommended_settings_that_cannot_be_used_are_named(settings, message):
    found = settings_mistakes(settled(**settings))
    assert len(found) == (message is not None)
    if message is not None:
        assert found[0].startswith("the settings of task Settled cannot be used: ")
        assert message in found[0]


def test_a_recommended_length_must_be_one_that_the_task_can_have():
    task = type(settled(length="4..6", evaluation_lengths=(8, 9)))
    task.lengths = st.AllowedLengths(step=2, minimum=2)
    (found,) = settings_mistakes(task())
    assert "Settled cannot have length 9" in found


def test_the_names_of_optimisers_are_those_there_are():
    assert set(OPTIMIZER_NAMES) == set(OPTIMIZERS)
