"""Which values of a graph are kept in memory, where, and which are computed again where needed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from seqtasks.engine.analysis import Analysis
from seqtasks.engine.nodes import Columns, Index, Node
from seqtasks.engine.phases import Phases
from seqtasks.engine.pointwise import POINTWISE

__all__ = ["Buffer", "Place", "Storage", "plan_storage"]

OWN_LOOPS = {
    "linear",
    "sum",
    "maximum_of",
    "outer",
    "sum_of_columns",
    "sum_by_symbol",
    "symbols",
    "symbols_back",
    "products",
}
"""Operations with loops of their own, whose result is always kept."""
SUMS = ("outer", "sum_of_columns", "sum_by_symbol")
"""Sums over the columns of all steps."""
LEAVES = {
    "parameter",
    "constant",
    "state",
    "carried",
    "back",
    "external",
    "inputs",
    "running",
    "cotangent",
    "initial_back",
}
DEAREST = 8
"""Operations up to which an expression used several times is computed again each time."""


@dataclass
class Buffer:
    """Memory of a program.

    Attributes:
        name: in the C.
        rows: how many.
        kind: `one` column; `vocabulary`; `scratch`, a block of columns, for one step; `history`,
            all columns of all steps and one step more; `carry`, two blocks in turn; `recent`, the
            last few steps, after which what is summed over steps is added up.
    """

    name: str
    rows: int
    kind: str


@dataclass
class Place:
    """Where a node's value is: a buffer, how many steps later than its own, its first row."""

    buffer: Buffer
    shift: int = 0
    first: int = 0


@dataclass
class Storage:
    """What is kept.

    Attributes:
        places: node -> where it is.
        buffers: all of them, by name.
        sums: a sum -> its terms, of which the products are one.
        stacked: products -> those of the same vector that lie one below the other in memory, by
            blocks of one matrix that do too: they are one product.
    """

    places: dict[Node, Place] = field(default_factory=dict[Node, Place])
    buffers: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    sums: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    live: list[Node] = field(default_factory=list[Node])
    stacked: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    in_portions: bool = False

    def buffer(self, name: str, rows: int, kind: str) -> Buffer:
        """Return a new buffer."""
        assert name not in self.buffers, name
        self.buffers[name] = Buffer(name, rows, kind)
        return self.buffers[name]


def inputs_of(storage: Storage, node: Node) -> list[Node]:
    """Return what a node is computed from, products of a sum being joined."""
    return storage.sums.get(node) or list(node.inputs)


def plan_storage(
    analysis: Analysis, roots: list[Node], elsewhere: set[Node], in_portions: bool
) -> Storage:
    """Decide what is kept of all that the roots need.

    Args:
        analysis: of the model.
        roots: what is to be computed.
        elsewhere: what has memory already.
        in_portions: whether sums over steps are made every few steps.
    """
    storage = Storage(in_portions=in_portions)
    _join_products(analysis, storage, roots)
    storage.live = _live(storage, roots)
    users: dict[Node, list[Node]] = defaultdict(list)
    for node in storage.live:
        for source in inputs_of(storage, node):
            users[source].append(node)
    for node, phase in _read_later(analysis):
        if node.phase != phase:
            users[node].append(replace(node, operation="read", inputs=(node,), phase=phase))
    _place_leaves(analysis, storage)
    kept = _kept(storage, users, set(roots))
    for node in storage.live:
        if node in storage.places or node in elsewhere or node.operation in LEAVES:
            continue
        if node in kept:
            kind = _kind(storage, analysis.phases, node, users, kept)
            name = f"{node.operation}_{node.number}"
            storage.places[node] = Place(storage.buffer(name, node.size, kind))
    _stack_gates(storage)
    _stack_gradients(storage)
    return storage


def _read_later(analysis: Analysis) -> Iterator[tuple[Node, int]]:
    """Yield what a phase reads beside its own values: next states, and what is carried back."""
    phases = analysis.phases
    for layer, loop in enumerate(analysis.loops):
        for part in loop.parts:
            yield part.following, phases.loop(layer)
            if part.before is not None:
                yield part.before, phases.backward_loop(layer)
    yield analysis.predictions, phases.before(len(analysis.loops))
    if analysis.gradients.of_inputs is not None:
        yield analysis.gradients.of_inputs, phases.backward_before(0)


def _join_products(analysis: Analysis, storage: Storage, roots: list[Node]) -> None:
    """Let products that are added up be added into one buffer."""
    live = _live(storage, roots)
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


