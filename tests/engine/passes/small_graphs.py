"""Graphs of a few nodes, made by hand, and the values of nodes by their definition."""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from seqtasks.engine.derive.backward import derive_model
from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import Loop, ModelGraph, StatePart
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.phases import Phases

__all__ = [
    "Model",
    "by_symbol",
    "evaluated",
    "given",
    "looped",
    "new_graph",
    "real_inputs",
    "state",
    "weight",
]


def new_graph(loops: int = 1) -> tuple[Graph, Phases]:
    """Return an empty graph of a model with some loops, and its phases."""
    phases = Phases(loops)
    last = (phases.backward, phases.backward_vocabulary, phases.backward_weights)
    return Graph(lookup_phase=phases.before(0), last_phases=last), phases


def weight(graph: Graph, number: int, *shape: int, trained: bool = True) -> Node:
    """Return a parameter, or a buffer if it is not trained."""
    return graph.leaf("parameter", (number, trained), shape, Columns.ONE, Phases.weights)


def by_symbol(graph: Graph, table: Node) -> Node:
    """Return the rows of a table (symbols, size), one for each symbol."""
    return graph.make(
        "symbols",
        (table,),
        table.shape[1:],
        columns=Columns.VOCABULARY,
        phase=Phases.vocabulary,
    )


def real_inputs(graph: Graph, phases: Phases, size: int) -> Node:
    """Return inputs that are vectors."""
    return graph.leaf("inputs", None, (size,), Columns.BATCH, phases.before(0))


def state(graph: Graph, phases: Phases, *shape: int, layer: int = 0, part: int = 0) -> Node:
    """Return a state before a step of its loop."""
    return graph.leaf("state", (layer, part), shape, Columns.BATCH, phases.loop(layer))


def given(graph: Graph, phase: int, *shape: int, name: str = "cotangent") -> Node:
    """Return a value for each row of the batch that comes from outside in a phase."""
    return graph.leaf(name, None, shape, Columns.BATCH, phase)


# ---- a model of one loop


class Model:
    """A model of one loop over real inputs, with its nodes at hand.

    Attributes:
        model_graph: the whole, with its backward pass.
        graph, phases: of the model.
        x: the inputs.
        states: before a step.
        loop: its parts.
    """

    def __init__(self, model_graph: ModelGraph, x: Node) -> None:
        self.model_graph, self.x = model_graph, x
        self.graph, self.phases = model_graph.graph, model_graph.phases
        self.parts = model_graph.loops[0].parts
        self.states = [part.previous for part in self.parts]


def looped(
    sizes: Sequence[int],
    step: Callable[..., Sequence[Node]],
    predicted: Callable[..., Node] = lambda graph, x, *states: states[0],
    *,
    features: int = 2,
    initial: Callable[[Graph, int], Node] = lambda graph, size: graph.constant(0.0, (size,)),
    masked: bool = False,
    external: bool = False,
) -> Model:
    """Return a model of one loop, derived as models are that a recording finds.

    Args:
        sizes: of the tensors of its state.
        step: from the graph, the inputs and the states to the next states.
        predicted: from the graph, the inputs and the states after the step to the predictions.
        features: numbers in an input.
        initial: from the graph and a size to the state before the first step.
        masked: whether rows have lengths of their own.
        external: whether the states of every step have gradients from outside.
    """
    graph, phases = new_graph()
    x = real_inputs(graph, phases, features)
    starts = [initial(graph, size) for size in sizes]
    before = [state(graph, phases, size, part=k) for k, size in enumerate(sizes)]
    after = list(step(graph, x, *before))
    if masked:
        running = graph.leaf("running", None, (), Columns.BATCH, phases.before(0))
        after = [
            graph.pointwise("where", running, new, old)
            for new, old in zip(after, before, strict=True)
        ]
    parts: list[StatePart] = []
    for k, (old, new, start) in enumerate(zip(before, after, starts, strict=True)):
        leaf = functools.partial(graph.leaf, key=(0, k), shape=old.shape, columns=Columns.BATCH)
        carried = leaf("carried", phase=phases.before(1))
        back = leaf("back", phase=phases.backward_loop(0))
        outside = leaf("external", phase=phases.backward) if external else None
        parts.append(StatePart(old.shape, old, new, carried, start, back, outside))
    predictions = predicted(graph, x, *(part.carried for part in parts))
    cotangent = given(graph, phases.backward, *predictions.shape)
    parameters = {
        node: torch.zeros(node.shape) for node in graph.nodes if node.operation == "parameter"
    }
    loop = Loop(nn.Identity(), parts, len(parts) > 1, parts[0].carried)
    model_graph = ModelGraph(
        graph,
        phases,
        parameters,
        [loop],
        predictions,
        cotangent,
        vocabulary=0,
        input_size=features,
        masked=masked,
        dtype=torch.float64,
    )
    derive_model(model_graph)
    return Model(model_graph, x)


