"""Put fewer operations into the loops: interpolate in one call, take factors out.

A backward loop only multiplies and adds what it carries back. So g · a · b becomes g · (a · b): the
second factor is known before the backward loop, for all steps at once.
"""

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import OVER_COLUMNS, ZERO_OF_ZERO
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.rewrite import Roots, added, rewrite, view
from seqtasks.engine.graph.walk import live, sum_terms, users

__all__ = ["early_together", "interpolated", "with_factors_outside", "without_nothings"]


def without_nothings(graph: Graph, roots: Roots, external: bool) -> Roots:
    """Remove stopped gradients and added zeros, and compute on smaller values where possible.

    Args:
        graph: receives new nodes.
        roots: the values to compute.
        external: whether the states of every step have gradients from outside.
    """

    def change(node: Node, inputs: list[Node]) -> Node | None:
        if node.operation == "stopped":
            return inputs[0]
        if node.operation == "external" and not external:
            return graph.constant(0.0, node.shape)
        if node.operation == "add":
            for one, other in (inputs, inputs[::-1]):
                if _is_zero(other):
                    return one
        if node.operation in ZERO_OF_ZERO and _is_zero(inputs[-1]):
            return graph.constant(0.0, node.shape)
        if node.operation == "lookup" and inputs[0].operation == "view":
            return _looked_up_before_spread(graph, node, inputs[0])
        if node.operation == "sum":
            return _summed_before_columns(graph, node, inputs[0])
        return None

    return rewrite(graph, roots, change)


def _looked_up_before_spread(graph: Graph, node: Node, table: Node) -> Node | None:
    source = table.inputs[0]
    if table.size <= source.size or table.index is None:
        return None
    looked_up = graph.make(
        "lookup", (source,), source.shape, columns=node.columns, phase=node.phase
    )
    return view(graph, looked_up, table.index, node.shape)


def _summed_before_columns(graph: Graph, node: Node, total: Node) -> Node | None:
    """Sum the elements of a row before the rows are summed, so that fewer elements remain."""
    over = total.inputs[0] if total.operation == "view" else total
    if over.operation not in OVER_COLUMNS or over.operation == "outer":
        return None
    rows = over.inputs[0]
    if total.index is not None:
        rows = view(graph, rows, total.index, total.shape)
    summed = graph.make("sum", (rows,), node.shape)
    return graph.make(over.operation, (summed,), node.shape, columns=over.columns, phase=over.phase)


def interpolated(graph: Graph, roots: Roots) -> Roots:
    """Turn (1 - w) · a + w · b into one operation, `interpolate` of (a, b, w)."""
    nodes = live(roots.all())
    used = users(nodes)
    wanted = set(roots.all())
    new: dict[Node, Node] = {}

    def only_here(node: Node) -> bool:
        return len(used[node]) == 1 and node not in wanted

    def change(node: Node, inputs: list[Node]) -> Node | None:
        if node.operation != "add" or node.columns != Columns.BATCH:
            return None
        one, other = node.inputs
        if not all(n.operation == "multiply" and only_here(n) for n in (one, other)):
            return None
        for first, second in ((one, other), (other, one)):
            for complement, a in (first.inputs, first.inputs[::-1]):
                for weight, b in (second.inputs, second.inputs[::-1]):
                    if _is_complement(complement, weight):
                        operands = [new[n] for n in (a, b, weight)]
                        return graph.make("interpolate", operands, node.shape)
        return None

    return rewrite(graph, roots, change, new)


def _is_complement(node: Node, weight: Node) -> bool:
    if node.operation != "subtract" or node.inputs[1] is not weight:
        return False
    one = node.inputs[0]
    return one.operation == "constant" and one.value == 1


def early_together(graph: Graph, phases: Phases, roots: Roots) -> Roots:
    """In a loop's sums, first add the terms that are known before the loop."""
    nodes = live(roots.all())
    used = users(nodes)
    wanted = set(roots.all())
    tops: dict[Node, list[Node]] = {}
    inner: set[Node] = set()
    for node in reversed(nodes):
        if node.operation != "add" or node in inner or not phases.is_loop(node.phase):
            continue

        def joins(source: Node, total: Node = node) -> bool:
            only_here = len(used[source]) == 1 and source not in wanted
            return only_here and source.phase == total.phase

        terms, within = sum_terms(node, joins)
        inner.update(within)
        if sum(term.phase < node.phase for term in terms) > 1:
            tops[node] = sorted(terms, key=lambda n: (n.phase, n.number))
    new: dict[Node, Node] = {}

    def change(node: Node, inputs: list[Node]) -> Node | None:
        del inputs
        if node not in tops:
            return None
        total, *rest = [new[term] for term in tops[node]]
        for term in rest:
            early = term.phase < node.phase
            total = graph.add(total, term) if early else added(graph, total, term)
        return total

    return rewrite(graph, roots, change, new)


