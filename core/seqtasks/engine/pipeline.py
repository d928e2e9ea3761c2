"""From a model to its graph: record embedding, cells and readout, then derive the gradients."""

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.engine.derive.backward import depends_on_trained, derive
from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import Analysis, Loop
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.reached import Source
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.graph.verify import verify_model
from seqtasks.engine.record.batch_layout import Form
from seqtasks.engine.record.cell_loop import recorded_loop
from seqtasks.engine.record.likeness import likeness
from seqtasks.engine.record.observed import unobserved_saving
from seqtasks.engine.record.outside_draws import without_draws
from seqtasks.engine.record.reads import Reads, reads_of
from seqtasks.engine.record.recorder import rows_for
from seqtasks.engine.record.refusals import check_modules, check_unchanged
from seqtasks.engine.record.whole_model import (
    ModelRecording,
    altered,
    embedded_inputs,
    given_of,
    mapped,
    originals_of,
    twin_of,
)

__all__ = ["analyse"]


def analyse(
    embedding: nn.Module | None,
    cells: Sequence[Any],
    readout: nn.Module | None,
    dtype: torch.dtype,
    *,
    steps: int,
    input_size: int = 0,
    masked: bool = False,
    external_states: bool = False,
    form: Form | None = None,
    reads: Reads | None = None,
) -> Analysis:
    """Record a model and derive its backward pass.

    Args:
        embedding: `nn.Embedding` for ids, another module for real vectors, None for the identity.
        cells: the layers.
        readout: maps embedded inputs and the last layer's outputs to predictions; None returns the
            outputs.
        dtype: the type of all values.
        steps: the number of steps for which initial states are made.
        input_size: features of real inputs.
        masked: whether each row will have its own length.
        external_states: whether the states at every step may receive gradients from outside.
        form: the form of the given states, if it differs from the form of the initial states.
        reads: of these modules; None to find them.

    Raises:
        UnsupportedError: if the faster engines do not support the model; the message says why.
    """
    model = nn.ModuleDict()
    if embedding is not None:
        model["embedding"] = embedding
    model["cells"] = nn.ModuleList(cells)
    if readout is not None:
        model["readout"] = readout
    check_modules(model, dtype)
    reads = reads or reads_of(model.modules())
    about = model, dtype, input_size, masked, external_states, steps, form, reads
    try:
        recording, analysis, pairs = _recorded_twice(*about, least_rows=5)
    except UnsupportedError as error:
        # weights that the code repeats 5 times may have been taken for the rows of the batch
        try:
            recording, analysis, pairs = _recorded_twice(*about, least_rows=37)
        except UnsupportedError:
            raise error from None
    analysis.constants = _constants(recording.provenance.read, pairs)
    graph, phases = analysis.graph, analysis.phases
    seeds = [(analysis.predictions, analysis.cotangent)]
    turns: dict[Node, list[tuple[Node, Node]]] = {}
    for loop in analysis.loops:
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
    analysis.gradients = derive(graph, phases, seeds, turns)
    for loop in analysis.loops:
        for part in loop.parts:
            zero = graph.constant(0.0, part.shape)
            part.before = analysis.gradients.of_states.get(part.previous, zero)
    for leaf in analysis.leaves:  # of what torch reaches in vain the gradient is zero
        if any(leaf in sources for sources in analysis.reached.values()):
            analysis.gradients.of_parameters.setdefault(leaf, [])
    return verify_model(analysis)


def _recorded_twice(
    *about: Any, least_rows: int
) -> tuple[ModelRecording, Analysis, list[tuple[Tensor, Tensor]]]:
    """Record a model, and hold it against a recording with other parameters on other rows."""
    try:  # the other first, so that both need not be in memory
        other = _likeness_of_another(*about, least_rows=least_rows)
    except UnsupportedError:
        # what it says of the model's own numbers is clearer
        _recorded(*about, again=False, least_rows=least_rows)
        raise
    recorded = _recorded(*about, again=False, least_rows=least_rows)
    recording, analysis, _ = recorded
    if likeness(recording, _roots(analysis)) != other:
        raise UnsupportedError(
            "two recordings, with other parameters, inputs and numbers of rows, do not do the "
            "same: it depends on values where no torch call is seen, or on the number of rows"
        )
    return recorded