# ---- values by definition

POINTWISE = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "maximum": np.maximum,
    "where": lambda condition, a, b: np.where(condition != 0, a, b),
    "greater": lambda a, b: (a > b).astype(float),
    "equal": lambda a, b: (a == b).astype(float),
    "not_equal": lambda a, b: (a != b).astype(float),
    "stopped": lambda x: x,
    "interpolate": lambda a, b, share: (1 - share) * a + share * b,
}


def evaluated(
    node: Node, values: dict[Node, np.ndarray], symbols: Sequence[int] = (), rows: int = 1
) -> np.ndarray:
    """Return the value of a node, (columns, *shape), computed in the plainest way.

    Args:
        node: the node.
        values: of leaves, (columns, *shape); the values of weights have one column.
        symbols: the symbol of each row of the batch.
        rows: rows of the batch, where there are no symbols.
    """
    known = dict(values)
    count = len(symbols) or rows

    def value(one: Node) -> np.ndarray:
        if one not in known:
            known[one] = computed(one)
            columns = len(known[one])
            assert known[one].shape == (columns, *one.shape), one
        return known[one]

    def computed(one: Node) -> np.ndarray:
        sources = [value(source) for source in one.inputs]
        columns = max((len(s) for s in sources), default=1)
        flat = [np.repeat(s.reshape(len(s), -1), columns // len(s), 0) for s in sources]
        if one.operation == "constant":
            return np.full((1, *one.shape), one.value)
        if one.operation == "view":
            with_zero = np.hstack([flat[0], np.zeros((columns, 1))])  # place -1 is a zero
            return with_zero[:, one.index].reshape(columns, *one.shape)
        if one.operation == "concatenate":
            return np.hstack(flat)
        if one.operation == "sum":
            return sources[0].reshape(columns, *one.shape, -1).sum(-1)
        if one.operation == "maximum_of":
            return sources[0].reshape(columns, *one.shape, -1).max(-1)
        if one.operation == "linear":
            matrices = sources[0].swapaxes(1, 2) if one.value else sources[0]
            return (matrices @ flat[1][:, :, None])[:, :, 0]
        if one.operation == "outer":
            return np.einsum("ci,cj->ij", *flat)[None]
        if one.operation == "sum_of_columns":
            return sources[0].sum(0, keepdims=True)
        if one.operation == "symbols":
            return sources[0][0]
        if one.operation == "symbols_back":
            return sources[0][None]
        if one.operation == "lookup":
            return sources[0][list(symbols)]
        if one.operation == "spread":
            return np.repeat(sources[0], count, 0)
        if one.operation == "sum_by_symbol":
            return np.stack(
                [
                    sources[0][[s == symbol for s in symbols]].sum(0)
                    for symbol in range(max(symbols) + 1)
                ]
            )
        return POINTWISE[one.operation](*sources)

    return value(node)
