"""Record a cell: its initial state, its step, and its output."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.model_graph import Loop, StatePart
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.reached import Source
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.batch_layout import Form
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.whole_model import ModelRecording, result_of

__all__ = ["recorded_loop", "recorded_start"]


def recorded_loop(
    recording: ModelRecording,
    cell: Any,
    layer: int,
    inputs: Node,
    batch: int,
    dtype: torch.dtype,
    masked: bool,
    external_states: bool,
    steps: int,
    form: Form | None = None,
) -> Loop:
    """Record a cell's step, for the loop of a layer, and what it puts out.

    With a `form`, its loop starts from states of that form, which are given at each call.
    """
    graph, phases = recording.graph, recording.phases
    if hasattr(cell, "scan"):
        raise UnsupportedError("it runs whole sequences itself (scan)")
    if getattr(cell, "obstacle", ""):
        raise UnsupportedError(cell.obstacle)
    if form is None:
        initial, is_tuple = recorded_start(recording, cell, layer, batch, dtype, steps)
    else:
        is_tuple, shapes = form[layer]
        initial = [graph.constant(0.0, shape) for shape in shapes]  # of no call
    phase = phases.loop(layer)
    recorder = recording.recorder((batch,))
    previous: list[Node] = []
    tensors: list[Tensor] = []
    for k, node in enumerate(initial):
        leaf = graph.leaf("state", (layer, k), node.shape, Columns.BATCH, phase)
        previous.append(leaf)
        tensors.append(recorder.given(recording.numbers(batch, *node.shape), leaf))
    x = recording.numbers(batch, *inputs.shape)
    recorder.given(x, inputs)
    with recorder:
        result = cell(x, tuple(tensors) if is_tuple else tensors[0])
    recorder.finish()
    following = _state_nodes(recorder, result, is_tuple, previous)
    given: list[tuple[Tensor, Source]] = [(x, ("inputs", layer, 0))]
    given += [(tensor, ("state", layer, k)) for k, tensor in enumerate(tensors)]
    for k, tensor in enumerate(result if is_tuple else [result]):
        recording.note_reached(("next state", layer, k), tensor, given)
        if masked:  # one that waits keeps its state
            recording.reached["next state", layer, k].add(("state", layer, k))
    if masked:
        running = graph.leaf("running", None, (), Columns.BATCH, phases.before(0))
        following = [
            graph.pointwise("where", running, new, old)
            for new, old in zip(following, previous, strict=True)
        ]
    following = [graph.broadcast_columns(node) for node in following]
    parts: list[StatePart] = []
    for k, (old, new) in enumerate(zip(previous, following, strict=True)):
        key = (layer, k)
        carried = graph.leaf("carried", key, old.shape, Columns.BATCH, phases.before(layer + 1))
        back = graph.leaf("back", key, old.shape, Columns.BATCH, phases.backward_loop(layer))
        external = (
            graph.leaf("external", key, old.shape, Columns.BATCH, phases.backward)
            if external_states
            else None
        )
        parts.append(StatePart(old.shape, old, new, carried, initial[k], back, external))
    output = _output(recording, recorder, cell, layer, inputs, parts, is_tuple)
    return Loop(cell, parts, is_tuple, output)


def _output(
    recording: ModelRecording,
    recorder: Recorder,
    cell: Any,
    layer: int,
    inputs: Node,
    parts: list[StatePart],
    is_tuple: bool,
) -> Node:
    """Record a step's output, computed from states that are known for all steps."""
    batch = recorder.rows[0]
    tensors = [
        recorder.given(recording.numbers(batch, *part.shape), part.carried) for part in parts
    ]
    x = recorder.given(recording.numbers(batch, *inputs.shape), inputs)
    with recorder:
        result = cell.output(x, tuple(tensors) if is_tuple else tensors[0])
    recorder.finish()
    output = result_of(recorder, result, "its output")
    given: list[tuple[Tensor, Source]] = [(x, ("inputs", layer, 0))]
    given += [(tensor, ("next state", layer, k)) for k, tensor in enumerate(tensors)]
    recording.note_reached(("output", layer, 0), result, given)
    return output


def recorded_start(
    recording: ModelRecording, cell: Any, layer: int, batch: int, dtype: Any, steps: int
) -> tuple[list[Node], bool]:
    """Record the initial state, which must be the same for every row."""
    recorder = recording.recorder((batch,))
    with recorder:
        state = cell.initial_state(batch, steps)
    recorder.finish()
    tensors = [state] if isinstance(state, Tensor) else list(state)
    nodes: list[Node] = []
    for k, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise UnsupportedError("its state is more than a tuple of floating-point tensors")
        tracked = recorder.find(tensor)
        if not tracked.rows:
            raise UnsupportedError("its initial state is not (batch, ...)")
        nodes.append(tracked.node)
        recording.note_reached(("initial state", layer, k), tensor, [])
    return nodes, not isinstance(state, Tensor)


def _state_nodes(
    recorder: Recorder, result: Any, is_tuple: bool, previous: list[Node]
) -> list[Node]:
    if is_tuple != isinstance(result, tuple | list):
        raise UnsupportedError("its next state and its initial state differ in kind")
    tensors = list(result) if is_tuple else [result]
    if len(tensors) != len(previous):
        raise UnsupportedError(
            "its next state and its initial state differ in their number of tensors"
        )
    nodes = [result_of(recorder, tensor, "its next state") for tensor in tensors]
    for node, old in zip(nodes, previous, strict=True):
        if node.shape != old.shape:
            raise UnsupportedError(f"its state changes shape from {old.shape} to {node.shape}")
    return nodes
