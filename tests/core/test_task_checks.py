"""A long table of tasks: each planted mistake fails exactly the check that one would expect."""

import logging
import os
import random
import sys
import time
import types
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import seqtasks as st
from seqtasks.testing import run_checks, task_checks
from seqtasks.testing.subjects import find_subject
from seqtasks.testing.tasks import workers

BITS = st.Tokens("01")


class Right(st.Task):
    """Say whether the number of ones so far is odd."""

    inputs = targets = BITS
    source = "our own"

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1) % 2


class Listed(Right):
    """Say the parity so far, of inputs that are listed."""

    def domain_size(self, length):
        return 2**length

    def enumerate(self, length):
        return (np.arange(2**length)[:, None] >> np.arange(length)[::-1]) & 1


# ---- what a task says of itself


class NoDocstring(Right):
    __doc__ = None


@dataclass(frozen=True)
class NoDocstringOfItsOwn(Right):  # dataclass writes one
    shift: int = 3


class NoSource(Right):
    """Say it without a source."""

    source = " "


class UnknownLayout(Right):
    """Stand nowhere."""

    layout = "last"


class RealAccuracy(Right):
    """Score reals by equality."""

    inputs = targets = st.Reals(1)


class UnknownCell(Right):
    """Recommend a cell that there is not."""

    settings = st.Settings(cell="grru")


class RecommendsARefusedLength(Right):
    """Recommend a length that it does not have."""

    lengths = st.AllowedLengths(minimum=2, step=2)
    settings = st.Settings(length="4", evaluation_lengths=(5,))


# ---- generate


class TooLong(Right):
    """Draw one step too many."""

    def generate(self, rng, batch_size, length):
        return super().generate(rng, batch_size, length + 1)


class ForgetsToReturn(Right):
    """Draw, and return nothing."""

    def generate(self, rng, batch_size, length):
        super().generate(rng, batch_size, length)


class HalfIds(Right):
    """Draw halves."""

    def generate(self, rng, batch_size, length):
        return super().generate(rng, batch_size, length) / 2


class InputOutside(Right):
    """Draw a symbol that is none, one time in a thousand."""

    def generate(self, rng, batch_size, length):
        return rng.choice(3, size=(batch_size, length), p=[0.5, 0.499, 0.001])

    def encode(self, inputs):
        return inputs % 2


class GlobalNumPy(Right):
    """Draw from np.random."""

    def generate(self, rng, batch_size, length):
        return np.random.randint(2, size=(batch_size, length))


class GlobalPython(Right):
    """Draw from random."""

    def generate(self, rng, batch_size, length):
        drawn = super().generate(rng, batch_size, length)
        drawn[:, 0] = random.randrange(2)
        return drawn


class OwnGenerator(Right):
    """Draw from a generator made of the system's randomness."""

    def generate(self, rng, batch_size, length):
        return np.random.default_rng().integers(2, size=(batch_size, length))


class KeepsItsGenerator(Right):
    """Draw from a generator that goes on from call to call."""

    own = np.random.default_rng(0)

    def generate(self, rng, batch_size, length):
        return self.own.integers(2, size=(batch_size, length))


class KeepsWhatItDrew(Right):
    """Draw other bits after fifty calls."""

    drawn: ClassVar = []

    def generate(self, rng, batch_size, length):
        self.drawn.append(length)
        return (super().generate(rng, batch_size, length) + len(self.drawn) // 50) % 2


class Clock(Right):
    """Draw other bits each hour."""

    def generate(self, rng, batch_size, length):
        return (super().generate(rng, batch_size, length) + int(time.time() / 3600)) % 2


class SameEachTime(Right):
    """Draw from a seed of its own."""

    def generate(self, rng, batch_size, length):
        return np.random.default_rng(0).integers(2, size=(batch_size, length))


class SameRows(Right):
    """Draw one row and repeat it."""

    def generate(self, rng, batch_size, length):
        return np.tile(rng.integers(2, size=(1, length)), (batch_size, 1))


class OddLengthsFail(Right):
    """Fail at odd lengths, which it claims to have."""

    def encode(self, inputs):
        pairs = inputs.reshape(len(inputs), -1, 2)
        return np.cumsum(pairs.reshape(inputs.shape), axis=1) % 2


class LongLengthsFail(Right):
    """Fail at lengths above 64, which it claims to have."""

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, 64))[:, :length]


