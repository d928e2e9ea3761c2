"""Record embedding, cells and readout, in the order in which a batch passes through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from seqtasks.cells.any_module.module_cell import ModuleCell
from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.model_graph import Loop, ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.reached import Source
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.batch_layout import Form
from seqtasks.engine.record.cell_loop import recorded_loop
from seqtasks.engine.record.constraints import recorded_constraints
from seqtasks.engine.record.whole_model import ModelRecording, embedded_inputs, mapped

__all__ = ["CallKind", "parts_of", "record_parts"]


@dataclass(frozen=True)
class CallKind:
    """The calls that a graph is recorded for.

    Attributes:
        dtype: the type of all values.
        steps: the number of steps for which initial states are made.
        input_size: features of real inputs.
        masked: whether each row will have its own length.
        external_states: whether the states at every step may receive gradients from outside.
        form: the form of the given states, if it differs from the form of the initial states.
    """

    dtype: torch.dtype
    steps: int
    input_size: int = 0
    masked: bool = False
    external_states: bool = False
    form: Form | None = None


def parts_of(
    embedding: nn.Module | None, cells: Sequence[Any], readout: nn.Module | None
) -> nn.ModuleDict:
    """Return the parts of a model as one module: `embedding`, `cells`, `readout`, where given."""
    modules = nn.ModuleDict()
    if embedding is not None:
        modules["embedding"] = embedding
    modules["cells"] = nn.ModuleList(cells)
    if readout is not None:
        modules["readout"] = readout
    return modules


def record_parts(
    recording: ModelRecording, modules: nn.ModuleDict, rows: tuple[int, int], kind: CallKind
) -> ModelGraph:
    """Record embedding, cells and readout, one after the other.

    Args:
        recording: what the recordings of the modules share.
        modules: `embedding`, `cells` and `readout`, as `parts_of` returns them.
        rows: the numbers of instances and of steps on which the modules are run.
        kind: the calls that the graph is for.
    """
    graph, phases = recording.graph, recording.phases
    batch, time = rows
    dtype = kind.dtype
    embedded, vocabulary = embedded_inputs(
        recording, modules, (batch, time), dtype, kind.input_size
    )
    outputs = embedded
    loops: list[Loop] = []
    cells: Any = modules["cells"]
    for layer, cell in enumerate(cells):
        loop = recorded_loop(
            recording,
            cell,
            layer,
            outputs,
            batch,
            dtype,
            kind.masked,
            kind.external_states,
            kind.steps,
            kind.form,
        )
        loops.append(loop)
        outputs = loop.output
    predictions = outputs
    if "readout" in modules:
        given: list[tuple[Node, Source]] = [
            (embedded, ("embedded", 0, 0)),
            (outputs, ("output", len(loops) - 1, 0)),
        ]
        predictions = mapped(
            recording, modules["readout"], (batch, time), dtype, given, ("predictions", 0, 0)
        )
    else:
        last: Source = ("output", len(loops) - 1, 0) if loops else ("embedded", 0, 0)
        recording.reached["predictions", 0, 0] = {last}
    if len(predictions.shape) != 1:
        raise UnsupportedError("its predictions are not vectors")
    penalty = _sum_of_penalties(graph, loops)
    if penalty is not None:
        predictions = graph.concatenate([predictions, penalty])
    cotangent = graph.leaf("cotangent", None, predictions.shape, Columns.BATCH, phases.backward)
    if predictions.columns != Columns.BATCH:
        predictions = graph.broadcast_columns(predictions)
    constrained, by_hand = recorded_constraints(recording, _constrained_parts(modules), batch)
    return ModelGraph(
        graph,
        phases,
        recording.parameters,
        loops,
        predictions,
        cotangent,
        vocabulary,
        kind.input_size,
        kind.masked,
        dtype,
        reached=recording.reached,
        computed=recording.computed,
        penalty=penalty,
        constrained=constrained,
        by_hand=by_hand,
    )


def _constrained_parts(modules: nn.ModuleDict) -> list[nn.Module]:
    """Return the parts that may constrain their parameters; see `training.between_steps`."""
    parts: dict[str, Any] = dict(modules.items())
    tops = [parts.get("embedding"), *parts["cells"], parts.get("readout")]
    modules_of = [one.module if isinstance(one, ModuleCell) else one for one in tops]
    return [one for one in dict.fromkeys(modules_of) if one is not None]


def _sum_of_penalties(graph: Graph, loops: Sequence[Loop]) -> Node | None:
    """Return what all cells add to the loss at a step, (1,); None if no cell adds anything."""
    total: Node | None = None
    for penalty in (loop.penalty for loop in loops if loop.penalty is not None):
        each = graph.reshape(graph.broadcast_columns(penalty), (1,))
        total = each if total is None else graph.add(total, each)
    return total
