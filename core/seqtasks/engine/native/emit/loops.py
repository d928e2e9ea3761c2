"""Write C loops over rows and columns: pointwise expressions and reductions."""

from collections.abc import Callable

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OTHERS
from seqtasks.engine.native.emit.addresses import Scope, each_column
from seqtasks.engine.native.emit.boxes import Box, boxes, positions
from seqtasks.engine.native.emit.statements import BoxWriter, Sources, loops_over
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.storage import Place, Storage

__all__ = ["Kernels"]


class Kernels:
    """Writes loops over rows for values of a graph.

    Args:
        storage: the memory plan.
        parameter_name: returns the C name of a parameter's memory.
    """

    def __init__(self, storage: Storage, parameter_name: Callable[[Node], str]) -> None:
        self._sources = Sources(storage, parameter_name)

    def pointwise(self, out: Writer, scope: Scope, targets: list[tuple[Node, Place | str]]) -> None:
        """Write loops that compute values of one shape and store them.

        A target is a place, or a C pointer to which the value is added.
        """
        shape = targets[0][0].shape or (1,)

        def body(inner: Writer, box: Box) -> None:
            writer = BoxWriter(self._sources, scope, shape, box, targets)
            with inner.nested(loops_over(box, writer.names) or [""]):
                writer.pointwise(inner, targets)

        for part in _by_box(shape, body):
            out.include(part)

    def reduction(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write loops for the sum, or the maximum, over the last axes of a value."""
        source = node.inputs[0]
        shape = source.shape
        keep = len(node.shape)
        reduction = OTHERS[node.operation].reduction
        assert reduction is not None, f"{node} is no reduction"
        first, combine = reduction

        def body(inner: Writer, box: Box) -> None:
            writer = BoxWriter(self._sources, scope, shape, box, [])
            value = writer.value(source, positions(shape, box))
            rows = writer.place_of(node.shape or (1,), box[:keep] or ((0, 1),), keep)
            writer.reduced(inner, scope.row(place, rows), value, combine, keep)

        parts = _by_box(shape, body)
        self._fill(out, scope, place, node.size, first)
        for part in parts:
            out.include(part)

    def cumulative(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write loops for the sums, or the products, up to each place of the last axis."""
        source, shape = node.inputs[0], node.shape
        cumulative = OTHERS[node.operation].cumulative
        assert cumulative is not None, f"{node} is not cumulative"

        def body(inner: Writer, box: Box) -> None:
            writer = BoxWriter(self._sources, scope, shape, box, [])
            value = writer.value(source, positions(shape, box))
            writer.cumulative(inner, place, value, *cumulative)

        for part in _by_box(shape, body):
            out.include(part)

    def _fill(self, out: Writer, scope: Scope, place: Place, rows: int, value: str) -> None:
        pointer = scope.row(place, "i")
        if scope.kind == "one":
            store = f"({pointer})[0] = ({value})[0];"
        else:
            store = f"{each_column(scope)} v_store({pointer} + j, {value});"
        out.line(f"for (long i = 0; i < {rows}; ++i) {store}")

    def summed(self, out: Writer, scope: Scope, node: Node, source: Node, place: Place) -> None:
        """Write loops that add a value's columns to one sum, or to a sum for each symbol."""
        shape = source.shape or (1,)
        by_symbol = node.operation == "sum_by_symbol"

        def body(inner: Writer, box: Box) -> None:
            writer = BoxWriter(self._sources, scope, shape, box, [])
            value = writer.value(source, positions(shape, box))
            target = scope.row(place, writer.row_of(positions(shape, box)))
            with inner.nested(loops_over(box, writer.names) or [""]):
                if by_symbol:
                    inner.line("vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};")
                    inner.line(f"real *few = {target};")
                    added = f"v_by_symbol({value}, symbols + at + j, VOCABULARY, sums, few);"
                    stored = (
                        "for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) "
                        "few[s] += v_total(sums[s]);"
                    )
                else:
                    inner.line("vec sum = v_all(0);")
                    added, stored = f"sum += {value};", f"*({target}) += v_total(sum);"
                with inner.block(each_column(scope)):
                    inner.line(*writer.statements, added)
                inner.line(stored)

        for part in _by_box(shape, body):
            out.include(part)


def _by_box(shape: tuple[int, ...], body: Callable[[Writer, Box], None]) -> list[Writer]:
    """Return what a body writes for each box that covers a shape; see `boxes`."""
    written: dict[Box, Writer] = {}

    def attempt(box: Box) -> None:
        inner = Writer()
        body(inner, box)
        written[box] = inner

    return [written[box] for box in boxes(shape, attempt)]
