"""Join operations that are alike into larger ones; their results become views.

Products of one vector become one product with stacked matrices. Pointwise operations on
neighbouring slices become one operation, and so do sums over steps.
"""

from collections.abc import Callable, Sequence

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.index import strided
from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import OVER_COLUMNS, POINTWISE
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.rewrite import Roots, added, rewrite, view
from seqtasks.engine.graph.walk import live, users

__all__ = ["alike_joined", "below_each_other", "joined", "products_joined", "source_of"]


def source_of(node: Node) -> tuple[Node, Index]:
    """Return the node whose memory holds a value, and the positions in it."""
    if node.operation == "view":
        assert node.index is not None
        return node.inputs[0], node.index
    return node, np.arange(node.size)


def joined(graph: Graph, nodes: Sequence[Node]) -> Node:
    """Return the values of nodes one after the other, (total size,)."""
    total = sum(n.size for n in nodes)
    found = [source_of(n) for n in nodes]
    source = found[0][0]
    if all(of is source for of, _ in found):
        return view(graph, source, np.concatenate([index for _, index in found]), (total,))
    looked_up = [n.operation == "lookup" for n in nodes]
    if any(looked_up) and all(n.columns == Columns.ONE or n.operation == "lookup" for n in nodes):
        table = joined(graph, [n.inputs[0] if n.operation == "lookup" else n for n in nodes])
        return graph.make(
            "lookup", (table,), (total,), columns=Columns.BATCH, phase=graph.lookup_phase
        )
    first = nodes[0]
    same = all(n.operation == first.operation and n.columns == first.columns for n in nodes)
    if same and first.operation in POINTWISE and first.columns != Columns.BATCH:
        operands = [joined(graph, parts) for parts in zip(*(n.inputs for n in nodes), strict=True)]
        return graph.make(first.operation, operands, (total,))
    return graph.make("concatenate", _merged(graph, nodes), (total,))


def _merged(graph: Graph, nodes: Sequence[Node]) -> list[Node]:
    """Return the values of nodes; merge values that follow each other in memory."""
    merged: list[Node] = []
    for node in nodes:
        if merged:
            (one, before), (other, index) = source_of(merged[-1]), source_of(node)
            both = np.append(before, index)
            if one is other and np.array_equal(both, before[0] + np.arange(both.size)):
                merged[-1] = view(graph, one, both, (both.size,))
                continue
        merged.append(node)
    return merged


def below_each_other(graph: Graph, matrices: Sequence[Node]) -> Node:
    """Stack matrices of one width into one matrix."""
    flat = joined(graph, matrices)
    shape = (sum(m.shape[0] for m in matrices), matrices[0].shape[1])
    return view(graph, flat, np.arange(flat.size), shape)


def products_joined(graph: Graph, roots: Roots) -> Roots:
    """Join the products of one vector, with the early terms that are added to them."""
    needed = set(live(roots.forward()))
    nodes = live(roots.all())
    used = users(nodes)
    groups: dict[tuple[Node, int, bool], list[Node]] = {}
    for node in nodes:
        if node.operation == "linear" and not node.value and node.columns != Columns.ONE:
            key = (node.inputs[1], node.phase, node in needed)
            groups.setdefault(key, []).append(node)
    at: dict[Node, list[tuple[Node, Node | None, Node]]] = {}
    for members in groups.values():
        if len(members) > 1:
            homes = [_home(node, used) for node in members]
            at[members[0]] = [
                (product, early, out) for product, (early, out) in zip(members, homes, strict=True)
            ]
    new: dict[Node, Node] = {}

    def whole_at(node: Node, inputs: list[Node]) -> tuple[Node, list[Node]] | None:
        if node not in at:
            return None
        group = _ordered(at[node], used)
        return _product(graph, new, group, inputs[1]), [out for _, _, out in group]

    return _with_wholes(graph, roots, whole_at, new)


def _with_wholes(
    graph: Graph,
    roots: Roots,
    whole_at: Callable[[Node, list[Node]], tuple[Node, list[Node]] | None],
    new: dict[Node, Node],
) -> Roots:
    """Compute several values as one, where the first of them is reached, and view it in parts.

    Args:
        graph: receives new nodes.
        roots: the values to compute.
        whole_at: returns the whole that is made where a node is reached, and the nodes that are its
            parts, in their order.
        new: as in `rewrite`.
    """
    place: dict[Node, tuple[Node, int]] = {}

    def change(node: Node, inputs: list[Node]) -> Node | None:
        made = whole_at(node, inputs)
        if made is not None:
            whole, parts = made
            first = 0
            for part in parts:
                place[part] = whole, first
                first += part.size
        if node in place:
            whole, first = place[node]
            return view(graph, whole, np.arange(first, first + node.size), node.shape)
        return None

    return rewrite(graph, roots, change, new)


