"""The graph of a recorded model: its loops, its backward pass, its readout."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells.state_tree import Tree
from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.compute_again import computed_again
from seqtasks.engine.graph.cotangents import Cotangents
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.reached import Reached, Source
from seqtasks.engine.graph.write_out import written_out

__all__ = ["Loop", "ModelGraph", "StatePart"]


@dataclass
class StatePart:
    """One tensor of a loop's state.

    Attributes:
        shape: the shape for one row of the batch.
        previous: the leaf for its value before a step.
        following: its value after the step.
        carried: the leaf for its value after the step, as read after the loop. If each row has its
            own length, and a row waits for its first step (see `padding`), it is the value after
            that first step, which is recomputed while the row waits.
        initial: its value before the first step, unless a state is given.
        back: the leaf for the gradient carried back to `following`.
        external: the leaf for a gradient that comes from outside, or None.
        before: the gradient that goes to the previous step.
        initial_back: the leaf for the gradient of `initial`, if `initial` is trained.
        kind: its type if it holds whole numbers, truth values or complex numbers, which the program
            holds as numbers of its own type, complex ones as pairs along one more axis; None for
            floating-point numbers.
        counts: whether it is no part of the cell's state, but the number of the next step.
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
    kind: torch.dtype | None = None
    counts: bool = False

    @property
    def is_trained(self) -> bool:
        """Whether it may have a gradient."""
        return self.kind is None or self.kind.is_complex


@dataclass
class Loop:
    """A cell's loop.

    Attributes:
        cell: the cell.
        parts: the tensors of its state; after them the number of the next step, if the cell
            names `time`.
        tree: how the cell's state is nested.
        output: the cell's output, for all steps.
        penalty: what the cell adds to the loss at each step; None if it adds nothing.
    """

    cell: nn.Module
    parts: list[StatePart]
    tree: Tree
    output: Node
    penalty: Node | None = None

    @property
    def own_parts(self) -> list[StatePart]:
        """The tensors of the cell's own state."""
        return [part for part in self.parts if not part.counts]


@dataclass
class ModelGraph:
    """A model as a graph.

    Attributes:
        graph: all nodes.
        phases: when the nodes are computed.
        parameters: leaf -> the tensor it stands for.
        loops: one for each layer.
        predictions: (output size,) for each column; after them the penalty, if there is one.
        cotangent: the leaf for the gradient of the predictions.
        gradients: the gradients that the backward pass finds.
        vocabulary: the number of symbols, or 0 for real inputs.
        input_size: features of real inputs.
        masked: whether each row has its own length.
        constants: tensors whose values are written into a program, with copies of them at that
            time.
        usage: the results of `steps_until_used`, by the leaves it was asked about.
        until_gradients: the results of `steps_until_gradients`, by the gradients that are present.
        reached: what the gradient of each result of a recording reaches; see `usage`.
        tried_rows: the numbers of rows with which a program was tried.
        computed: leaf -> how torch computes it from parameters alone, before each call. Such a leaf
            is among `parameters` too, with an empty tensor of its shape.
        penalty: the sum of what the cells add to the loss at a step, (1,) for each column; None if
            no cell adds anything. It is the last of the predictions.
        constrained: parameter leaf -> what becomes of it after each step of the optimiser.
        by_hand: why such changes cannot be a part of the program, so that torch makes them between
            two training steps; empty if they can.
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
    until_gradients: dict[tuple[bool, ...], list[int]] = field(
        default_factory=dict[tuple[bool, ...], list[int]]
    )
    reached: Reached = field(default_factory=Reached)
    tried_rows: set[int] = field(default_factory=set[int])
    computed: dict[Node, Any] = field(default_factory=dict[Node, Any])
    penalty: Node | None = None
    constrained: dict[Node, Node] = field(default_factory=dict[Node, Node])
    by_hand: str = ""

    @property
    def needs_torch(self) -> bool:
        """Whether torch must make the training steps, though a program runs the model."""
        return bool(self.computed) or bool(self.by_hand)

    @property
    def output_size(self) -> int:
        """The number of predictions of a step, without the penalty."""
        return self.predictions.size - (self.penalty is not None)

    @property
    def leaves(self) -> list[Node]:
        """The parameters' leaves, in the order that programs use."""
        return sorted(self.parameters, key=lambda leaf: leaf.value[0])

    @property
    def parts(self) -> list[StatePart]:
        """The tensors of all loops' states, as one list."""
        return [part for loop in self.loops for part in loop.parts]

    @cached_property
    def draws(self) -> list[Node]:
        """The random numbers that a complete graph draws; every call of a program asks."""
        return [node for node in self.graph.nodes if node.operation == "draw"]

    @cached_property
    def has_whole_states(self) -> bool:
        """Whether a state of a complete graph holds whole numbers; every call of a program asks."""
        return self.counts or any(
            not part.is_trained and part.kind != torch.bool for part in self.parts
        )

    @property
    def counts(self) -> bool:
        """Whether a cell names the number of the step."""
        return any(part.counts for part in self.parts)

    def with_phases(
        self, phases: Mapping[Node, int], instead: Mapping[Node, Node] | None = None
    ) -> "ModelGraph":
        """Return the same model by new nodes; some of them belong to other phases.

        A backend changes its own copy, so another backend finds the model as it was.

        Args:
            phases: the phase of each node that changes it.
            instead: what the nodes that change their phase take instead of some nodes.
        """
        return self._copied(*self.graph.with_phases(phases, instead))

    def computed_again(self, anew: Mapping[Node, int]) -> "ModelGraph":
        """Return the same model by new nodes; see `compute_again`."""
        return self._copied(*computed_again(self.graph, anew))

    def written_out(self, products: Set[Node]) -> "ModelGraph":
        """Return the same model by new nodes; see `write_out`."""
        return self._copied(*written_out(self.graph, products))

    def _copied(self, graph: Graph, copies: dict[Node, Node]) -> "ModelGraph":
        gradients = self.gradients
        return replace(
            self,
            graph=graph,
            parameters={copies[leaf]: tensor for leaf, tensor in self.parameters.items()},
            loops=[
                replace(
                    loop,
                    parts=[_copied(part, copies) for part in loop.parts],
                    output=copies[loop.output],
                    penalty=None if loop.penalty is None else copies[loop.penalty],
                )
                for loop in self.loops
            ],
            predictions=copies[self.predictions],
            cotangent=copies[self.cotangent],
            gradients=Cotangents(
                {
                    copies[leaf]: [copies[node] for node in nodes]
                    for leaf, nodes in gradients.of_parameters.items()
                },
                {copies[leaf]: copies[node] for leaf, node in gradients.of_states.items()},
                None if gradients.of_inputs is None else copies[gradients.of_inputs],
            ),
            usage={},
            until_gradients={},
            reached={
                _source_of(result, copies): {_source_of(one, copies) for one in sources}
                for result, sources in self.reached.items()
            },
            tried_rows=set(),
            computed={copies[leaf]: how for leaf, how in self.computed.items()},
            penalty=None if self.penalty is None else copies[self.penalty],
            constrained={copies[leaf]: copies[node] for leaf, node in self.constrained.items()},
        )


def _source_of(source: Source, copies: dict[Node, Node]) -> Source:
    return copies[source] if isinstance(source, Node) else source


def _copied(part: StatePart, copies: dict[Node, Node]) -> StatePart:
    values: dict[str, Any] = {one.name: getattr(part, one.name) for one in fields(part)}
    return replace(part, **{name: copies[v] for name, v in values.items() if isinstance(v, Node)})
