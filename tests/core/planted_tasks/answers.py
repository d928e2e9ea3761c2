"""Mistakes in answers."""

import logging
import time

import numpy as np

import seqtasks as st
from planted_tasks.right import Listed, Right

__all__ = ["ANSWERS", "Logs"]


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


ANSWERS = {
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
}
