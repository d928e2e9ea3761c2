"""Each mistake in a long table of cells is caught by the check that names it, and by no other."""

import random
import threading
import warnings
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Function

import seqtasks as st
from seqtasks.testing import CheckFailedError, cell_checks, check_cell, run_checks
from seqtasks.testing.cells.all_checks import CELL_CHECKS
from seqtasks.testing.modules.found import specimen_of

QUICK = [check for check in CELL_CHECKS if not check.is_costly]


class Right(st.Cell):
    """h' = tanh(W [x; h] + b), in which each of the mistakes is made.

    Source: our own.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def new(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1)))

    def forward(self, x, state):
        return self.new(x, state)


class Planted(Right):
    """A mistake in the equation of its base class. Source: our own."""

    def __init_subclass__(cls):
        cls.__doc__ = Planted.__doc__


def broken(cell, checks=QUICK):
    """Return what each check that fails says, by its name."""
    outcomes = run_checks(specimen_of("cell", cell), checks)
    return {one.check.name: one.message for one in outcomes if one.status == "failed"}


def caught(cell, check, words):
    """Assert that one check alone fails, and that its message has some words."""
    found = broken(cell)
    assert list(found) == [check], found
    assert words in found[check], found[check]


# ---- what it does between training steps


def test_constraints_on_what_is_not_its_own_are_named():
    class WrongConstraint(Planted):
        def constrain(self):
            self.linear.weight = nn.Parameter(self.linear.weight.abs())

    caught(WrongConstraint, "constrains-its-own-parameters", "constrain replaces linear.weight")


def test_an_anneal_that_counts_its_calls_is_named():
    class Counts(Planted):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.register_buffer("temperature", torch.tensor(1.0))
            self.calls = 0

        def anneal(self, step, steps):
            self.calls += 1
            return {"temperature": 1.0 / self.calls}

    caught(Counts, "anneals-its-buffers", "other numbers for the same step")


# ---- what a step adds to the loss


@pytest.mark.parametrize("made", [lambda x: x, lambda x: x.sum(), lambda x: 0.5])
def test_a_penalty_of_another_shape_is_named(made):
    class WrongPenalty(Planted):
        def penalty(self, x, state):
            return made(x)

    words = "penalty must return a tensor (batch,)"
    caught(WrongPenalty, "penalty-is-a-number-for-each-row", words)


def test_a_penalty_whose_rows_mix_is_named():
    class MixedPenalty(Planted):
        def penalty(self, x, state):
            return (state - state.mean(0)).square().mean(-1)

    caught(MixedPenalty, "rows-are-independent", "its rows mix")


def test_a_penalty_that_reaches_a_parameter_of_its_own_is_right():
    class Priced(Planted):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.price = nn.Parameter(torch.ones(hidden_size))

        def penalty(self, x, state, before, time):
            return (self.price * (state - before)).square().mean(-1) * (1 + time[:, 0])

    assert broken(Priced) == {}


# ---- what it says of itself


def test_a_right_cell_passes_all_checks():
    assert broken(Right) == {}


def test_a_missing_docstring_is_named():
    class NoDocstring(Right):
        __doc__ = None

    caught(NoDocstring, "has-docstring", "NoDocstring has no docstring: write the equation")


def test_a_docstring_without_a_source_is_named():
    class NoSource(Right):
        """The next state is a tanh."""

    caught(NoSource, "names-its-source", '"Source: our own"')


def test_swapped_sizes_are_named():
    class Swapped(Planted):
        def __init__(self, input_size, hidden_size):
            super().__init__(hidden_size, input_size)

    caught(Swapped, "can-be-made", "made with input_size=5, its input_size is 8")


def test_sizes_that_are_not_passed_on_are_named():
    class NoSizes(st.Cell):
        """A cell. Source: our own."""

        def __init__(self, input_size, hidden_size):
            nn.Module.__init__(self)

    caught(NoSizes, "can-be-made", "call super().__init__(input_size, hidden_size)")


class Untyped(Planted):
    def __init__(self, input_size, hidden_size, rate=None):
        super().__init__(input_size, hidden_size)
        self.rate = rate


class WrongType(Planted):
    def __init__(self, input_size, hidden_size, rate: int = 0.5):
        super().__init__(input_size, hidden_size)
        self.rate = rate


def test_a_parameter_without_a_type_is_named():
    caught(Untyped, "parameters-round-trip", "`rate=3` gives the text '3'")


def test_a_parameter_of_another_type_is_named():
    caught(WrongType, "parameters-round-trip", "the value 0.5 of rate cannot be written")


def test_a_parameter_that_only_a_program_can_set_is_told():
    class Activation(Planted):
        def __init__(self, input_size, hidden_size, activation=torch.tanh, scale: float = 1.0):
            super().__init__(input_size, hidden_size)

    outcomes = run_checks(specimen_of("cell", Activation), QUICK[:4])
    assert outcomes[3].message == "only a program can set activation"


def test_a_size_that_a_cell_refuses_itself_is_told_and_no_mistake():
    found = {one.check.name: one for one in run_checks(specimen_of("cell", RefusesOddSizes), QUICK)}
    assert broken(RefusesOddSizes) == {}
    assert (
        found["works-at-any-size"].message
        == "refuses 1/1, 1/5, 3/1, 2/7, 7/3 of 1/1, 1/5, 3/1, 2/7, 7/3"
    )


# ---- one step


class OneRow(Planted):
    def initial_state(self, batch_size, steps):
        return torch.zeros(1, self.hidden_size)


class DoubleStart(Planted):
    def initial_state(self, batch_size, steps):
        return torch.zeros(batch_size, self.hidden_size, dtype=torch.float64)


class NoStart(Planted):
    def initial_state(self, batch_size, steps):
        return None


class FailsToStart(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.size)


class TwiceAsWide(Planted):
    def forward(self, x, state):
        return self.new(x, state).repeat(1, 2)


class Grows(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, 0)

    def forward(self, x, state):
        return self.new(x, state[0]), torch.cat([state[1], x[:, :1]], -1)


class OutputAndState(Planted):
    def forward(self, x, state):
        return self.new(x, state), self.new(x, state)


class ReturnsNothing(Planted):
    def forward(self, x, state):
        self.new(x, state)


class Fails(Planted):
    def forward(self, x, state):
        return self.new(x, state) @ x


class Widens(Planted):
    def forward(self, x, state):
        return self.new(x, state).double()


class WideOutput(Planted):
    def output(self, x, state):
        return torch.cat([x, state], -1)


class AddsInPlace(Planted):
    def forward(self, x, state):
        state += self.new(x, state)
        return state


class ScalesItsInput(Planted):
    def forward(self, x, state):
        return self.new(x.mul_(2), state)


class OutputInPlace(Planted):
    def output(self, x, state):
        return state.mul_(2)


STEPS = [
    (OneRow, "starts-with-a-state", "initial_state returns shape (1, 8) for a batch of 3"),
    (DoubleStart, "starts-with-a-state", "initial_state returns torch.float64"),
    (NoStart, "starts-with-a-state", "initial_state returns an object of type NoneType"),
    (FailsToStart, "starts-with-a-state", "'FailsToStart' object has no attribute 'size' (test_"),
    (TwiceAsWide, "state-keeps-its-shape", "forward returns a state of shape (batch, 16)"),
    (Grows, "state-keeps-its-shape", "forward returns a state of shape (batch, 1)"),
    (OutputAndState, "state-keeps-its-shape", "define `output` for what a step puts out"),
    (ReturnsNothing, "state-keeps-its-shape", "forward returns None"),
    (Fails, "state-keeps-its-shape", "a step fails: RuntimeError: mat1 and mat2 shapes"),
    (Widens, "state-keeps-its-shape", "forward returns a state of torch.float64"),
    (WideOutput, "output-has-its-size", "output returns shape (batch, 13)"),
    (AddsInPlace, "changes-nothing-in-place", "it changes the state that it is given in place"),
    (OutputInPlace, "changes-nothing-in-place", "changes the state in place in its output"),
    (ScalesItsInput, "changes-nothing-in-place", "it changes the input that it is given"),
]


# ---- rows, and what is kept beside the state


class MeanOfBatch(Planted):
    def forward(self, x, state):
        return self.new(x, state - state.mean(0))


class Rolled(Planted):
    def forward(self, x, state):
        return self.new(x, state.roll(1, 0))


class SoftmaxOverBatch(Planted):
    def forward(self, x, state):
        return torch.softmax(self.linear(torch.cat([x, state], -1)), 0)


class BatchNormalised(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.norm = nn.BatchNorm1d(hidden_size)

    def forward(self, x, state):
        return self.norm(self.new(x, state))


class TurnsSquares(Planted):
    def forward(self, x, state):
        if len(state) == self.hidden_size:
            state = state.t()
        return self.new(x, state)


class ByNumberOfRows(Planted):
    def forward(self, x, state):
        return self.new(x, state) / len(x)


class Squeezes(Planted):
    def forward(self, x, state):
        return self.new(x, state).squeeze(0)


class Noisy(Planted):
    def forward(self, x, state):
        return self.new(x, state) + 0.1 * torch.randn_like(state)


class RandomStart(Planted):
    def initial_state(self, batch_size, steps):
        return torch.randn(batch_size, self.hidden_size)


class NoisyByNumPy(Planted):
    def forward(self, x, state):
        return self.new(x, state) + float(np.random.random())


class NoisyByPython(Planted):
    def forward(self, x, state):
        return self.new(x, state) * (1 + 0.1 * random.random())


class KeepsState(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.kept = None

    def forward(self, x, state):
        if self.kept is None or self.kept.shape != state.shape:
            self.kept = state
        self.kept = self.new(x, self.kept)
        return self.kept


class Counts(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.steps = 0

    def forward(self, x, state):
        self.steps += 1
        return self.new(x, state) * (1 + self.steps % 2)


class AveragesFirstRow(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("average", torch.zeros(hidden_size))

    def forward(self, x, state):
        self.average = 0.9 * self.average + 0.1
        return self.new(x, state - self.average)


class FaintMean(Planted):
    def forward(self, x, state):
        return self.new(x, state - 1e-6 * state.mean())


class DropsByNumPy(Planted):
    def forward(self, x, state):
        new = self.new(x, state)
        return new * float(np.random.random() < 0.9) if self.training else new


class StartsByNumberOfRows(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size) + 1 / batch_size


class CountsOnItsClass(Planted):
    steps = 0

    def forward(self, x, state):
        type(self).steps += 1
        return self.new(x, state) * (1 + self.steps % 2)


ROWS = [
    (FaintMean, "rows-are-independent", "depends on the others of its batch"),
    (DropsByNumPy, "gives-the-same-twice", "it draws random numbers outside torch"),
    (StartsByNumberOfRows, "same-in-any-batch", "between a batch of 1 row and one of 100"),
    (CountsOnItsClass, "keeps-nothing-on-self", "depends on what it was run on before"),
    (MeanOfBatch, "rows-are-independent", "depends on the others of its batch"),
    (Rolled, "rows-are-independent", "depends on the others of its batch"),
    (SoftmaxOverBatch, "rows-are-independent", "softmax over axis 0"),
    (BatchNormalised, "rows-are-independent", "Batch normalisation"),
    (TurnsSquares, "rows-are-independent", "where batch, time and width are all 4"),
    (ByNumberOfRows, "same-in-any-batch", "between a batch of 1 row and one of 100"),
    (Squeezes, "same-in-any-batch", "it fails for 1 row"),
    (Noisy, "gives-the-same-twice", "draw only `if self.training`"),
    (RandomStart, "gives-the-same-twice", "it draws random numbers while it is scored"),
    (NoisyByNumPy, "gives-the-same-twice", "it draws random numbers outside torch"),
    (NoisyByPython, "gives-the-same-twice", "it draws random numbers outside torch"),
    (KeepsState, "keeps-nothing-on-self", "its attribute kept keeps something"),
    (Counts, "keeps-nothing-on-self", "its attribute steps keeps something"),
    (AveragesFirstRow, "keeps-nothing-on-self", "its attribute average keeps something"),
]


# ---- what is learnt


class InAList(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.maps = [nn.Linear(hidden_size, hidden_size)]

    def forward(self, x, state):
        return self.new(x, self.maps[0](state))


class PlainTensor(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.mix = torch.randn(hidden_size, hidden_size)

    def forward(self, x, state):
        return self.new(x, state @ self.mix)


class NewEachStep(st.Cell):
    """A cell. Source: our own."""

    def forward(self, x, state):
        linear = nn.Linear(x.shape[-1] + state.shape[-1], self.hidden_size)
        return torch.tanh(linear(torch.cat([x, state], -1)))


class MadeLazily(st.Cell):
    """A cell. Source: our own."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that lazy modules may change
            self.linear = nn.LazyLinear(hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1)))


