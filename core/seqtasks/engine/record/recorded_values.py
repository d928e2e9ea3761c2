"""The tensors of a recording: the node of each, and those whose numbers go into the program."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.unsupported import UnsupportedError, refusal
from seqtasks.engine.graph.walk import inputs_of_node, reached
from seqtasks.engine.record.complex.pair import Pair
from seqtasks.engine.record.computed import Computed
from seqtasks.engine.record.provenance import Provenance, memory_of
from seqtasks.engine.record.totals import Totals
from seqtasks.engine.record.weights_alone import WeightsAlone
from seqtasks.randomness.draw_functions import Source as Draws

__all__ = ["RecordedValues", "Tracked"]


@dataclass
class Tracked:
    """A tensor seen in a recording.

    Attributes:
        tensor: the tensor.
        node: its value for one row of the batch.
        rows: whether some of its axes are the rows.
        axis: the first of the rows' axes.
        fold: how many places of a row lie, as the first axis of the node, in the axis of the rows.
    """

    tensor: Tensor
    node: Node
    rows: bool
    axis: int = 0
    fold: int = 1


class RecordedValues:
    """What each tensor of a recording stands for.

    Args:
        graph: receives the nodes.
        rows: the sizes of the first axes, (batch,) or (batch, time); no parameter may have these
            sizes. Empty for a single row; see `one_row`.
        dtype: the type of all floating-point values.
        parameter: returns the leaf of a parameter.
        provenance: knows which tensors are computed from parameters, inputs and states.
        weights_alone: remembers what is computed from parameters alone.
        computed: returns the leaf of a tensor that torch computes from parameters alone.

    Attributes:
        baked: tensors whose numbers go into the program, and their versions.
        weights_alone: knows how tensors were computed from parameters alone.
        own: the recorded backward passes of the model's own functions, by context.
        hooked: the nodes of values that have a hook.
        deriving: the contexts of those that are being recorded, the innermost last.
        pairs: complex tensors and their real and imaginary parts, by id.
        follows_unseen: whether operations that no call explains are being recorded.
        changes_parameters: whether parameters may be changed in place.
        draws: records random numbers; None where no draw can be recorded.
    """

    def __init__(
        self,
        graph: Graph,
        rows: tuple[int, ...],
        dtype: torch.dtype,
        parameter: Callable[[Tensor], Node | None],
        provenance: Provenance,
        weights_alone: WeightsAlone,
        computed: Callable[[Tensor, Computed], Node],
    ) -> None:
        super().__init__()
        self.graph, self.rows, self.dtype = graph, rows, dtype
        self.provenance = provenance
        self._parameter = parameter
        self.weights_alone, self._computed = weights_alone, computed
        self.deriving: tuple[Any, ...] = ()
        self._tracked: dict[int, Tracked] = {}
        self.pairs: dict[int, tuple[Tensor, Pair]] = {}
        self.baked: list[tuple[Tensor, int]] = []
        self.own: dict[Any, Any] = {}
        self.hooked: set[Node] = set()
        self.follows_unseen = False
        self.changes_parameters = False
        self.draws: Draws | None = None
        self._totals = Totals()

    def given(self, tensor: Tensor, node: Node) -> Tensor:
        """Note an input or a state: everything computed from it must be recorded."""
        self.provenance.give([tensor])
        return self.track(tensor, node)

    def track(
        self, tensor: Tensor, node: Node, rows: bool = True, axis: int = 0, fold: int = 1
    ) -> Tensor:
        """Note the node of a tensor."""
        if not self.rows:
            rows = node.columns != Columns.ONE
        self._tracked[id(tensor)] = Tracked(tensor, node, rows, axis, fold)
        return tensor

    def known(self) -> list[Tracked]:
        """Return all tensors of the recording, the latest first."""
        return list(reversed(self._tracked.values()))

    def is_recorded(self, tensor: Tensor) -> bool:
        """Say whether a tensor has a node."""
        return id(tensor) in self._tracked

    def is_seen(self, value: Tensor) -> bool:
        """Say whether a tensor comes from a recorded call, or is a parameter."""
        if id(value) in self._tracked or self._parameter(value) is not None:
            return True
        return self.weights_alone.of(value) is not None

    def is_tracked(self, value: Any) -> bool:
        """Say whether a value is a tensor of the recording, or a parameter."""
        if not isinstance(value, Tensor):
            return False
        if value.is_complex():
            return id(value) in self.pairs or self.weights_alone.knows(value)
        if self.is_seen(value):
            return True
        if self.provenance.operation_of(value) is not None:
            return True
        own = isinstance(value.grad_fn, BackwardCFunction) or bool(self.deriving)
        return own and self.provenance.follows(value) and self.saved(value) is not None

    def finish(self) -> None:
        """Check that no call was refused and that no constant tensor was changed."""
        if self.provenance.reason is not None:  # the model may have caught the exception
            raise UnsupportedError(self.provenance.reason)
        for tensor, version in self.baked:
            if tensor._version != version:
                raise refusal("in place")

    def stand_for(self, tensor: Tensor, other: Tensor) -> None:
        """Let a tensor that was changed stand for the value of another, recorded one."""
        self._tracked.pop(id(tensor), None)
        self.weights_alone.stand_for(tensor, other)
        known = self._tracked.get(id(other))
        if known is not None:
            self.track(tensor, known.node, known.rows, known.axis, known.fold)

    def stand_for_node(self, changed: Tracked) -> None:
        """Let a tensor that was changed stand for a node."""
        self.weights_alone.forget(changed.tensor)
        self.track(changed.tensor, changed.node, changed.rows, changed.axis, changed.fold)

    def expect_versions(self, before: dict[int, int]) -> None:
        """Accept a recorded change of tensors that were taken for constants before.

        Args:
            before: the versions that the tensors had, by id.
        """
        self.baked = [
            (tensor, tensor._version if before.get(id(tensor)) == version else version)
            for tensor, version in self.baked
        ]

    def is_constant(self, tensor: Tensor) -> bool:
        """Say whether a tensor, which is no parameter, is the same for all rows and all numbers."""
        known = self._tracked.get(id(tensor))
        if known is not None:
            nodes = reached([known.node], inputs_of_node)
            fixed = all(node.inputs or node.operation == "constant" for node in nodes)
            return not known.rows and fixed
        self.provenance.note_read(tensor)
        return self.provenance.route(tensor) is None

    def index(self, tensor: Tensor) -> Tensor:
        """Return a tensor of indices, which must not depend on the parameters."""
        self.check_independent(tensor)
        self.baked.append((tensor, tensor._version))
        return tensor

    def check_independent(self, tensor: Tensor) -> None:
        """Refuse a tensor that depends on given tensors without a recorded call."""
        self.provenance.note_read(tensor)
        route = self.provenance.route(tensor)
        if route is None:
            return
        raise refusal(route)

    def saved(self, tensor: Tensor) -> Tracked | None:
        """Return the record of a tensor with the same numbers in the same memory, or None."""

        def place(one: Tensor) -> tuple[Any, ...]:
            return one.data_ptr(), one.shape, one.stride(), one.dtype, one._version

        at = place(tensor)
        known = self.known() if tensor.numel() else []
        return next((one for one in known if place(one.tensor) == at), None)

    def computed_leaf(self, tensor: Tensor, computed: Computed) -> Node:
        """Return the leaf of a tensor that torch computes from parameters alone."""
        if tensor.dtype != torch.bool and not (tensor.is_floating_point() and self.holds(tensor)):
            raise UnsupportedError(f"it computes numbers of type {tensor.dtype} from parameters")
        return self._computed(tensor, computed)

    def keep(self, tensor: Tensor, node: Node, rows: bool) -> Tracked:
        """Note the node of a tensor, and return their record."""
        self.track(tensor, node, rows)
        return self._tracked[id(tensor)]

    def constant(self, tensor: Tensor) -> Tracked:
        """Bake the numbers of a tensor into the program, and return its record."""
        if tensor.dim() and not self.holds(tensor):
            raise UnsupportedError(f"it mixes {tensor.dtype} with {self.dtype}")
        self.check_independent(tensor)
        if tensor.requires_grad:
            raise UnsupportedError("it uses a tensor with a gradient that is not its parameter")
        if tensor.is_inference():
            raise UnsupportedError("it uses a tensor made in inference mode")
        held = memory_of(tensor)
        if len(held) == 1 and tensor.layout != torch.strided:
            raise UnsupportedError(f"it uses a tensor of {tensor.layout}: keep it dense")
        for part in held[1:]:
            self.provenance.note_read(part)
        values = tensor.detach().to_dense().to("cpu", torch.float64).numpy()
        if self.provenance.is_empty(tensor):  # no number of it may ever be read
            values = np.full(values.shape, np.nan)
        values, rows, axis = of_one_row(values, self.rows)
        self.baked.append((tensor, tensor._version))
        self.track(tensor, node_of_numbers(self.graph, values), rows, axis)
        return self._tracked[id(tensor)]

    def holds(self, tensor: Tensor) -> bool:
        """Say whether the recording's type holds all numbers of a tensor's type."""
        wider = tensor.dtype == torch.float32 and self.dtype == torch.float64
        return wider or not tensor.is_floating_point() or tensor.dtype == self.dtype


def of_one_row(values: Any, of_rows: tuple[int, ...]) -> tuple[Any, bool, int]:
    """Return the numbers of one row, whether there are rows, and the first of their axes."""
    count = len(of_rows)
    if not count:
        return values, False, 0
    for axis in range(values.ndim - count + 1):
        if values.shape[axis : axis + count] != of_rows:
            continue
        first = values[(slice(None),) * axis + (0,) * count]
        wide = np.expand_dims(first, tuple(range(axis, axis + count)))
        if ((values == wide) | ((values != values) & (wide != wide))).all():
            return first, True, axis
        if not axis:
            raise UnsupportedError(
                "it uses a tensor whose rows differ and do not come from its inputs"
            )
    return values, False, 0


def node_of_numbers(graph: Graph, values: Any) -> Node:
    """Return a node for fixed numbers, with one constant for each distinct number."""
    shape = values.shape
    different = np.unique(values)
    if len(different) > 64:
        raise UnsupportedError(
            "it uses a tensor of numbers that is neither a parameter nor a buffer"
        )
    parts = [graph.constant(float(value), (1,)) for value in different]
    if len(parts) == 1:
        return graph.constant(parts[0].value, shape)
    places = np.searchsorted(different, values.reshape(-1))
    return graph.view(graph.concatenate(parts), places, shape)