class DrawsWhatItRefuses(Right):
    """Draw lengths that it says it does not have."""

    lengths = st.AllowedLengths(minimum=2, step=2)
    settings = st.Settings(length="2..10")

    def draw(self, rng, batch_size, length):
        return self.generate(rng, batch_size, length)


# ---- encode


class ChangesInputs(Right):
    """Write into the inputs."""

    def encode(self, inputs):
        inputs[:, 1:] ^= inputs[:, :-1].copy()
        return inputs


class OneAnswerTooFew(Right):
    """Leave the first answer out."""

    def encode(self, inputs):
        return super().encode(inputs)[:, 1:]


class EndInTwoAxes(Right):
    """Say the parity at the end, in an axis too many."""

    layout = "end"

    def encode(self, inputs):
        return inputs.sum(axis=1, keepdims=True) % 2


class TextAnswers(Right):
    """Say symbols and not their places."""

    def encode(self, inputs):
        return np.array(["0", "1"])[inputs]


class AnswerOutside(Right):
    """Say a symbol that is none."""

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1) % 3


class AnswerOutsideSeldom(Right):
    """Say a symbol that is none, to one input in a thousand."""

    def encode(self, inputs):
        ones = inputs.sum(axis=1, keepdims=True)
        return np.where(ones == 10, 2, super().encode(inputs))


class AnswerOutsideNearlyNever(Listed):
    """Say a symbol that is none, to inputs of 400 ones."""

    def encode(self, inputs):
        ones = inputs.sum(axis=1, keepdims=True)
        return np.where(ones >= 400, 2, super().encode(inputs))


class DrawnAnswers(Right):
    """Say a wrong bit now and then."""

    def encode(self, inputs):
        return np.where(np.random.random(inputs.shape) < 0.001, 0, super().encode(inputs))


class CountsItsCalls(Right):
    """Say something else at each call."""

    calls = 0

    def encode(self, inputs):
        type(self).calls += 1
        return (inputs + type(self).calls) % 2


class Logs(Right):
    """Say the parity so far, and write a line of a log."""

    def encode(self, inputs):
        logging.getLogger("mine").warning("encoded")
        return super().encode(inputs)


class ClockAnswers(Right):
    """Say something else each day."""

    def encode(self, inputs):
        return (super().encode(inputs) + time.localtime().tm_yday) % 2


class Overflows(Right):
    """Say something about a digit times a hundred, in whatever type it is drawn."""

    inputs = st.Tokens("0123456789")

    def generate(self, rng, batch_size, length):
        return rng.integers(10, size=(batch_size, length), dtype=np.uint8)

    def encode(self, inputs):
        return inputs * 100 % 7 > 2


class MixesRows(Right):
    """Compare with the mean of the batch."""

    def encode(self, inputs):
        return (inputs > inputs.mean(axis=0)).astype(int)


class RowBefore(Right):
    """Add the row before."""

    def encode(self, inputs):
        return (inputs + np.roll(inputs, 1, axis=0)) % 2


class LengthOfTheLongest(Right):
    """Answer as long as the longest answer of the batch."""

    layout = "after"

    def encode(self, inputs):
        longest = 1 + int(inputs.sum(axis=1).max())
        return np.arange(longest)[None] < inputs.sum(axis=1)[:, None]


class FromTheFuture(Right):
    """Say the next bit."""

    def encode(self, inputs):
        return np.roll(inputs, -1, axis=1)


class WhetherItEndsInOne(Right):
    """Say at each step the last bit of the input."""

    def encode(self, inputs):
        return np.repeat(inputs[:, -1:], inputs.shape[1], axis=1)


class LastStepIsSpecial(Right):
    """Say at the last step something else, though nobody knows that it is the last."""

    def encode(self, inputs):
        answers = super().encode(inputs)
        answers[:, -1] ^= 1
        return answers


