"""Matrix products and einsum of complex numbers."""

import itertools
from collections.abc import Callable
from typing import Any

import torch

from seqtasks.engine.record.complex.functions import added, conjugate, multiplied
from seqtasks.engine.record.complex.pair import Pair, as_pair, is_real

__all__ = ["PRODUCTS"]


def _bilinear(product: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function of pairs for a product that is linear in each of its factors."""

    def of_pairs(*factors: Any, **kwargs: Any) -> Any:
        parts = [[f] if is_real(f) else [as_pair(f).real, as_pair(f).imag] for f in factors]
        real: Any = None
        imag: Any = None
        for places in itertools.product(*(range(len(part)) for part in parts)):
            made = product(*(part[k] for part, k in zip(parts, places, strict=True)), **kwargs)
            turns = sum(places)
            made = -made if turns % 4 in (2, 3) else made
            if turns % 2:
                imag = made if imag is None else imag + made
            else:
                real = made if real is None else real + made
        return real if imag is None else Pair(real, imag)

    return of_pairs


def _einsum(equation: str, *operands: Any) -> Any:
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    return _bilinear(lambda *parts: torch.einsum(equation, *parts))(*operands)


_matmul = _bilinear(torch.matmul)


def _reflected(a: Any, b: Any) -> Any:
    return _matmul(b, a)


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    made = _matmul(x, weight.map(lambda part: part.t()) if isinstance(weight, Pair) else weight.t())
    return made if bias is None else added(made, bias)


def _added_to(bias: Any, x: Any, weight: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return added(multiplied(bias, beta), multiplied(_matmul(x, weight), alpha))


def _conjugate_dot(a: Any, b: Any) -> Any:
    return _bilinear(torch.dot)(conjugate(a), b)


def _vector_products(a: Any, b: Any, *, dim: int = -1) -> Any:
    made = multiplied(conjugate(a), b)
    return made.map(lambda part: part.sum(dim))


def _folded(z: Any, dim: int, keepdim: bool = False) -> Pair:
    """Return the product along an axis."""
    parts = zip(as_pair(z).real.unbind(dim), as_pair(z).imag.unbind(dim), strict=True)
    total, *rest = (Pair(*part) for part in parts)
    for part in rest:
        total = multiplied(total, part)
    return total.map(lambda part: part.unsqueeze(dim)) if keepdim else total


PRODUCTS: dict[str, Any] = {
    **dict.fromkeys(("matmul", "linalg_matmul", "mm", "bmm", "mv", "__matmul__"), _matmul),
    "__rmatmul__": _reflected,
    "dot": _bilinear(torch.dot),
    "vdot": _conjugate_dot,
    "linalg_vecdot": _vector_products,
    **dict.fromkeys(("outer", "ger"), _bilinear(torch.outer)),
    "einsum": _einsum,
    "linear": _linear,
    **dict.fromkeys(("addmm", "baddbmm"), _added_to),
    "prod": _folded,
}
"""By name, products of complex numbers as functions of pairs."""
