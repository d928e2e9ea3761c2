"""From how many steps on a parameter, the inputs or a state given to start from have a gradient.

What a step writes to a memory is read at the next one, so that over a single step its weights have
no gradient: not zero but none, and torch's optimisers pass over them.
"""

from collections.abc import Iterable

from seqtasks.engine.analysis import Analysis
from seqtasks.engine.nodes import Node

__all__ = ["steps_until_used"]


def steps_until_used(analysis: Analysis, given: Iterable[Node]) -> dict[Node, int]:
    """Return the fewest steps in which a gradient reaches what may have one.

    Args:
        analysis: of the model.
        given: the leaves of the gradients that come from outside, of predictions or final states.

    Returns:
        The steps, for each parameter's leaf, for the gradient of the inputs, and for the gradient
        carried back to each state; what none reaches in any number of steps is left out.
    """
    given = frozenset(given)
    if given not in analysis.usage:
        analysis.usage[given] = _counts(analysis, given)
    return analysis.usage[given]


def _counts(analysis: Analysis, given: Iterable[Node]) -> dict[Node, int]:
    earlier = dict.fromkeys(given, 0)
    reached: dict[Node, int] = {}
    found: dict[Node, int] | None = None
    while found != earlier:
        found = dict(earlier)
        reached = _reached(analysis, found)
        for part in analysis.parts:
            if part.before in reached:
                steps = reached[part.before]
                earlier[part.back] = min(earlier.get(part.back, steps + 1), steps + 1)
                if part.initial_back is not None:
                    earlier[part.initial_back] = steps
    counts = {part.back: earlier[part.back] for part in analysis.parts if part.back in earlier}
    if analysis.gradients.of_inputs in reached:
        counts[analysis.gradients.of_inputs] = 1 + reached[analysis.gradients.of_inputs]
    for leaf, terms in analysis.gradients.of_parameters.items():
        steps = [reached[term] for term in terms if term in reached]
        if steps:
            counts[leaf] = 1 + min(steps)
    return counts


def _reached(analysis: Analysis, leaves: dict[Node, int]) -> dict[Node, int]:
    """Return for each node how many steps back the nearest of some leaves is, where one is."""
    reached: dict[Node, int] = {}
    for node in analysis.graph.nodes:
        steps = [reached[source] for source in node.inputs if source in reached]
        if node in leaves:
            steps.append(leaves[node])
        if steps:
            reached[node] = min(steps)
    return reached
