"""Inverses, solutions and Cholesky's factors of matrices of any size, and their gradients."""

import pytest
import torch
from torch import nn
from torch.linalg import cholesky, solve, solve_triangular
from truth import Subject, check, problem

import seqtasks as st
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.errors import UsageError

NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True
BATCH = 19  # one vector of columns and some more


class Equations(st.Cell):
    """Adds what a function makes of a matrix in the state, and of weights."""

    def __init__(self, function, rows, count=1):
        super().__init__(3, 4)
        self.function, self.shape = function, (count, rows, rows)
        self.into = nn.Linear(7, count * rows * rows)
        self.weights = nn.Parameter(torch.randn(rows, 3))
        self.out = nn.Linear(count * rows, 4)

    def forward(self, x, h):
        # the rows of each matrix are out of order, so that pivots must be chosen
        matrix = torch.tanh(self.into(torch.cat([x, h], 1))).view(-1, *self.shape)
        matrix = matrix + self.shape[-1] * torch.eye(self.shape[-1], dtype=x.dtype).roll(1, 0)
        made = self.function(matrix, self.weights)
        return torch.tanh(self.out((made * torch.cos(made)).sum(-1).flatten(1)))


def definite(matrix):
    return matrix @ matrix.mT


FUNCTIONS = {
    "inverse": lambda a, w: torch.inverse(a),
    "solve": lambda a, w: solve(a, w),
    "solve a vector": lambda a, w: solve(a, w[:, 0].expand(a.shape[:-1])).unsqueeze(-1),
    "solve from the right": lambda a, w: solve(a, w.mT, left=False).mT,
    "solve for weights": lambda a, w: solve(w @ w.mT + torch.eye(len(w), dtype=w.dtype), a),
    "cholesky": lambda a, w: cholesky(definite(a)),
    "upper factor": lambda a, w: cholesky(definite(a), upper=True),
    "lower triangle": lambda a, w: solve_triangular(a.roll(-1, -2), w, upper=False),
    "upper triangle": lambda a, w: (
        solve_triangular(a.roll(-1, -2), w.mT, upper=True, left=False).mT
    ),
    "unit diagonal": lambda a, w: solve_triangular(a / 30, w, upper=True, unitriangular=True),
    "factor and solution": lambda a, w: torch.cholesky_solve(
        w.expand(*a.shape[:-1], 3), cholesky(definite(a))
    ),
}


@pytest.mark.parametrize("engine", ["native", pytest.param("torch", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_equations_are_those_of_torch(name, engine):
    torch.manual_seed(1)
    for rows, count in ((20, 1), (3, 2), (1, 1)):
        subject = Subject(Equations(FUNCTIONS[name], rows, count))
        check(problem(subject, BATCH, 3, mixed=True), engine, [torch.float64])
        if rows == 3:
            check(problem(subject, BATCH, 3, mixed=True), engine, [torch.float32])


class Reads(st.Cell):
    """Puts out what a function makes of the matrix that it reads."""

    output_size = 4

    def __init__(self, function):
        super().__init__(4, 1)
        self.function = function

    def forward(self, x, h):
        return h

    def output(self, x, h):
        return self.function(x.view(-1, 2, 2)).flatten(1)


@pytest.mark.parametrize("name", ["inverse", "solve", "cholesky"])
def test_a_matrix_that_torch_refuses_gives_no_finite_number_and_harms_no_other(name):
    make = {
        "inverse": torch.inverse,
        "solve": lambda a: solve(a, torch.eye(2, dtype=a.dtype) + 0 * a),
        "cholesky": cholesky,
    }[name]
    good = torch.tensor([[2.0, 0.5], [0.5, 1.0]])
    bad = [[[0, 0], [0, 0]], [[1, 2], [2, 4]], [[torch.nan, 0], [0, 1]], [[0, 0], [0, 1]]]
    bad = [[[torch.nan, 0], [0, 1]], [[-1, 0], [0, -1]]] if name == "cholesky" else bad
    cell = Reads(make)

    def found(one):
        matrices = torch.stack([good, one, good])
        made = st.unroll(cell, matrices.view(3, 1, 4), engine="native")[0].view(3, 2, 2)
        torch.testing.assert_close(made[::2], make(matrices[::2]))
        return made[1]

    found(good)  # the trial of a new program compares it with torch, which would refuse the others
    for one in map(torch.tensor, bad):
        assert not found(one.float()).isfinite().all(), one


def test_a_matrix_of_many_rows_is_refused_by_name():
    cell = Equations(FUNCTIONS["inverse"], 46)
    with pytest.raises(UsageError, match="solves equations of more than 8,192 numbers"):
        st.unroll(cell, torch.randn(2, 2, 3), engine="native")


def test_a_program_has_as_many_operations_for_a_larger_matrix():
    counts = []
    for rows in (8, 45):
        cell = Equations(FUNCTIONS["inverse"], rows)
        model = make_model_graph(None, [cell], None, torch.float32, steps=2, input_size=3)
        counts.append(len(model.graph.nodes))
    assert counts[1] == counts[0]
