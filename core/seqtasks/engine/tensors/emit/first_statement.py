"""Choose the torch call that makes the first value of a sum, from as many terms as one call takes.

Of the terms `W x`, `b` and `a · c`, addmm takes the first two: `addmm(b, x, Wᵀ, out=sum)`. The
others are added one call each.
"""

from collections.abc import Callable

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import ADDED, POINTWISE
from seqtasks.engine.tensors.plan.buffers import Term

__all__ = ["first_statement"]


def first_statement(
    target: str,
    terms: list[Term],
    name_of: Callable[[Node], str],
    factors_of: Callable[[Term], str],
) -> str:
    """Return the statement that makes the first value, and remove its terms.

    Args:
        target: the name of the sum's place.
        terms: the terms of the sum; the ones that the statement takes are removed.
        name_of: returns the text of a value.
        factors_of: returns the text of the two factors of a product.
    """

    def take(operation: str, sign: int | None = 1) -> Term | None:
        for term in terms:
            if term.operation == operation and sign in (None, term.sign):
                terms.remove(term)
                return term
        return None

    terms.sort(key=lambda term: term.nodes[0].operation == "constant")
    product = take("product", None)
    value = None
    if product is None or any(t.nodes[0].operation != "constant" for t in terms):
        value = take("value")
    name = "" if value is None else name_of(value.nodes[0])
    if product is not None:
        pair = factors_of(product)
        scale = ", alpha=-1" if product.sign < 0 else ""
        if value is None and not scale:
            return f"mm({pair}, out={target})"
        if value is None:
            return f"addmm({target}, {pair}, beta=0{scale}, out={target})"
        return f"addmm({name}, {pair}{scale}, out={target})"
    if value is not None:
        for operation, call in ADDED.items():
            other = take(operation, None)
            if other is not None:
                names = ", ".join(name_of(n) for n in other.nodes)
                return f"{call}({name}, {names}, value={other.sign}, out={target})"
        other = take("value", None)
        if other is not None:
            call = "add" if other.sign > 0 else "sub"
            return f"{call}({name}, {name_of(other.nodes[0])}, out={target})"
        return f"{target}.copy_({name})"
    for operation in ADDED:
        other = take(operation)
        if other is not None:
            names = ", ".join(name_of(n) for n in other.nodes)
            return f"{POINTWISE[operation].torch.__name__}({names}, out={target})"
    other = take("value", None)
    if other is not None:
        return f"neg({name_of(other.nodes[0])}, out={target})"
    return f"{target}.zero_()"
