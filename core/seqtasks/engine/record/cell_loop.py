"""Record a cell: its initial state, its step, and its output."""

from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from seqtasks.cells.state_tree import NotAlikeError, Tree, joined, labels, leaves_like, split
from seqtasks.cells.step_calls import StepCalls
from seqtasks.engine.graph.model_graph import Loop, StatePart
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.reached import Source
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.graph.walk import depends_on_trained
from seqtasks.engine.record.batch_layout import Form
from seqtasks.engine.record.one_row import given_row
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rows_apart import check_cell, draw_axes_of
from seqtasks.engine.record.ways import in_every_way
from seqtasks.engine.record.whole_model import ModelRecording, result_of
from seqtasks.engine.record.whole_states import (
    KINDS,
    LARGEST_STATE,
    bounds_of,
    check_exact,
    check_growth,
)

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
    kinds: list[torch.dtype | None]
    if form is None:
        initial, tree, kinds = recorded_start(recording, cell, layer, batch, dtype, steps)
    else:
        tree, shapes = form[layer]
        initial = [graph.constant(0.0, shape) for shape in shapes]  # of no call
        kinds = [None] * len(shapes)
    phase = phases.loop(layer)
    calls = StepCalls(cell)
    if recording.one_row:
        if recording.tries_rows:
            shapes = [node.shape for node in initial]
            check_cell(calls, tree, shapes, kinds, inputs.shape, dtype)
        batch = 1
    recorder = recording.recorder(() if recording.one_row else (batch,))
    previous: list[Node] = []
    pairs: list[tuple[Tensor, Tensor]] = []
    for k, node in enumerate(initial):
        leaf = graph.leaf("state", (layer, k), node.shape, Columns.BATCH, phase)
        previous.append(leaf)
        pairs.append(_given_state(recording, recorder, leaf, kinds[k]))
    tensors, leaves = [one for one, _ in pairs], [leaf for _, leaf in pairs]
    counter = time = None
    if calls.counts:  # the number of the step is a state of its own
        counter = graph.leaf("state", (layer, len(initial)), (1,), Columns.BATCH, phase)
        time = _given_time(recording, recorder, counter)
    x = recording.numbers(batch, *inputs.shape)
    given_row(recorder, x, inputs)
    given_step = (x, joined(tree, tensors), time)
    axes = draw_axes_of(cell, "step", given_step) if recording.one_row else ()
    recording.let_draw(recorder, "step", layer, axes)
    bounds = bounds_of(dict(zip(previous, kinds, strict=True)))
    bounds |= {} if counter is None else {counter: LARGEST_STATE}
    given: list[tuple[Tensor, Source]] = [(x, ("inputs", layer, 0))]
    given += [(tensor, ("state", layer, k)) for k, tensor in enumerate(leaves)]

    def step() -> list[Node]:
        with recorder:
            result = calls.step(*given_step)
        recorder.finish()
        check_exact(recorder, bounds)
        made = _leaves_of(tree, result)
        for k, tensor in enumerate(made):
            recording.note_reached(("next state", layer, k), tensor, given)
            if masked:  # one that waits keeps its state
                recording.reached["next state", layer, k].add(("state", layer, k))
        return _state_nodes(recorder, made, previous, kinds, bounds)

    following = in_every_way(recorder, cell, step)
    if counter is not None:
        initial = [*initial, graph.constant(0.0, (1,))]
        kinds = [*kinds, None]
        following.append(graph.add(counter, 1.0))
        previous.append(counter)
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
            if external_states and old is not counter
            else None
        )
        part = StatePart(
            old.shape,
            *(old, new, carried, initial[k], back, external),
            kind=kinds[k],
            counts=old is counter,
        )
        parts.append(part)
    after = partial(_after_loop, recording, calls, layer, inputs, parts, tree, batch)
    penalty = after("penalty") if calls.has_penalty else None
    return Loop(cell, parts, tree, after("output"), penalty)


def _after_loop(
    recording: ModelRecording,
    calls: StepCalls,
    layer: int,
    inputs: Node,
    parts: list[StatePart],
    tree: Tree,
    batch: int,
    what: Literal["output", "penalty"],
) -> Node:
    """Record a step's output or penalty, computed from states that are known for all steps."""
    recorder, graph = recording.recorder(() if recording.one_row else (batch,)), recording.graph
    own = [part for part in parts if not part.counts]
    given_after = [_given_state(recording, recorder, p.carried, p.kind) for p in own]
    given_before = [_given_state(recording, recorder, p.previous, p.kind) for p in own]
    after, before = ([one for one, _ in pairs] for pairs in (given_after, given_before))
    bounds = bounds_of({leaf: p.kind for p in own for leaf in (p.previous, p.carried)})
    time = None
    if len(own) < len(parts):
        carried = parts[-1].carried
        bounds[carried] = LARGEST_STATE
        time = _given_time(recording, recorder, graph.subtract(carried, 1.0))
    x = given_row(recorder, recording.numbers(batch, *inputs.shape), inputs)
    given_then = (x, joined(tree, after), joined(tree, before), time)
    axes = draw_axes_of(calls.cell, what, given_then) if recording.one_row else ()
    recording.let_draw(recorder, what, layer, axes)
    with recorder:
        result = getattr(calls, what)(*given_then)
    recorder.finish()
    check_exact(recorder, bounds)
    output = result_of(recorder, result, f"its {what}")
    given: list[tuple[Tensor, Source]] = [(x, ("inputs", layer, 0))]
    given += [(leaf, ("next state", layer, k)) for k, (_, leaf) in enumerate(given_after)]
    given += [(leaf, ("state", layer, k)) for k, (_, leaf) in enumerate(given_before)]
    recording.note_reached((what, layer, 0), result, given)
    return output


