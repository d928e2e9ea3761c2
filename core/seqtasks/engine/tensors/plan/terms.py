"""Split a sum into terms, so that it can be computed term by term in one place."""

import numpy as np

from seqtasks.engine.graph.index import Strided, boxes, strided
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import ADDED, SUMS
from seqtasks.engine.tensors.plan.buffers import Contraction, Storage, Term
from seqtasks.engine.tensors.rewrite.fuse import source_of
from seqtasks.engine.tensors.rewrite.sections import Sections, is_flat_view

__all__ = ["contraction_of", "terms_of"]


def terms_of(parted: Sections, storage: Storage, node: Node) -> list[Term]:
    """Return the terms of a sum or a product; note the values inside them in storage."""
    if node.operation == "linear":
        return [Term(1, "product", (node.inputs[0], node.inputs[1]), node.value)]
    return _Terms(parted, storage).of(node)


def contraction_of(parted: Sections, storage: Storage, node: Node) -> Contraction | None:
    """Return a sum over an axis as a product of a matrix and a vector, row by row.

    The vector is one of two factors: the factor that is repeated over the axis that is kept.
    """
    if node.operation != "sum" or node.columns == Columns.ONE:
        return None
    seen = [node.inputs[0]]
    if seen[0].operation == "view":
        seen.append(seen[0].inputs[0])
    product, index = source_of(seen[0])
    alike = all(
        parted.only_here(n) and parted.section[n] == parted.section[node] and n not in storage.slots
        for n in seen
    )
    shape = seen[0].shape
    if product.operation != "multiply" or not alike or (len(node.shape), len(shape)) != (1, 2):
        return None
    factors: list[tuple[Node, Strided]] = []
    for operand in product.inputs:
        source, places = source_of(operand)
        pattern = strided(np.append(places, -1)[index], shape)
        if source.operation == "constant" or source.columns != node.columns or pattern is None:
            return None
        factors.append((source, pattern))
    for (matrix, across), (vector, along) in (factors, factors[::-1]):
        if not along.strides[0]:
            storage.inside.update(seen)
            down = Strided(across.first, across.strides[::-1])
            return Contraction((vector, along), (matrix, down), shape[1])
    return None


class _Terms:
    # `graph.walk.sum_terms` knows additions alone; these terms have signs, and take products in
    def __init__(self, parted: Sections, storage: Storage) -> None:
        self.parted, self.storage = parted, storage
        self.found: list[Term] = []

    def of(self, node: Node) -> list[Term]:
        self._add_terms(node, 1)
        return self.found

    def _add_terms(self, node: Node, sign: int) -> None:
        signs = (sign, -sign if node.operation == "subtract" else sign)
        for source, of in zip(node.inputs, signs, strict=False):
            self._add_term(node, source, of)

    def _add_term(self, node: Node, source: Node, sign: int) -> None:
        parted, storage = self.parted, self.storage
        if source.operation == "constant" and source.value == 0:
            return
        inside = (
            parted.only_here(source)
            and parted.section[source] == parted.section[node]
            and source.columns == node.columns
            and source not in storage.slots
        )
        if inside and source.operation in SUMS:
            storage.inside.add(source)
            self._add_terms(source, sign)
        elif inside and source.operation == "negative":
            storage.inside.add(source)
            self._add_term(source, source.inputs[0], -sign)
        elif inside and source.operation in ADDED:
            storage.inside.add(source)
            self.found.append(Term(sign, source.operation, source.inputs))
        elif inside and source.operation == "linear" and source.columns != Columns.ONE:
            storage.inside.add(source)
            self.found.append(Term(sign, "product", source.inputs, source.value))
        elif inside and source.operation == "view" and _is_in_boxes(source):
            storage.inside.add(source)
            self.found.append(Term(sign, "boxes", (source,)))
        else:
            self.found.append(Term(sign, "value", (source,)))


def _is_in_boxes(view: Node) -> bool:
    """Say whether a view can be added piece by piece to a sum."""
    assert view.index is not None
    found = None if is_flat_view(view) else boxes(view.index, view.shape)
    return found is not None and sum(box.source is not None for box in found) <= 2
