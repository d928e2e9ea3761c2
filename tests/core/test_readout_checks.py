"""Each mistake of a readout's author is caught by the check that names it, and by no other."""

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.testing import CheckFailedError, check_readout, readout_checks, run_checks


class Right(st.Readout):
    """y = V tanh(U [x; h'])"""

    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.hidden = nn.Linear(input_size + state_size, state_size)
        self.last = nn.Linear(state_size, output_size)

    def forward(self, x, output):
        return self.last(torch.tanh(self.hidden(torch.cat([x, output], -1))))


class Planted(Right):
    def __init_subclass__(cls):
        cls.__doc__ = Right.__doc__


class Swapped(Planted):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(state_size, input_size, output_size)


class NoType(Planted):
    def __init__(self, input_size, state_size, output_size, width=None):
        super().__init__(input_size, state_size, output_size)


class LastStepAlone(Planted):
    def forward(self, x, output):
        return super().forward(x, output)[:, -1]


class OneNumber(Planted):
    def forward(self, x, output):
        return super().forward(x, output).sum(-1, keepdim=True)


class Fails(Planted):
    def forward(self, x, output):
        return super().forward(output, x[..., :1])


class InPlace(Planted):
    def forward(self, x, output):
        return super().forward(x, output.mul_(2))


class MeanOverTime(Planted):
    def forward(self, x, output):
        return super().forward(x, output - output.mean(1, keepdim=True))


class MeanOverRows(Planted):
    def forward(self, x, output):
        return super().forward(x, output - output.mean(0))


class BatchNormalised(Planted):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.norm = nn.BatchNorm1d(state_size)

    def forward(self, x, output):
        return super().forward(x, self.norm(output.transpose(1, 2)).transpose(1, 2))


class Noisy(Planted):
    def forward(self, x, output):
        return super().forward(x, output) + 0.1 * torch.randn(self.output_size)


class Counts(Planted):
    calls = 0

    def forward(self, x, output):
        self.calls += 1
        return super().forward(x, output) * (1 + self.calls % 2)


class InAList(Planted):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.maps = [nn.Linear(state_size, state_size)]

    def forward(self, x, output):
        return super().forward(x, self.maps[0](output))


class MadeLate(st.Readout):
    """y = V h'"""

    def forward(self, x, output):
        if not hasattr(self, "last"):
            self.last = nn.Linear(self.state_size, self.output_size)
        return self.last(output)


class Unused(Planted):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.unused = nn.Linear(state_size, output_size)


class Double(Planted):
    def forward(self, x, output):
        return super().forward(x, output).double()


class Truncated(Planted):
    def forward(self, x, output):
        made = super().forward(x, output)
        return made + (made * made).detach()


class LogOfZero(Planted):
    def forward(self, x, output):
        return super().forward(x, torch.log(output.abs()))


class SecondSymbol(Planted):
    def forward(self, x, output):
        made = super().forward(x, output)
        return made * torch.sigmoid(made[..., 1:2])


class LosesABuffer(Planted):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.register_buffer("mask", torch.randn(state_size), persistent=False)

    def forward(self, x, output):
        return super().forward(x, output * self.mask)


class Lambda(Planted):
    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.double = lambda numbers: 2 * numbers

    def forward(self, x, output):
        return self.double(super().forward(x, output))


class NoDocstring(Right):
    __doc__ = None


MISTAKES = [
    (NoDocstring, "has-docstring", "NoDocstring has no docstring: write the prediction"),
    (Swapped, "can-be-made", "made with input_size=5, its input_size is 8"),
    (NoType, "parameters-round-trip", "`width=3` gives the text '3'"),
    (LastStepAlone, "predictions-have-their-shape", "it returns the shape (3, 2)"),
    (OneNumber, "predictions-have-their-shape", "(batch, time, output size) (3, 5, 2) is due"),
    (Fails, "predictions-have-their-shape", "it fails for 3 row(s) of 5 step(s): RuntimeError"),
    (InPlace, "changes-no-input", "it changes output in place"),
    (MeanOverTime, "rows-and-steps-are-independent", "for a step changes with the other steps"),
    (MeanOverRows, "rows-and-steps-are-independent", "for a row changes with the other rows"),
    (BatchNormalised, "rows-and-steps-are-independent", "in training its prediction for a row"),
    (Noisy, "gives-the-same-twice", "it draws random numbers while it is scored"),
    (Counts, "keeps-nothing-on-self", "calls keeps something from one sequence to the next"),
    (InAList, "tensors-are-registered", "maps holds tensors that are neither parameters"),
    (MadeLate, "makes-parameters-in-init", "last.bias while it runs, which are not trained"),
    (Unused, "gradients-reach-the-parameters", "unused.weight, readout.unused.bias"),
    (Double, "runs-in-float32-and-float64", "it makes numbers of torch.float64"),
    (Truncated, "gradients-agree-with-differences", "does not agree with differences"),
    (LogOfZero, "is-finite", "for inputs of zeros its predictions are not finite"),
    (SecondSymbol, "works-at-any-size", "with the sizes 1/1/1 it returns the shape (1, 1, 0)"),
    (LosesABuffer, "state-dict-restores", "mask of it differs"),
    (Lambda, "pickles", "it cannot be pickled"),
]


def broken(readout):
    """Return what each check that fails says, by its name."""
    outcomes = run_checks(readout, readout_checks(readout))
    return {one.check.name: one.message for one in outcomes if one.status == "failed"}


def test_a_right_readout_passes_all_checks():
    assert broken(Right) == {}
    assert broken("concat:activation=tanh") == {}
    assert broken(Right(2, 3, 4)) == {}


@pytest.mark.parametrize(("readout", "check", "words"), MISTAKES)
def test_a_mistake_is_caught_by_the_check_that_names_it(readout, check, words):
    found = broken(readout)
    assert list(found) == [check], found
    assert words in found[check], found[check]


def test_one_error_lists_the_checks_that_failed():
    check_readout("state")
    check_readout(NoDocstring, skip={"has-docstring": "still to come"})
    with pytest.raises(
        CheckFailedError, match=r"^readout InPlace fails 1 of 18 checks:\n- changes"
    ):
        check_readout(InPlace)
    with pytest.raises(st.UsageError, match="unknown readout 'gru'"):
        check_readout("gru")