def _recorded(
    model: nn.ModuleDict,
    dtype: torch.dtype,
    input_size: int,
    masked: bool,
    external_states: bool,
    steps: int,
    form: Form | None,
    reads: Reads,
    *,
    again: bool,
    least_rows: int,
) -> tuple[ModelRecording, Analysis, list[tuple[Tensor, Tensor]]]:
    """Record a copy of a model, either as it is or with other parameters on other rows.

    Returns:
        The recording, its analysis, and pairs of (tensor of the copy, tensor it copies).
    """
    twin, pairs = twin_of(model)
    originals = originals_of(model, twin)
    numbers = torch.Generator().manual_seed(int(again))
    if again:
        altered(given_of(twin), numbers)
    rows = rows_for(twin, 4, least_rows)[2 * again :][:2]
    tried: list[ModelRecording] = []

    def attempt() -> tuple[ModelRecording, Analysis]:
        graph, phases = Graph(), Phases(len(model["cells"]))  # pyright: ignore[reportArgumentType]
        graph.lookup_phase = phases.before(0)
        graph.last_phases = (phases.backward, phases.backward_vocabulary, phases.backward_weights)
        recording = ModelRecording(graph, phases, originals, dtype=dtype, generator=numbers)
        tried[:] = [recording]
        recording.provenance.give(given_of(twin))
        return recording, _record(
            recording, twin, rows, dtype, input_size, masked, external_states, steps, form
        )

    try:
        with torch.enable_grad(), unobserved_saving():
            recording, analysis = without_draws(attempt, twin.modules(), reads)
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
        check_unchanged(model, twin)
    recording.provenance.release()
    return recording, analysis, pairs


def _likeness_of_another(*about: Any, least_rows: int) -> Hashable:
    """Return the likeness of a recording with other parameters; keep nothing else of it."""
    recording, analysis, _ = _recorded(*about, again=True, least_rows=least_rows)
    found = likeness(recording, _roots(analysis))
    analysis.graph.pullbacks.clear()  # they hold the graph, which would stay for a while
    return found


def _roots(analysis: Analysis) -> list[Node]:
    """Return all values that the forward pass computes."""
    parts = [node for part in analysis.parts for node in (part.initial, part.following)]
    return [*parts, *(loop.output for loop in analysis.loops), analysis.predictions]


def _constants(
    read: dict[int, Tensor], pairs: list[tuple[Tensor, Tensor]]
) -> list[tuple[Tensor, Tensor]]:
    """Return (tensor, clone) pairs of tensors that were read, the model's for its copy's."""
    copied: dict[int, list[Tensor]] = {}
    for copy, original in pairs:
        if copy.layout == torch.strided:
            copied.setdefault(copy.untyped_storage().data_ptr(), []).append(original)
    held = [found for address, tensor in read.items() for found in copied.get(address, [tensor])]
    return [(tensor, tensor.detach().clone()) for tensor in held]


def _record(
    recording: ModelRecording,
    twin: nn.ModuleDict,
    rows: tuple[int, ...],
    dtype: torch.dtype,
    input_size: int,
    masked: bool,
    external_states: bool,
    steps: int,
    form: Form | None,
) -> Analysis:
    graph, phases = recording.graph, recording.phases
    batch, time = rows
    embedded, vocabulary = embedded_inputs(recording, twin, (batch, time), dtype, input_size)
    outputs = embedded
    loops: list[Loop] = []
    cells: Any = twin["cells"]
    for layer, cell in enumerate(cells):
        loop = recorded_loop(
            recording, cell, layer, outputs, batch, dtype, masked, external_states, steps, form
        )
        loops.append(loop)
        outputs = loop.output
    predictions = outputs
    if "readout" in twin:
        given: list[tuple[Node, Source]] = [
            (embedded, ("embedded", 0, 0)),
            (outputs, ("output", len(loops) - 1, 0)),
        ]
        predictions = mapped(
            recording, twin["readout"], (batch, time), dtype, given, ("predictions", 0, 0)
        )
    else:
        last: Source = ("output", len(loops) - 1, 0) if loops else ("embedded", 0, 0)
        recording.reached["predictions", 0, 0] = {last}
    if len(predictions.shape) != 1:
        raise UnsupportedError("its predictions are not vectors")
    cotangent = graph.leaf("cotangent", None, predictions.shape, Columns.BATCH, phases.backward)
    if predictions.columns != Columns.BATCH:
        predictions = graph.broadcast_columns(predictions)
    return Analysis(
        graph,
        phases,
        recording.parameters,
        loops,
        predictions,
        cotangent,
        vocabulary,
        input_size,
        masked,
        dtype,
        reached=recording.reached,
    )