class RealFuture(Right):
    """Say how far a number is from the mean of all."""

    inputs = targets = st.Reals(1)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return rng.random((batch_size, length, 1))

    def encode(self, inputs):
        return inputs - inputs.mean(axis=1, keepdims=True)

    def is_solved(self, metrics):
        return metrics["mean_squared_error"] < 1e-6


class LargeAlphabetFuture(Right):
    """Say the next of a thousand symbols."""

    inputs = targets = st.Tokens([str(number) for number in range(1000)])

    def generate(self, rng, batch_size, length):
        return rng.integers(1000, size=(batch_size, length))

    def encode(self, inputs):
        return np.roll(inputs, -1, axis=1)


class AlwaysZero(Right):
    """Say 0."""

    def encode(self, inputs):
        return np.zeros_like(inputs)


class TellsThePlace(Right):
    """Say whether the step is odd, whatever the input."""

    def encode(self, inputs):
        return np.tile(np.arange(inputs.shape[1]) % 2, (len(inputs), 1))


class NothingScored(Right):
    """Score nothing."""

    def encode(self, inputs):
        return np.full(inputs.shape, st.IGNORE)


# ---- all inputs


class OneFewer(Listed):
    """List one input fewer than there are."""

    def enumerate(self, length):
        return super().enumerate(length)[1:]


class ListsOtherSymbols(Listed):
    """List inputs of symbols that are none."""

    def enumerate(self, length):
        return super().enumerate(length) + 1


class Repeats(Listed):
    """List an input twice."""

    def enumerate(self, length):
        listed = super().enumerate(length)
        listed[-1] = listed[0]
        return listed


class DrawsUnlisted(Listed):
    """Draw inputs that are not listed."""

    def domain_size(self, length):
        return 2 ** (length - 1)

    def enumerate(self, length):
        return super().enumerate(length)[: 2 ** (length - 1)]


class SlightlyUnequal(Listed):
    """Draw ones a little more often."""

    def generate(self, rng, batch_size, length):
        return rng.random((batch_size, length)) < 0.54


class NotANumber(Listed):
    """Say that there are half as many inputs and a half."""

    def domain_size(self, length):
        return 2.5


# ---- scores


def twice_as_right(predictions, targets):
    return 2.0 * (predictions == targets).sum(axis=1), np.full(len(targets), targets.shape[1])


def backwards(predictions, targets):
    return (predictions != targets).mean(axis=1), np.ones(len(targets))


def one_number(predictions, targets):
    return (predictions == targets).mean(), 1.0


class MetricAboveOne(Right):
    """Score above 1."""

    metrics = (st.Metric("share", twice_as_right), *st.Task.metrics)


class MetricBackwards(Right):
    """Score wrong answers best."""

    metrics = (st.Metric("share", backwards, fraction=False), *st.Task.metrics)


class MetricOfOneNumber(Right):
    """Score a batch by one number."""

    metrics = (st.Metric("share", one_number), *st.Task.metrics)


class NeverSolved(Right):
    """Ask for too much."""

    def is_solved(self, metrics):
        return metrics["token_accuracy"] > 1


class AlwaysSolved(Right):
    """Ask for nothing."""

    def is_solved(self, metrics):
        return True


class SolvedByConstants(Right):
    """Ask for little: the answer is 0 nine times in ten."""

    def encode(self, inputs):
        return (np.cumsum(inputs, axis=1) % 4 == 0) & (inputs == 1)

    def is_solved(self, metrics):
        return metrics["token_accuracy"] > 0.8


# ---- elsewhere


class NotADataclass(Right):
    """Take a parameter and keep it."""

    def __init__(self, shift=3):
        self.shift = shift


@dataclass
class NotFrozen(Right):
    """Change at any time."""

    shift: int = 3


@dataclass(frozen=True)
class ChangesItsParameter(Right):
    """Keep another value than the one it was given."""

    shift: int = 3

    def __post_init__(self):
        object.__setattr__(self, "shift", self.shift + 1)


@dataclass(frozen=True)
class AlphabetAsParameter(Right):
    """Annotate the alphabet."""

    inputs: st.Tokens = BITS


