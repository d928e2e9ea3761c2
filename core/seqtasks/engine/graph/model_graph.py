"""The graph of a recorded model: its loops, its backward pass, its readout."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.cotangents import Cotangents
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.reached import Reached

__all__ = ["Analysis", "Loop", "StatePart"]


@dataclass
class StatePart:
    """One tensor of a loop's state.

    Attributes:
        shape: for one row of the batch.
        previous: the leaf that is its value before a step.
        following: its value after the step.
        carried: the leaf that is its value after the step, for what comes after the loop. Where
            rows have lengths of their own, and one waits for its first step (see `padding`), it is
            the value after that step, which is computed again and again meanwhile.
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
        constants: tensors that a program has as numbers, beside copies of them as they were then.
        usage: what `steps_until_used` found, by the leaves it was asked about.
        reached: what the gradient of each result of a recording reaches; see `usage`.
        tried_rows: numbers of rows with which a program was tried.
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
    gradients: Cotangents = field(default_factory=Cotangents)
    constants: list[tuple[Tensor, Tensor]] = field(default_factory=list[tuple[Tensor, Tensor]])
    usage: dict[frozenset[Node], dict[Node | None, int]] = field(
        default_factory=dict[frozenset[Node], dict[Node | None, int]]
    )
    reached: Reached = field(default_factory=Reached)
    tried_rows: set[int] = field(default_factory=set[int])

    @property
    def leaves(self) -> list[Node]:
        """The parameters' leaves, in the order in which programs know them."""
        return sorted(self.parameters, key=lambda leaf: leaf.value[0])

    @property
    def parts(self) -> list[StatePart]:
        """The tensors of all loops' states, in a row."""
        return [part for loop in self.loops for part in loop.parts]
