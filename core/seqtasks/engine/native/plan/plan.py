"""Decide what a program computes and where it keeps it, before any C is written."""

import re
from collections import Counter, defaultdict

import numpy as np

from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.native.plan.liveness import live_in, live_nodes
from seqtasks.engine.native.plan.place import plan_storage
from seqtasks.engine.native.plan.storage import LEAVES, Place, Storage

__all__ = ["MOST_LANES", "Plan", "through_blas"]

BLAS_NUMBERS, BLAS_SIDE = 1024, 16
"""Numbers in a matrix, and in its shorter side, from which a product is one for BLAS."""
MOST_LANES = 16
"""Numbers in the widest vector a program may use."""


class Plan:
    """What is decided of a program.

    Attributes:
        analysis: the model's.
        names: of its parameters, as C.
        offsets: parameter leaf -> its place among all gradients, or -1 for one not trained.
        gradients: numbers in all gradients, padded to whole vectors.
        direct: products added to a parameter's gradient at once -> (leaf, first, strides).
        moved: values made in another phase than the analysis says -> the phase it says.
        large: whether there are products large enough for BLAS, and portions of steps.
        storage: what is kept, and where.
        for_inputs_alone: what only the gradient of real inputs needs, which training does not.
        predictions: where the predictions are.
    """

    def __init__(self, analysis: Analysis, names: dict[Node, str]) -> None:
        self.analysis = analysis
        self.names = {leaf: re.sub(r"\W", "_", name) for leaf, name in names.items()}
        leaves = analysis.leaves
        self.offsets: dict[Node, int] = {}
        total = 0
        for leaf in leaves:
            trained = leaf in analysis.gradients.of_parameters
            self.offsets[leaf] = total if trained else -1
            total += leaf.size if trained else 0
        self.gradients = -(-max(total, 1) // MOST_LANES) * MOST_LANES
        self.direct = self._direct_products()
        self.moved = self._move_into_loops()
        self.large = self._has_large_products()
        self.storage: Storage = plan_storage(analysis, self._roots(), self._elsewhere(), self.large)
        self.for_inputs_alone = self._for_inputs_alone()
        predictions = analysis.predictions
        if predictions not in self.storage.places:
            self.predictions = Place(
                self.storage.buffer("predictions", predictions.size, "history")
            )
        else:
            self.predictions = self.storage.places[predictions]
            self.predictions.buffer.kind = "history"

    def _direct_products(self) -> dict[Node, tuple[Node, int, int, int]]:
        """Return weight gradients that are added to their place at once: (leaf, first, strides)."""
        parameters = self.analysis.gradients.of_parameters
        contributions = [node for nodes in parameters.values() for node in nodes]
        uses = Counter(contributions)
        for node in live_nodes([*contributions, *self._fixed_roots()]):
            uses.update(node.inputs)
        found: dict[Node, tuple[Node, int, int, int]] = {}
        for leaf, nodes in parameters.items():
            for node in nodes:
                source = node.inputs[0] if node.operation == "view" else node
                if source.operation != "outer" or uses[source] > 1 or uses[node] > 1:
                    continue  # what something else reads too has memory of its own
                place = _rectangle_of(node, leaf)
                if place is not None:
                    found[source] = leaf, *place
        return found

    def _move_into_loops(self) -> dict[Node, int]:
        """Make products that one loop alone reads within it, step by step, and return their phases.

        What a step has just computed is still in the processor's cache when the step reads it.
        """
        phases = self.analysis.phases
        users: dict[Node, list[Node]] = defaultdict(list)
        for node in live_nodes(self._roots()):
            for source in node.inputs:
                users[source].append(node)
        moved: dict[Node, int] = {}
        for layer in range(len(self.analysis.loops)):
            for before, loop in (
                (phases.before(layer), phases.loop(layer)),
                (phases.backward_before(layer + 1), phases.backward_loop(layer)),
            ):
                for node, readers in users.items():
                    if node.operation != "linear" or node.phase != before:
                        continue
                    if node.columns == Columns.BATCH and all(r.phase == loop for r in readers):
                        moved[node] = node.phase
                        node.phase = loop
        return moved

    def _elsewhere(self) -> set[Node]:
        """Return what is added to the gradients at once, and needs no memory of its own."""
        back = [n for n in self.analysis.graph.nodes if n.operation == "symbols_back"]
        return {*self.direct, *back}

    def is_direct(self, node: Node) -> bool:
        """Say whether a contribution to a gradient is a product added to it at once."""
        source = node.inputs[0] if node.operation == "view" else node
        return source in self.direct

    def _for_inputs_alone(self) -> set[Node]:
        back = self.analysis.gradients.of_inputs
        others = [root for root in self._roots() if root is not back]
        return set(self.storage.live) - set(live_in(self.storage, others))

    def _roots(self) -> list[Node]:
        gradients = [
            node.inputs[0] if self.is_direct(node) and node.operation == "view" else node
            for nodes in self.analysis.gradients.of_parameters.values()
            for node in nodes
        ]
        return [*self._fixed_roots(), *gradients]

    def _fixed_roots(self) -> list[Node]:
        """Return what is computed beside the gradients of parameters."""
        analysis = self.analysis
        roots = [analysis.predictions]
        for loop in analysis.loops:
            for part in loop.parts:
                roots += [part.following, part.initial]
                if part.before is not None:
                    roots.append(part.before)
        if analysis.gradients.of_inputs is not None and not analysis.vocabulary:
            roots.append(analysis.gradients.of_inputs)
        return roots

    def kept_in(self, phase: int, columns: Columns | None = None) -> list[Node]:
        """Return the values that are kept of those of a phase."""
        return [
            node
            for node in self.storage.live
            if node.phase == phase
            and node in self.storage.places
            and node.operation not in LEAVES
            and (columns is None or node.columns == columns)
        ]

    def _has_large_products(self) -> bool:
        return any(
            node.operation == "linear"
            and node.columns == Columns.BATCH
            and through_blas(node.inputs[0].shape)
            for node in self.analysis.graph.nodes
        )

    def state_number(self, layer: int, k: int) -> int:
        """Return the place of a state's tensor among those of all layers."""
        return sum(len(loop.parts) for loop in self.analysis.loops[:layer]) + k


def through_blas(shape: tuple[int, ...]) -> bool:
    """Say whether a product with a matrix is one for BLAS."""
    return min(shape) >= BLAS_SIDE and shape[0] * shape[1] >= BLAS_NUMBERS


def _rectangle_of(node: Node, leaf: Node) -> tuple[int, int, int] | None:
    """Return (first, row stride, column stride) of where an outer product lies in a parameter."""
    if node.operation == "outer":
        return 0, node.shape[1], 1
    assert node.index is not None
    source = node.inputs[0]
    inside = np.flatnonzero(node.index >= 0)
    if len(inside) != source.size:
        return None
    where = np.empty(source.size, dtype=np.int64)
    where[node.index[inside]] = inside
    table = where.reshape(source.shape)
    rows, width = source.shape
    first = int(table[0, 0])
    down = int(table[1, 0]) - first if rows > 1 else leaf.shape[-1]
    across = int(table[0, 1]) - first if width > 1 else 1
    expected = first + down * np.arange(rows)[:, None] + across * np.arange(width)
    if down <= 0 or across <= 0 or not np.array_equal(table, expected):
        return None
    return first, down, across
