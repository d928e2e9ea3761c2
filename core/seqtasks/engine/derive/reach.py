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

__all__ = ["NEVER", "steps_until_gradients", "steps_until_used"]

NEVER = 2**62
"""More steps than a batch can have."""


def steps_until_used(model: ModelGraph, given: Iterable[Node]) -> dict[Node | None, int]:
    """Return the fewest steps after which each parameter, input or state receives a gradient.

    Args:
        model: the model as a graph.
        given: the leaves of gradients from outside, of predictions or final states; and the value
            of the penalty, if it has one.

    Returns:
        The number of steps for each parameter's leaf, for the gradient of the inputs, and for the
        gradient carried back to each state. Gradients that no number of steps reaches are left out.
    """
    given = frozenset(given)
    if given not in model.usage:
        model.usage[given] = _counts(model, given)
    return model.usage[given]


def steps_until_gradients(model: ModelGraph, present: tuple[bool, ...]) -> list[int]:
    """Return the fewest steps after which each gradient of a pass back exists; NEVER for none.

    Args:
        model: the model as a graph.
        present: whether each result has a gradient: predictions, final states, the states of every
            step if they were returned, and the penalties if the model has any.

    Returns:
        The numbers of steps for the inputs, for each state given to start from, and for each
        parameter in the order of programs.
    """
    if present not in model.until_gradients:
        parts = model.parts
        given = [model.cotangent] if present[0] else []
        if model.penalty is not None and present[-1]:
            given.append(model.penalty)
        of_states = present[1:] if model.penalty is None else present[1:-1]
        for k, one in enumerate(of_states):
            leaf = parts[k % len(parts)].external
            if one and leaf is not None:
                given.append(leaf)
        steps = steps_until_used(model, given)
        places = (model.gradients.of_inputs, *(part.back for part in parts), *model.leaves)
        model.until_gradients[present] = [steps.get(place, NEVER) for place in places]
    return model.until_gradients[present]


def _counts(model: ModelGraph, given: frozenset[Node]) -> dict[Node | None, int]:
    steps: dict[Source, int] = {}
    if model.cotangent in given:
        steps["predictions", 0, 0] = 0
    for layer, loop in enumerate(model.loops):
        if loop.penalty is not None and model.penalty in given:
            steps["penalty", layer, 0] = 0
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
