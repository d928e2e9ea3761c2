"""Build the graph of a cell's step: make nodes, and none where a simpler one will do."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seqtasks.engine.graph.index import rectangle
from seqtasks.engine.graph.make_view import made_view
from seqtasks.engine.graph.node import (
    Columns,
    Index,
    Node,
    Order,
    Pullback,
    Shape,
)
from seqtasks.engine.graph.operations import SUMS, WEIGHT_GRADIENTS
from seqtasks.engine.graph.simplify import is_constant, simplified, tables_of
from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = ["Graph"]

MOST_NODES = 12_000
"""The nodes of a hundred gru layers: to derive and compile more takes longer than most training."""


@dataclass
class Graph:
    """Makes nodes, each distinct node once, and simplifies them.

    Attributes:
        nodes: in the order in which they were made.
        pullbacks: nodes with a derivative shorter than the derivatives of their inputs combined.
        lookup_phase: the phase in which tables by symbol are looked up.
        last_phases: the first backward phase, the phase of gradients by symbol, and the weights'
            phase.
        least_phase: the earliest phase of gradients by row that are made from now on.
        recorded: the number of nodes of the forward pass; 0 before the backward pass is derived.
        looks_at_rows: whether the model's code asked for the number of rows.
        rounded: products that are compared with each other, so that a processor must not multiply
            and subtract in one step: `a * b - c` would be the rounding of `c`, not zero.
        whole: nodes that are never computed in parts.
        own: what a model's own backward pass makes of a placeholder for the arriving gradient, by
            the value whose gradient it is.
    """

    nodes: list[Node] = field(default_factory=list[Node])
    pullbacks: dict[Node, Pullback] = field(default_factory=dict[Node, Pullback])
    lookup_phase: int = 0
    last_phases: tuple[int, int, int] = (1000, 1000, 1000)
    least_phase: int = 0
    recorded: int = 0
    looks_at_rows: bool = False
    rounded: set[Node] = field(default_factory=set[Node])
    whole: set[Node] = field(default_factory=set[Node])
    own: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    _known: dict[Any, Node] = field(default_factory=dict[Any, Node])

    def copy(self) -> "Graph":
        """Return a copy of the graph with the same nodes, to which more can be added."""
        return replace(
            self,
            nodes=list(self.nodes),
            pullbacks=dict(self.pullbacks),
            rounded=set(self.rounded),
            _known=dict(self._known),
            whole=set(self.whole),
            own=dict(self.own),
        )

    def with_phases(
        self, phases: Mapping[Node, int], instead: Mapping[Node, Node] | None = None
    ) -> tuple["Graph", dict[Node, Node]]:
        """Return a graph of new nodes, some of them in other phases, and the new node of each old.

        Numbers stay. Pullbacks are left out: this graph is derived already.

        Args:
            phases: the phase of each node that changes it.
            instead: what the nodes that change their phase take instead of some nodes.
        """
        copies: dict[Node, Node] = {}
        other = {} if instead is None else instead
        for node in self.nodes:
            sources = [other.get(n, n) for n in node.inputs] if node in phases else node.inputs
            inputs = tuple(copies[source] for source in sources)
            copies[node] = replace(node, inputs=inputs, phase=phases.get(node, node.phase))
        graph = self.emptied()
        graph.nodes.extend(copies.values())
        graph.mark_as(self, copies)
        graph._known.update((key, copies[node]) for key, node in self._known.items())
        return graph, copies

    def emptied(self) -> "Graph":
        """Return a graph without nodes that goes on like this one, which is derived already."""
        return replace(self, nodes=[], pullbacks={}, rounded=set(), whole=set(), own={}, _known={})

    def mark_as(self, graph: "Graph", copies: Mapping[Node, Node]) -> None:
        """Note of the copies of another graph's nodes what that graph notes of the nodes."""
        self.rounded.update(copies[node] for node in graph.rounded)
        self.whole.update(copies[node] for node in graph.whole)

    # ---- making nodes

    def make(
        self,
        operation: str,
        inputs: Sequence[Node],
        shape: Shape,
        *,
        index: Index | None = None,
        value: Any = None,
        columns: Columns | None = None,
        phase: int = 0,
    ) -> Node:
        """Return the node of an operation; reuse an existing node if it is the same."""
        columns = (
            max((n.columns for n in inputs), default=Columns.ONE) if columns is None else columns
        )
        phase = max([phase, *(n.phase for n in inputs)])
        backward, vocabulary, weights = self.last_phases
        if phase >= backward and operation not in WEIGHT_GRADIENTS:
            # Gradients of tables and of weights are complete only when all steps are done.
            least = {Columns.ONE: weights, Columns.VOCABULARY: vocabulary}
            phase = max(phase, least.get(columns, self.least_phase))
        key = (
            operation,
            tuple(n.number for n in inputs),
            shape,
            None if index is None else hashlib.blake2b(index.tobytes()).digest(),
            value,
            columns,
            phase,
        )
        known = self._known.get(key)
        if known is None:
            if len(self.nodes) >= MOST_NODES:
                raise UnsupportedError(f"it has more than {MOST_NODES:,} operations")
            known = Node(
                operation, tuple(inputs), shape, columns, phase, index, value, len(self.nodes)
            )
            self.nodes.append(known)
            self._known[key] = known
        return known

    def leaf(self, operation: str, key: Any, shape: Shape, columns: Columns, phase: int) -> Node:
        """Return a value that comes from outside, or from another phase."""
        return self.make(operation, (), shape, value=key, columns=columns, phase=phase)

    def constant(self, value: float, shape: Shape = ()) -> Node:
        """Return a number that fills a shape."""
        return self.make("constant", (), shape, value=float(value))

    def count(self, size: int) -> Node:
        """Return the numbers 0, 1, ... as a value of one axis."""
        return self.leaf("count", size, (size,), Columns.ONE, 0)

    # ---- pointwise operations

    def pointwise(self, operation: str, *operands: Node | float) -> Node:
        """Apply an operation of POINTWISE; operands are broadcast against each other."""
        nodes = [n if isinstance(n, Node) else self.constant(n) for n in operands]
        shape = np.broadcast_shapes(*(n.shape for n in nodes))
        nodes = self.aligned([self.broadcast(n, shape) for n in nodes])
        tables = tables_of(self, nodes)
        if tables is not None:
            return self.lookup(self.pointwise(operation, *tables))
        simpler = simplified(self, operation, nodes)
        if simpler is not None:
            return simpler
        return self.make(operation, nodes, shape)

    def add(self, a: Node | float, b: Node | float) -> Node:
        """Return a + b."""
        return self.pointwise("add", a, b)

    def subtract(self, a: Node | float, b: Node | float) -> Node:
        """Return a - b."""
        return self.pointwise("subtract", a, b)

    def multiply(self, a: Node | float, b: Node | float) -> Node:
        """Return a · b."""
        return self.pointwise("multiply", a, b)

    def divide(self, a: Node | float, b: Node | float) -> Node:
        """Return a / b."""
        return self.pointwise("divide", a, b)

    def aligned(self, nodes: Sequence[Node]) -> list[Node]:
        """Look up nodes by symbol where another node is by row of the batch."""
        if max((n.columns for n in nodes), default=Columns.ONE) != Columns.BATCH:
            return list(nodes)
        return [self.lookup(n) if n.columns == Columns.VOCABULARY else n for n in nodes]

    def lookup(self, table: Node) -> Node:
        """Return, for each row of the batch, the column of its token.

        What a view repeats is looked up before, not once for each repetition.
        """
        if table.operation == "view" and table.size > table.inputs[0].size:
            assert table.index is not None
            return self.view(self.lookup(table.inputs[0]), table.index, table.shape)
        return self.make(
            "lookup", (table,), table.shape, columns=Columns.BATCH, phase=self.lookup_phase
        )

    def with_pullback(self, node: Node, pullback: Pullback) -> Node:
        """Give a node its own derivative, and return the node.

        torch's derivative sometimes differs from the derivative of the operations that a value is
        made of: at a tie, at a bound, where a norm is zero.
        """
        self.pullbacks[node] = pullback
        self.whole.add(node)
        return node

    def apart(self, node: Node, kind: str) -> Node:
        """Return the same numbers as a node that only rules of one kind make.

        Other rules that compute the same then do not share its derivative; see `with_pullback`.
        """
        return self.make("stopped", (node,), node.shape, value=kind)

    # ---- rearranging

    def view(self, source: Node, index: Index, shape: Shape) -> Node:
        """Return the elements of a node that `index` names; -1 means zero, see `node`."""
        return made_view(self, source, index, shape)

    def reshape(self, source: Node, shape: Shape) -> Node:
        """Return the same numbers in another shape."""
        return self.view(source, np.arange(source.size), shape)

    def places(self, source: Node) -> Index:
        """Return the positions of a node's elements in its shape, to rearrange for `view`."""
        return np.arange(source.size, dtype=np.int32).reshape(source.shape)

    def broadcast(self, source: Node, shape: Shape) -> Node:
        """Return a node spread over a shape."""
        if source.shape == shape:
            return source
        return self.view(source, np.broadcast_to(self.places(source), shape), shape)

    def broadcast_columns(self, source: Node) -> Node:
        """Return a node that has a column for every row of the batch."""
        if source.columns == Columns.VOCABULARY:
            return self.lookup(source)
        if source.columns == Columns.ONE:
            return self.make(
                "spread", (source,), source.shape, columns=Columns.BATCH, phase=self.lookup_phase
            )
        return source

    def concatenate(self, parts: Sequence[Node]) -> Node:
        """Join parts along their only axis."""
        parts = self.aligned([p for p in parts if p.size])
        if len(parts) == 1:
            return parts[0]
        return self.make("concatenate", parts, (sum(p.size for p in parts),))

    # ---- reductions and products

    def sum(self, source: Node, keep: int) -> Node:
        """Return the sum over all axes after the first `keep`."""
        return self._reduced("sum", source, keep)

    def cumulative(self, what: str, source: Node, backwards: bool = False) -> Node:
        """Return what goes on along the last axis, up to each place of it, or from each place on.

        Args:
            what: `sum`, `product` or `log_sum_exp`.
            source: the value.
            backwards: whether it begins at the last place.
        """
        flipped = self.places(source)[..., ::-1]
        if backwards:
            source = self.view(source, flipped, source.shape)
        done = (
            source
            if source.shape[-1] == 1
            else self.make(f"cumulative_{what}", (source,), source.shape)
        )
        return self.view(done, flipped, done.shape) if backwards else done

    def order(self, source: Node, count: int, descending: bool, how: Order) -> Node:
        """Return the places of the first numbers in order along the last axis; NaN is the greatest.

        Equal numbers come as in torch on a processor.

        Args:
            source: the numbers.
            count: how many places to return.
            descending: whether the greatest comes first.
            how: `sorted stably`, `sorted`, `greatest first` as by `topk`, or `greatest`: as by a
                `topk` that leaves them unsorted.
        """
        self.round(source)
        made = self.make("order", (source,), source.shape, value=(count, descending, how))
        places = self.places(made)[..., :count]
        return self.pointwise("stopped", self.view(made, places, places.shape))

    def maximum_of(self, source: Node, keep: int) -> Node:
        """Return the maximum over all axes after the first `keep`."""
        self.round(source)
        return self._reduced("maximum_of", source, keep)

    def round(self, source: Node) -> None:
        """Note that the numbers of a value are compared with each other; see `rounded`."""
        while source.operation == "view":
            (source,) = source.inputs
        if source.operation == "multiply":
            self.rounded.add(source)
            self.whole.add(source)

    def _reduced(self, operation: str, source: Node, keep: int) -> Node:
        shape = source.shape[:keep]
        if not source.size:
            return self.constant(0.0 if operation == "sum" else -math.inf, shape)
        count = math.prod(source.shape[keep:])
        if count == 1:
            return self.reshape(source, shape)
        if source.operation == "constant":
            return self.constant(source.value * (count if operation == "sum" else 1), shape)
        return self.make(operation, (source,), shape)

    def linear(self, weight: Node, vector: Node, transposed: bool = False) -> Node:
        """Return W v, or Wᵀ v, for a weight (rows, columns) and a vector.

        A product becomes a sum of products if its vector is a concatenation, or a sum, in which one
        part is known before the loop and another is not.
        """
        rows, _width = weight.shape[::-1] if transposed else weight.shape
        if is_constant(vector, 0) or is_constant(weight, 0):
            return self.constant(0.0, (rows,))
        if weight.operation == "constant" and math.isfinite(weight.value):  # one number everywhere
            total = self.multiply(weight.value, self.sum(vector, 0))
            return self.broadcast(total, (rows,))
        if vector.operation == "constant" and math.isfinite(vector.value):
            places = self.places(weight).T if transposed else self.places(weight)
            turned = self.view(weight, places, places.shape)
            return self.multiply(vector.value, self.sum(turned, 1))
        if vector.operation == "lookup":
            return self.lookup(self.linear(weight, vector.inputs[0], transposed))
        if _is_turned(weight):  # the blocks of a matrix are found by their rows
            turned = self.view(weight, self.places(weight).T, weight.shape[::-1])
            return self.linear(turned, vector, not transposed)
        if vector.operation == "concatenate" and not transposed:
            total, first = self.constant(0.0, (rows,)), 0
            for part in vector.inputs:
                places = self.places(weight)[:, first : first + part.size]
                block = self.view(weight, places, places.shape)
                total = self.add(total, self.linear(block, self.reshape(part, (part.size,))))
                first += part.size
            return total
        early = [n for n in vector.inputs if n.phase < vector.phase]
        if vector.operation in SUMS and early:
            a, b = (self.linear(weight, n, transposed) for n in vector.inputs)
            return self.pointwise(vector.operation, a, b)
        return self.make("linear", (weight, vector), (rows,), value=transposed)


def _is_turned(weight: Node) -> bool:
    """Say whether a matrix is a block of another one, or all of it, transposed."""
    if weight.operation != "view" or weight.index is None or min(weight.shape) < 2:
        return False
    rows, width = weight.shape
    found = rectangle(weight.index, rows, width, width)
    return found is not None and found[1] < found[2]
