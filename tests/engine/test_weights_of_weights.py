"""Weights computed from weights run by each engine, whatever they are computed by."""

import pytest
from grids import one_quick_in
from truth import ENGINES, Subject, check, problem
from weight_cells import FORMS, ByWeights

FEW = (
    *("w - w.T", "w @ u", "exp(w)", "flip", "torch.outer", "reflections", "equal numbers"),
    "block matrix",
    *("expanded row", "w / norm of rows", "(m @ h.t()).t() of w", "reflected state"),
)


@one_quick_in(
    2,
    engine=ENGINES,
    name=[n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in FORMS],
)
def test_weights_computed_from_weights_run_as_the_plain_loop(engine, name):
    check(problem(Subject(ByWeights(name)), 9, 5), engine)
