"""Find the sums over many rows, which share a loop with the values that they add."""

import numpy as np

from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import REDUCTIONS
from seqtasks.engine.native.plan.storage import Storage

__all__ = ["MANY_ROWS", "shared_sum"]

MANY_ROWS = 1024
"""A reduction of a value with fewer rows has loops of its own, and sums in a register."""


def shared_sum(storage: Storage, node: Node) -> tuple[Node, Index] | None:
    """Return the value over whose rows a reduction runs, and the row of the result for each.

    The rows of a matrix memory fill the processor's cache. So all that is computed from them at a
    time, sums along either axis too, is computed in one loop over them, in their order in memory.

    Returns:
        None if the reduction has loops of its own, or is none.
    """
    if node.operation not in REDUCTIONS or node.columns != Columns.BATCH:
        return None
    (source,) = node.inputs
    if source.size < MANY_ROWS:
        return None
    rows = np.arange(source.size) // (source.size // node.size)
    while source.operation == "view" and source not in storage.places:
        assert source.index is not None
        inner = source.inputs[0]
        if source.size != inner.size or len(np.unique(source.index)) != source.size:
            break  # it is more than another order
        if source.index.min() < 0:
            break
        before = np.empty_like(rows)
        before[source.index] = rows
        rows, source = before, inner
    return source, rows
