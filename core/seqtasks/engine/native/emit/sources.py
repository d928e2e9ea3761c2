"""Say where an expression reads its values."""

from collections.abc import Callable

from seqtasks.engine.graph.node import Index, Node
from seqtasks.engine.native.emit.tables import Tables
from seqtasks.engine.native.plan.shared_sums import shared_sum
from seqtasks.engine.native.plan.storage import Place, Storage

__all__ = ["Sources"]


class Sources:
    """The memory from which an expression reads.

    Args:
        storage: the memory plan.
        parameter_name: returns the C name of a parameter's memory.
        tables: receives positions that follow no pattern.
    """

    def __init__(
        self, storage: Storage, parameter_name: Callable[[Node], str], tables: Tables
    ) -> None:
        self._storage, self._parameter_name = storage, parameter_name
        self.tables = tables

    def parameter(self, node: Node) -> str:
        """Return the C name of a parameter's memory."""
        return self._parameter_name(node)

    def place(self, node: Node) -> Place | None:
        """Return the place of a node, or None if it is not kept."""
        return self._storage.places.get(node)

    def shared_sum(self, node: Node) -> tuple[Node, Index] | None:
        """Return what `plan.shared_sums` says of a node."""
        return shared_sum(self._storage, node)

    def terms(self, node: Node) -> list[Node] | None:
        """Return the terms of a sum whose products are joined."""
        return self._storage.sums.get(node)