@dataclass(frozen=True)
class HoldsAGenerator(Right):
    """Hold what cannot be copied."""

    def __post_init__(self):
        object.__setattr__(self, "numbers", (number for number in range(3)))


@dataclass(frozen=True)
class HoldsAFunction(Right):
    """Hold what cannot be pickled."""

    def __post_init__(self):
        object.__setattr__(self, "last", lambda row: row[-1])


class OrderOfASet(Right):
    """Say a bit by the order of a set of words."""

    def encode(self, inputs):
        place = list({"zero", "one", "two", "three", "four"}).index("one")
        return (super().encode(inputs) + place) % 2


class DrawnOnImport(Right):
    """Say a bit by a table that was drawn when the module was imported."""

    table = np.random.default_rng().permutation(1000)

    def encode(self, inputs):
        return (np.cumsum(inputs, axis=1) + self.table[: inputs.shape[1]]) % 2


PLANTED = {
    NoDocstring: ("has-docstring", "has no docstring: say below `class NoDocstring`"),
    NoDocstringOfItsOwn: ("has-docstring", "has no docstring"),
    NoSource: ("names-its-source", 'write `source = "A. Author, Title, Year"`'),
    UnknownLayout: ("says-what-it-is", "must be each, end or after, got 'last'"),
    RealAccuracy: ("says-what-it-is", "real targets, which accuracy cannot score"),
    UnknownCell: ("settings-can-be-used", "Did you mean 'gru'?"),
    RecommendsARefusedLength: ("settings-can-be-used", "cannot have length 5"),
    TooLong: ("generate-has-its-shape", "returned shape (1, 11); it was asked for (1, 10)"),
    ForgetsToReturn: ("generate-has-its-shape", "is a `return` missing?"),
    HalfIds: ("generate-has-its-shape", "ids must be whole numbers, got 0.5"),
    InputOutside: ("inputs-in-alphabet", "gives the id 2 among its inputs"),
    GlobalNumPy: ("generator-decides-draws", "NumPy's global generator (np.random)"),
    GlobalPython: ("generator-decides-draws", "Python's global generator (random)"),
    OwnGenerator: ("generator-decides-draws", "randomness of the system"),
    KeepsItsGenerator: ("generator-decides-draws", "keeps something from one call to the next"),
    KeepsWhatItDrew: ("generator-decides-draws", "keeps something from one call to the next"),
    Clock: ("generator-decides-draws", "the clock, time.time (test_task_checks.py, line"),
    SameEachTime: ("draws-differ", "draws the same inputs from every generator"),
    SameRows: ("draws-differ", "the same input for all instances of a batch"),
    OddLengthsFail: ("lengths-are-as-claimed", "AllowedLengths(minimum=2, step=2)"),
    LongLengthsFail: ("lengths-are-as-claimed", "AllowedLengths(minimum=1, step=1, maximum=64)"),
    DrawsWhatItRefuses: ("lengths-are-as-claimed", "refuses the length 1, but it is drawn"),
    ChangesInputs: ("encode-keeps-its-inputs", "it must not change its inputs: copy them first"),
    OneAnswerTooFew: ("encode-has-its-shape", "(32, 9); the layout 'each' needs (32, 10)"),
    EndInTwoAxes: ("encode-has-its-shape", "(32, 1); the layout 'end' needs (32,)"),
    TextAnswers: ("encode-has-its-shape", "return the places of symbols in the alphabet"),
    AnswerOutside: ("answers-in-alphabet", "gives the id 2 among its targets"),
    AnswerOutsideSeldom: ("answers-in-alphabet", "the input is 1111111111, of length 10"),
    AnswerOutsideNearlyNever: ("answers-in-alphabet", "the input is 1111"),
    DrawnAnswers: ("encode-is-pure", "encode asks NumPy's global generator (np.random)"),
    CountsItsCalls: ("encode-is-pure", "gives other answers to the same inputs"),
    ClockAnswers: ("encode-is-pure", "the clock, time.localtime"),
    Overflows: ("any-integer-type", "begin with `inputs = inputs.astype(np.int64)`"),
    MixesRows: ("rows-are-independent", "depends on the other inputs of its batch; the input"),
    RowBefore: ("rows-are-independent", "depends on the other inputs of its batch"),
    LengthOfTheLongest: ("rows-are-independent", "the length of an answer depends on the other"),
    FromTheFuture: ("answers-need-no-future", "step by step cannot learn it"),
    WhetherItEndsInOne: ("answers-need-no-future", "depends on what comes later"),
    LastStepIsSpecial: ("answers-need-no-future", "depends on what comes later"),
    RealFuture: ("answers-need-no-future", "the answer at step 1 depends on what comes later"),
    LargeAlphabetFuture: ("answers-need-no-future", "begin with the same"),
    AlwaysZero: ("answers-differ", "every scored answer of"),
    TellsThePlace: ("answers-differ", "the answer at each place is the same for all inputs"),
    NothingScored: ("answers-differ", "scores no position of any input"),
    OneFewer: ("all-inputs-are-listed", "domain_size says 2 inputs, enumerate lists 1"),
    ListsOtherSymbols: ("all-inputs-are-listed", "draws an input that enumerate does not list"),
    Repeats: ("all-inputs-are-listed", "enumerate lists an input twice"),
    DrawsUnlisted: ("all-inputs-are-listed", "draws an input that enumerate does not list"),
    SlightlyUnequal: ("inputs-are-equally-likely", "or say `equally_likely = False`"),
    NotANumber: ("all-inputs-are-listed", "must be a whole number of inputs or None, got 2.5"),
    MetricAboveOne: ("metrics-are-in-range", "right answers score 2"),
    MetricBackwards: ("metrics-are-in-range", "higher must be better"),
    MetricOfOneNumber: ("metrics-are-in-range", "a sum and a weight for each instance"),
    NeverSolved: ("right-answers-solve", "does not count token_accuracy 1"),
    AlwaysSolved: ("right-answers-solve", "the scores of wrong answers"),
    SolvedByConstants: ("chance-does-not-solve", "'always the commonest, 0' solves it without"),
    NotADataclass: ("parameters-round-trip", "make it a frozen dataclass"),
    NotFrozen: ("parameters-round-trip", "may change after a run has recorded its parameters"),
    ChangesItsParameter: ("parameters-round-trip", "makes shift=5 where 4 is written"),
    AlphabetAsParameter: ("parameters-round-trip", "write alphabets without an annotation"),
    HoldsAGenerator: ("deep-copies", "keep no generator, lock or open file"),
    HoldsAFunction: ("pickles", "keep no function, generator or open file"),
    OrderOfASet: ("same-in-other-processes", "sort what comes from a set"),
    DrawnOnImport: ("same-in-other-processes", "draw nothing when the module is imported"),
}


