"""Decide what a program computes and where it keeps it, before any C is written."""

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from seqtasks.engine.graph.index import rectangle
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import IN_PLACE, LEAVES
from seqtasks.engine.graph.verify import verify_model
from seqtasks.engine.graph.walk import live, use_counts
from seqtasks.engine.native.plan.expansions import expansions, products_of_few
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.memories import columns_at_once, has_memories
from seqtasks.engine.native.plan.place import plan_storage
from seqtasks.engine.native.plan.reads_into_loops import reads_into_loops
from seqtasks.engine.native.plan.schedule import read_in_their_loop
from seqtasks.engine.native.plan.shared_sums import is_sum_of_columns
from seqtasks.engine.native.plan.storage import Buffer, Place, Storage

__all__ = [
    "MOST_LANES",
    "Direct",
    "Plan",
    "direct_products",
    "make_plan",
    "of_step",
    "products_into_loops",
    "through_blas",
]

BLAS_NUMBERS, BLAS_SIDE = 1024, 16
"""A product goes to BLAS if its matrix, and its shorter side, have at least this many elements."""
MOST_LANES = 16
"""The number of elements in the widest vector that a program may use."""

Direct = dict[Node, tuple[Node, int, int, int]]
"""A product -> (leaf, first, row stride, column stride): its place in a parameter's gradient."""


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before C is written.

    Attributes:
        model: a copy of the model's graph, with some products moved into loops.
        names: the C name of each parameter.
        offsets: parameter leaf -> its place among all gradients, or -1 if it is not trained.
        gradients: the number of elements in all gradients, padded to whole vectors.
        direct: products added directly to a parameter's gradient -> (leaf, first, strides).
        large: whether there are products large enough for BLAS, or values of many rows, and so
            portions of steps.
        block: the number of columns that go through a loop together.
        storage: the values that are kept, and where.
        for_inputs_alone: values for the gradient of real inputs alone, which training skips.
        predictions: the place of the predictions.
        inputs_back: the buffer of the gradient of real inputs, and the value to be copied into
            it, None if it is computed there; None as a whole if inputs have no gradient.
    """

    model: ModelGraph
    names: dict[Node, str]
    offsets: dict[Node, int]
    gradients: int
    direct: Direct
    large: bool
    block: int
    storage: Storage
    for_inputs_alone: set[Node]
    predictions: Place
    inputs_back: tuple[Buffer, Node | None] | None

    @property
    def sums_by_step(self) -> bool:
        """Whether sums over columns are made at each step; a block is then a vector, or two."""
        return self.storage.sums_by_step

    @property
    def draws(self) -> list[Node]:
        """The random numbers that the program draws before anything else."""
        return [node for node in self.storage.live if node.operation == "draw"]

    @property
    def orders(self) -> bool:
        """Whether the program puts numbers in order."""
        return any(node.operation == "order" for node in self.storage.live)

    @property
    def solves(self) -> bool:
        """Whether the program solves equations."""
        solving = IN_PLACE - {"order"}
        return any(node.operation in solving for node in self.storage.live)

    def is_direct(self, node: Node) -> bool:
        """Say whether a contribution to a gradient is a product added directly to it."""
        return _source(node) in self.direct

    def kept_in(self, phase: int, columns: Columns | None = None) -> list[Node]:
        """Return the kept values of a phase."""
        return [
            node
            for node in self.storage.live
            if node.phase == phase
            and _is_kept(self.storage, node)
            and (columns is None or node.columns == columns)
        ]

    def state_number(self, layer: int, k: int) -> int:
        """Return the position of a state's tensor among all layers' state tensors."""
        return sum(len(loop.parts) for loop in self.model.loops[:layer]) + k


def make_plan(given: ModelGraph, names: dict[Node, str]) -> Plan:
    """Plan the program of a model. The model itself is left as it was.

    Args:
        given: the model's graph.
        names: the name of each parameter, by its leaf.
    """
    model = reads_into_loops(given, _roots(given, direct_products(given)))
    model = verify_model(model.with_phases(products_into_loops(model)))
    direct = direct_products(model)
    roots = _roots(model, direct)
    few = products_of_few(model, roots)
    if few:
        model = verify_model(model.written_out(few))
        direct = direct_products(model)
        roots = _roots(model, direct)
    anew = expansions(model, roots)
    if anew:
        model = verify_model(model.computed_again(anew))
        direct = direct_products(model)
        roots = _roots(model, direct)
    large = has_memories(model) or _has_large_products(model)
    storage = plan_storage(model, roots, _computed_elsewhere(model, direct), large)
    _leave_in_registers(model, storage)
    offsets, gradients = _gradient_offsets(model)
    return Plan(
        model,
        _names_in_c(model, given, names),
        offsets,
        gradients,
        direct,
        large,
        columns_at_once(model, storage),
        storage,
        _for_inputs_alone(model, storage, roots),
        _place_of_predictions(model, storage),
        _inputs_back(model, storage),
    )


def _names_in_c(model: ModelGraph, given: ModelGraph, names: dict[Node, str]) -> dict[Node, str]:
    pairs = zip(model.leaves, given.leaves, strict=True)
    return {leaf: re.sub(r"\W", "_", names[original]) for leaf, original in pairs}


def _gradient_offsets(model: ModelGraph) -> tuple[dict[Node, int], int]:
    """Return each parameter's place among all gradients, and their padded number."""
    offsets: dict[Node, int] = {}
    total = 0
    for leaf in model.leaves:
        trained = leaf in model.gradients.of_parameters
        offsets[leaf] = total if trained else -1
        total += leaf.size if trained else 0
    return offsets, -(-max(total, 1) // MOST_LANES) * MOST_LANES


def direct_products(model: ModelGraph) -> Direct:
    """Return weight gradients that are added in place: (leaf, first, strides)."""
    parameters = model.gradients.of_parameters
    contributions = [node for nodes in parameters.values() for node in nodes]
    uses = use_counts(live([*contributions, *_fixed_roots(model)]), contributions)
    found: Direct = {}
    for leaf, nodes in parameters.items():
        for node in nodes:
            source = _source(node)
            if source.operation != "outer" or uses[source] > 1 or uses[node] > 1:
                continue  # a value that something else reads too has memory of its own
            place = _rectangle_of(node, leaf)
            if place is not None:
                found[source] = leaf, *place
    return found


def products_into_loops(model: ModelGraph) -> dict[Node, int]:
    """Return the products that one loop alone reads, and the phase of that loop.

    They are computed within the loop, step by step: a number that a step has just computed is
    still in the processor's cache when the step reads it.
    """
    phases = model.phases
    users: dict[Node, list[Node]] = defaultdict(list)  # in the order in which they are first read
    read = dict.fromkeys(live(_roots(model, direct_products(model))))
    for node in read:
        for source in node.inputs:
            users[source].append(node)
    moved: dict[Node, int] = {}
    for layer in range(len(model.loops)):
        for before, loop in (
            (phases.before(layer), phases.loop(layer)),
            (phases.backward_before(layer + 1), phases.backward_loop(layer)),
        ):
            for node, readers in users.items():
                if node.operation != "linear" or moved.get(node, node.phase) != before:
                    continue
                in_loop = all(moved.get(r, r.phase) == loop for r in readers)
                if node.columns == Columns.BATCH and in_loop:
                    moved[node] = loop
    for node in model.graph.nodes if moved else ():  # what nobody reads follows what it is made of
        latest = max((moved.get(source, 0) for source in node.inputs), default=0)
        if latest > node.phase and node not in read:
            moved[node] = latest
    return moved


def _source(node: Node) -> Node:
    return node.inputs[0] if node.operation == "view" else node


def _computed_elsewhere(model: ModelGraph, direct: Direct) -> set[Node]:
    """Return sums that are added to the gradients at once, and need no memory of their own."""
    back = [n for n in model.graph.nodes if n.operation == "symbols_back"]
    return {*direct, *back}


def _for_inputs_alone(model: ModelGraph, storage: Storage, roots: list[Node]) -> set[Node]:
    back = model.gradients.of_inputs
    others = [root for root in roots if root is not back]
    return set(storage.live) - set(live_in(storage, others))


def _place_of_predictions(model: ModelGraph, storage: Storage) -> Place:
    predictions = model.predictions
    if predictions not in storage.places:
        return Place(storage.buffer("predictions", predictions.size, "history"))
    place = storage.places[predictions]
    place.buffer.kind = "history"
    return place


def _inputs_back(model: ModelGraph, storage: Storage) -> tuple[Buffer, Node | None] | None:
    back = model.gradients.of_inputs
    if back is None or model.vocabulary:
        return None
    place = storage.places.get(back)
    if place is not None and place.buffer.kind == "history" and place.shift == 0:
        return place.buffer, None
    return storage.buffer("inputs_back", back.size, "history"), back


def _roots(model: ModelGraph, direct: Direct) -> list[Node]:
    """Return the values that the program computes for their own sake."""
    gradients = [
        _source(node) if _source(node) in direct else node
        for nodes in model.gradients.of_parameters.values()
        for node in nodes
    ]
    return [*_fixed_roots(model), *gradients]


def _fixed_roots(model: ModelGraph) -> list[Node]:
    """Return the roots beside the gradients of parameters."""
    roots = [model.predictions]
    for part in model.parts:
        roots += [part.following, part.initial]
        if part.before is not None:
            roots.append(part.before)
    if model.gradients.of_inputs is not None and not model.vocabulary:
        roots.append(model.gradients.of_inputs)
    return roots


def _has_large_products(model: ModelGraph) -> bool:
    return any(
        node.operation == "linear"
        and node.columns == Columns.BATCH
        and through_blas(node.inputs[0].shape)
        for node in model.graph.nodes
    )


def _leave_in_registers(model: ModelGraph, storage: Storage) -> None:
    """Take their places from large values that only the loop that computes them reads."""
    phases = model.phases
    for layer, loop in enumerate(model.loops):
        for phase, copied in (
            (phases.loop(layer), [part.following for part in loop.parts]),
            (phases.backward_loop(layer), [part.before for part in loop.parts if part.before]),
        ):
            nodes = of_step(storage, phase)
            for node in read_in_their_loop(storage, nodes, copied):
                place = storage.places[node]
                alone = place.buffer.rows == node.size and place.buffer.kind == "scratch"
                if alone and node not in model.graph.rounded and node not in storage.stacked:
                    del storage.places[node], storage.buffers[place.buffer.name]


def of_step(storage: Storage, phase: int) -> list[Node]:
    """Return what a loop computes at each step: its kept values, and sums over its columns."""
    return [
        node
        for node in storage.live
        if (is_sum_of_columns(storage, node) and node.inputs[0].phase == phase)
        or (node.phase == phase and node.columns == Columns.BATCH and _is_kept(storage, node))
    ]


def _is_kept(storage: Storage, node: Node) -> bool:
    return node in storage.places and node.operation not in LEAVES


def through_blas(shape: tuple[int, ...]) -> bool:
    """Say whether a product with a matrix goes to BLAS."""
    return min(shape) >= BLAS_SIDE and shape[0] * shape[1] >= BLAS_NUMBERS


def _rectangle_of(node: Node, leaf: Node) -> tuple[int, int, int] | None:
    """Return (first, row stride, column stride) of an outer product within a parameter."""
    if node.operation == "outer":
        return 0, node.shape[1], 1
    assert node.index is not None
    source = node.inputs[0]
    inside = np.flatnonzero(node.index >= 0)
    if len(inside) != source.size:
        return None
    where = np.empty(source.size, dtype=np.int64)
    where[node.index[inside]] = inside
    return rectangle(where, *source.shape, row_stride=leaf.shape[-1])
