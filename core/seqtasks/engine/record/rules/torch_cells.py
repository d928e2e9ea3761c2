"""The rules of torch's own cells and gated units, and of what makes or looks up a tensor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Outcome, Rule

__all__ = ["filled", "glu", "gru_cell", "lstm_cell", "rnn_cell"]


def _gates(recorder: Recorder, x: Any, h: Any, weights: Sequence[Any]) -> tuple[Node, Node]:
    graph = recorder.graph
    w_ih, w_hh, b_ih, b_hh = (
        None if w is None else recorder.find(w).node for w in (*weights, None, None)[:4]
    )
    assert w_ih is not None
    assert w_hh is not None
    from_x = graph.linear(w_ih, recorder.find(x).node)
    from_h = graph.linear(w_hh, recorder.find(h).node)
    return (
        from_x if b_ih is None else graph.add(from_x, b_ih),
        from_h if b_hh is None else graph.add(from_h, b_hh),
    )


def _thirds(graph: Graph, node: Node, parts: int) -> list[Node]:
    size = node.size // parts
    return [graph.view(node, np.arange(size) + size * k, (size,)) for k in range(parts)]


def glu(recorder: Recorder, func: Any, result: Tensor, x: Any, dim: int = -1) -> Outcome:
    """Return the first half of an axis times the sigmoid of the second."""
    graph, source = recorder.graph, recorder.find(x)
    rows = len(recorder.rows) if source.rows else 0
    axis = dim % (len(source.node.shape) + rows) - rows
    if axis < 0:
        raise UnsupportedError("its rows mix: it splits the batch")
    halves = np.split(graph.places(source.node), 2, axis)
    kept, gate = (graph.view(source.node, places, places.shape) for places in halves)
    return graph.multiply(kept, graph.pointwise("sigmoid", gate)), source.rows


def gru_cell(
    recorder: Recorder, func: Any, result: Tensor, x: Any, h: Any, *weights: Any
) -> Outcome:
    graph = recorder.graph
    a, b = (_thirds(graph, n, 3) for n in _gates(recorder, x, h, weights))
    r = graph.pointwise("sigmoid", graph.add(a[0], b[0]))
    z = graph.pointwise("sigmoid", graph.add(a[1], b[1]))
    n = graph.pointwise("tanh", graph.add(a[2], graph.multiply(r, b[2])))
    before = recorder.find(h).node
    mixed = graph.add(graph.multiply(graph.subtract(1.0, z), n), graph.multiply(z, before))
    return mixed, True


def lstm_cell(
    recorder: Recorder, func: Any, result: Any, x: Any, state: Any, *weights: Any
) -> list[Outcome]:
    graph = recorder.graph
    gates = _thirds(graph, graph.add(*_gates(recorder, x, state[0], weights)), 4)
    i, f, o = (graph.pointwise("sigmoid", gates[k]) for k in (0, 1, 3))
    kept = graph.multiply(f, recorder.find(state[1]).node)
    memory = graph.add(kept, graph.multiply(i, graph.pointwise("tanh", gates[2])))
    return [(graph.multiply(o, graph.pointwise("tanh", memory)), True), (memory, True)]


def rnn_cell(activation: str) -> Rule:
    def rule(
        recorder: Recorder, func: Any, result: Tensor, x: Any, h: Any, *weights: Any
    ) -> Outcome:
        total = recorder.graph.add(*_gates(recorder, x, h, weights))
        return recorder.graph.pointwise(activation, total), True

    return rule


def filled(
    recorder: Recorder, func: Any, result: Tensor, like: Any, *args: Any, **kwargs: Any
) -> Outcome:
    """Record a new tensor that takes only its shape or type from another."""
    tracked = recorder.find(result)
    return tracked.node, tracked.rows
