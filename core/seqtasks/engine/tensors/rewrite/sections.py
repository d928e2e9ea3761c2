"""Divide a rewritten model into sections, in the order in which they run.

A section is a phase, with two exceptions. Forward values that only the backward pass needs are
computed at its beginning, for all steps at once. Values of a backward loop that it does not carry
on are computed after it, for all steps at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from seqtasks.engine.graph.index import strided
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import ALIASES, LEAVES
from seqtasks.engine.graph.rewrite import Roots
from seqtasks.engine.graph.walk import live, reached, users
from seqtasks.engine.tensors.rewrite.factor import (
    early_together,
    interpolated,
    with_factors_outside,
    without_nothings,
)
from seqtasks.engine.tensors.rewrite.fuse import alike_joined, products_joined
from seqtasks.engine.tensors.rewrite.vectors import contributions_joined, vectors_joined

__all__ = ["Sections", "by_section", "is_alias", "is_flat_view", "sections"]

MOST_ROUNDS = 10


@dataclass
class Sections:
    """A rewritten model.

    Attributes:
        model: the model as a graph.
        roots: the values to compute; `following`, `before` and `inputs` are `stored` and `arriving`
            nodes if they had no memory of their own.
        nodes: all nodes to compute, in an order of computing.
        users: the users of each node.
        section: the section of each node.
        forward: the values that the forward pass computes.
        wanted: the roots as a set.
    """

    model: ModelGraph
    roots: Roots
    nodes: list[Node] = field(default_factory=list[Node])
    users: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    section: dict[Node, int] = field(default_factory=dict[Node, int])
    forward: set[Node] = field(default_factory=set[Node])
    wanted: set[Node] = field(default_factory=set[Node])

    def in_loop(self, node: Node) -> bool:
        """Say whether a node is computed step by step."""
        return node.columns == Columns.BATCH and self.model.phases.is_loop(self.section[node])

    def only_here(self, node: Node) -> bool:
        """Say whether a value is used once."""
        return len(self.users[node]) == 1 and node not in self.wanted

    def readers(self, node: Node) -> Iterable[Node]:
        """Yield the nodes that compute with a value, directly or through views of it."""
        for user in self.users[node]:
            if is_alias(user):
                yield from self.readers(user)
            else:
                yield user


def is_flat_view(node: Node) -> bool:
    """Say whether a view can be read directly from its source's memory."""
    assert node.index is not None
    return strided(node.index, node.shape) is not None


def is_alias(node: Node) -> bool:
    """Say whether a node is stored in the memory of its input."""
    if node.operation == "view":
        return is_flat_view(node)
    return node.operation in ALIASES


def sections(model: ModelGraph, external: bool) -> Sections:
    """Rewrite a model for torch calls, and divide it into sections.

    Args:
        model: the model as a graph.
        external: whether the states of every step have gradients from outside.
    """
    # the nodes made for this program are not for the other engine
    model = replace(model, graph=model.graph.copy())
    found = Sections(model, _with_places(model, _rewritten(model, external)))
    found.nodes = live(found.roots.all())
    found.users = users(found.nodes)
    found.wanted = set(found.roots.all())
    found.forward = set(live(found.roots.forward()))
    phases = model.phases
    carried_on = _inside(found.roots.before)
    for node in found.nodes:
        place = node.phase
        if node not in found.forward and place <= phases.backward:
            place = phases.backward
        elif place > phases.backward and phases.is_loop(place) and node not in carried_on:
            place += 1
        found.section[node] = place
    found.nodes.sort(key=lambda n: (found.section[n], n.phase, n.number))
    return found


def _rewritten(model: ModelGraph, external: bool) -> Roots:
    graph, phases = model.graph, model.phases
    roots = without_nothings(graph, Roots.of(model), external)
    roots = early_together(graph, phases, interpolated(graph, roots))
    roots = products_joined(graph, with_factors_outside(graph, phases, roots))
    for _ in range(MOST_ROUNDS):
        before = roots.all()
        roots = alike_joined(graph, phases, vectors_joined(graph, phases, roots))
        if roots.all() == before:
            break
    return contributions_joined(graph, roots)


def _with_places(model: ModelGraph, roots: Roots) -> Roots:
    """Give each next state, and each gradient that is carried on, memory of its own."""
    graph, phases = model.graph, model.phases
    following: list[Node] = []
    before: list[Node] = []
    parts = [
        (layer, k, part)
        for layer, loop in enumerate(model.loops)
        for k, part in enumerate(loop.parts)
    ]
    for (layer, k, part), node, back in zip(parts, roots.following, roots.before, strict=True):
        phase = phases.loop(layer)
        own = node.phase == phase and node.operation not in LEAVES and not is_alias(node)
        if not own or node.columns != Columns.BATCH or node in following:
            node = graph.make(
                "stored", (node,), part.shape, value=(layer, k), columns=Columns.BATCH, phase=phase
            )
        following.append(node)
        phase = phases.backward_loop(layer)
        before.append(
            graph.make(
                "arriving",
                (back,),
                part.shape,
                value=(layer, k),
                columns=Columns.BATCH,
                phase=phase,
            )
        )
    roots.following, roots.before = following, before
    if roots.inputs is not None:
        back, phase = roots.inputs, max(roots.inputs.phase, phases.backward)
        roots.inputs = graph.make(
            "stored", (back,), back.shape, value="inputs", columns=Columns.BATCH, phase=phase
        )
    return roots


def _inside(roots: list[Node]) -> set[Node]:
    """Return the nodes from which roots are computed within their own phases."""
    return reached(roots, lambda node: [n for n in node.inputs if n.phase == node.phase])


def by_section(parted: Sections) -> dict[int, list[Node]]:
    """Return the nodes of each section, in an order of computing."""
    found: dict[int, list[Node]] = {}
    for node in parted.nodes:
        found.setdefault(parted.section[node], []).append(node)
    return dict(sorted(found.items()))
