"""Move what reads a memory after its loop into the loop.

A cell's output often reads a matrix memory: y = M' q. After the loop, all memories would come from
main memory once more, and again on the way back. Within the loop a step's memory is in the cache.
So the values up to the first of few rows are computed there, from the next state itself, and the
gradients of what they are computed from in the loop back.
"""

from seqtasks.engine.graph.model_graph import ModelGraph, StatePart
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OWN_LOOPS, POINTWISE, REDUCTIONS
from seqtasks.engine.graph.walk import live
from seqtasks.engine.native.plan.memories import ROWS_OF_A_MEMORY

__all__ = ["reads_into_loops"]


def reads_into_loops(model: ModelGraph, roots: list[Node]) -> ModelGraph:
    """Return a model whose loops read their memories; the same model if nothing can be moved.

    Args:
        model: the model as a graph.
        roots: the values to compute.
    """
    if model.masked:
        return model  # what a waiting row puts out is read from its later state
    phases: dict[Node, int] = {}
    instead: dict[Node, Node] = {}
    nodes = live(roots)
    for layer, loop in enumerate(model.loops):
        for part in loop.parts:
            if part.previous.size < ROWS_OF_A_MEMORY or not _is_computed(model, layer, part):
                continue
            moved = _moved(model, layer, part, nodes)
            if moved:
                phases |= moved
                instead[part.carried] = part.following
    return model.with_phases(phases, instead) if phases else model


def _is_computed(model: ModelGraph, layer: int, part: StatePart) -> bool:
    """Say whether the loop computes a next state in the memory of the states."""
    following = part.following
    return following.operation in POINTWISE and following.phase == model.phases.loop(layer)


def _moved(
    model: ModelGraph, layer: int, part: StatePart, nodes: list[Node]
) -> dict[Node, int] | None:
    """Return the later phases of all that reads a memory after its loop; None if some cannot move.

    Args:
        model: the model as a graph.
        layer: the layer of the memory.
        part: the memory.
        nodes: the values to compute, each after the values that it takes.
    """
    phases = model.phases
    into = {
        phases.before(layer + 1): phases.loop(layer),
        phases.backward_before(layer + 1): phases.backward_loop(layer),
    }
    back = phases.backward_loop(layer)
    moved: dict[Node, int] = {}
    memories, later = {part.carried}, set[Node]()
    for node in nodes:
        sources = set(node.inputs)
        if sources & later and node.phase <= back:  # it can be computed after the loop back
            if sources & memories or node.size >= ROWS_OF_A_MEMORY:
                return None
            moved[node] = phases.backward_before(layer)
            later.add(node)
        elif node.phase not in into:
            if node.phase != back and sources & memories:
                return None
        elif sources & memories:
            moved[node] = into[node.phase]
            if node.operation not in REDUCTIONS:
                if node.size < ROWS_OF_A_MEMORY or node.operation in OWN_LOOPS:
                    return None
                memories.add(node)
            if any(moved.get(source, source.phase) > moved[node] for source in sources - memories):
                return None
        elif any(moved.get(source, 0) == back for source in sources):
            moved[node] = phases.backward_before(layer)
            later.add(node)
    carried_back = {one.before for one in model.loops[layer].parts}
    if carried_back & later:
        return None
    if model.predictions in memories or model.predictions in later:
        return None
    return moved
