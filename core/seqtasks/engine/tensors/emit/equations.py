"""Write torch calls for inverses, solutions of equations and Cholesky's factors."""

from seqtasks.engine.graph.node import Node

__all__ = ["equations"]


def equations(node: Node, source: str, out: str) -> str:
    """Return the statement that writes an operation of matrices.

    Args:
        node: the operation; see `graph.equations`.
        source: the value that it is made of.
        out: the memory of its result.
    """
    if node.operation == "inverse":
        return f"{out}.copy_(inv_ex({source}).inverse)"
    if node.operation == "lower_factor":
        return f"{out}.copy_(cholesky_ex({source}).L)"
    size = node.shape[-2]
    matrix, beside = f"{source}[..., :{size}]", f"{source}[..., {size}:]"
    if node.operation == "inverse_back":
        made = f"-({matrix}.mT @ {beside} @ {matrix}.mT)"
    elif node.value == "general":
        made = f"solve_ex({matrix}, {beside}).result"
    else:
        made = f"solve_triangular({matrix}, {beside}, upper={node.value == 'upper'})"
    return f"{out}[..., {size}:].copy_({made})"
