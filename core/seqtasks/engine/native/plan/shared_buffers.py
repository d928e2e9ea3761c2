"""Let products that are added up share one buffer, each added to the one before."""

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.walk import sum_terms, use_counts
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.storage import Storage

__all__ = ["join_products"]


def join_products(model: ModelGraph, storage: Storage, roots: list[Node]) -> None:
    """Let products that are added up share one buffer, into which each is added."""
    live = live_in(storage, roots)
    uses = use_counts(live, roots)
    swallowed: set[Node] = set()
    for node in reversed(live):
        if node.operation != "add" or node in swallowed:
            continue

        def joins(source: Node, total: Node = node) -> bool:
            alike = source.phase == total.phase and source.columns == total.columns
            return alike and uses[source] == 1

        terms, inner = sum_terms(node, joins)
        products = [
            t for t in terms if t.operation == "linear" and uses[t] == 1 and t.phase == node.phase
        ]
        if len(products) < 2:
            continue
        swallowed.update(inner)
        joined = model.graph.make(
            "products",
            [source for p in products for source in p.inputs],
            node.shape,
            value=tuple(p.value for p in products),
        )
        storage.sums[node] = [joined, *(t for t in terms if t not in products)]
