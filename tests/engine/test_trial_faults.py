"""Faults planted in rules, derivatives and C are found by the trial of a new program."""

import dataclasses

import pytest
import torch
from test_trial import Faint, made_faulty, model_of, outcome
from torch import nn

import seqtasks as st
from seqtasks.engine.contract.compare_results import far_from, same_kind, steady_rows
from seqtasks.engine.graph.operations import OTHERS, POINTWISE

__all__ = ["made_faulty"]

OFF = 1.01
WHERE = {"inverse_hyperbolic_cosine": 1.5, "log": 0.3, "power": 0.3, "square_root": 0.3}
"""Where to evaluate an operation whose domain is small; elsewhere at 0.1 and more."""
FLAT = {name for name, one in POINTWISE.items() if one.derivative is None}
FLAT |= {"sign", "floor", "ceiling", "truncate", "nearest"}
FLAT |= {"floored_quotient", "truncated_quotient"}
QUICK = {"tanh", "divide", "where", "maximum"}


class Applied(st.Cell):
    """Adds a function of a state and two weights to the next state."""

    def __init__(self, function, count=3, first=0.1):
        super().__init__(4, 5)
        self.enter, self.function, self.first = nn.Linear(4, 5), function, first
        self.weights = nn.ParameterList(nn.Parameter(torch.rand(5)) for _ in range(count - 1))

    def forward(self, x, state):
        within = [
            self.first + 0.4 * state.square(),
            *(0.3 + 0.4 * w.sigmoid() for w in self.weights),
        ]
        return torch.tanh(0.3 * self.function(*within) + self.enter(x))


def of_table(name):
    """Return a cell that calls an operation of the table by torch's function."""
    count = sum(f"{{{k}}}" in POINTWISE[name].c for k in range(3))
    if name == "where":
        return Applied(lambda a, b, c: torch.where(a > 0.2, b * a, c))
    return Applied(POINTWISE[name].torch, count, WHERE.get(name, 0.1))


@pytest.mark.parametrize(
    "name",
    [
        n if n in QUICK else pytest.param(n, marks=pytest.mark.slow)
        for n in POINTWISE
        if n not in FLAT
    ],
)
def test_a_derivative_that_is_a_hundredth_off_is_found(name, monkeypatch):
    right = POINTWISE[name].derivative

    def off(graph, node, g):
        return [None if c is None else graph.multiply(c, OFF) for c in right(graph, node, g)]

    assert outcome(model_of(lambda *sizes: of_table(name))) == "torch"
    wrong = dataclasses.replace(POINTWISE[name], derivative=off)
    monkeypatch.setitem(POINTWISE, name, wrong)
    assert outcome(model_of(lambda *sizes: of_table(name))) == "plain"


OF_OTHERS = {
    "sum": lambda a, b: (a * b).sum(-1, keepdim=True) + a,
    "maximum_of": lambda a, b: (a + b).amax(-1, keepdim=True) + 0 * a,
    "cumulative_sum": lambda a, b: (a * b).cumsum(-1),
    "cumulative_product": lambda a, b: (a + b).cumprod(-1),
    "view": lambda a, b: (a * b).flip(-1),
    "concatenate": lambda a, b: torch.cat([a[:, 1:] * b[1:], b[:1] * a[:, :1]], -1),
    "linear": lambda a, b: a @ torch.outer(b, b),
}


@pytest.mark.parametrize(
    "name", [n if n == "sum" else pytest.param(n, marks=pytest.mark.slow) for n in OF_OTHERS]
)
def test_a_derivative_of_several_numbers_that_is_off_is_found(name, monkeypatch):
    right = OTHERS[name].derivative

    def off(graph, phases, node, g):
        return [(n, graph.multiply(c, OFF)) for n, c in right(graph, phases, node, g)]

    made = Applied(OF_OTHERS[name], 2)
    assert outcome(model_of(lambda *sizes: made)) == "torch"
    monkeypatch.setitem(OTHERS, name, dataclasses.replace(OTHERS[name], derivative=off))
    made = Applied(OF_OTHERS[name], 2)
    assert outcome(model_of(lambda *sizes: made)) == "plain"


