"""Give every kept value its place in memory."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from seqtasks.engine.graph import walk
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import LEAVES, POINTWISE
from seqtasks.engine.native.plan.keep_or_recompute import kept_values, kind_of
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.memories import pack_memories
from seqtasks.engine.native.plan.shared_buffers import join_products
from seqtasks.engine.native.plan.stacked_products import stack_gates, stack_gradients
from seqtasks.engine.native.plan.storage import Buffer, Place, Storage, inputs_of
from seqtasks.engine.native.plan.ties import tied

__all__ = ["plan_storage"]


def plan_storage(
    model: ModelGraph, roots: list[Node], elsewhere: set[Node], in_portions: bool
) -> Storage:
    """Decide which of the values that the roots need are kept, and where.

    Args:
        model: the model as a graph.
        roots: the values to compute.
        elsewhere: values that have memory already.
        in_portions: whether sums over steps are made every few steps.
    """
    loops_back = frozenset(model.phases.backward_loop(k) for k in range(len(model.loops)))
    storage = Storage(in_portions=in_portions, loops_back=loops_back)
    join_products(model, storage, roots)
    storage.live = live_in(storage, roots)
    users = defaultdict(list, walk.users(storage.live, lambda node: inputs_of(storage, node)))
    for node, phase in _read_later(model):
        if node.phase != phase:
            users[node].append(replace(node, operation="read", inputs=(node,), phase=phase))
    _place_leaves(model, storage)
    rounded = model.graph.rounded | tied(storage.live)
    kept = kept_values(storage, users, set(roots), rounded)
    carried = _carried_back(model, storage)
    for node in storage.live:
        if node in storage.places or node in elsewhere or node.operation in LEAVES:
            continue
        if node in kept:
            kind = kind_of(storage, model.phases, node, users, kept)
            if kind == "scratch" and node in carried:
                storage.places[node] = Place(carried[node], ahead=True)
                continue
            name = f"{node.operation}_{node.number}"
            storage.places[node] = Place(storage.buffer(name, node.size, kind))
    stack_gates(storage)
    stack_gradients(storage)
    pack_memories(model, storage, users, kept)
    return storage


def _carried_back(model: ModelGraph, storage: Storage) -> dict[Node, Buffer]:
    """Return the buffers of gradients carried back; the steps compute them there."""
    return {
        part.before: storage.places[part.back].buffer
        for layer, loop in enumerate(model.loops)
        for part in loop.parts
        if part.before is not None
        and part.before.operation in POINTWISE
        and part.before.phase == model.phases.backward_loop(layer)
    }


def _read_later(model: ModelGraph) -> Iterator[tuple[Node, int]]:
    """Yield values that a phase also reads: next states, and gradients carried back."""
    phases = model.phases
    for layer, loop in enumerate(model.loops):
        for part in loop.parts:
            yield part.following, phases.loop(layer)
            if part.before is not None:
                yield part.before, phases.backward_loop(layer)
    yield model.predictions, phases.before(len(model.loops))
    if model.gradients.of_inputs is not None:
        yield model.gradients.of_inputs, phases.backward_before(0)


def _place_leaves(model: ModelGraph, storage: Storage) -> None:
    for layer, loop in enumerate(model.loops):
        for k, part in enumerate(loop.parts):
            size = part.previous.size
            states = storage.buffer(f"state_{layer}_{k}", size, "history")
            storage.places[part.previous] = Place(states)
            storage.places[part.carried] = Place(states, 1)
            if model.masked and part.carried in storage.live:
                held = storage.buffer(f"held_{layer}_{k}", size, "history")
                storage.places[part.carried] = Place(held)
            carry = storage.buffer(f"carry_{layer}_{k}", size, "carry")
            storage.places[part.back] = Place(carry)
            if part.initial_back is not None:
                name = f"initial_back_{layer}_{k}"
                storage.places[part.initial_back] = Place(storage.buffer(name, size, "one"))
            if part.external is not None:
                name = f"external_{layer}_{k}"
                storage.places[part.external] = Place(storage.buffer(name, size, "history"))
            of_loop = part.following.phase == model.phases.loop(layer)
            known = part.following in storage.places
            if part.following.operation in POINTWISE and of_loop and not known:
                storage.places[part.following] = Place(states, 1)
    storage.places[model.cotangent] = Place(
        storage.buffer("cotangent", model.cotangent.size, "history")
    )
    for node in model.graph.nodes:
        if node.operation == "inputs":  # they are always copied in, read or not
            storage.places[node] = Place(storage.buffer("inputs", node.size, "history"))
    for node in storage.live:
        if node.operation == "running":
            storage.places[node] = Place(storage.buffer("running", 1, "history"))
        if node.operation == "draw":
            name = f"draw_{node.number}"
            storage.places[node] = Place(storage.buffer(name, node.size, "history"))
