"""Write C for what becomes of the parameters after each step of the optimiser."""

from collections import defaultdict
from dataclasses import replace

from seqtasks.engine.graph import walk
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import LEAVES
from seqtasks.engine.native.emit.addresses import Scope, Used
from seqtasks.engine.native.emit.frame import over_columns
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.keep_or_recompute import kept_values
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.plan import Plan
from seqtasks.engine.native.plan.storage import Place, Storage, inputs_of

__all__ = ["constraints"]


def constraints(plan: Plan) -> str:
    """Return a function that changes the parameters; its values get buffers of their own.

    All new values are computed before the first parameter changes.
    """
    changed = plan.model.constrained
    storage = _storage(plan, list(changed.values()))
    used, out = Used(), Writer()
    kept = [node for node in storage.live if node in storage.places]
    results: list[tuple[Node, Place]] = []
    for leaf, node in changed.items():
        buffer = storage.buffer(f"constrained_{leaf.number}", leaf.size, "one")
        results.append((node, Place(buffer)))
        used.buffers.add(buffer.name)
    plan.storage.buffers.update(storage.buffers)
    Values(replace(plan, storage=storage)).write(out, Scope("one", used), kept, results)
    for (_, place), leaf in zip(results, changed, strict=True):
        values = f"w->parameters[{leaf.value[0]}].values"
        out.line(f"memcpy({values}, {place.buffer.name}, {leaf.size} * sizeof(real));")
    return over_columns(plan, "constrain", used, out)


def _storage(plan: Plan, roots: list[Node]) -> Storage:
    storage = Storage()
    storage.live = live_in(storage, roots)
    users = defaultdict(list, walk.users(storage.live, lambda node: inputs_of(storage, node)))
    kept = kept_values(storage, users, set(roots), plan.model.graph.rounded)
    for node in storage.live:
        if node in kept and node.operation not in LEAVES:
            buffer = storage.buffer(f"constraint_{node.number}", node.size, "one")
            storage.places[node] = Place(buffer)
    return storage