def test_a_wrong_line_of_c_for_few_numbers_is_found(monkeypatch, caplog):
    right = POINTWISE["tanh"]
    wrong = "v_pick({0} > v_all((real)0.7), v_tanh({0}) * (real)0.99, v_tanh({0}))"
    monkeypatch.setitem(POINTWISE, "tanh", dataclasses.replace(right, c=wrong))
    model = model_of(Faint)
    engines = model.use_engine("native")
    torch.manual_seed(1)
    model(torch.randint(3, (24, 12)))
    assert engines.name == "plain"
    assert "computes Faint wrongly" in caplog.text


class Logarithm(Faint):
    """Its parameter is positive; of a negative one its output is no number."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.rate = nn.Parameter(torch.rand(hidden_size) + 0.5)

    def output(self, x, state):
        return state * self.rate.log()


def test_what_is_no_number_with_other_parameters_is_compared_too(made_faulty, caplog):
    assert outcome(model_of(Logarithm)) == "torch"
    made_faulty(forward=lambda predictions, finals, past: predictions.nan_to_num_())
    assert outcome(model_of(Logarithm)) == "plain"
    assert "once its parameters are changed" in caplog.text


def near_tie():
    """Return a number for which `x + 0.1 + 0.2 > 0.6` differs in float32 and in float64."""
    for k in range(1000):
        x = torch.tensor([0.3], dtype=torch.float32) + k * 2.0**-27
        low, high = ((v + 0.1 + 0.2 > 0.6).item() for v in (x, x.double()))
        if low != high:
            return float(x)
    raise AssertionError("there is none")


class Deciding(Faint):
    """Its output jumps by one where its input is beyond a bound."""

    def output(self, x, state):
        return state + (x[:, :1] + 0.1 + 0.2 > 0.6)


def deciding():
    model = model_of(Deciding)
    with torch.no_grad():
        model.embedding.weight[:, 0] = torch.tensor([near_tie(), -1.0, 1.0])
    return model


def with_one_tie():
    """Return symbols (rows, time); in one row alone the decision is a tie."""
    inputs = torch.randint(1, 3, (24, 12), generator=torch.Generator().manual_seed(0))
    inputs[4, 7] = 0
    return inputs


def test_a_decision_closer_than_rounding_hides_no_fault_of_other_rows(made_faulty):
    assert outcome(deciding(), inputs=with_one_tie()) == "torch"

    def off(predictions, finals, past):
        predictions[7:] += 0.02

    made_faulty(forward=off)
    assert outcome(deciding(), inputs=with_one_tie()) == "plain"


def test_rows_are_left_out_where_one_of_several_roundings_decides_otherwise():
    truth = {"predictions": torch.ones(3, 2, 1), "gradient of w": torch.ones(4)}
    same = {name: value.float() for name, value in truth.items()}
    other = {**same, "predictions": torch.tensor([1.0, 1.0, 2.0]).view(3, 1, 1).expand(3, 2, 1)}
    assert steady_rows([same], truth).tolist() == [True] * 3
    assert steady_rows([same, other], truth).tolist() == [True, True, False]


def test_a_gradient_of_terms_that_cancel_may_be_any_rounding_of_them():
    truth = {"predictions": torch.ones(3), "of w": torch.zeros(4, dtype=torch.float64)}
    loop = {**truth, "of v": torch.full((4,), 3e-17, dtype=torch.float64)}
    truth["of v"] = torch.full((4,), 2e-17, dtype=torch.float64)
    found = {**loop, "of w": torch.full((4,), 1e-17), "of v": torch.full((4,), 1.5e-16)}
    assert far_from(found, truth, [loop]) == []
    assert far_from({**found, "of w": torch.full((4,), 1e-3)}, truth, [loop]) == ["of w"]
    assert far_from({**found, "of v": torch.full((4,), 1e-3)}, truth, [loop]) == ["of v"]


def test_what_overflows_in_float32_alone_may_be_anything():
    plain, truth = torch.tensor([1.0, torch.inf]), torch.tensor([1.0, 1e39], dtype=torch.float64)
    assert same_kind(torch.tensor([1.0, torch.nan]), plain, truth)
    assert not same_kind(torch.tensor([1.0, torch.nan]), plain, plain.double())
    assert not same_kind(torch.tensor([torch.inf, torch.inf]), plain, truth)
