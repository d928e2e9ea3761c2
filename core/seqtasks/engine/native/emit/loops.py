"""Write C loops over rows and columns: pointwise expressions and reductions."""

from collections.abc import Callable

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OTHERS
from seqtasks.engine.native.emit.addresses import Scope, each_column
from seqtasks.engine.native.emit.boxes import positions
from seqtasks.engine.native.emit.covering import Loops, cover
from seqtasks.engine.native.emit.sources import Sources
from seqtasks.engine.native.emit.statements import BoxWriter, loops_over
from seqtasks.engine.native.emit.tables import Tables
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.products_by_row import ProductByRow, product_by_row
from seqtasks.engine.native.plan.shared_sums import shared_sum
from seqtasks.engine.native.plan.storage import Place, Storage

__all__ = ["Kernels"]


class Kernels:
    """Writes loops over rows for values of a graph.

    Args:
        storage: the memory plan.
        parameter_name: returns the C name of a parameter's memory.

    Attributes:
        tables: the positions that follow no pattern.
    """

    def __init__(self, storage: Storage, parameter_name: Callable[[Node], str]) -> None:
        self._storage = storage
        self.tables = Tables()
        self._sources = Sources(storage, parameter_name, self.tables)

    def pointwise(self, out: Writer, scope: Scope, targets: list[tuple[Node, Place | str]]) -> None:
        """Write loops that compute values of one shape and store them.

        A target is a place, or a C pointer to which the value is added. A reduction among the
        values is one over this shape; its first value must be there already, see `begin_sum`.
        """
        first, place = targets[0]
        over = (
            shared_sum(self._storage, first) if self._storage.places.get(first) is place else None
        )
        shape = (first if over is None else over[0]).shape or (1,)

        def body(inner: Writer, loops: Loops) -> None:
            writer = BoxWriter(self._sources, scope, loops, targets)
            with inner.nested(loops_over(loops.box, writer.names) or [""]):
                writer.pointwise(inner, targets)

        for part in _each(shape, body):
            out.include(part)

    def begin_sum(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write a loop that gives a reduction its first value."""
        self._fill(out, scope, place, node.size, _reduction(node)[0])

    def reduction(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write loops for the sum, or the maximum, over the last axes of a value."""
        found = product_by_row(self._storage, node)
        if found is not None:
            self._product(out, scope, found, place)
            return
        source = node.inputs[0]
        shape = source.shape
        first, combine = _reduction(node)

        def body(inner: Writer, loops: Loops) -> None:
            writer = BoxWriter(self._sources, scope, loops, [])
            value = writer.value(source, positions(loops.shape, loops.box))
            writer.reduced(inner, scope.row(place, writer.kept_row()), value, combine)

        parts = _each(shape, body, len(node.shape))
        self._fill(out, scope, place, node.size, first)
        for part in parts:
            out.include(part)

    def _product(self, out: Writer, scope: Scope, found: ProductByRow, place: Place) -> None:
        """Write a product of two matrices of each row of the batch."""
        into = f"{scope.row(place, '0', writing=True)} + j, {scope.stride(place)}"
        given: list[str] = []
        for factor in (found.one, found.other):
            of = self._storage.places[factor.node]
            strides = ", ".join(f"{n} * {scope.stride(of)}" for n in (factor.down, factor.across))
            given.append(f"{scope.row(of, str(factor.first))} + j, {strides}")
        sizes = f"{found.rows}, {found.width}, {found.inner}"
        out.line(f"{each_column(scope)} product_by_row({into}, {', '.join(given)}, {sizes});")

    def cumulative(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write loops for the sums, or the products, up to each place of the last axis."""
        source, shape = node.inputs[0], node.shape
        cumulative = OTHERS[node.operation].cumulative
        assert cumulative is not None, f"{node} is not cumulative"

        def body(inner: Writer, loops: Loops) -> None:
            writer = BoxWriter(self._sources, scope, loops, [])
            value = writer.value(source, positions(loops.shape, loops.box))
            writer.cumulative(inner, place, value, *cumulative)

        for part in _each(shape, body, last=False):
            out.include(part)

    def in_place(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write a value, and let a function of C change it in its place, a part at a time."""
        self.pointwise(out, scope, [(node.inputs[0], place)])
        size, call = _changed_in_place(node)
        pointer, stride = scope.row(place, f"i * {size}"), scope.stride(place)
        head, columns = "", "1"
        if scope.kind != "one":
            head, pointer, columns = f"{each_column(scope)} ", f"{pointer} + j", "LANES"
        function, *about = call
        out.line(
            f"for (long i = 0; i < {node.size // size}; ++i) "
            f"{head}{function}({pointer}, {stride}, {columns}, {', '.join(about)});"
        )

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

        def body(inner: Writer, loops: Loops) -> None:
            writer = BoxWriter(self._sources, scope, loops, [])
            value = writer.value(source, positions(loops.shape, loops.box))
            target = scope.row(place, writer.row_of(positions(loops.shape, loops.box)))
            with inner.nested(loops_over(loops.box, writer.names) or [""]):
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

        for part in _each(shape, body):
            out.include(part)


def _reduction(node: Node) -> tuple[str, str]:
    reduction = OTHERS[node.operation].reduction
    assert reduction is not None, f"{node} is no reduction"
    return reduction


def _changed_in_place(node: Node) -> tuple[int, list[str]]:
    """Return how many numbers a function changes together, its name, and what else it takes."""
    width = node.shape[-1]
    if node.operation == "order":
        count, descending, how = node.value
        kind = how.upper().replace(" ", "_")
        return width, ["put_in_order", f"{width}", f"{count}", f"{int(descending)}", kind]
    rows = node.shape[-2]
    if node.operation == "solved":
        about = ["solve", f"{rows}", f"{width - rows}", node.value.upper()]
        return rows * width, about
    function = {"inverse": "invert", "inverse_back": "invert_back", "lower_factor": "factor"}
    return rows * width, [function[node.operation], f"{rows}"]


def _each(
    shape: tuple[int, ...],
    body: Callable[[Writer, Loops], None],
    keep: int = 0,
    last: bool = True,
) -> list[Writer]:
    """Return what a body writes for each of the loops that cover a shape; see `cover`."""
    written: dict[Loops, Writer] = {}

    def attempt(loops: Loops) -> None:
        inner = Writer()
        body(inner, loops)
        written[loops] = inner

    return [written[loops] for loops in cover(shape, keep, attempt, last)]
