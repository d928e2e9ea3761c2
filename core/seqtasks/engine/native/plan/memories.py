"""Lay out memories: values of so many rows that a processor's cache holds those of few columns.

In a history, a row has the columns of all steps, so the rows of one step lie pages apart. A memory
of thousands of rows is packed instead: at each step, the rows of a block of columns follow each
other, and a loop reads them as one stretch of memory. Only the loops over time go through blocks of
one step's columns. So a value is packed if these loops alone read it.
"""

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import LEAVES, OVER_COLUMNS, POINTWISE
from seqtasks.engine.native.plan.keep_or_recompute import latest_input
from seqtasks.engine.native.plan.storage import Buffer, Storage

__all__ = ["columns_at_once", "has_memories", "pack_memories"]

SMALL_BLOCK, CACHED_BLOCK, LARGE_BLOCK = 16, 32, 256
"""The numbers of columns that go through a loop together."""
ROWS_OF_A_MEMORY = 2048
"""A value with at least this many rows, such as a matrix memory, fits the cache for few columns."""
_STATES = {"state", "carried"}
"""The leaves of which a loop writes the buffer."""


def has_memories(model: ModelGraph) -> bool:
    """Say whether a loop computes values of many rows, other than by products with weights."""
    return any(
        node.size >= ROWS_OF_A_MEMORY
        and node.columns == Columns.BATCH
        and model.phases.is_loop(node.phase)
        and (node.operation in POINTWISE or node.operation == "state")
        for node in model.graph.nodes
    )


def columns_at_once(storage: Storage, large: bool) -> int:
    """Return the number of columns that go through a loop together.

    Args:
        storage: the places of all values.
        large: whether the model has memories, or products that are worth it.
    """
    buffers = [place.buffer for place in storage.places.values() if place.buffer.kind != "one"]
    if not large or any(buffer.kind == "packed" for buffer in buffers):
        return SMALL_BLOCK
    most = max((buffer.rows for buffer in buffers), default=0)
    return CACHED_BLOCK if most >= ROWS_OF_A_MEMORY else LARGE_BLOCK


def pack_memories(
    model: ModelGraph, storage: Storage, users: dict[Node, list[Node]], kept: set[Node]
) -> None:
    """Pack the histories of memories that the loops of one layer alone read and write.

    Args:
        model: the model as a graph.
        storage: the places of all values; the kinds of some buffers change.
        users: value -> its readers, also those in other phases.
        kept: the values that are kept in memory.
    """
    states = [part.previous for part in model.parts]
    if model.masked or all(state.size < ROWS_OF_A_MEMORY for state in states):
        return  # the states of waiting rows are put together step by step, in rows of all columns
    held: dict[str, list[Node]] = {}
    for node, place in storage.places.items():
        if place.buffer.kind != "history" or place.buffer.rows < ROWS_OF_A_MEMORY:
            continue
        if node.operation in _STATES or node.operation not in LEAVES:
            held.setdefault(place.buffer.name, []).append(node)
    for name, nodes in held.items():
        if any(_in_loops_of(model, layer, nodes, users, kept) for layer in range(len(model.loops))):
            buffer: Buffer = storage.buffers[name]
            buffer.kind = "packed"


def _in_loops_of(
    model: ModelGraph,
    layer: int,
    nodes: list[Node],
    users: dict[Node, list[Node]],
    kept: set[Node],
) -> bool:
    """Say whether values are made and read, even through recomputed ones, in a layer's loops."""
    back = model.phases.backward_loop(layer)
    loops = (model.phases.loop(layer), back)
    seen = set(nodes)
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node.operation in OVER_COLUMNS:
            if latest_input(node) != back:
                return False
            continue
        if node.phase not in loops and (node not in nodes or node.operation not in _STATES):
            return False
        if node in kept and node not in nodes:
            continue
        further = [user for user in users[node] if user not in seen]
        seen.update(further)
        pending += further
    return True
