"""Derive the backward pass of a model: where it begins, and how it crosses its loops."""

from seqtasks.engine.derive.backward import derive
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.walk import depends_on_trained

__all__ = ["derive_model"]


def derive_model(model: ModelGraph) -> None:
    """Add the backward pass to a recorded model, and note its gradients.

    It begins at the predictions, and at the initial states that are trained. At the result of a
    loop it goes on with the loop's last step: its gradient is the sum of what was carried back and
    of what comes from outside.
    """
    graph, phases = model.graph, model.phases
    seeds = [(model.predictions, model.cotangent)]
    turns: dict[Node, list[tuple[Node, Node]]] = {}
    for loop in model.loops:
        for part in loop.parts:
            zero = graph.constant(0.0, part.shape)
            back = graph.make("add", (part.back, part.external or zero), part.shape)
            turns[part.carried] = [(part.following, back)]
            if depends_on_trained(part.initial):
                part.initial_back = graph.leaf(
                    "initial_back",
                    part.previous.value,
                    part.shape,
                    Columns.ONE,
                    phases.backward_weights,
                )
                seeds.append((part.initial, part.initial_back))
    model.gradients = derive(graph, phases, seeds, turns)
    for loop in model.loops:
        for part in loop.parts:
            zero = graph.constant(0.0, part.shape)
            part.before = model.gradients.of_states.get(part.previous, zero)
    for leaf in model.leaves:  # of what torch reaches in vain the gradient is zero
        if any(leaf in sources for sources in model.reached.values()):
            model.gradients.of_parameters.setdefault(leaf, [])
