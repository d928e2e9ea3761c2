"""Derive the backward step from the forward graph, in the same graph.

The same split applies to it: the backward loop holds only what carries the gradient from step to
step. Each weight's gradient is one product over all steps, made after that loop.
"""

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.cotangents import Cotangents
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import OTHERS, POINTWISE
from seqtasks.engine.graph.other_derivatives import of_view
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.simplify import is_constant
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.graph.walk import depends_on_trained

__all__ = ["derive", "derive_model"]


def derive_model(model: ModelGraph) -> None:
    """Add the backward pass to a recorded model, and note its gradients.

    It begins at the predictions, and at the initial states that are trained. At the result of a
    loop it goes on with the loop's last step: its gradient is the sum of what was carried back and
    of what comes from outside.
    """
    graph, phases = model.graph, model.phases
    graph.recorded = len(graph.nodes)
    seeds = [(model.predictions, model.cotangent)]
    turns: dict[Node, list[tuple[Node, Node]]] = {}
    for loop in model.loops:
        for part in loop.parts:
            zero = graph.constant(0.0, part.shape)
            back = graph.make("add", (part.back, part.external or zero), part.shape)
            turns[part.carried] = [(part.following, back)]
            if depends_on_trained(part.initial):
                part.initial_back = graph.leaf(
                    "initial_back",
                    part.previous.value,
                    part.shape,
                    Columns.ONE,
                    phases.backward_weights,
                )
                seeds.append((part.initial, part.initial_back))
    model.gradients = derive(graph, phases, seeds, turns)
    for loop in model.loops:
        for part in loop.parts:
            zero = graph.constant(0.0, part.shape)
            part.before = model.gradients.of_states.get(part.previous, zero)
    for leaf in model.leaves:  # of what torch reaches in vain the gradient is zero
        if any(leaf in sources for sources in model.reached.values()):
            model.gradients.of_parameters.setdefault(leaf, [])


def derive(
    graph: Graph,
    phases: Phases,
    seeds: list[tuple[Node, Node]],
    steps: dict[Node, list[tuple[Node, Node]]],
) -> Cotangents:
    """Derive the backward pass.

    Args:
        graph: holds the forward pass; the backward pass is added to it.
        phases: the program's phases.
        seeds: (node, its cotangent) pairs to begin with.
        steps: for the leaf of a loop's result, (next state, gradient carried back) pairs with which
            to continue when the leaf is reached.
    """
    found = Cotangents()
    cotangents: dict[Node, list[Node]] = {}
    for node, cotangent in seeds:
        cotangents.setdefault(node, []).append(cotangent)
    for node in reversed(list(graph.nodes)):
        for following, carried in steps.get(node, ()):
            given = [carried, *cotangents.get(node, ())] if following is not node else [carried]
            cotangents.setdefault(following, []).extend(given)
        if node not in cotangents or node in steps:
            continue
        if node.operation == "parameter":
            if node.value[1]:
                found.of_parameters[node] = cotangents[node]
            continue
        graph.least_phase = 0
        total = _total(graph, cotangents[node])
        # The gradient of a value computed before a loop is computed after the backward loop.
        before = phases.is_loop(total.phase) and node.phase < phases.loop(phases.layer(total.phase))
        graph.least_phase = phases.after(total.phase) if before else 0
        if node.operation == "state":
            found.of_states[node] = total
        elif node.operation == "inputs":
            found.of_inputs = graph.make("stopped", (total,), total.shape) if before else total
        else:
            for source, cotangent in _pull_back(graph, phases, node, total):
                if is_constant(cotangent, 0):
                    continue  # that it is zero, not none, is known from torch; see `usage`
                if source.operation != "constant" and _matters(source):
                    source, cotangent = _before_spreading(graph, phases, source, cotangent)
                    fitted = _fitted(graph, phases, source, cotangent)
                    cotangents.setdefault(source, []).append(fitted)
    graph.least_phase = 0
    return found


def _total(graph: Graph, cotangents: list[Node]) -> Node:
    """Return the sum of cotangents; the early ones come first, to be added at once."""
    first, *rest = sorted(cotangents, key=lambda n: n.phase)
    for cotangent in rest:
        first = graph.add(first, cotangent)
    return first


def _matters(node: Node) -> bool:
    return not (node.operation == "parameter" and not node.value[1])


def _pull_back(graph: Graph, phases: Phases, node: Node, g: Node) -> list[tuple[Node, Node]]:
    """Return the cotangent of each input of a node, in the node's own columns."""
    if node in graph.pullbacks:
        return graph.pullbacks[node](g)
    if node.operation in POINTWISE:
        derivative = POINTWISE[node.operation].derivative
        given = [] if derivative is None else derivative(graph, node, g)
        return [(n, c) for n, c in zip(node.inputs, given, strict=False) if c is not None]
    other = OTHERS[node.operation]
    if other.leaf:
        return []
    if other.derivative is None:
        raise UnsupportedError(f"it has no derivative for {node.operation}")
    return other.derivative(graph, phases, node, g)


def _before_spreading(graph: Graph, phases: Phases, source: Node, g: Node) -> tuple[Node, Node]:
    """Return what a value was before a view repeated its rows, with its gradient.

    This is done to values of fewer columns, or of an earlier phase than a loop. The gradient of
    what is repeated along an axis, as a key is in every row of a matrix memory, is summed over that
    axis at each step, where its numbers are at hand, and only then over all steps.
    """

    def repeats() -> bool:
        if source.operation != "view" or source.size <= source.inputs[0].size:
            return False
        in_loop = phases.is_loop(g.phase)
        earlier = in_loop and source.phase < phases.loop(phases.layer(g.phase))
        return (earlier or g.columns > source.columns) and source not in graph.pullbacks

    least, graph.least_phase = graph.least_phase, 0
    while repeats():
        ((source, g),) = of_view(graph, phases, source, g)
    graph.least_phase = least
    return source, g


def _fitted(graph: Graph, phases: Phases, source: Node, g: Node) -> Node:
    """Return a cotangent in its source's columns: summed over all rows, or for each symbol."""
    if g.columns == source.columns or source.columns == Columns.BATCH:
        return g
    phase = phases.after(max(g.phase, phases.backward))  # it may be zero times what is known
    if source.columns == Columns.VOCABULARY and g.columns == Columns.BATCH:
        return graph.make(
            "sum_by_symbol",
            (g,),
            g.shape,
            columns=Columns.VOCABULARY,
            phase=max(phase, phases.backward_vocabulary),
        )
    if source.columns == Columns.VOCABULARY:
        return g
    if g.operation == "outer" or g.columns == Columns.ONE:
        return g
    return graph.make("sum_of_columns", (g,), g.shape, columns=Columns.ONE, phase=phase)
