"""Let products that are added up share one buffer, each added to the one before."""

from collections import defaultdict

from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.storage import Storage

__all__ = ["join_products"]


def join_products(analysis: Analysis, storage: Storage, roots: list[Node]) -> None:
    """Let products that are added up share one buffer, into which each is added."""
    live = live_in(storage, roots)
    uses: dict[Node, int] = defaultdict(int)
    for node in live:
        for source in node.inputs:
            uses[source] += 1
    for root in roots:
        uses[root] += 1
    swallowed: set[Node] = set()
    for node in reversed(live):
        if node.operation != "add" or node in swallowed:
            continue
        terms: list[Node] = []
        inner: list[Node] = []
        pending = [node]
        while pending:
            one = pending.pop()
            for source in one.inputs:
                same = source.operation == "add" and source.phase == node.phase
                if same and uses[source] == 1 and source.columns == node.columns:
                    pending.append(source)
                    inner.append(source)
                else:
                    terms.append(source)
        products = [
            t for t in terms if t.operation == "linear" and uses[t] == 1 and t.phase == node.phase
        ]
        if len(products) < 2:
            continue
        swallowed.update(inner)
        joined = analysis.graph.make(
            "products",
            [source for p in products for source in p.inputs],
            node.shape,
            value=tuple(p.value for p in products),
        )
        storage.sums[node] = [joined, *(t for t in terms if t not in products)]