def _block_of(weight: Node) -> tuple[Node, int, int] | None:
    """Return (matrix, first place, row stride) of whole rows, or parts of rows, of a matrix."""
    base, index = in_memory(weight)
    if index is None:
        return base, 0, weight.shape[1]
    found = rectangle(weight)
    if found is None or found[2] != 1:
        return None
    return base, found[0], found[1]


def follow_each_other(weights: list[Node]) -> bool:
    """Say whether matrices are blocks of one, each below the one before."""
    blocks = [_block_of(weight) for weight in weights]
    for weight, above, below in zip(weights[:-1], blocks[:-1], blocks[1:], strict=True):
        if above is None or below is None or above[0] is not below[0] or above[2] != below[2]:
            return False
        if below[1] != above[1] + weight.shape[0] * above[2]:
            return False
    return len({weight.shape[1] for weight in weights}) == 1


def _stack_gates(storage: Storage) -> None:
    """Let products of several blocks of a matrix with one vector be one product."""
    by_vector: dict[tuple[int, Node], list[Node]] = defaultdict(list)
    for node in storage.live:
        if node.operation == "linear" and not node.value and node.columns == Columns.BATCH:
            by_vector[node.phase, node.inputs[1]].append(node)
    for nodes in by_vector.values():
        known = [n for n in nodes if _block_of(n.inputs[0]) is not None]
        known.sort(key=lambda n: (n.inputs[0].number, 0))
        known.sort(key=lambda n: (_block_of(n.inputs[0]) or (n, 0, 0))[1])
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


def _stack_gradients(storage: Storage) -> None:
    """Let products of a matrix's blocks with their own vectors, added up, be one product."""
    for node in storage.live:
        if node.operation != "products" or not all(node.value):
            continue
        weights, vectors = list(node.inputs[::2]), list(node.inputs[1::2])
        order = sorted(
            range(len(weights)), key=lambda k: (_block_of(weights[k]) or (node, 0, 0))[1]
        )
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
    """Give several values one buffer, each below the one before."""
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


def _live(storage: Storage, roots: list[Node]) -> list[Node]:
    seen: set[Node] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(inputs_of(storage, node))
    # Nodes that join products are made last, so numbers alone are no order.
    ordered: list[Node] = []
    done: set[Node] = set()
    for node in sorted(seen, key=lambda n: (n.phase, n.number)):
        _visit(storage, node, done, ordered)
    return ordered


def live_nodes(roots: list[Node]) -> list[Node]:
    """Return all that roots need."""
    return _live(Storage(), roots)


def _visit(storage: Storage, node: Node, done: set[Node], ordered: list[Node]) -> None:
    stack = [(node, False)]
    while stack:
        one, expanded = stack.pop()
        if one in done:
            continue
        if expanded:
            done.add(one)
            ordered.append(one)
        else:
            stack.append((one, True))
            stack.extend((source, False) for source in inputs_of(storage, one))


def _place_leaves(analysis: Analysis, storage: Storage) -> None:
    for layer, loop in enumerate(analysis.loops):
        for k, part in enumerate(loop.parts):
            size = part.previous.size
            states = storage.buffer(f"state_{layer}_{k}", size, "history")
            storage.places[part.previous] = Place(states)
            storage.places[part.carried] = Place(states, 1)
            carry = storage.buffer(f"carry_{layer}_{k}", size, "carry")
            storage.places[part.back] = Place(carry)
            if part.initial_back is not None:
                name = f"initial_back_{layer}_{k}"
                storage.places[part.initial_back] = Place(storage.buffer(name, size, "one"))
            if part.external is not None:
                name = f"external_{layer}_{k}"
                storage.places[part.external] = Place(storage.buffer(name, size, "history"))
            of_loop = part.following.phase == analysis.phases.loop(layer)
            known = part.following in storage.places
            if part.following.operation in POINTWISE and of_loop and not known:
                storage.places[part.following] = Place(states, 1)
    storage.places[analysis.cotangent] = Place(
        storage.buffer("cotangent", analysis.cotangent.size, "history")
    )
    for node in analysis.graph.nodes:
        if node.operation == "inputs":  # they are copied in, whether or not something reads them
            storage.places[node] = Place(storage.buffer("inputs", node.size, "history"))
    for node in storage.live:
        if node.operation == "running":
            storage.places[node] = Place(storage.buffer("running", 1, "history"))


