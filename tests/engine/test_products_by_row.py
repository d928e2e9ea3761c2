"""Products of two matrices that each row of the batch has of its own."""

import torch
from torch import nn
from truth import Subject, check, problem

import seqtasks as st
from seqtasks.engine.native.emit.loops import Kernels

SIZE = 37


class Turning(st.Cell):
    """A matrix multiplied from both sides, as it is and turned over; no side is a whole tile."""

    def __init__(self, input_size=3, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.matrix = nn.Parameter(torch.randn(hidden_size, hidden_size) / 6)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size, 33) + 0.1

    def forward(self, x, memory):
        square = torch.sin(self.enter(x).unsqueeze(-1) + self.matrix)
        tall = torch.tanh(square[:, :, :29] + 1)
        left = square.mT @ memory / 6
        right = tall @ (tall.mT @ left) / 40
        return torch.tanh(left + right)

    def output(self, x, state):
        return state.sum(-1)


def test_products_of_matrices_by_row_equal_the_plain_loop(monkeypatch):
    written = []
    write = Kernels._product

    def noted(self, out, scope, found, place):
        written.append((found.rows, found.width, found.inner))
        write(self, out, scope, found, place)

    monkeypatch.setattr(Kernels, "_product", noted)
    check(problem(Subject(Turning()), 19, 3, given=True), "native")
    # three products, and of each the gradients of both sides, one of which is a parameter's too
    assert {(SIZE, 33, SIZE), (29, 33, SIZE), (SIZE, 33, 29), (SIZE, SIZE, 33)} <= set(written)
