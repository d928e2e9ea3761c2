"""How a loop starts: numbers of steps of which the initial states are alike share a program.

A step does not learn how many there are. Only `initial_state` does, so that a program holds for all
numbers of steps for which it records alike: the same shapes, the same numbers, the same parameters.
"""

import hashlib
from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import nn

from seqtasks.engine.graph import Graph
from seqtasks.engine.nodes import Node, reached
from seqtasks.engine.phases import Phases
from seqtasks.engine.recording import rows_for
from seqtasks.engine.recording_loop import recorded_start
from seqtasks.engine.recording_model import ModelRecording, originals_of, twin_of
from seqtasks.engine.unseen import check_random, check_unchanged
from seqtasks.torch_randomness import torch_stream

__all__ = ["start_of"]


def start_of(cells: Sequence[Any], dtype: torch.dtype, steps: int) -> Hashable:
    """Return what a program knows of the cells' initial states for a number of steps.

    The initial states are recorded, as by the analysis, rather than compared by value: a learned
    one may be zero now, for all numbers of steps, and not after the next step of training.

    Args:
        cells: one a layer.
        dtype: of all numbers.
        steps: of the loops.
    """
    model = nn.ModuleList(cells)
    draws = torch_stream(0, "trial")
    try:
        twin = twin_of(model)
        graph, phases = Graph(), Phases(len(cells))
        recording = ModelRecording(graph, phases, originals_of(model, twin), dtype=dtype)
        (batch,) = rows_for(twin, 1)
        with torch.enable_grad(), draws.drawing():
            starts = [recorded_start(recording, cell, batch, dtype, steps) for cell in twin]
        check_random(draws)
        check_unchanged(model, twin)
    except Exception:
        # no other number of steps shares its program; the analysis says what is wrong
        return ("alone", steps)
    return tuple((is_tuple, _described(recording, nodes)) for nodes, is_tuple in starts)


def _described(recording: ModelRecording, roots: list[Node]) -> Hashable:
    """Return how values are computed, equal for those computed alike from the same parameters."""
    nodes = sorted(reached(roots, lambda node: node.inputs), key=lambda node: node.number)
    places = {node: place for place, node in enumerate(nodes)}
    return tuple(places[root] for root in roots), tuple(
        (
            node.operation,
            tuple(places[source] for source in node.inputs),
            node.shape,
            None if node.index is None else hashlib.blake2b(node.index.tobytes()).digest(),
            id(recording.parameters[node]) if node in recording.parameters else repr(node.value),
        )
        for node in nodes
    )
