"""The contender `floor`: only the matrix products that no training step can avoid."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seqtasks.benchmark.contenders.base import Run, UnavailableError, Variant, per_thread_count
from seqtasks.benchmark.problem import FEATURES, Problem
from seqtasks.cells import GRU, LSTM, Concat, Elman, GRUConcat, Sum

__all__ = ["GATES", "variants"]

GATES: dict[type[nn.Module], tuple[int, ...]] = {
    Concat: (1,),
    Sum: (1,),
    Elman: (1,),
    GRU: (3,),
    GRUConcat: (2, 1),  # the candidate's product has to wait for the reset gate
    LSTM: (4,),
}
"""By cell, for each product of a step, the number of gates that it can compute at once."""


def variants(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the products at each number of threads.

    Each step has the state's product, and the gradient's product in the backward pass. After the
    loop comes the weight gradient, over all steps at once. Real inputs need their own product with
    the weights and its weight gradient. Tokens do not: their vocabulary is a table of two rows.
    """
    cell = problem.model().cells[0]
    if type(cell) not in GATES:
        raise UnavailableError(f"which products {type(cell).__name__} cannot avoid is not known")
    return per_thread_count(threads, lambda _: _products(problem, GATES[type(cell)]))


def _products(problem: Problem, gates: tuple[int, ...]) -> Run:
    batch, time, width = problem.size.batch, problem.size.time, problem.size.width
    recurrent = [_Recurrent(batch, time, width, count * width) for count in gates]
    from_inputs = _FromInputs(batch * time, sum(gates) * width)

    def run(steps: int) -> list[float]:
        for _ in range(steps):
            if problem.inputs == "reals":
                from_inputs.forward()
            for step in range(time):
                for product in recurrent:
                    product.forward(step)
            for step in reversed(range(time)):
                for product in recurrent:
                    product.backward(step)
            for product in recurrent:
                product.weight_gradient()
            if problem.inputs == "reals":
                from_inputs.weight_gradient()
        return []

    return run


class _Recurrent:
    """The state's products with one matrix, into buffers as in a training step."""

    def __init__(self, batch: int, time: int, width: int, rows: int) -> None:
        self.weight = _numbers(width, rows)
        self.transposed = self.weight.T.contiguous()
        self.states, self.sums = _numbers(time, batch, width), _numbers(time, batch, rows)
        self.gradients, self.carried = _numbers(time, batch, rows), _numbers(batch, width)
        self.total = _numbers(rows, width)

    def forward(self, step: int) -> None:
        torch.mm(self.states[step], self.weight, out=self.sums[step])

    def backward(self, step: int) -> None:
        torch.mm(self.gradients[step], self.transposed, out=self.carried)

    def weight_gradient(self) -> None:
        torch.mm(self.gradients.flatten(0, 1).T, self.states.flatten(0, 1), out=self.total)


class _FromInputs:
    """The product of the real inputs of all steps with one matrix, and its weight gradient."""

    def __init__(self, positions: int, rows: int) -> None:
        self.inputs, self.weight = _numbers(positions, FEATURES), _numbers(FEATURES, rows)
        self.sums, self.gradients = _numbers(positions, rows), _numbers(positions, rows)
        self.total = _numbers(rows, FEATURES)

    def forward(self) -> None:
        torch.mm(self.inputs, self.weight, out=self.sums)

    def weight_gradient(self) -> None:
        torch.mm(self.gradients.T, self.inputs, out=self.total)


def _numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))