class MadeLate(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.second = None

    def forward(self, x, state):
        new = self.new(x, state)
        if self.second is None:
            self.__dict__.pop("second", None)
            self.second = nn.Linear(self.hidden_size, self.hidden_size)
        return torch.tanh(self._modules["second"](new))

    def __getattr__(self, name):
        return None if name == "second" else super().__getattr__(name)


class Unused(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.unused = nn.Linear(input_size, hidden_size)


class ThroughNumPy(Planted):
    def forward(self, x, state):
        return torch.from_numpy(np.tanh(self.new(x, state).detach().numpy()))


class IgnoresItsInput(Planted):
    def forward(self, x, state):
        return self.new(x.detach(), state)


class Detached(Planted):
    def forward(self, x, state):
        return self.new(x, state.detach())


class Tripled(Function):
    """A function whose backward is wrong: 3 x goes back as 2."""

    @staticmethod
    def forward(ctx, x):
        return 3 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


class WrongBackward(Planted):
    def forward(self, x, state):
        return self.new(x, torch.tanh(Tripled.apply(state)))


class OneWrongEntry(Function):
    """A map whose backward is wrong in one entry of its matrix."""

    @staticmethod
    def forward(ctx, state, matrix):
        ctx.save_for_backward(state, matrix)
        return state @ matrix

    @staticmethod
    def backward(ctx, gradient):
        state, matrix = ctx.saved_tensors
        of_matrix = state.t() @ gradient
        of_matrix[0, 1] *= 1.01
        return gradient @ matrix.t(), of_matrix


class WrongInOneEntry(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.matrix = nn.Parameter(torch.eye(hidden_size))

    def forward(self, x, state):
        return self.new(x, OneWrongEntry.apply(state, self.matrix))


class FloatConstant(Planted):
    def forward(self, x, state):
        return self.new(x, state @ torch.eye(self.hidden_size))


class FloatInside(Planted):
    def forward(self, x, state):
        new = self.linear(torch.cat([x, state], -1))
        return torch.tanh(new.float()).to(x.dtype)


class FloatOutput(Planted):
    def output(self, x, state):
        return state.float()


LEARNT = [
    (InAList, "tensors-are-registered", "its attribute maps holds tensors"),
    (PlainTensor, "tensors-are-registered", "its attribute mix holds tensors"),
    (NewEachStep, "makes-parameters-in-init", "it makes 12 tensors with a gradient in its steps"),
    (MadeLazily, "makes-parameters-in-init", "linear.bias have no size before the first step"),
    (MadeLate, "makes-parameters-in-init", "it makes parameters second.weight, second.bias while"),
    (Unused, "gradients-reach-the-parameters", "parameters unused.weight, unused.bias in its"),
    (ThroughNumPy, "gradients-reach-the-parameters", "no gradient reaches"),
    (IgnoresItsInput, "gradients-reach-the-parameters", "embedding.weight (it gives the input)"),
    (Detached, "gradients-reach-the-state", "no gradient goes back to that state"),
    (WrongBackward, "gradients-agree-with-differences", "the gradient of"),
    (WrongInOneEntry, "gradients-agree-with-differences", "the gradient of matrix does not agree"),
    (FloatConstant, "runs-in-float32-and-float64", "it fails in torch.float64: RuntimeError"),
    (FloatInside, "runs-in-float32-and-float64", "float64 results have the precision of float32"),
    (FloatOutput, "runs-in-float32-and-float64", "makes numbers of torch.float32"),
]


# ---- sequences, extremes and copies


class NeedsEvenSize(Planted):
    def forward(self, x, state):
        first, second = self.new(x, state).chunk(2, -1)
        return torch.cat([first + second, first - second], -1)


class GatedBySecondUnit(Planted):
    def forward(self, x, state):
        new = self.new(x, state)
        return torch.sigmoid(new[:, 1:2]) * new


class DividesBySpread(Planted):
    def forward(self, x, state):
        new = self.new(x, state)
        away = new - new.mean(-1, keepdim=True)
        return away / (away.square().sum(-1, keepdim=True) / (self.hidden_size - 1 + 0 * new) + 1)


class RefusesOddSizes(Planted):
    def __init__(self, input_size, hidden_size):
        if hidden_size % 2:
            raise ValueError(f"hidden_size must be even, got {hidden_size}")
        super().__init__(input_size, hidden_size)


class HalvesItsSize(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = 1 / (hidden_size // 2)

    def forward(self, x, state):
        return self.scale * self.new(x, state)


class DividesByNorm(Planted):
    def forward(self, x, state):
        return self.new(x / x.norm(dim=-1, keepdim=True), state)


class RootAtZero(Planted):
    def forward(self, x, state):
        return self.new((x * x).sum(-1, keepdim=True).sqrt() * torch.ones_like(x), state)


class Exponential(Planted):
    def forward(self, x, state):
        return torch.exp(self.linear(torch.cat([x, torch.log1p(state)], -1)))


class KnowsTheStep(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, 1) + steps

    def forward(self, x, state):
        return self.new(x, state[0]) * state[1] / 10, state[1]

    def continued(self, state, steps):
        return state[0], torch.full_like(state[1], steps)


class WrongScan(Planted):
    def scan(self, inputs, state=None, lengths=None):
        outputs, final = st.unroll(self, inputs, state, lengths)
        return outputs, final * 0.99


class RandomNumber(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = random.random()

    def forward(self, x, state):
        return self.scale * self.new(x, state)


class LosesABuffer(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("mask", torch.randn(hidden_size, hidden_size), persistent=False)

    def forward(self, x, state):
        return self.new(x, state @ self.mask)


class SavesUnderOtherNames(Planted):
    def state_dict(self, *arguments, **options):
        found = super().state_dict(*arguments, **options)
        return {name.removeprefix("linear."): value for name, value in found.items()}


class SharesInCopies(Planted):
    def __deepcopy__(self, memo):
        made = type(self)(self.input_size, self.hidden_size)
        made.linear = self.linear
        return made


class InTheOrderOfASet(Planted):
    made = 0

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        type(self).made += 1
        for name in ("first", "second")[:: 1 if self.made % 2 else -1]:
            setattr(self, name, nn.Linear(hidden_size, hidden_size))

    def forward(self, x, state):
        return self.new(x, self.first(self.second(state)))


class HoldsALock(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.lock = threading.Lock()


class Lambda(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.activation = lambda x: torch.tanh(x)

    def forward(self, x, state):
        return self.activation(self.linear(torch.cat([x, state], -1)))


REST = [
    (NeedsEvenSize, "works-at-any-size", "with input size 1 and hidden size 1"),
    (GatedBySecondUnit, "works-at-any-size", "with input size 1 and hidden size 1"),
    (DividesBySpread, "works-at-any-size", "step(s) its outputs are not finite"),
    (HalvesItsSize, "works-at-any-size", "cannot be made with input size 1 and hidden size 1"),
    (DividesByNorm, "is-finite", "for inputs of zeros its outputs are not finite"),
    (RootAtZero, "is-finite", "for inputs of zeros the gradient of x is not finite"),
    (Exponential, "is-finite", "is there an exponential without a bound?"),
    (WrongScan, "scan-equals-the-steps", "the final state of scan is not the one of forward"),
    (RandomNumber, "state-dict-restores", "gives other results: scale of it differs"),
    (LosesABuffer, "state-dict-restores", "gives other results: mask of it differs"),
    (SavesUnderOtherNames, "state-dict-restores", "cannot be loaded into a new one"),
    (InTheOrderOfASet, "state-dict-restores", "its state dict has the order linear.weight"),
    (HoldsALock, "deep-copies", "copy.deepcopy fails: TypeError: cannot pickle '_thread.lock'"),
    (SharesInCopies, "deep-copies", "its deep copy shares linear.weight, linear.bias"),
    (Lambda, "pickles", "it cannot be pickled"),
]


def quick_and_slow(mistakes):
    """Return the cases of a test: two mistakes of each check are quick, all others slow."""
    tried = Counter()
    for cell, check, words in mistakes:
        tried[check] += 1
        marks = pytest.mark.slow if tried[check] > 2 else ()
        yield pytest.param(cell, check, words, marks=marks, id=cell.__name__)


ALL = list(quick_and_slow([*STEPS, *ROWS, *LEARNT, *REST]))


@pytest.mark.parametrize(("cell", "check", "words"), ALL)
def test_a_mistake_is_caught_by_the_check_that_names_it(cell, check, words):
    caught(cell, check, words)


# ---- training


COSTLY = [check for check in CELL_CHECKS if check.is_costly]


def test_the_engine_and_its_speed_are_told():
    engine, speed, learnt = run_checks(specimen_of("cell", "concat"), COSTLY)
    assert engine.message in ("native", "torch") or engine.message.startswith("torch; no faster")
    assert "times as fast (16 sequences of 20 steps, hidden size 32)" in speed.message
    assert learnt.message.endswith(f"steps by {engine.message.partition(';')[0]}")


@pytest.mark.slow
def test_a_cell_that_only_the_plain_loop_runs_is_told_with_the_reason_and_no_mistake():
    class Decides(Planted):
        def forward(self, x, state):
            return self.new(x, state) if float(state.detach().sum()) < 1e9 else state

    engine, speed, learnt = run_checks(specimen_of("cell", Decides), COSTLY)
    assert (engine.status, speed.status, learnt.status) == ("passed", "passed", "passed")
    assert engine.message.startswith("plain; no faster one: ")
    assert "ms by the plain loop, which alone runs it (16 sequences of 20 steps" in speed.message
    assert learnt.message.endswith("steps by plain")


@pytest.mark.slow
def test_a_cell_that_forgets_is_told_with_what_was_seen():
    class Forgets(Planted):
        def forward(self, x, state):
            return self.new(x, 1e-6 * state)

    (learnt,) = run_checks(specimen_of("cell", Forgets), COSTLY[-1:])
    assert learnt.status == "failed"
    assert "at learning rate 0.01" in learnt.message
    assert "of the bits are right after 400 steps, and the loss went from" in learnt.message


# ---- what is no mistake


class CountsInItsState(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), torch.zeros(batch_size, dtype=torch.long)

    def forward(self, x, state):
        hidden, step = state
        return self.new(x, hidden / (1 + step[:, None])), step + 1


class Turns(st.Cell):
    """h' = e^(i w) h + W x, with a complex state. Source: our own."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.angle = nn.Parameter(torch.rand(hidden_size))
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        zeros = self.zeros(batch_size, self.hidden_size)
        return torch.complex(zeros, zeros)

    def forward(self, x, state):
        turn = torch.complex(torch.cos(self.angle), torch.sin(self.angle))
        return 0.9 * turn * state + self.linear(x)

    def output(self, x, state):
        return state.real + state.imag


class Reservoir(st.Cell):
    """h' = tanh(W x + U h), and nothing is trained. Source: our own."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("inputs", torch.randn(input_size, hidden_size))
        self.register_buffer("states", torch.randn(hidden_size, hidden_size))

    def forward(self, x, state):
        return torch.tanh(x @ self.inputs + state @ self.states)


class Drops(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.dropout = nn.Dropout(0.3)
        self.seen = None

    def forward(self, x, state):
        self.seen = self.dropout(self.new(x, state))
        return self.seen


class WeightNormalised(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.utils.parametrizations.weight_norm(self.linear)


class OneSize(Planted):
    def __init__(self, input_size, hidden_size):
        if input_size != hidden_size or hidden_size % 8:
            raise st.UsageError("both sizes must be equal, and a multiple of 8")
        super().__init__(input_size, hidden_size)


@pytest.mark.parametrize(
    "cell", [CountsInItsState, Turns, Reservoir, Drops, WeightNormalised, OneSize]
)
def test_an_unusual_cell_is_not_flagged(cell):
    assert broken(cell) == {}


# ---- how it is called


def test_one_error_lists_the_checks_that_failed_and_skips_need_a_reason():
    quick = dict.fromkeys((check.name for check in CELL_CHECKS if check.is_costly), "slow")
    check_cell(Right, skip=quick)
    with pytest.raises(CheckFailedError) as caught:
        check_cell(Detached, skip=quick)
    first, second = str(caught.value).splitlines()
    assert first == f"cell Detached fails 1 of {len(CELL_CHECKS)} checks:"
    assert second.startswith("- gradients-reach-the-state: a step depends on the state")
    names = ("gradients-reach-the-state", "gradients-agree-with-differences")
    check_cell(Detached, skip={**quick, **dict.fromkeys(names, "truncated on purpose")})
    with pytest.raises(st.UsageError, match="Did you mean 'is-finite'"):
        check_cell(Right, skip={"is-finit": "x"})


def test_a_cell_is_given_by_name_class_function_or_as_an_object():
    def make(input_size, hidden_size):
        return Right(input_size, hidden_size)

    for cell in ("concat", "stack-rnn:depth=3", Right, make, Right(2, 3)):
        outcomes = run_checks(cell, cell_checks(cell)[2:25])
        failed = [one for one in outcomes if one.status == "failed"]
        assert not failed, (cell, failed)
    for wrong in (3, nn.Linear(2, 3), st.task):
        with pytest.raises(st.UsageError):
            check_cell(wrong)


def test_an_object_keeps_its_weights_and_is_tried_at_its_own_sizes():
    made = Right(2, 3).train()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    outcomes = {one.check.name: one for one in run_checks(made, cell_checks(made)[:25])}
    assert outcomes["can-be-made"].message == "input_size 2, hidden_size 3"
    assert outcomes["works-at-any-size"].status == "skipped"
    assert made.training
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


def test_checks_neither_feel_nor_change_the_settings_and_random_states_of_the_caller():
    states = torch.get_rng_state(), repr(np.random.get_state()), random.getstate()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            assert broken(Right) == {}
            assert list(broken(NoisyByNumPy)) == ["gives-the-same-twice"]
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert repr(np.random.get_state()) == states[1]
    assert random.getstate() == states[2]