def recorded_start(
    recording: ModelRecording, cell: Any, layer: int, batch: int, dtype: Any, steps: int
) -> tuple[list[Node], Tree, list[torch.dtype | None]]:
    """Record the initial state, which must be the same for every row.

    Returns:
        Its nodes, how it is nested, and the type of each tensor of whole numbers or flags.
    """
    recorder = recording.recorder((batch,))
    recording.let_draw(recorder, "start", layer)
    with recorder:
        state = cell.initial_state(batch, steps)
    recorder.finish()
    tree, tensors = split(state)
    nodes: list[Node] = []
    kinds: list[torch.dtype | None] = []
    for k, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise UnsupportedError(
                f"its state holds a number of Python, {list(labels(tree))[k]}: make it a tensor "
                "(batch,)"
            )
        if tensor.is_complex():
            kinds.append(dtype.to_complex())
            nodes.append(result_of(recorder, tensor, "its initial state", tensor.dtype))
            recording.note_reached(("initial state", layer, k), tensor, [])
            continue
        if not tensor.is_floating_point() and tensor.dtype not in KINDS:
            raise UnsupportedError(f"its state has numbers of type {tensor.dtype}")
        kinds.append(None if tensor.is_floating_point() else tensor.dtype)
        tracked = recorder.find(tensor)
        if not tracked.rows:
            raise UnsupportedError("its initial state is not (batch, ...)")
        nodes.append(tracked.node)
        recording.note_reached(("initial state", layer, k), tensor, [])
    for node in nodes:
        _check_drawn(node)
    return nodes, tree, kinds


def _check_drawn(initial: Node) -> None:
    """Refuse a drawn initial state of trained parameters: no gradient goes on from it."""
    if initial.columns == Columns.BATCH and depends_on_trained(initial):
        raise UnsupportedError(
            "its initial state depends on random numbers and on a parameter: keep the numbers in a "
            "state of their own, and take them with the parameter in the step"
        )


def _given_state(
    recording: ModelRecording, recorder: Recorder, leaf: Node, kind: torch.dtype | None
) -> tuple[Tensor, Tensor]:
    """Return a state on which a step is tried, and the numbers at which its gradient ends.

    Whole numbers have no gradient; complex numbers are made of real ones.
    """
    shape = (*(recorder.rows or (1,)), *leaf.shape)
    if kind is None:
        numbers = given_row(recorder, recording.numbers(*shape), leaf)
        return numbers, numbers
    if kind.is_complex:
        numbers = given_row(recorder, recording.numbers(*shape), leaf)
        with recorder:
            return torch.view_as_complex(numbers), numbers
    numbers = recording.whole_numbers(2 if kind == torch.bool else 8, shape).to(kind)
    numbers = given_row(recorder, numbers, recorder.graph.pointwise("stopped", leaf))
    return numbers, numbers


def _given_time(recording: ModelRecording, recorder: Recorder, node: Node) -> Tensor:
    """Return numbers of steps on which a step is tried; they have no gradient."""
    numbers = recording.whole_numbers(8, (*(recorder.rows or (1,)), 1)).to(recording.dtype)
    return given_row(recorder, numbers, recorder.graph.pointwise("stopped", node))


def _leaves_of(tree: Tree, state: Any) -> list[Any]:
    """Return the tensors of the next state, which must be nested as the initial one."""
    try:
        return leaves_like(tree, state)
    except NotAlikeError:
        raise UnsupportedError(
            "its next state and its initial state differ in kind, or in their number of tensors"
        ) from None


def _state_nodes(
    recorder: Recorder,
    tensors: list[Any],
    previous: list[Node],
    kinds: list[torch.dtype | None],
    bounds: dict[Node, float],
) -> list[Node]:
    nodes = [
        result_of(recorder, tensor, "its next state", kind)
        for tensor, kind in zip(tensors, kinds, strict=True)
    ]
    for node, old, kind in zip(nodes, previous, kinds, strict=True):
        if kind is not None and kind != torch.bool and not kind.is_complex:
            check_growth(node, bounds)
        if node.shape != old.shape:
            raise UnsupportedError(f"its state changes shape from {old.shape} to {node.shape}")
    return nodes
