"""Find values that lie one below the other, so that several products become one."""

from collections import defaultdict

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import POINTWISE
from seqtasks.engine.native.plan.operands import block_of, follow_each_other
from seqtasks.engine.native.plan.storage import Place, Storage

__all__ = ["stack_gates", "stack_gradients"]


def stack_gates(storage: Storage) -> None:
    """Join products of several blocks of a matrix with one vector into one product."""
    by_vector: dict[tuple[int, Node], list[Node]] = defaultdict(list)
    for node in storage.live:
        if node.operation == "linear" and not node.value and node.columns == Columns.BATCH:
            by_vector[node.phase, node.inputs[1]].append(node)
    for nodes in by_vector.values():
        known = [n for n in nodes if block_of(n.inputs[0]) is not None]
        known.sort(key=lambda n: (n.inputs[0].number, 0))
        known.sort(key=lambda n: (block_of(n.inputs[0]) or (n, 0, 0))[1])
        run: list[Node] = []
        for node in [*known, None]:
            joins = node is not None and (
                not run
                or (
                    follow_each_other([run[-1].inputs[0], node.inputs[0]])
                    and storage.places[node].buffer.kind == storage.places[run[0]].buffer.kind
                )
            )
            if not joins:
                _lay_below(storage, run)
                run = []
            if node is not None:
                run.append(node)


def stack_gradients(storage: Storage) -> None:
    """Join added products of a matrix's blocks with separate vectors into one product."""
    for node in storage.live:
        if node.operation != "products" or not all(node.value):
            continue
        weights, vectors = list(node.inputs[::2]), list(node.inputs[1::2])
        order = sorted(range(len(weights)), key=lambda k: (block_of(weights[k]) or (node, 0, 0))[1])
        weights, vectors = [weights[k] for k in order], [vectors[k] for k in order]
        kept = all(v in storage.places and v.operation in POINTWISE for v in vectors)
        if not kept or len(set(vectors)) < len(vectors) or not follow_each_other(weights):
            continue
        places = [storage.places[v] for v in vectors]
        alone = all(
            p.buffer.rows == v.size and not p.shift for p, v in zip(places, vectors, strict=True)
        )
        if alone and len({p.buffer.kind for p in places}) == 1:
            _lay_below(storage, vectors)
            storage.stacked[node] = [n for pair in zip(weights, vectors, strict=True) for n in pair]


def _lay_below(storage: Storage, nodes: list[Node]) -> None:
    """Give several values one buffer, each value below the one before."""
    if len(nodes) < 2:
        return
    kind = storage.places[nodes[0]].buffer.kind
    for node in nodes:
        del storage.buffers[storage.places[node].buffer.name]
    name = "_".join([nodes[0].operation, *(str(node.number) for node in nodes)])
    buffer = storage.buffer(name, sum(node.size for node in nodes), kind)
    first = 0
    for node in nodes:
        storage.places[node] = Place(buffer, 0, first)
        storage.stacked[node] = nodes
        first += node.size
