"""Record what the parts of a model do to their parameters after each step of the optimiser."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells.step_calls import has_method
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.whole_model import ModelRecording

__all__ = ["recorded_constraints"]


def recorded_constraints(
    recording: ModelRecording, parts: Iterable[Any], rows: int
) -> tuple[dict[Node, Node], str]:
    """Run `constrain` of each part that has it.

    Args:
        recording: of a copy of the model; its parameters stay as they are.
        parts: of that copy.
        rows: a number that no parameter has as a size.

    Returns:
        What becomes of each parameter that changes; and why that cannot be recorded, or nothing.
    """
    calling = [part for part in parts if has_method(part, "constrain")]
    if not calling:
        return {}, ""
    named = [tensor for part in calling for tensor in [*part.parameters(), *part.buffers()]]
    kept = [(tensor, tensor.detach().clone()) for tensor in dict.fromkeys(named)]
    reason = recording.provenance.reason
    try:
        return _recorded(recording, calling, [tensor for tensor, _ in kept], rows), ""
    except Exception as error:
        recording.provenance.reason = reason
        return {}, str(error) or type(error).__name__
    finally:
        with torch.no_grad():
            for tensor, values in kept:
                tensor.copy_(values)


def _recorded(
    recording: ModelRecording, parts: list[Any], tensors: list[Tensor], rows: int
) -> dict[Node, Node]:
    recorder = recording.recorder((rows,))
    recorder.changes_parameters = True
    leaves = [recording.parameter(t) if t.is_floating_point() else None for t in tensors]
    with torch.no_grad(), recorder:
        for part in parts:
            part.constrain()
    recorder.finish()
    found: dict[Node, Node] = {}
    for tensor, leaf in zip(tensors, leaves, strict=True):
        if leaf is None:
            continue
        tracked = recorder.find(tensor)
        if tracked.node is leaf:
            continue
        if tracked.rows or tracked.node.shape != leaf.shape:
            raise UnsupportedError("it changes the shape of a parameter")
        if tracked.node.columns != Columns.ONE:
            raise UnsupportedError("it depends on more than parameters")
        found[leaf] = tracked.node
    return found