def failures(thing, train=False):
    """Return the message of each check that fails, by the check's name."""
    subject = find_subject(thing)
    outcomes = run_checks(subject.thing, task_checks(subject.thing, train=train))
    return {one.check.name: one.message for one in outcomes if one.status == "failed"}


@pytest.mark.parametrize("task", PLANTED, ids=lambda cls: cls.__name__)
def test_a_mistake_fails_the_check_of_its_name_and_no_other(task):
    check, words = PLANTED[task]
    found = failures(task())
    assert list(found) == [check], found
    assert words in found[check]


@pytest.mark.parametrize("task", [Right, Listed, Logs], ids=lambda cls: cls.__name__)
def test_a_right_task_fails_no_check(task):
    outcomes = run_checks(task(), task_checks(task()))
    assert [one for one in outcomes if one.status == "failed"] == []
    skipped = {one.check.name for one in outcomes if one.status == "skipped"}
    listed = {"all-inputs-are-listed", "inputs-are-equally-likely"}
    assert skipped == {"solved-by-its-settings"} | (set() if task is Listed else listed)


TORCH = """
import numpy as np
import seqtasks as st
{top}

class Mine(st.Task):
    "Say each bit again."
    inputs = targets = st.Tokens("01")
    source = "our own"
    def generate(self, rng, batch_size, length):
        {inside}
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return inputs
"""


