"""The rules of inverses, solutions and Cholesky's factors, whatever the size of the matrix.

Each stands for torch functions that `record.written.matrices` leads to it. Unlike torch's they
raise no error: the numbers of a recording are not the numbers of a run.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

from seqtasks.engine.graph.equations import Triangle, inverse, lower_factor, solution
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Outcome, Rule, aligned

__all__ = ["EQUATIONS", "inverse_of", "lower_factor_of", "solution_of"]


def inverse_of(a: Tensor) -> Tensor:
    """Return the inverse of a matrix; infinities or NaN if it has none."""
    if has_torch_function((a,)):
        return handle_torch_function(inverse_of, (a,), a)
    return torch.linalg.inv_ex(a).inverse


def lower_factor_of(a: Tensor) -> Tensor:
    """Return Cholesky's lower factor; only the lower triangle is read."""
    if has_torch_function((a,)):
        return handle_torch_function(lower_factor_of, (a,), a)
    return torch.linalg.cholesky_ex(a).L


def solution_of(a: Tensor, b: Tensor, triangle: Triangle) -> Tensor:
    """Return x of a x = b; of a triangular matrix only the triangle is read."""
    if has_torch_function((a, b)):
        return handle_torch_function(solution_of, (a, b), a, b, triangle)
    if triangle == "general":
        return torch.linalg.solve_ex(a, b).result
    return torch.linalg.solve_triangular(a, b, upper=triangle == "upper")


def _inverse(recorder: Recorder, func: Any, result: Tensor, a: Tensor) -> Outcome:
    nodes, rows, axis = _matrices(recorder, result, a)
    return inverse(recorder.graph, *nodes), rows, axis


def _lower_factor(recorder: Recorder, func: Any, result: Tensor, a: Tensor) -> Outcome:
    nodes, rows, axis = _matrices(recorder, result, a)
    return lower_factor(recorder.graph, *nodes), rows, axis


def _solution(
    recorder: Recorder, func: Any, result: Tensor, a: Tensor, b: Tensor, triangle: Triangle
) -> Outcome:
    (left, right), rows, axis = _matrices(recorder, result, a, b)
    lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = recorder.graph.broadcast(left, (*lead, *left.shape[-2:]))
    right = recorder.graph.broadcast(right, (*lead, *right.shape[-2:]))
    return solution(recorder.graph, left, right, triangle), rows, axis


def _matrices(recorder: Recorder, result: Tensor, *given: Tensor) -> tuple[list[Node], bool, int]:
    found = [recorder.find_anywhere(value) for value in given]
    nodes, rows, axis = aligned(recorder, result.dim(), found)
    if rows and axis + len(recorder.rows) > result.dim() - 2:
        raise UnsupportedError("its rows mix: a matrix goes over the batch")
    return nodes, rows, axis


EQUATIONS: dict[Any, Rule] = {
    inverse_of: _inverse,
    lower_factor_of: _lower_factor,
    solution_of: _solution,
}
