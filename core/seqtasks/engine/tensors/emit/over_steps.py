"""Sums over steps; a sum over all steps grows with each stretch of the backward pass."""

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import OVER_COLUMNS

__all__ = ["is_over_steps", "product_over_steps", "sum_over_steps"]


def is_over_steps(node: Node) -> bool:
    """Say whether a node sums over all steps."""
    return node.operation in OVER_COLUMNS and node.inputs[0].columns == Columns.BATCH


def product_over_steps(target: str, left: str, right: str, growing: bool, add: bool = False) -> str:
    """Return the statement for a product that sums over columns.

    Args:
        target: the name of the result.
        left: (rows, columns).
        right: (columns, width).
        growing: whether to add to the result of earlier stretches.
        add: whether to add in any case.
    """
    new, more = f"mm({left}, {right}, out={target})", f"{target}.addmm_({left}, {right})"
    return _statement(new, more, growing, add)


def sum_over_steps(target: str, name: str, growing: bool, add: bool = False) -> str:
    """Return the statement for a sum over columns; see `product_over_steps`."""
    new, more = f"total({name}, 0, out={target})", f"{target}.add_({name}.sum(0))"
    return _statement(new, more, growing, add)


def _statement(new: str, more: str, growing: bool, add: bool) -> str:
    if add:
        return more
    return f"{new} if first else {more}" if growing else new
