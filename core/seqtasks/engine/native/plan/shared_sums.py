"""Find the sums of many rows, which share a loop with the values that they add."""

import numpy as np

from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import REDUCTIONS
from seqtasks.engine.native.plan.products_by_row import product_by_row
from seqtasks.engine.native.plan.storage import Storage

__all__ = ["MANY_ROWS", "is_sum_of_columns", "shared_sum"]

MANY_ROWS = 1024
"""A reduction of a value with fewer rows has loops of its own, and sums in a register."""


def is_sum_of_columns(storage: Storage, node: Node) -> bool:
    """Say whether a sum over columns is made where the value that it sums is computed.

    A backward loop then adds what each step gives to the gradient of a weight. Of few rows it is
    quicker to keep the value, and to sum it over several steps at a time.
    """
    if node.operation != "sum_of_columns" or not storage.in_portions:
        return False
    (source,) = node.inputs
    of_loop_back = source.phase in storage.loops_back
    return of_loop_back and source.columns == Columns.BATCH and source.size >= MANY_ROWS


def shared_sum(storage: Storage, node: Node) -> tuple[Node, Index] | None:
    """Return the value over whose rows a reduction runs, and the row of the result for each.

    The rows of a matrix memory fill the processor's cache. So all that is computed from them at a
    time, sums along either axis and over the columns too, is computed in one loop over them, in
    their order in memory.

    Returns:
        None if the reduction has loops of its own, or is none.
    """
    reduces = node.operation in REDUCTIONS and node.columns == Columns.BATCH
    if not reduces and not is_sum_of_columns(storage, node):
        return None
    (source,) = node.inputs
    if source.size < MANY_ROWS or product_by_row(storage, node) is not None:
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
