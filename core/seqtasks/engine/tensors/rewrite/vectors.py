"""Write sums of transposed products, as the backward pass has them, as one product each.

The vectors are joined side by side into one. In a backward loop each vector is a carried value
times a factor known before; the vectors of one carried value become one multiplication.
"""

from dataclasses import dataclass

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import IN_PART, POINTWISE
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.rewrite import Roots, added, rebuilt, rewrite, view
from seqtasks.engine.graph.walk import live, sum_terms, users
from seqtasks.engine.tensors.rewrite.fuse import below_each_other, joined, source_of

__all__ = ["contributions_joined", "vectors_joined"]


@dataclass
class _Sum:
    """A sum with several products: all its terms, and the products among them."""

    terms: list[Node]
    products: list[Node]

    def vectors(self) -> list[Node]:
        return [product.inputs[1] for product in self.products]


def vectors_joined(graph: Graph, phases: Phases, roots: Roots) -> Roots:
    """Join the transposed products of each sum in the backward pass."""
    nodes = live(roots.all())
    order = {node: k for k, node in enumerate(nodes)}
    sums = _sums(nodes, phases, roots)
    by_last: dict[Node, list[Node]] = {}
    for total, plan in sums.items():
        by_last.setdefault(max(plan.vectors(), key=order.__getitem__), []).append(total)
    new: dict[Node, Node] = {}
    product_of: dict[Node, tuple[Node, Node]] = {}

    def change(node: Node, inputs: list[Node]) -> Node | None:
        if node not in sums and node not in by_last:
            return None
        new[node] = summed(node) if node in sums else rebuilt(graph, node, inputs)
        for total in by_last.get(node, ()):  # a sum may be the last vector of another one
            product_of[total] = _side_by_side(graph, new, sums[total].products)
        return new[node]

    def summed(node: Node) -> Node:
        plan = sums[node]
        total = graph.make("linear", product_of[node], node.shape, value=True)
        for term in plan.terms:
            if term not in plan.products:
                total = added(graph, new[term], total)
        return total

    return rewrite(graph, roots, change, new)


def _sums(nodes: list[Node], phases: Phases, roots: Roots) -> dict[Node, _Sum]:
    used = users(nodes)
    wanted = set(roots.all())
    swallowed: set[Node] = set()
    found: dict[Node, _Sum] = {}
    for node in reversed(nodes):
        if node.operation != "add" or node in swallowed or node.phase <= phases.backward:
            continue

        def joins(source: Node, total: Node = node) -> bool:
            only_here = len(used[source]) == 1 and source not in wanted
            return only_here and source.phase == total.phase and source.columns == total.columns

        terms, inner = sum_terms(node, joins)
        swallowed.update(inner)
        products = [
            term
            for term in terms
            if term.operation == "linear"
            and term.value
            and term.phase == node.phase
            and term.columns != Columns.ONE
            and len(used[term]) == 1
            and term not in wanted
            and _can_move(term.inputs[1])
        ]
        plan = _Sum(terms, products)
        if len(products) > 1 and len(set(plan.vectors())) == len(products):
            found[node] = plan
    return found


def _can_move(vector: Node) -> bool:
    source = source_of(vector)[0]
    return source.operation in POINTWISE or source.operation in IN_PART


def _side_by_side(graph: Graph, new: dict[Node, Node], products: list[Node]) -> tuple[Node, Node]:
    """Return the stacked matrices, and the vectors side by side."""
    products = sorted(products, key=lambda p: int(source_of(p.inputs[0])[1][0]))
    bases = {p: _carried(new[p.inputs[1]]) for p in products}
    order = list(dict.fromkeys(bases.values()))
    products.sort(key=lambda p: order.index(bases[p]))
    parts: list[Node] = []
    for base in order:
        vectors = [new[p.inputs[1]] for p in products if bases[p] is base]
        parts += [_scaled(graph, base, vectors)] if len(vectors) > 1 else vectors
    whole = joined(graph, parts)
    first = 0
    for product in products:
        vector = product.inputs[1]
        places = np.arange(first, first + vector.size)
        new[vector] = view(graph, whole, places, vector.shape)
        first += vector.size
    return below_each_other(graph, [new[p.inputs[0]] for p in products]), whole


def _carried(vector: Node) -> Node:
    """Return the carried value in carried · factor, or the vector itself."""
    if vector.operation == "multiply":
        carried, factor = vector.inputs
        if factor.phase < carried.phase == vector.phase:
            return carried
    return vector


def _scaled(graph: Graph, base: Node, vectors: list[Node]) -> Node:
    """Return vectors side by side that are one value times different factors.

    One of them may be the value itself, whatever computes it: its factor is 1.
    """
    shape = (len(vectors), base.size)
    one = graph.constant(1.0, base.shape)
    factors = joined(graph, [one if v is base else v.inputs[1] for v in vectors])
    repeated = view(graph, base, np.broadcast_to(np.arange(base.size), shape), shape)
    scaled = graph.make(
        "multiply", (repeated, view(graph, factors, np.arange(factors.size), shape)), shape
    )
    return view(graph, scaled, np.arange(scaled.size), (scaled.size,))


def contributions_joined(graph: Graph, roots: Roots) -> Roots:
    """Join contributions from one value to different places of one gradient."""
    parameters: dict[Node, list[Node]] = {}
    for leaf, nodes in roots.parameters.items():
        by_source: dict[Node, list[Node]] = {}
        for node in nodes:
            source = node.inputs[0] if node.operation == "view" else node
            by_source.setdefault(source, []).append(node)
        parameters[leaf] = [
            part for group in by_source.values() for part in _overlaid(graph, leaf, group)
        ]
    return Roots(
        roots.predictions, roots.following, roots.initial, roots.before, parameters, roots.inputs
    )


def _overlaid(graph: Graph, leaf: Node, nodes: list[Node]) -> list[Node]:
    if len(nodes) == 1:
        return nodes
    indexes = np.stack([source_of(node)[1] for node in nodes])
    if ((indexes >= 0).sum(0) > 1).any():
        return nodes
    return [view(graph, source_of(nodes[0])[0], indexes.max(0), leaf.shape)]