def _kept(storage: Storage, users: dict[Node, list[Node]], roots: set[Node]) -> set[Node]:
    kept = {node for node in storage.live if node.operation in OWN_LOOPS}
    cost: dict[Node, int] = {}
    for node in storage.live:
        if node.operation in LEAVES or node in kept:
            cost[node] = 0
            continue
        keep = _must_be_kept(storage, node, users[node], cost)
        keep = keep or node in storage.places
        if node in roots and node.operation in POINTWISE and node.columns == Columns.BATCH:
            keep = True
        if keep and node.operation != "view":
            kept.add(node)
            cost[node] = 0
    for node in storage.live:
        # The gradient carried back is overwritten at the next step.
        carried = any(source.operation == "back" for source in inputs_of(storage, node))
        if carried and node not in kept and _used_later(node, node.phase, users, kept, set()):
            kept.add(node)
    for node in storage.live:
        for operand in operands_in_memory(node):
            base, _ = looked_up(node) if node.operation == "lookup" else in_memory(operand)
            if base.operation not in LEAVES or base.operation == "constant":
                kept.add(base)
    return kept


def _must_be_kept(storage: Storage, node: Node, users: list[Node], cost: dict[Node, int]) -> bool:
    sources = inputs_of(storage, node)
    cost[node] = 1 + sum(cost[source] for source in sources)
    if node.operation not in POINTWISE:
        return False
    if node.columns == Columns.ONE:
        return True
    if not POINTWISE[node.operation].cheap:
        elsewhere = any(user.phase != node.phase for user in users)
        moved = any(user.operation == "view" for user in users)
        return len(users) > 1 or elsewhere or moved
    if cost[node] > 1 and any(u.operation == "view" and u.size > node.size for u in users):
        return True
    return len(users) > 1 and cost[node] > DEAREST


def operands_in_memory(node: Node) -> list[Node]:
    """Return the operands of a node that its loops read from memory."""
    if node.operation in ("linear", "products", "outer", "symbols_back"):
        return list(node.inputs)
    if node.operation == "lookup":
        return [node.inputs[0]]
    return []


def in_memory(node: Node) -> tuple[Node, "Index | None"]:
    """Return the node in whose memory an operand lies, and its places there.

    A view lies in its source's memory where it is a rectangle of it; `rectangle` says which.
    """
    if node.operation == "view" and rectangle(node) is not None:
        return node.inputs[0], node.index
    return node, None


def looked_up(lookup: Node) -> tuple[Node, "Index | None"]:
    """Return the table in memory that a lookup reads, and which of its rows."""
    (table,) = lookup.inputs
    if table.operation == "view" and table.index is not None and not (table.index < 0).any():
        return table.inputs[0], table.index
    return table, None


def rectangle(node: Node) -> tuple[int, int, int] | None:
    """Return (first, row stride, column stride) of a view whose places are such a pattern."""
    index = node.index
    assert index is not None
    if len(index) == 0 or (index < 0).any():
        return None
    rows, width = node.shape if len(node.shape) == 2 else (node.size, 1)
    table = index.reshape(rows, width)
    first = int(table[0, 0])
    down = int(table[1, 0] - first) if rows > 1 else width
    across = int(table[0, 1] - first) if width > 1 else 1
    expected = first + down * np.arange(rows)[:, None] + across * np.arange(width)
    if not np.array_equal(table, expected):
        return None
    # rows of columns must follow each other in memory
    together = np.array_equal(index, first + np.arange(len(index)))
    return (first, down, across) if node.columns == Columns.ONE or together else None


def _kind(
    storage: Storage,
    phases: Phases,
    node: Node,
    users: dict[Node, list[Node]],
    kept: set[Node],
) -> str:
    if node.columns == Columns.ONE:
        return "one"
    if node.columns == Columns.VOCABULARY:
        return "vocabulary"
    later = _later_users(node, node.phase, users, kept, set())
    if not later:
        return "scratch"
    in_loop_back = phases.is_loop(node.phase) and node.phase > phases.backward
    summed = all(u.operation in SUMS and latest_input(u) == node.phase for u in later)
    return "recent" if storage.in_portions and in_loop_back and summed else "history"


def latest_input(node: Node) -> int:
    """Return the phase in which the last of a node's inputs is there."""
    return max(source.phase for source in node.inputs)


def _later_users(
    node: Node, phase: int, users: dict[Node, list[Node]], kept: set[Node], seen: set[Node]
) -> set[Node]:
    """Return what reads a value in another phase, maybe through expressions made again there."""
    found: set[Node] = set()
    for user in users[node]:
        if user.operation in SUMS or (user.phase != phase and user in kept):
            found.add(user)
        elif user not in seen and (user not in kept):
            seen.add(user)
            if user.phase != phase:
                found.add(user)
            else:
                found |= _later_users(user, phase, users, kept, seen)
    return found


def _used_later(
    node: Node, phase: int, users: dict[Node, list[Node]], kept: set[Node], seen: set[Node]
) -> bool:
    return bool(_later_users(node, phase, users, kept, seen))
