"""Fingerprint initial states. Sequence lengths with the same initial state can share one program.

A step does not learn how many steps there are. Only `initial_state` does. A program is therefore
valid for all numbers of steps for which `initial_state` records the same shapes, numbers and
parameters.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from seqtasks.cells.spectral_norms import held
from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.record.batch_layout import Form, size_of
from seqtasks.engine.record.cell_loop import recorded_start
from seqtasks.engine.record.likeness import likeness
from seqtasks.engine.record.outside_draws import without_draws
from seqtasks.engine.record.reads import Reads
from seqtasks.engine.record.refusals import check_unchanged
from seqtasks.engine.record.tried_rows import rows_for
from seqtasks.engine.record.whole_model import (
    ModelRecording,
    given_of,
    originals_of,
    twin_of,
)

__all__ = ["Start", "start_of"]


@dataclass(frozen=True)
class Start:
    """How a loop starts.

    Attributes:
        likeness: equal for numbers of steps that share a program.
        form: of the states; None if they cannot be recorded.
    """

    likeness: Hashable
    form: Form | None

    @property
    def size(self) -> int:
        """Numbers in the states of a row; 0 if they cannot be recorded."""
        return size_of(self.form or ())


def start_of(
    cells: Sequence[Any], dtype: torch.dtype, steps: int, reads: Reads | None = None
) -> Start:
    """Return what a program knows about the cells' initial states for a number of steps.

    It records the initial states rather than comparing their values: a learned initial state may
    be zero now for all numbers of steps, and differ after the next training step.

    Args:
        cells: one for each layer.
        dtype: the type of all values.
        steps: the number of steps of the loops.
        reads: of the cells, and of other modules perhaps; None to find them.
    """
    model = nn.ModuleList(cells)
    try:
        twin, _ = twin_of(model)
        originals = originals_of(model, twin)
        (batch,) = rows_for(twin, 1)

        def attempt() -> tuple[ModelRecording, list[Any]]:
            graph, phases = Graph(), Phases(len(cells))
            recording = ModelRecording(graph, phases, originals, dtype=dtype)
            recording.provenance.give(given_of(twin))
            return recording, [
                recorded_start(recording, cell, layer, batch, dtype, steps)
                for layer, cell in enumerate(twin)
            ]

        with torch.enable_grad(), held(twin):
            recording, starts = without_draws(attempt, twin.modules(), reads)
        check_unchanged(model, twin)
    except Exception:
        # no other number of steps shares it; the recording says what is wrong
        return Start(("alone", steps), None)
    return Start(
        tuple((tree, likeness(recording, nodes), *kinds) for nodes, tree, kinds in starts),
        tuple((tree, tuple(node.shape for node in nodes)) for nodes, tree, _ in starts),
    )
