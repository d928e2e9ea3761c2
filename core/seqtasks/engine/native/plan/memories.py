"""Lay out memories, and the other values that loops alone read, in one stretch at each step.

In a history, a row has the columns of all steps, so the rows of one step lie pages apart. A packed
value lies otherwise: at each step, the rows of a block of columns follow each other, and a loop
reads them as one stretch of memory. Only the loops over time go through blocks of one step's
columns. So a value is packed if these loops alone read it. Sums over several steps read histories;
where the rows of a step fill the cache, as those of a memory do, sums are made at each step.
"""

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import LEAVES, OVER_COLUMNS, POINTWISE
from seqtasks.engine.native.plan.keep_or_recompute import latest_input
from seqtasks.engine.native.plan.shared_sums import is_sum_of_columns
from seqtasks.engine.native.plan.storage import Storage

__all__ = ["columns_at_once", "has_memories", "pack_memories"]

SMALL_BLOCK, CACHED_BLOCK, LARGE_BLOCK = 16, 32, 256
BLOCKS = (128, 64, 32, 16)
"""The numbers of columns that go through a loop together."""
CACHE_BYTES = 3 * 2**19
"""What the second cache holds of a step, or somewhat less than it holds."""
ROWS_OF_A_MEMORY = 2048
"""A value with at least this many rows, such as a matrix memory, fits the cache for few columns."""
_STATES = {"state", "carried"}
"""The leaves whose buffers a loop writes."""


def has_memories(model: ModelGraph) -> bool:
    """Say whether a loop computes values of many rows, other than by products with weights."""
    return any(
        node.size >= ROWS_OF_A_MEMORY
        and node.columns == Columns.BATCH
        and model.phases.is_loop(node.phase)
        and (node.operation in POINTWISE or node.operation == "state")
        for node in model.graph.nodes
    )


def columns_at_once(model: ModelGraph, storage: Storage) -> int:
    """Return the number of columns that go through a loop together.

    Args:
        model: the model as a graph.
        storage: the places of all values.
    """
    buffers = [buffer for buffer in storage.buffers.values() if buffer.kind != "one"]
    if not storage.in_portions or storage.sums_by_step:
        return SMALL_BLOCK
    if any(buffer.kind == "packed" for buffer in buffers):
        return _cheapest_block(model, storage)
    most = max((buffer.rows for buffer in buffers), default=0)
    return CACHED_BLOCK if most >= ROWS_OF_A_MEMORY else LARGE_BLOCK


def _cheapest_block(model: ModelGraph, storage: Storage) -> int:
    """Return the number of columns for which the second cache misses the fewest numbers.

    A step reads and writes all rows of its columns, and with each block of columns all weights.
    """
    buffers = storage.buffers.values()
    rows = sum(buffer.rows for buffer in buffers if buffer.kind not in ("one", "vocabulary"))
    products = {
        node.inputs[0]
        for node in model.graph.nodes
        if node.operation == "linear" and model.phases.is_loop(node.phase)
    }
    weights = sum(weight.size for weight in products)
    cached = CACHE_BYTES // model.dtype.itemsize

    def missed(block: int) -> float:
        of_weights = weights / block if 2 * weights > cached else 0
        return of_weights + (rows if rows * block > cached else 0)

    return min(BLOCKS, key=missed)


def pack_memories(
    model: ModelGraph, storage: Storage, users: dict[Node, list[Node]], kept: set[Node]
) -> None:
    """Pack the histories that the loops of one layer alone read and write.

    Args:
        model: the model as a graph.
        storage: the places of all values; the kinds of some buffers change.
        users: value -> its readers, also those in other phases.
        kept: the values that are kept in memory.
    """
    if model.masked or not storage.in_portions:
        return  # the states of waiting rows are put together step by step, in rows of all columns
    is_memory = any(part.previous.size >= ROWS_OF_A_MEMORY for part in model.parts)
    least = ROWS_OF_A_MEMORY if is_memory else 1
    by_step = is_memory or _cheapest_block(model, storage) == SMALL_BLOCK
    held: dict[str, list[Node]] = {}
    for node, place in storage.places.items():
        if place.buffer.kind != "history" or place.buffer.rows < least:
            continue
        if node.operation in _STATES or node.operation not in LEAVES:
            held.setdefault(place.buffer.name, []).append(node)
    found = {
        name
        for name, nodes in held.items()
        if any(
            _in_loops_of(model, storage, layer, nodes, users, kept, by_step)
            for layer in range(len(model.loops))
        )
    }
    for name in found:
        storage.buffers[name].kind = "packed"
    storage.sums_by_step = by_step and bool(found)


def _in_loops_of(
    model: ModelGraph,
    storage: Storage,
    layer: int,
    nodes: list[Node],
    users: dict[Node, list[Node]],
    kept: set[Node],
    by_step: bool,
) -> bool:
    """Say whether values are made and read, even through recomputed ones, in a layer's loops."""
    back = model.phases.backward_loop(layer)
    loops = (model.phases.loop(layer), back)
    seen = set(nodes)
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node.operation in OVER_COLUMNS:
            if latest_input(node) != back or not (by_step or is_sum_of_columns(storage, node)):
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
