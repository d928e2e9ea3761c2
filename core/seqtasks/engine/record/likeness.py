"""Describe how recorded values are computed, so that two recordings can be compared."""

import hashlib
from collections.abc import Hashable, Sequence

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.walk import reached
from seqtasks.engine.record.whole_model import ModelRecording

__all__ = ["likeness"]


def likeness(recording: ModelRecording, roots: Sequence[Node]) -> Hashable:
    """Return a value that is equal if `roots` are computed alike from the same parameters."""
    nodes = sorted(reached(roots, lambda node: node.inputs), key=lambda node: node.number)
    places = {node: place for place, node in enumerate(nodes)}
    return tuple(places[root] for root in roots), tuple(
        (
            node.operation,
            tuple(places[source] for source in node.inputs),
            node.shape,
            None if node.index is None else hashlib.blake2b(node.index.tobytes()).digest(),
            _about(recording, node),
        )
        for node in nodes
    )


def _about(recording: ModelRecording, node: Node) -> Hashable:
    if node in recording.computed:
        return recording.computed[node].digest
    return id(recording.parameters[node]) if node in recording.parameters else repr(node.value)