@pytest.mark.parametrize(
    ("top", "inside", "expected"),
    [
        ("", "pass", []),
        ("import torch", "pass", ["imports-no-torch"]),
        ("from torch import nn", "pass", ["imports-no-torch"]),
        ("", "import torch", ["imports-no-torch"]),
        ("import torch\nclass Own(torch.nn.Module): pass", "pass", []),  # a cell lies beside it
        ("class Own(st.Cell): pass", "pass", []),
        ("import torch\nx = torch.zeros(1)", "pass", ["imports-no-torch"]),
        ("import torch as t\ndef f(): t.ones(1)", "t.ones(1)", ["imports-no-torch"]),
    ],
)
def test_a_task_that_imports_torch_is_found(tmp_path, top, inside, expected):
    path = tmp_path / "mine.py"
    path.write_text(TORCH.format(top=top, inside=inside))
    found = failures(f"{path}:Mine")
    assert list(found) == expected, found
    for message in found.values():
        assert "write the task in NumPy alone" in message


def skipped_with(thing):
    """Return the reason of each skipped check, by the check's name."""
    outcomes = run_checks(thing, task_checks(thing))
    assert [one for one in outcomes if one.status == "failed"] == []
    return {one.check.name: one.message for one in outcomes if one.status == "skipped"}


def test_a_class_that_no_other_process_can_import_is_not_tried_there(monkeypatch):
    module = types.ModuleType("made_here")
    monkeypatch.setitem(sys.modules, "made_here", module)
    for name, reason in (
        ("made_here", "there is no module made_here"),
        (__name__, f"{__name__} has no class Sometimes"),
    ):
        made = type("Sometimes", (Right,), {"__doc__": "Right.", "__module__": name})
        monkeypatch.setattr(sys.modules[name], "Sometimes", made, raising=False)
        found = skipped_with(made())
        for check in ("imports-no-torch", "same-in-other-processes"):
            assert found[check] == f"another process cannot import its class: {reason}"


def test_a_process_that_has_ended_is_started_anew():
    assert failures(Right()) == {}
    for _, process in workers._processes.values():
        process.kill()
        process.wait()
    assert failures(Right()) == {}


class EndsItsProcess(Right):
    """End every process but the one that asks."""

    asking = os.environ.setdefault("SEQTASKS_TEST_ASKING", str(os.getpid()))

    def encode(self, inputs):
        if self.asking != str(os.getpid()):
            os._exit(3)
        return super().encode(inputs)


def test_a_task_that_ends_its_process_is_told():
    found = failures(EndsItsProcess())
    assert set(found) == {"imports-no-torch"}
    assert "another process that makes the task ended" in found["imports-no-torch"]


def test_the_callers_random_states_stay_as_they_were():
    np.random.seed(5)
    random.seed(5)
    expected = np.random.random(), random.random()
    np.random.seed(5)
    random.seed(5)
    for task in (Right, GlobalNumPy, GlobalPython):
        failures(task())
    assert (np.random.random(), random.random()) == expected


def test_each_check_is_tried_by_a_planted_mistake():
    tried = {check for check, _ in PLANTED.values()} | {"imports-no-torch"}
    elsewhere = {"speed-is-measured", "solved-by-its-settings"}
    assert tried == {check.name for check in task_checks(Right())} - elsewhere


@dataclass(frozen=True)
class Echo(Right):
    """Say each bit again."""

    settings = st.Settings(cell="concat", hidden_size=8, learning_rate=0.05, steps=400)

    def encode(self, inputs):
        return inputs


@dataclass(frozen=True)
class TooFewSteps(Echo):
    """Say each bit again, and learn it in two steps."""

    settings = st.Settings(cell="concat", hidden_size=8, learning_rate=1e-6, steps=2)


def test_settings_that_do_not_learn_the_task_are_found_by_training():
    assert failures(Echo(), train=True) == {}
    found = failures(TooFewSteps(), train=True)
    assert list(found) == ["solved-by-its-settings"]
    assert "is not solved with cell concat after 2 steps" in found["solved-by-its-settings"]
    assert "more steps, a larger hidden_size" in found["solved-by-its-settings"]