def _home(product: Node, used: dict[Node, list[Node]]) -> tuple[Node | None, Node]:
    """Return the early term added to a product, with the sum; or None and the product."""
    if len(used[product]) == 1 and used[product][0].operation == "add":
        total = used[product][0]
        others = [n for n in total.inputs if n is not product]
        if len(others) == 1 and others[0].phase < total.phase == product.phase:
            return others[0], total
    return None, product


def _ordered(
    group: list[tuple[Node, Node | None, Node]], used: dict[Node, list[Node]]
) -> list[tuple[Node, Node | None, Node]]:
    """Put products next to each other if the same function is applied to them."""

    def function(out: Node) -> str:
        names = [n.operation for n in used[out] if len(n.inputs) == 1 and n.operation in POINTWISE]
        return names[0] if names else ""

    group = sorted(group, key=lambda member: int(source_of(member[0].inputs[0])[1][0]))
    functions = list(dict.fromkeys(function(out) for _, _, out in group))
    return sorted(group, key=lambda member: functions.index(function(member[2])))


def _product(
    graph: Graph, new: dict[Node, Node], group: list[tuple[Node, Node | None, Node]], vector: Node
) -> Node:
    weight = below_each_other(graph, [new[product.inputs[0]] for product, _, _ in group])
    size = weight.shape[0]
    whole = graph.make("linear", (weight, vector), (size,), value=False)
    early = [
        graph.constant(0.0, product.shape) if before is None else new[before]
        for product, before, _ in group
    ]
    if all(before is None for _, before, _ in group):
        return whole
    return added(graph, joined(graph, early), whole)


def alike_joined(graph: Graph, phases: Phases, roots: Roots) -> Roots:
    """Join operations on neighbouring slices: pointwise ones in loops, and sums over steps."""
    groups: dict[object, list[Node]] = {}
    for node in live(roots.all()):
        if node.operation in OVER_COLUMNS and len(node.inputs[0].shape) == 1:
            key = (node.operation, source_of(node.inputs[0])[0], node.inputs[1:], node.phase)
        elif node.operation in POINTWISE and phases.is_loop(node.phase):
            sources = tuple(_source_or_number(n) for n in node.inputs)
            key = (node.operation, sources, node.phase, node.columns)
        else:
            continue
        groups.setdefault(key, []).append(node)
    runs: dict[Node, list[Node]] = {}
    for members in groups.values():
        for run in _runs(members):
            first = min(run, key=lambda n: n.number)
            runs[first] = run
    new: dict[Node, Node] = {}

    def whole_at(node: Node, inputs: list[Node]) -> tuple[Node, list[Node]] | None:
        del inputs
        run = runs.get(node)
        return None if run is None else (_over_run(graph, new, run), run)

    return _with_wholes(graph, roots, whole_at, new)


def _source_or_number(node: Node) -> object:
    if node.operation == "constant":
        return node.value
    return source_of(node)[0]


def _operands(node: Node) -> list[Index]:
    """Return the positions of the operands that may differ among similar operations."""
    inputs = node.inputs[:1] if node.operation in OVER_COLUMNS else node.inputs
    return [source_of(n)[1] for n in inputs if n.operation != "constant"]


def _runs(members: list[Node]) -> list[list[Node]]:
    """Return runs of similar operations whose operands follow each other in memory."""
    members = sorted(members, key=lambda n: [int(places[0]) for places in _operands(n)])
    runs: list[list[Node]] = []
    together: list[Index] = []
    for node in members:
        places = _operands(node)
        if runs:
            longer = [np.append(a, b) for a, b in zip(together, places, strict=True)]
            if all(_goes_on(index, node) for index in longer):
                runs[-1].append(node)
                together = longer
                continue
        runs.append([node])
        together = places
    return [run for run in runs if len(run) > 1]


def _goes_on(index: Index, node: Node) -> bool:
    """Say whether positions are consecutive, or, for pointwise operations, all the same."""
    if node.operation in OVER_COLUMNS:
        return np.array_equal(index, index[0] + np.arange(index.size))
    pattern = strided(index, index.shape)
    return pattern is not None and pattern.strides[0] in (0, 1)


def _over_run(graph: Graph, new: dict[Node, Node], run: list[Node]) -> Node:
    first = run[0]
    size = sum(n.inputs[0].size for n in run)
    operands: list[Node] = []
    for position, operand in enumerate(first.inputs):
        if position and first.operation in OVER_COLUMNS:
            operands.append(new[operand])
        elif operand.operation == "constant":
            operands.append(graph.constant(operand.value, (size,)))
        else:
            source = source_of(operand)[0]
            places = np.concatenate([source_of(n.inputs[position])[1] for n in run])
            operands.append(view(graph, new[source], places, (size,)))
    shape = (size, *first.shape[1:]) if first.operation == "outer" else (size,)
    return graph.make(first.operation, operands, shape, columns=first.columns, phase=first.phase)
