"""A model as one graph: embedding, loops and readout, with its backward pass."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.engine.derivative import Cotangents, depends_on_trained, derive
from seqtasks.engine.graph import Graph
from seqtasks.engine.hooks import has_global_hooks, has_hooks
from seqtasks.engine.nodes import Columns, Node
from seqtasks.engine.phases import Phases
from seqtasks.engine.recording import Recorder, rows_for
from seqtasks.engine.unsupported import StepsMatterError, UnsupportedError

__all__ = ["Analysis", "Loop", "StatePart", "analyse", "analyse_cell"]

TRIAL_STEPS = 11


@dataclass
class StatePart:
    """One tensor of a loop's state.

    Attributes:
        shape: for one row of the batch.
        previous: the leaf that is its value before a step.
        following: its value after the step.
        carried: the leaf that is its value after the step, for what comes after the loop.
        initial: its value before the first step, where none is given.
        back: the leaf that is the gradient carried back to `following`.
        external: the leaf of a gradient that comes from outside, or None.
        before: the gradient that goes to the step before.
        initial_back: the leaf of the gradient of `initial`, if that is trained.
    """

    shape: tuple[int, ...]
    previous: Node
    following: Node
    carried: Node
    initial: Node
    back: Node
    external: Node | None = None
    before: Node | None = None
    initial_back: Node | None = None


@dataclass
class Loop:
    """A cell's loop.

    Attributes:
        cell: the cell.
        parts: the tensors of its state.
        is_tuple: whether the cell's state is a tuple.
        output: what it puts out, for all steps.
    """

    cell: nn.Module
    parts: list[StatePart]
    is_tuple: bool
    output: Node


@dataclass
class Analysis:
    """A model as a graph.

    Attributes:
        graph: all nodes.
        phases: when they are computed.
        parameters: leaf -> the tensor it stands for.
        loops: one a layer.
        predictions: (output size,) for each column.
        cotangent: the leaf of the predictions' gradient.
        gradients: what the backward pass finds.
        vocabulary: symbols, or 0 for real inputs.
        input_size: features of real inputs.
        masked: whether rows have lengths of their own.
        steps: the number of steps it holds for, None for any.
    """

    graph: Graph
    phases: Phases
    parameters: dict[Node, Tensor]
    loops: list[Loop]
    predictions: Node
    cotangent: Node
    vocabulary: int
    input_size: int
    masked: bool
    dtype: torch.dtype
    steps: int | None = None
    gradients: Cotangents = field(default_factory=Cotangents)


@dataclass
class _Recording:
    graph: Graph
    phases: Phases
    originals: dict[int, Tensor]  # id of a copy's tensor -> the tensor it copies
    parameters: dict[Node, Tensor] = field(default_factory=dict[Node, Tensor])
    by_identity: dict[int, Node] = field(default_factory=dict[int, Node])
    dtype: torch.dtype = torch.float32
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))

    def numbers(self, *shape: int) -> Tensor:
        """Return numbers to try the model with, drawn from a stream of their own."""
        drawn = torch.randn(shape, dtype=self.dtype, generator=self.generator)
        return drawn.requires_grad_()

    def parameter(self, tensor: Tensor) -> Node | None:
        """Return the leaf of a parameter or buffer of the copied model."""
        original = self.originals.get(id(tensor))
        if original is None:
            return None
        leaf = self.by_identity.get(id(original))
        if leaf is None:
            key = (len(self.by_identity), original.requires_grad)
            shape = tuple(original.shape)
            leaf = self.graph.leaf("parameter", key, shape, Columns.ONE, Phases.weights)
            self.by_identity[id(original)] = leaf
            self.parameters[leaf] = original
        return leaf


def analyse(
    embedding: nn.Module | None,
    cells: Sequence[Any],
    readout: nn.Module | None,
    dtype: torch.dtype,
    *,
    input_size: int = 0,
    masked: bool = False,
    external_states: bool = False,
    steps: int | None = None,
) -> Analysis:
    """Record a model and derive its backward pass.

    Args:
        embedding: `nn.Embedding` for ids, another module for real vectors, None for the identity.
        cells: the layers.
        readout: from embedded inputs and last outputs to predictions; None for the outputs.
        dtype: of all numbers.
        input_size: features of real inputs.
        masked: whether rows will have lengths of their own.
        external_states: whether the states of every step may have gradients from outside.
        steps: the number of steps, which a state's size may depend on.

    Raises:
        UnsupportedError: for what the faster engines do not understand, saying what.
    """
    model = nn.ModuleDict()
    if embedding is not None:
        model["embedding"] = embedding
    model["cells"] = nn.ModuleList(cells)
    if readout is not None:
        model["readout"] = readout
    _check_modules(model, dtype)
    try:
        twin = copy.deepcopy(model)
    except Exception as error:
        raise UnsupportedError(f"it cannot be copied: {error}") from error
    graph, phases = Graph(), Phases(len(cells))
    graph.lookup_phase = phases.before(0)
    graph.last_phases = (phases.backward, phases.backward_vocabulary, phases.backward_weights)
    recording = _Recording(graph, phases, _originals(model, twin), dtype=dtype)
    before = torch.get_rng_state()
    try:
        with torch.enable_grad():
            analysis = _record(recording, twin, dtype, input_size, masked, external_states, steps)
        _check_random(before)
    except UnsupportedError:
        _check_random(before)
        raise
    except Exception as error:
        raise UnsupportedError(
            f"trying it on other numbers failed: {type(error).__name__}: {error}"
        ) from error
    finally:
        torch.set_rng_state(before)
    _check_unchanged(model, twin)
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
    return analysis


def analyse_cell(cell: Any, dtype: torch.dtype, **options: Any) -> Analysis:
    """Record one cell alone; see `analyse`."""
    return analyse(None, [cell], None, dtype, input_size=cell.input_size, **options)


def _record(
    recording: _Recording,
    twin: nn.ModuleDict,
    dtype: torch.dtype,
    input_size: int,
    masked: bool,
    external_states: bool,
    steps: int | None,
) -> Analysis:
    graph, phases = recording.graph, recording.phases
    batch, time = rows_for(twin, 2)
    embedded, vocabulary = _embedded(recording, twin, (batch, time), dtype, input_size)
    outputs = embedded
    loops: list[Loop] = []
    cells: Any = twin["cells"]
    for layer, cell in enumerate(cells):
        loop = _loop(recording, cell, layer, outputs, batch, dtype, masked, external_states, steps)
        loops.append(loop)
        outputs = loop.output
    predictions = outputs
    if "readout" in twin:
        predictions = _mapped(recording, twin["readout"], (batch, time), dtype, [embedded, outputs])
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
        steps,
    )


def _embedded(
    recording: _Recording, twin: nn.ModuleDict, rows: tuple[int, int], dtype: Any, input_size: int
) -> tuple[Node, int]:
    graph, phases = recording.graph, recording.phases
    module = dict(twin.items()).get("embedding")
    if isinstance(module, nn.Embedding):
        if (
            module.padding_idx is not None
            or module.max_norm is not None
            or module.scale_grad_by_freq
            or module.sparse
        ):
            raise UnsupportedError("its embedding is more than a table")
        table = recording.parameter(module.weight)
        assert table is not None
        return graph.make(
            "symbols",
            (table,),
            (module.embedding_dim,),
            columns=Columns.VOCABULARY,
            phase=Phases.vocabulary,
        ), module.num_embeddings
    inputs = graph.leaf("inputs", None, (input_size,), Columns.BATCH, phases.before(0))
    if module is None:
        return inputs, 0
    return _mapped(recording, module, rows, dtype, [inputs]), 0


def _mapped(
    recording: _Recording, module: nn.Module, rows: tuple[int, int], dtype: Any, nodes: list[Node]
) -> Node:
    """Record a module that is applied to every step alike."""
    recorder = Recorder(recording.graph, rows, dtype, recording.parameter)
    tensors = [recorder.track(recording.numbers(*rows, *node.shape), node) for node in nodes]
    with recorder:
        result = module(*tensors)
    recorder.finish()
    return _result(recorder, result, "the readout or the embedding")


def _loop(
    recording: _Recording,
    cell: Any,
    layer: int,
    inputs: Node,
    batch: int,
    dtype: torch.dtype,
    masked: bool,
    external_states: bool,
    steps: int | None,
) -> Loop:
    graph, phases = recording.graph, recording.phases
    if hasattr(cell, "scan"):
        raise UnsupportedError("it runs whole sequences itself (scan)")
    initial, is_tuple = _initial(recording, cell, batch, dtype, steps)
    phase = phases.loop(layer)
    recorder = Recorder(graph, (batch,), dtype, recording.parameter)
    previous: list[Node] = []
    tensors: list[Tensor] = []
    for k, node in enumerate(initial):
        leaf = graph.leaf("state", (layer, k), node.shape, Columns.BATCH, phase)
        previous.append(leaf)
        tensors.append(recorder.track(recording.numbers(batch, *node.shape), leaf))
    x = recording.numbers(batch, *inputs.shape)
    recorder.track(x, inputs)
    with recorder:
        result = cell(x, tuple(tensors) if is_tuple else tensors[0])
    following = _state_nodes(recorder, result, is_tuple, previous)
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
    return Loop(
        cell, parts, is_tuple, _output(recording, recorder, cell, inputs, parts, is_tuple, masked)
    )


def _output(
    recording: _Recording,
    recorder: Recorder,
    cell: Any,
    inputs: Node,
    parts: list[StatePart],
    is_tuple: bool,
    masked: bool,
) -> Node:
    """Record what a step puts out, on states that are known for all steps."""
    graph, batch = recorder.graph, recorder.rows[0]
    tensors = [
        recorder.track(recording.numbers(batch, *part.shape), part.carried) for part in parts
    ]
    x = recorder.track(recording.numbers(batch, *inputs.shape), inputs)
    with recorder:
        result = cell.output(x, tuple(tensors) if is_tuple else tensors[0])
    recorder.finish()
    output = _result(recorder, result, "its output")
    if masked:
        running = graph.leaf("running", None, (), Columns.BATCH, recorder.graph.lookup_phase)
        output = graph.pointwise("where", running, output, 0.0)
    return output


def _initial(
    recording: _Recording, cell: Any, batch: int, dtype: Any, steps: int | None
) -> tuple[list[Node], bool]:
    """Record the initial state, which must be the same for every row."""
    recorder = Recorder(recording.graph, (batch,), dtype, recording.parameter)
    with recorder:
        state = cell.initial_state(batch, TRIAL_STEPS if steps is None else steps)
        other = cell.initial_state(batch, TRIAL_STEPS + 1) if steps is None else state
    recorder.finish()
    tensors = [state] if isinstance(state, Tensor) else list(state)
    others = [other] if isinstance(other, Tensor) else list(other)
    if [t.shape for t in tensors] != [t.shape for t in others]:
        raise StepsMatterError("the size of its state depends on the number of steps")
    nodes: list[Node] = []
    for tensor in tensors:
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise UnsupportedError("its state is more than a tuple of floating-point tensors")
        tracked = recorder.find(tensor)
        if not tracked.rows:
            raise UnsupportedError("its initial state is not (batch, ...)")
        nodes.append(tracked.node)
    return nodes, not isinstance(state, Tensor)


def _state_nodes(
    recorder: Recorder, result: Any, is_tuple: bool, previous: list[Node]
) -> list[Node]:
    if is_tuple != isinstance(result, tuple | list):
        raise UnsupportedError("its next state is of another kind than its initial state")
    tensors = list(result) if is_tuple else [result]
    if len(tensors) != len(previous):
        raise UnsupportedError(
            "its next state has another number of tensors than its initial state"
        )
    nodes = [_result(recorder, tensor, "its next state") for tensor in tensors]
    for node, old in zip(nodes, previous, strict=True):
        if node.shape != old.shape:
            raise UnsupportedError(f"its state changes shape from {old.shape} to {node.shape}")
    return nodes


def _result(recorder: Recorder, result: Any, what: str) -> Node:
    if not isinstance(result, Tensor):
        raise UnsupportedError(f"{what} is not a tensor")
    if result.dtype != recorder.dtype:
        raise UnsupportedError(f"{what} is of type {result.dtype}")
    tracked = recorder.find(result)
    if not tracked.rows:
        raise UnsupportedError(f"{what} is not (batch, ...)")
    return tracked.node


# ---- what a recording cannot see


def _check_random(before: Tensor) -> None:
    if not torch.equal(before, torch.get_rng_state()):
        raise UnsupportedError("it draws random numbers")


def _check_modules(model: nn.Module, dtype: torch.dtype) -> None:
    if dtype not in (torch.float32, torch.float64):
        raise UnsupportedError(f"its numbers are {dtype}, not torch.float32 or torch.float64")
    for name, module in model.named_modules():
        if has_hooks(module):
            raise UnsupportedError(f"it has hooks{f' ({name})' if name else ''}")
        if isinstance(module, torch.jit.ScriptModule):
            raise UnsupportedError("it is compiled by torch.jit")
    if has_global_hooks():
        raise UnsupportedError("there are hooks on all modules")
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if has_hooks(tensor):
            raise UnsupportedError(f"its parameter {name} has a hook")
        if tensor.is_floating_point() and tensor.dtype != dtype:
            raise UnsupportedError(f"its parameter {name} is {tensor.dtype}, not {dtype}")
        if tensor.layout != torch.strided or type(tensor) not in (Tensor, nn.Parameter):
            raise UnsupportedError(f"its parameter {name} is not a plain tensor")


def _originals(model: nn.Module, twin: nn.Module) -> dict[int, Tensor]:
    """Return which tensor each tensor of a copy copies; integer buffers are left out."""
    pairs = [
        (copied, original)
        for get in ("named_parameters", "named_buffers")
        for (_, original), (_, copied) in zip(
            getattr(model, get)(remove_duplicate=False),
            getattr(twin, get)(remove_duplicate=False),
            strict=True,
        )
    ]
    return {id(copied): original for copied, original in pairs if original.is_floating_point()}


def _check_unchanged(model: nn.Module, twin: nn.Module) -> None:
    """Refuse a cell that counts its steps or keeps what it saw."""
    for (name, module), (_, copied) in zip(
        model.named_modules(), twin.named_modules(), strict=True
    ):
        before, after = vars(module), vars(copied)
        for key in before.keys() | after.keys():
            old, new = before.get(key), after.get(key)
            plain = isinstance(old, int | float | str | bool | type(None))
            if (key in before) != (key in after) or (plain and old != new):
                raise UnsupportedError(f"it changes its attribute {name}{'.' if name else ''}{key}")
            grown = isinstance(old, list | dict) and len(old) != len(new or ())
            if grown and not key.startswith("_"):
                raise UnsupportedError(f"it changes its attribute {key}")
    for (name, old), (_, new) in zip(model.named_buffers(), twin.named_buffers(), strict=True):
        if not torch.equal(old, new):
            raise UnsupportedError(f"it changes its buffer {name}")
