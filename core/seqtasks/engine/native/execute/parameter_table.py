"""The parameters of a program as C reads them, with what their optimiser keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.execute.interface import Parameter

__all__ = ["NEVER", "Trained", "parameter_table"]

NEVER = 2**31 - 1
"""More steps than a batch has: a parameter that is used from this step on is never trained."""


@dataclass
class Trained:
    """The data that one parameter's optimiser keeps.

    Attributes:
        first, second: its tensors; either may be None.
        steps: the number of steps in which the parameter had a gradient; the optimiser skipped
            others.
    """

    first: Tensor | None
    second: Tensor | None
    steps: int = 0


def parameter_table(
    leaves: Sequence[Node],
    tensors: Sequence[Tensor],
    offsets: Sequence[int],
    used_from: Mapping[Node | None, int],
    states: Mapping[int, Trained] | None = None,
) -> Any:
    """Return an array of `Parameter`, one for each leaf.

    Args:
        leaves: the parameters' leaves.
        tensors: the tensors they stand for.
        offsets: the place of each among all gradients.
        used_from: leaf -> the fewest steps that train it.
        states: by a tensor's id, what its optimiser keeps; None where nothing is trained.
    """
    table = (Parameter * len(leaves))()
    for k, (leaf, tensor) in enumerate(zip(leaves, tensors, strict=True)):
        kept = None if states is None else states.get(id(tensor))
        table[k] = Parameter(
            tensor.data_ptr(),
            None if kept is None or kept.first is None else kept.first.data_ptr(),
            None if kept is None or kept.second is None else kept.second.data_ptr(),
            offsets[k],
            leaf.size,
            NEVER if kept is None else used_from.get(leaf, NEVER),
            0 if kept is None else kept.steps,
        )
    return table
