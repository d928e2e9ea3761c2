"""Record a model twice, with other numbers, and refuse it if the recordings differ."""

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells.spectral_norms import held
from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.likeness import likeness
from seqtasks.engine.record.observed import unobserved_saving
from seqtasks.engine.record.outside_draws import without_draws
from seqtasks.engine.record.parts_in_order import CallKind, record_parts
from seqtasks.engine.record.provenance import memory_of
from seqtasks.engine.record.reads import Reads, reads_of
from seqtasks.engine.record.refusals import check_unchanged
from seqtasks.engine.record.tried_rows import rows_for
from seqtasks.engine.record.ways import OneRowError
from seqtasks.engine.record.whole_model import (
    ModelRecording,
    altered,
    given_of,
    originals_of,
    twin_of,
)

__all__ = ["record_twice"]

LEAST_ROWS, MORE_ROWS = 5, 37
"""The fewest rows of the first recordings, and of the ones that follow if the model is refused."""


def record_twice(model: nn.ModuleDict, kind: CallKind, reads: Reads | None = None) -> ModelGraph:
    """Record a model as it is, and once more with other parameters on other rows.

    Args:
        model: the model, as `parts_of` returns it.
        kind: the calls that the graph is for.
        reads: what its modules read; None to find it.

    Returns:
        The graph of its forward pass. Its gradients are still to be derived.

    Raises:
        UnsupportedError: if the faster engines do not support the model; the message says why.
    """
    reads = reads or reads_of(model.modules())
    try:
        recording, model_graph, pairs = _compared(model, kind, reads, LEAST_ROWS)
    except OneRowError:
        recording, model_graph, pairs = _compared(model, kind, reads, LEAST_ROWS, True)
    except UnsupportedError as error:
        # weights that the code repeats 5 times may have been taken for the rows of the batch
        try:
            recording, model_graph, pairs = _compared(model, kind, reads, MORE_ROWS)
        except UnsupportedError:
            try:
                recording, model_graph, pairs = _compared(model, kind, reads, LEAST_ROWS, True)
            except UnsupportedError as last:
                if "row" in str(error) and "row" not in str(last):  # it says what is in the way
                    raise
                raise error from None
    model_graph.constants = _constants(recording.provenance.read, pairs)
    return model_graph


def _compared(
    model: nn.ModuleDict, kind: CallKind, reads: Reads, least_rows: int, one_row: bool = False
) -> tuple[ModelRecording, ModelGraph, list[tuple[Tensor, Tensor]]]:
    """Record a model, and hold it against a recording with other parameters on other rows."""
    try:  # the other first, so that both need not be in memory
        other = _likeness_of_another(model, kind, reads, least_rows, one_row)
    except UnsupportedError:
        # what it says of the model's own numbers is clearer
        _recorded(model, kind, reads, least_rows, one_row, again=False)
        raise
    recorded = _recorded(model, kind, reads, least_rows, one_row, again=False)
    recording, model_graph, _ = recorded
    if likeness(recording, _roots(model_graph)) != other:
        raise UnsupportedError(
            "two recordings, with other parameters, inputs and numbers of rows, do not do the "
            "same: it depends on values where no torch call is seen, or on the number of rows"
        )
    return recorded


def _recorded(
    model: nn.ModuleDict,
    kind: CallKind,
    reads: Reads,
    least_rows: int,
    one_row: bool,
    *,
    again: bool,
) -> tuple[ModelRecording, ModelGraph, list[tuple[Tensor, Tensor]]]:
    """Record a copy of a model, either as it is or with other parameters on other rows.

    Returns:
        The recording, the model as a graph, and pairs of (tensor of the copy, tensor it copies).
    """
    twin, pairs = twin_of(model)
    originals = originals_of(model, twin)
    numbers = torch.Generator().manual_seed(int(again))
    if again:
        altered(given_of(twin), numbers)
    first, second, third, fourth = rows_for(twin, 4, least_rows)
    rows = (third, fourth) if again else (first, second)
    tried: list[ModelRecording] = []

    def attempt() -> tuple[ModelRecording, ModelGraph]:
        graph, phases = Graph(), Phases(len(model["cells"]))  # pyright: ignore[reportArgumentType]
        graph.lookup_phase = phases.before(0)
        graph.last_phases = (phases.backward, phases.backward_vocabulary, phases.backward_weights)
        graph.looks_at_rows = one_row
        recording = ModelRecording(graph, phases, originals, dtype=kind.dtype, generator=numbers)
        recording.one_row, recording.tries_rows = one_row, not again
        tried[:] = [recording]
        recording.provenance.give(given_of(twin))
        return recording, record_parts(recording, twin, rows, kind)

    try:
        # a script that is not optimised makes its operations one by one, each with its gradient
        plain_scripts: Any = vars(torch.jit)["optimized_execution"]
        with torch.enable_grad(), unobserved_saving(), plain_scripts(False), held(twin):
            recording, model_graph = without_draws(attempt, twin.modules(), reads)
    except Exception as error:
        reason = tried[0].provenance.reason if tried else None
        if reason is not None:
            raise UnsupportedError(reason) from error
        if isinstance(error, UnsupportedError):
            raise
        raise UnsupportedError(
            f"trying it on other numbers failed: {type(error).__name__}: {error}"
        ) from error
    if not again:
        check_unchanged(model, twin, recording.provenance.follows)
    recording.provenance.release()
    return recording, model_graph, pairs


def _likeness_of_another(
    model: nn.ModuleDict, kind: CallKind, reads: Reads, least_rows: int, one_row: bool
) -> Hashable:
    """Return the likeness of a recording with other parameters; keep nothing else of it."""
    recording, model_graph, _ = _recorded(model, kind, reads, least_rows, one_row, again=True)
    found = likeness(recording, _roots(model_graph))
    model_graph.graph.pullbacks.clear()  # they hold the graph, which would stay for a while
    return found


def _roots(model_graph: ModelGraph) -> list[Node]:
    """Return all values of the forward pass, and the gradients that the model defines itself."""
    parts = [node for part in model_graph.parts for node in (part.initial, part.following)]
    own = [node for nodes in model_graph.graph.own.values() for node in nodes]
    outputs = [loop.output for loop in model_graph.loops]
    after = [node for pair in model_graph.constrained.items() for node in pair]
    return [*parts, *outputs, model_graph.predictions, *after, *own]


def _constants(
    read: dict[int, Tensor], pairs: list[tuple[Tensor, Tensor]]
) -> list[tuple[Tensor, Tensor]]:
    """Return (tensor, clone) pairs of tensors that were read, the model's for its copy's."""
    copied: dict[int, list[Tensor]] = {}
    parts = ((memory_of(copy), memory_of(original)) for copy, original in pairs)
    for copy, original in (both for of in parts for both in zip(*of, strict=True)):
        if copy.layout == torch.strided:
            copied.setdefault(copy.untyped_storage().data_ptr(), []).append(original)
    held = [found for address, tensor in read.items() for found in copied.get(address, [tensor])]
    return [(tensor, tensor.detach().clone()) for tensor in held]
