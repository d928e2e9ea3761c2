"""Find the shortest sequence for which each parameter, input or initial state has a gradient.

The next step reads what a step writes to a memory, so over a single step the weights that write
have no gradient: not zero but none, and torch's optimisers skip them. What has a gradient is what
torch's autograd reaches in the recordings, not what the derived graph reads: of a slice that nobody
reads, torch makes zeros, and the graph makes nothing.
"""

from collections.abc import Iterable

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.reached import Source

__all__ = ["steps_until_used"]


def steps_until_used(model: ModelGraph, given: Iterable[Node]) -> dict[Node | None, int]:
    """Return the fewest steps after which each parameter, input or state receives a gradient.

    Args:
        model: the model as a graph.
        given: the leaves of gradients from outside, of predictions or final states.

    Returns:
        The number of steps for each parameter's leaf, for the gradient of the inputs, and for the
        gradient carried back to each state. Gradients that no number of steps reaches are left out.
    """
    given = frozenset(given)
    if given not in model.usage:
        model.usage[given] = _counts(model, given)
    return model.usage[given]


def _counts(model: ModelGraph, given: frozenset[Node]) -> dict[Node | None, int]:
    steps: dict[Source, int] = {}
    if model.cotangent in given:
        steps["predictions", 0, 0] = 0
    for layer, loop in enumerate(model.loops):
        for k, part in enumerate(loop.parts):
            if part.external in given:
                steps["next state", layer, k] = 0
    pending = list(steps)
    while pending:
        source = pending.pop()
        for other, more in _sources_of(model, source):
            number = steps[source] + more
            if other not in steps or number < steps[other]:
                steps[other] = number
                pending.append(other)
    counts: dict[Node | None, int] = {}
    for source, number in steps.items():
        if isinstance(source, Node):
            counts[source] = 1 + number
        elif source[0] == "state":
            counts[model.loops[source[1]].parts[source[2]].back] = 1 + number
        elif source[0] == "real inputs":
            counts[model.gradients.of_inputs] = 1 + number
    return counts


def _sources_of(model: ModelGraph, source: Source) -> list[tuple[Source, int]]:
    """Return what the gradient of a value goes on to, and how many steps back that is."""
    found: list[tuple[Source, int]] = [(other, 0) for other in model.reached.get(source, ())]
    if isinstance(source, Node):
        return found
    name, layer, part = source
    if name == "state":
        found += [(("next state", layer, part), 1), (("initial state", layer, part), 0)]
    elif name == "inputs":
        found.append((("output", layer - 1, 0) if layer else ("embedded", 0, 0), 0))
    return found
