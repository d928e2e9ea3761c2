"""Each mistake in a long table of cells is caught by the check that names it, and by no other."""

import random
from collections import Counter

import numpy as np
import pytest
import torch
from planted_cells.learnt import LEARNT, Detached
from planted_cells.right import Planted, Right
from planted_cells.rows import ROWS, NoisyByNumPy
from planted_cells.sequences import REST, RefusesOddSizes
from planted_cells.steps import STEPS
from planted_cells.unusual import UNUSUAL
from torch import nn

import seqtasks as st
from seqtasks.testing import CheckFailedError, cell_checks, check_cell, run_checks
from seqtasks.testing.cells.all_checks import CELL_CHECKS
from seqtasks.testing.modules.found import specimen_of

QUICK = [check for check in CELL_CHECKS if not check.is_costly]


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


@pytest.mark.parametrize("cell", UNUSUAL)
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
