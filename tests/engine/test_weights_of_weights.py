"""Weights computed from weights run by each engine, whatever they are computed by."""

import pytest
from truth import ENGINES, Subject, check, problem
from weight_cells import FORMS, ByWeights

FEW = (
    *("w - w.T", "w @ u", "exp(w)", "flip", "torch.outer", "reflections", "block matrix"),
    *("expanded row", "w / norm of rows", "(m @ h.t()).t() of w", "reflected state"),
)


@pytest.mark.parametrize(
    "name", [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in FORMS]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_weights_computed_from_weights_run_as_the_plain_loop(engine, name):
    check(problem(Subject(ByWeights(name)), 9, 5), engine)