def with_factors_outside(graph: Graph, phases: Phases, roots: Roots) -> Roots:
    """Write each value of a backward loop as a carried value times an early factor.

    Before a row begins, its factor is zero. But zero times infinity is not a number: if a gradient
    divides, a choice by whether a row runs stays a choice.
    """
    divides = any(map(_may_overflow, live(roots.all())))
    forms: dict[Node, tuple[Node, Node | None]] = {}

    def form(node: Node) -> tuple[Node, Node | None]:
        return forms.get(node, (node, None))

    def times(carried: Node, factor: Node) -> Node | None:
        base, before = form(carried)
        if before is not None:
            if not _worth_keeping(before, factor):
                return None
            factor = graph.pointwise("multiply", before, factor)
        return made(base, factor)

    def made(base: Node, factor: Node) -> Node:
        result = graph.make("multiply", (base, factor), base.shape)
        forms[result] = (base, factor)
        return result

    def factor_of(node: Node) -> Node:
        factor = form(node)[1]
        return graph.constant(1.0, node.shape) if factor is None else factor

    def change(node: Node, inputs: list[Node]) -> Node | None:
        phase = node.phase
        if phase <= phases.backward or not phases.is_loop(phase):
            return None
        carried = [n.phase == phase for n in inputs]
        match node.operation, carried:
            case "multiply", [True, False]:
                return times(inputs[0], inputs[1])
            case "multiply", [False, True]:
                return times(inputs[1], inputs[0])
            case "negative", _ if form(inputs[0])[1] is not None:
                base, factor = form(inputs[0])
                assert factor is not None
                return made(base, graph.pointwise("negative", factor))
            case "divide", [True, False]:
                return times(inputs[0], graph.divide(1.0, inputs[1]))
            case (("add" | "subtract"), [True, True]):
                (base, one), (other, two) = form(inputs[0]), form(inputs[1])
                if base is other and (one is not None or two is not None):
                    factors = [factor_of(n) for n in inputs]
                    return made(base, graph.pointwise(node.operation, *factors))
            # Under other conditions the omitted gradient may be NaN, and a factor of zero would
            # leave it NaN.
            case "where", _ if divides:
                return None
            case "where", [False, True, False] if _is_of_lengths(inputs[0], inputs[2]):
                return chosen(inputs[0], inputs[1], True)
            case "where", [False, False, True] if _is_of_lengths(inputs[0], inputs[1]):
                return chosen(inputs[0], inputs[2], False)
            case _:
                return None
        return None

    def chosen(condition: Node, carried: Node, if_true: bool) -> Node:
        base, factor = form(carried)
        one = graph.constant(1.0, carried.shape) if factor is None else factor
        either = (one, 0.0) if if_true else (0.0, one)
        return made(base, graph.pointwise("where", condition, *either))

    return rewrite(graph, roots, change)


def _may_overflow(node: Node) -> bool:
    """Say whether a value may be infinite for ordinary numbers."""
    if node.operation not in ("divide", "power"):
        return False
    divisor = node.inputs[1]
    return divisor.operation != "constant" or divisor.value == 0


def _is_of_lengths(condition: Node, other: Node) -> bool:
    """Say whether a choice is between a gradient and zero, by whether a row still runs."""
    while condition.operation == "view":
        condition = condition.inputs[0]
    return condition.operation == "running" and _is_zero(other)


def _is_zero(node: Node) -> bool:
    return node.operation == "constant" and node.value == 0


def _worth_keeping(one: Node, other: Node) -> bool:
    """Say whether a product of factors takes no more memory than the larger factor."""
    return max(_numbers(one), _numbers(other)) >= one.size


def _numbers(node: Node) -> int:
    if node.operation == "view":
        return min(node.size, node.inputs[0].size)
    if node.operation == "constant":
        return 1
    return node.size
