"""Write C for the values of a phase: pointwise loops, reductions, products."""

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import (
    CUMULATIVE,
    IN_PLACE,
    OWN_LOOPS,
    PRODUCTS,
    REDUCTIONS,
)
from seqtasks.engine.native.emit.addresses import Scope
from seqtasks.engine.native.emit.loops import Kernels
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.operands import in_memory, rectangle
from seqtasks.engine.native.plan.plan import Plan, through_blas
from seqtasks.engine.native.plan.schedule import groups
from seqtasks.engine.native.plan.shared_sums import shared_sum
from seqtasks.engine.native.plan.storage import Place

__all__ = ["Values"]


class Values:
    """Writes the values of a program.

    Attributes:
        kernels: writes their loops.
        products: the text of products whose sizes are constants, by name.
        needs_blas: whether any of them goes through BLAS.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.kernels = Kernels(plan.storage, lambda leaf: plan.names[leaf])
        self.products: dict[str, str] = {}
        self.needs_blas = False

    def write(
        self,
        out: Writer,
        scope: Scope,
        kept: list[Node],
        extra: list[tuple[Node, Place]] | None = None,
    ) -> None:
        """Write loops that compute kept values and copy some of them to further places."""
        places = self._plan.storage.places
        copies = list(extra or [])
        for group in groups(self._plan.storage, kept):
            shared = [n for n in group if shared_sum(self._plan.storage, n) is not None]
            if group[0].operation in OWN_LOOPS and not shared:
                self._own_loops(out, scope, group[0])
                continue
            for node in shared:
                if node.operation in REDUCTIONS:
                    self.kernels.begin_sum(out, scope, node, places[node])
            targets: list[tuple[Node, Place | str]] = [(n, places[n]) for n in group]
            for node, place in list(copies):
                if node in group and node not in shared:
                    targets.append((node, place))
                    copies.remove((node, place))
            self.kernels.pointwise(out, scope, targets)
        # copies of one shape share a loop, because one may read what another overwrites
        shapes = dict.fromkeys(node.shape for node, _ in copies)
        for shape in shapes:
            same: list[tuple[Node, Place | str]] = [c for c in copies if c[0].shape == shape]
            self.kernels.pointwise(out, scope, same)

    def _own_loops(self, out: Writer, scope: Scope, node: Node) -> None:
        place = self._plan.storage.places[node]
        if node.operation in REDUCTIONS:
            self.kernels.reduction(out, scope, node, place)
        elif node.operation in CUMULATIVE:
            self.kernels.cumulative(out, scope, node, place)
        elif node.operation in IN_PLACE:
            self.kernels.in_place(out, scope, node, place)
        elif node.operation == "symbols":
            self._table(out, scope, node, place)
        elif node.operation in PRODUCTS:
            self._products(out, scope, node)
        else:
            raise AssertionError(f"no loops for {node.operation}")

    def _table(self, out: Writer, scope: Scope, node: Node, place: Place) -> None:
        """Write a copy of an embedding's table, with a column for each symbol."""
        table = self._parameter(scope, node.inputs[0])
        pointer = scope.row(place, "d")
        out.line(
            f"for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < {node.size}; ++d) "
            f"({pointer})[s] = {table}[(s < VOCABULARY ? s : 0) * {node.size} + d];"
        )

    def _products(self, out: Writer, scope: Scope, node: Node) -> None:
        """Write a product, or products that are added to each other, as few calls."""
        stack = self._plan.storage.stacked.get(node)
        joined = node.operation == "products"
        if stack is not None and joined:
            inner = sum(n.size for n in stack[1::2])
            self._product(out, scope, node, stack[0], stack[1], True, False, inner)
        elif stack is not None:
            if node is stack[0]:  # the others are part of the first product
                rows = sum(n.size for n in stack)
                weight, vector = node.inputs
                self._product(out, scope, node, weight, vector, False, False, rows)
        else:
            for number, transposed in enumerate(node.value if joined else (node.value,)):
                weight, vector = node.inputs[2 * number : 2 * number + 2]
                self._product(out, scope, node, weight, vector, transposed, number > 0)

    def _parameter(self, scope: Scope, leaf: Node) -> str:
        scope.used.parameters.add(leaf)
        return self._plan.names[leaf]

    def _weight(self, scope: Scope, weight: Node) -> tuple[str, int, int]:
        """Return a matrix's memory, the distance between its rows and between its columns."""
        base, index = in_memory(weight)
        first, down, across = (0, weight.shape[1], 1)
        if index is not None:
            found = rectangle(weight)
            assert found is not None
            first, down, across = found
        if base.operation == "parameter":
            name = self._parameter(scope, base)
        else:
            name = f"w->buffers.{self._plan.storage.places[base].buffer.name}"
        return f"{name} + {first}" if first else name, down, across

    def vector(self, scope: Scope, vector: Node) -> tuple[str, str]:
        """Return a vector's first row and the distance from one row to the next."""
        base, index = in_memory(vector)
        first = 0 if index is None else int(index[0])
        if base.operation == "parameter":
            return f"{self._parameter(scope, base)} + {first}", "1"
        place = self._plan.storage.places[base]
        return scope.row(place, str(first)), scope.stride(place)

    def _product(
        self,
        out: Writer,
        scope: Scope,
        node: Node,
        weight: Node,
        vector: Node,
        transposed: bool,
        add: bool,
        height: int | None = None,
    ) -> None:
        """Write a product with a matrix, or with `height` rows of the matrix around it."""
        name, down, across = self._weight(scope, weight)
        rows, inner = weight.shape
        rows = rows if height is None else height
        if transposed:
            rows, inner, down, across = inner, rows, across, down
        place = self._plan.storage.places[node]
        into, into_row = scope.row(place, "0"), scope.stride(place)
        source, source_row = self.vector(scope, vector)
        if scope.kind == "one":
            with out.block(f"for (int i = 0; i < {rows}; ++i)"):
                out.line(f"real total = {f'({into})[i]' if add else '0'};")
                out.line(
                    f"for (int k = 0; k < {inner}; ++k) "
                    f"total += ({name})[i * {down} + k * {across}] * ({source})[k];"
                )
                out.line(f"({into})[i] = total;")
            return
        is_large = scope.kind == "batch" and through_blas((rows, inner))
        is_large = is_large and 1 in (down, across)
        self.needs_blas = self.needs_blas or is_large
        shared = self._shared("product", down, across, rows, inner, add, is_large)
        call = f"{name}, {source}, {source_row}, count"
        out.line(f"{shared}(w->blas, {into}, {into_row}, {call});")

    def outer(self, out: Writer, scope: Scope, nodes: list[Node], count: str) -> None:
        """Write gradients of one matrix; several of them are blocks, one below the other."""
        node = nodes[0]
        g, vector = node.inputs
        source, source_row = self.vector(scope, g)
        other, other_row = self.vector(scope, vector)
        rows, width = sum(n.inputs[0].size for n in nodes), vector.size
        if node in self._plan.direct:
            leaf, first, down, across = self._plan.direct[node]
            target = f"w->gradients + {self._plan.offsets[leaf] + first}"
            out.line(f"/* gradient of {self._plan.names[leaf]} */")
        else:
            place = self._plan.storage.places[node]
            target, down, across = scope.row(place, "0"), width, 1
        is_large = scope.kind == "batch" and through_blas((rows, width))
        is_large = is_large and 1 in (down, across)
        self.needs_blas = self.needs_blas or is_large
        shared = self._shared("outer", down, across, rows, width, True, is_large)
        call = f"{target}, {source}, {source_row}, {other}, {other_row}, {count}"
        out.line(f"{shared}(w->blas, {call});")

    def _shared(
        self,
        kind: str,
        down: int,
        across: int,
        rows: int,
        inner: int,
        add: bool,
        is_large: bool = False,
    ) -> str:
        """Return the name of a constant-size product, shared by all products of that size."""
        name = f"{kind}_{rows}x{inner}_by_{down}_{across}" + ("_more" if add else "")
        name += "_large" if is_large else ""
        function = f"{kind}_large(blas, " if is_large else f"{kind}("
        if kind == "product":
            takes = "real *restrict out, long out_row, const real *restrict w"
            given = (
                f"out, out_row, w, {down}, {across}, v, v_row, {rows}, {inner}, count, {int(add)}"
            )
        else:
            takes = "real *restrict out, const real *restrict g, long g_row"
            given = f"out, {down}, {across}, g, g_row, v, v_row, {rows}, {inner}, count"
        out = Writer()
        with out.block(
            f"static __attribute__((noinline)) void {name}(UNUSED gemm *blas, {takes}, "
            "const real *restrict v, long v_row, long count)"
        ):
            out.line(f"{function}{given});")
        self.products[name] = out.text()
        return name
