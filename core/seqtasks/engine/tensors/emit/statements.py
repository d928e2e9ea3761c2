"""Write the statements that compute a value, one torch call each, into its place."""

import math

import numpy as np
import torch

from seqtasks.engine.graph.index import Strided, boxes, dense
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import ADDED, POINTWISE
from seqtasks.engine.tensors.emit.equations import equations
from seqtasks.engine.tensors.emit.first_statement import first_statement
from seqtasks.engine.tensors.emit.over_steps import (
    is_over_steps,
    product_over_steps,
    sum_over_steps,
)
from seqtasks.engine.tensors.emit.views import Views
from seqtasks.engine.tensors.plan.buffers import Slot, Storage, Term
from seqtasks.engine.tensors.rewrite.sections import Sections

__all__ = ["LARGEST_ONE_HOT", "Statements", "number_text"]

LARGEST_ONE_HOT = 32
"""Up to this many symbols, a sum by symbol is a product with a one-hot matrix."""


class Statements:
    """Writes statements; `lines` receives them."""

    def __init__(self, parted: Sections, storage: Storage, views: Views) -> None:
        self.parted, self.storage, self.views = parted, storage, views
        self.lines: list[str] = []

    def compute(self, node: Node, loop: bool) -> None:
        """Write the code that computes a value."""
        if node in self.storage.sums:
            self._added(node, loop)
        elif node.operation in POINTWISE or node.operation == "interpolate":
            self._pointwise(node, loop)
        else:
            getattr(self, f"_{node.operation}")(node, loop)

    def out(self, node: Node, loop: bool, shape: tuple[int, ...] | None = None) -> str:
        """Return the name of a value's place."""
        shape = node.shape if shape is None else shape
        slot = self.storage.slots[node]
        return self.views.slot(slot, dense(shape), shape, loop)

    def _box(self, node: Node, starts: tuple[int, ...], sizes: tuple[int, ...], loop: bool) -> str:
        strides = dense(node.shape).strides
        first = sum(s * d for s, d in zip(starts, strides, strict=True))
        slot = self.storage.slots[node]
        return self.views.slot(slot, Strided(first, strides), sizes, loop)

    # ---- sums

    def _added(self, node: Node, loop: bool) -> None:
        target = self.out(node, loop)
        terms = list(self.storage.sums[node])
        started = node in self.storage.started
        if node.operation == "arriving":
            started = node.value in self.storage.preloaded
        if not started:
            first = first_statement(
                target,
                terms,
                lambda value: self.views.of(value, loop),
                lambda product: self._factors(product, loop),
            )
            self.lines.append(first)
        for term in terms:
            minus = term.sign < 0
            match term.operation:
                case "product":
                    pair = self._factors(term, loop)
                    alpha = ", alpha=-1" if minus else ""
                    self.lines.append(f"{target}.addmm_({pair}{alpha})")
                case "boxes":
                    self._add_boxes(node, term, loop)
                case "value":
                    name = self.views.of(term.nodes[0], loop)
                    self.lines.append(f"{target}.{'sub_' if minus else 'add_'}({name})")
                case operation:
                    names = ", ".join(self.views.of(n, loop) for n in term.nodes)
                    value = ", value=-1" if minus else ""
                    self.lines.append(f"{target}.{ADDED[operation]}_({names}{value})")

    def _add_boxes(self, node: Node, term: Term, loop: bool) -> None:
        """Write code that adds a view to some places of a sum without making the view."""
        (part,) = term.nodes
        assert part.index is not None
        for box in boxes(part.index, part.shape) or ():
            if box.source is not None:
                target = self._box(node, box.starts, box.sizes, loop)
                name = self.views.place(part.inputs[0], box.source, box.sizes, loop)
                self.lines.append(f"{target}.{'add_' if term.sign > 0 else 'sub_'}({name})")

    def _factors(self, term: Term, loop: bool) -> str:
        weight, vector = term.nodes
        matrix = self.views.of(weight, loop)
        if weight.operation == "constant":
            rows, width = weight.shape if term.transposed else weight.shape[::-1]
            matrix = f"{matrix}.expand({rows}, {width})"
        elif not term.transposed:
            matrix = self.views.transposed(matrix)
        name = self.views.of(vector, loop)
        if vector.columns == Columns.ONE:
            name = self.views.in_all_rows(name, vector.size, loop)
        return f"{name}, {matrix}"

    # ---- by element

    def _pointwise(self, node: Node, loop: bool) -> None:
        target = self.out(node, loop)
        names = [self.views.of(n, loop) for n in node.inputs]
        operands = ", ".join(names)
        if node.operation == "interpolate":
            call = f"lerp({operands}, out={target})"
        elif node.operation == "where":
            if not self._is_truth(node.inputs[0]):
                names[0] = f"{names[0]} != 0"
            call = f"where({', '.join(names)}, out={target})"
        elif (compared := POINTWISE[node.operation].truth) is not None:
            call = f"{compared.__name__}({operands}, out={target})"
        elif node.operation == "relu":
            call = f"clamp({operands}, 0, out={target})"
        elif node.operation in PLAIN:
            call = f"{POINTWISE[node.operation].torch.__name__}({operands}, out={target})"
        else:
            call = f"{target}.copy_(pointwise_{node.operation}({operands}))"
        self.lines.append(call)

    def _is_truth(self, node: Node) -> bool:
        source = node.inputs[0] if node.operation == "view" else node
        slot = self.storage.slots.get(source)
        return slot is not None and slot.buffer.truth

    # ---- reductions and rearrangements

    def _reduced(self, node: Node, loop: bool, call: str) -> None:
        source = node.inputs[0]
        lead = int(node.columns != Columns.ONE)
        axes = tuple(range(lead + len(node.shape), lead + len(source.shape)))
        name = self.views.of(source, loop)
        self.lines.append(f"{call}({name}, {axes}, out={self.out(node, loop)})")

    def _sum(self, node: Node, loop: bool) -> None:
        contraction = self.storage.contractions.get(node)
        if contraction is not None:
            rows, columns = contraction.vector, contraction.matrix
            vector = self.views.place(*rows, (1, contraction.summed), loop)
            matrix = self.views.place(*columns, (contraction.summed, node.size), loop)
            self.lines.append(
                f"bmm({vector}, {matrix}, out={self.out(node, loop, (1, node.size))})"
            )
            return
        self._reduced(node, loop, "total")

    def _maximum_of(self, node: Node, loop: bool) -> None:
        self._reduced(node, loop, "amax")

    def _cumulative(self, node: Node, loop: bool, call: str) -> None:
        axis = int(node.columns != Columns.ONE) + len(node.shape) - 1
        name = self.views.of(node.inputs[0], loop)
        self.lines.append(f"{call}({name}, {axis}, out={self.out(node, loop)})")

    def _cumulative_sum(self, node: Node, loop: bool) -> None:
        self._cumulative(node, loop, "cumsum")

    def _cumulative_product(self, node: Node, loop: bool) -> None:
        self._cumulative(node, loop, "cumprod")

    def _cumulative_log_sum_exp(self, node: Node, loop: bool) -> None:
        self._cumulative(node, loop, "logcumsumexp")

    def _order(self, node: Node, loop: bool) -> None:
        count, descending, how = node.value
        axis = int(node.columns != Columns.ONE) + len(node.shape) - 1
        name, out = self.views.of(node.inputs[0], loop), self.out(node, loop)
        if how in ("sorted", "sorted stably"):
            stable = how == "sorted stably"
            found = f"sort(dim={axis}, descending={descending}, stable={stable})"
        else:
            found = f"topk({count}, {axis}, {descending}, {how == 'greatest first'})"
        first = f"{out}.narrow({axis}, 0, {count})"
        self.lines.append(f"{first}.copy_({name}.{found}[1].narrow({axis}, 0, {count}))")

    def _equations(self, node: Node, loop: bool) -> None:
        source, out = self.views.of(node.inputs[0], loop), self.out(node, loop)
        self.lines.append(equations(node, source, out))

    _inverse = _inverse_back = _solved = _lower_factor = _equations

    def _view(self, node: Node, loop: bool) -> None:
        source = node.inputs[0]
        assert node.index is not None
        found = boxes(node.index, node.shape)
        if found is not None:
            for box in found:  # zeros are zero from the beginning
                if box.source is not None:
                    name = self.views.place(source, box.source, box.sizes, loop)
                    self.lines.append(
                        f"{self._box(node, box.starts, box.sizes, loop)}.copy_({name})"
                    )
            return
        lead = int(node.columns != Columns.ONE)
        target = self.out(node, loop, (node.size,))
        flat = self.views.place(source, dense((source.size,)), (source.size,), loop)
        places = self.views.constant(f"places_{node.number}", np.maximum(node.index, 0))
        self.lines.append(f"{target}.copy_({flat}.index_select({lead}, {places}))")
        if (node.index < 0).any():
            zeros = self.views.constant(f"zeros_{node.number}", node.index < 0)
            self.lines.append(f"{target}.masked_fill_({zeros}, 0)")

    def _concatenate(self, node: Node, loop: bool) -> None:
        first = 0
        slot = self.storage.slots[node]
        for part in node.inputs:
            source = part.inputs[0] if part.operation == "view" else part
            own = self.storage.slots.get(source)
            if own != Slot(slot.buffer, slot.first + first, slot.later):
                place = Slot(slot.buffer, slot.first + first, slot.later)
                target = self.views.slot(place, dense(part.shape), part.shape, loop)
                if part.operation == "constant":
                    self.lines.append(f"{target}.fill_({number_text(part.value)})")
                else:
                    self.lines.append(f"{target}.copy_({self.views.of(part, loop)})")
            first += part.size

    # ---- products of weights alone, tables and sums over steps

    def _linear(self, node: Node, loop: bool) -> None:
        weight, vector = (self.views.of(n, loop) for n in node.inputs)
        if node.inputs[1].operation == "constant":
            vector = f"{vector}.expand({node.inputs[1].size})"
        if node.inputs[0].operation == "constant":
            weight = f"{weight}.expand({node.inputs[0].shape})"
        if node.value:
            weight = f"{weight}.t()" if "(" in weight else self.views.transposed(weight)
        self.lines.append(f"mv({weight}, {vector}, out={self.out(node, loop)})")

    def _lookup(self, node: Node, loop: bool) -> None:
        table = self.views.of(node.inputs[0], loop)
        target = self.out(node, loop)
        tokens = self.views.tokens()
        if node.size == self.storage.slots[node].buffer.size:
            self.lines.append(f"index_select({table}, 0, {tokens}, out={target})")
        else:
            self.lines.append(f"{target}.copy_({table}.index_select(0, {tokens}))")

    # ---- sums over steps; sums over all steps grow with each stretch

    def _sum_by_symbol(self, node: Node, loop: bool) -> None:
        source = self.views.of(node.inputs[0], loop, (node.size,))
        target = self.out(node, loop, (node.size,))
        if self.parted.model.vocabulary <= LARGEST_ONE_HOT:
            self.lines.append(
                product_over_steps(target, self.views.one_hot(), source, growing=True)
            )
        else:
            tokens = self.views.tokens()
            call = f"embedding_dense_backward({source}, {tokens}, vocabulary, -1, False)"
            self.lines.append(f"{target}.copy_({call}) if first else {target}.add_({call})")

    def _outer(self, node: Node, loop: bool) -> None:
        g, vector = node.inputs
        left = self.views.transposed(self.views.of(g, loop, (g.size,)))
        right = self.views.of(vector, loop, (vector.size,))
        line = product_over_steps(self.out(node, loop), left, right, is_over_steps(node))
        self.lines.append(line)

    def _sum_of_columns(self, node: Node, loop: bool) -> None:
        name = self.views.of(node.inputs[0], loop)
        self.lines.append(sum_over_steps(self.out(node, loop), name, is_over_steps(node)))


def number_text(value: float) -> str:
    """Return a number as Python text."""
    return repr(value) if math.isfinite(value) else f'float("{value}")'


def _has_out(operation: str) -> bool:
    """Say whether torch's own function for an operation has an `out` argument."""
    function = POINTWISE[operation].torch
    return (
        getattr(torch, getattr(function, "__name__", ""), None) is function and operation != "relu"
    )


PLAIN = {operation for operation in POINTWISE if _has_out(operation)}
