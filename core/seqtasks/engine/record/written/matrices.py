"""Functions of a matrix for each row of the batch.

Inverses, solutions and factors have operations of their own. Determinants and exponentials are
written out: a determinant in as many steps as the matrix has rows, so that the matrix must be
small. Numbers may be added in another order than by LAPACK.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.rules.equations import inverse_of, lower_factor_of, solution_of

__all__ = [
    "cholesky",
    "cholesky_solution",
    "determinant",
    "exponential",
    "inverse",
    "log_determinant",
    "lu_solution",
    "matrix_power",
    "solution",
    "triangular_solution",
]

LARGEST = 16
"""The most rows of a matrix."""
SQUARINGS = 7
"""How often the exponential of a fraction of a matrix is squared at most."""


def _check_square(a: Tensor) -> None:
    if a.dim() < 2 or a.shape[-2] != a.shape[-1]:
        raise UnsupportedError("it calls a function of square matrices for another")


def _checked(a: Tensor) -> int:
    _check_square(a)
    size = a.shape[-1]
    if size > LARGEST:
        raise UnsupportedError(f"it factors a matrix of more than {LARGEST} rows for each row")
    return size


def _pivoted(rows: Tensor, column: int) -> tuple[Tensor, Tensor]:
    """Return rows with the one of the largest number in a column first, and whether they moved."""
    place = rows[..., column].detach().abs().argmax(-1)
    chosen = functional.one_hot(place, rows.shape[-2]).bool().unsqueeze(-1)
    first = torch.where(chosen, rows, 0.0).sum(-2, keepdim=True)
    rest = torch.where(chosen, rows[..., :1, :], rows)[..., 1:, :]
    return torch.cat([first, rest], -2), place != 0


def solution(a: Tensor, b: Tensor, *, left: bool = True) -> Tensor:
    if a.dim() == 2:  # all rows share it: torch computes its inverse
        inverted = torch.linalg.inv(a)
        return inverted @ b if left else b @ inverted
    if not left:
        return solution(a.mT, b.mT).mT
    _check_square(a)
    if b.dim() == 1 or (a.dim() - 1 == b.dim() and b.shape == a.shape[:-1]):
        return solution_of(a, b.unsqueeze(-1), "general").squeeze(-1)
    return solution_of(a, b, "general")


def inverse(a: Tensor) -> Tensor:
    _check_square(a)
    return inverse_of(a)


def _pivots(a: Tensor) -> tuple[list[Tensor], Tensor]:
    """Return the pivots of an elimination, and the sign by the exchanges of rows."""
    size = _checked(a)
    found: list[Tensor] = []
    sign = torch.ones((), dtype=a.dtype)
    for k in range(size):
        a, moved = _pivoted(a, k)
        sign = torch.where(moved, -sign, sign)
        found.append(a[..., 0, k])
        a = a[..., 1:, :] - a[..., 1:, k : k + 1] / a[..., :1, k : k + 1] * a[..., :1, :]
    return found, sign


def determinant(a: Tensor) -> Tensor:
    found, sign = _pivots(a)
    return math.prod(found[1:], start=sign * found[0])


def log_determinant(a: Tensor) -> Tensor:
    return determinant(a).log()


def cholesky(a: Tensor, *, upper: bool = False) -> Tensor:
    _check_square(a)
    return lower_factor_of(a.mT).mT if upper else lower_factor_of(a)


def matrix_power(a: Tensor, n: int) -> Tensor:
    if n < 0:
        a, n = inverse(a), -n
    made: Any = None
    while n:
        if n % 2:
            made = a if made is None else made @ a
        a, n = (a @ a, n // 2) if n > 1 else (a, 0)
    return torch.eye(a.shape[-1], dtype=a.dtype).expand(a.shape) if made is None else made


def triangular_solution(
    a: Tensor, b: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """Return the solution of a x = b by substitution; only one triangle of `a` is read."""
    if a.dim() == 2:
        part = a.triu() if upper else a.tril()
        if unitriangular:
            part = part - torch.diag(torch.diag(part)) + torch.eye(a.shape[-1], dtype=a.dtype)
        return solution(part, b, left=left)
    if not left:
        turned = triangular_solution(a.mT, b.mT, upper=not upper, unitriangular=unitriangular)
        return turned.mT
    _check_square(a)
    if unitriangular:
        a = (a.triu(1) if upper else a.tril(-1)) + torch.eye(a.shape[-1], dtype=a.dtype)
    return solution_of(a, b, "upper" if upper else "lower")


def cholesky_solution(b: Tensor, factor: Tensor, upper: bool = False) -> Tensor:
    low = factor.mT if upper else factor
    half = triangular_solution(low, b, upper=False)
    return triangular_solution(low.mT, half, upper=True)


def lu_solution(
    factors: Tensor, pivots: Tensor, b: Tensor, *, left: bool = True, adjoint: bool = False
) -> Any:
    """Return the solution by a factorisation of weights alone."""
    if factors.dim() != 2:
        return NotImplemented
    p, low, up = torch.lu_unpack(factors, pivots)
    a = p @ low @ up
    return solution(a.mT if adjoint else a, b, left=left)


def exponential(a: Tensor) -> Tensor:
    """Return the exponential: a polynomial of a fraction of the matrix, squared again and again.

    The fraction has a norm of at most a half, where the polynomial's error is below float64's
    rounding. A matrix of too large a norm gives NaN: its squarings would lose all digits.
    """
    size = _checked(a)
    norm = a.detach().abs().sum(-2, keepdim=True).amax(-1, keepdim=True)
    halvings = torch.zeros_like(norm)
    for k in range(SQUARINGS):
        halvings = halvings + (norm > 2.0 ** (k - 1)).to(a.dtype)
    one = a * torch.exp2(-halvings)
    two = one @ one
    three, four = two @ one, two @ two
    unit = torch.eye(size, dtype=a.dtype)
    made = torch.zeros_like(a)
    for first in range(12, -1, -4):
        factors = [1 / math.factorial(first + k) for k in range(4)]
        part = factors[0] * unit + factors[1] * one + factors[2] * two + factors[3] * three
        made = part + four @ made
    for k in range(SQUARINGS):
        made = torch.where(halvings > k, made @ made, made)
    return torch.where(norm > 2.0 ** (SQUARINGS - 1), torch.full_like(made, math.nan), made)
