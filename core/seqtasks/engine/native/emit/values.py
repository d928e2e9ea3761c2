"""Write C for the values of a phase: pointwise loops, reductions, products."""

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OWN_LOOPS, PRODUCTS, REDUCTIONS
from seqtasks.engine.native.emit.addresses import Scope
from seqtasks.engine.native.emit.loops import Kernels
from seqtasks.engine.native.plan.operands import in_memory, rectangle
from seqtasks.engine.native.plan.plan import Plan, through_blas
from seqtasks.engine.native.plan.schedule import groups
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

    def written(
        self,
        scope: Scope,
        kept: list[Node],
        indent: str,
        extra: list[tuple[Node, Place]] | None = None,
    ) -> list[str]:
        """Return loops that compute kept values and copy some of them to further places."""
        lines: list[str] = []
        places = self._plan.storage.places
        copies = list(extra or [])
        for group in groups(self._plan.storage, kept):
            if group[0].operation in OWN_LOOPS:
                lines += self._own_loops(scope, group[0], indent)
                continue
            targets: list[tuple[Node, Place | str]] = [(n, places[n]) for n in group]
            for node, place in list(copies):
                if node in group:
                    targets.append((node, place))
                    copies.remove((node, place))
            lines += self.kernels.pointwise(scope, targets, indent)
        # copies of one shape share a loop, because one may read what another overwrites
        shapes = dict.fromkeys(node.shape for node, _ in copies)
        for shape in shapes:
            same: list[tuple[Node, Place | str]] = [c for c in copies if c[0].shape == shape]
            lines += self.kernels.pointwise(scope, same, indent)
        return lines

    def _own_loops(self, scope: Scope, node: Node, indent: str) -> list[str]:
        place = self._plan.storage.places[node]
        if node.operation in REDUCTIONS:
            return self.kernels.reduction(scope, node, place, indent)
        if node.operation == "symbols":
            table = self._plan.names[node.inputs[0]]
            pointer = scope.row(place, "d")
            return [
                (
                    f"{indent}for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < {node.size}; ++d) "
                    f"({pointer})[s] = {table}[(s < VOCABULARY ? s : 0) * {node.size} + d];"
                )
            ]
        stack = self._plan.storage.stacked.get(node)
        if node.operation == "linear" and stack is not None:
            if node is not stack[0]:  # part of the first product
                return []
            weight, vector = node.inputs
            rows = sum(n.size for n in stack)
            return self._product(scope, node, weight, vector, False, False, indent, rows)
        if node.operation == "products" and stack is not None:
            inner = sum(n.size for n in stack[1::2])
            return self._product(scope, node, stack[0], stack[1], True, False, indent, inner)
        if node.operation in PRODUCTS:
            transposed = node.value if node.operation == "products" else (node.value,)
            lines: list[str] = []
            for number, flag in enumerate(transposed):
                weight, vector = node.inputs[2 * number : 2 * number + 2]
                lines += self._product(scope, node, weight, vector, flag, number > 0, indent)
            return lines
        raise AssertionError(f"no loops for {node.operation}")

    def _weight(self, weight: Node) -> tuple[str, int, int]:
        """Return a matrix's memory, the distance between its rows and between its columns."""
        base, index = in_memory(weight)
        first, down, across = (0, weight.shape[1], 1)
        if index is not None:
            found = rectangle(weight)
            assert found is not None
            first, down, across = found
        if base.operation == "parameter":
            name = self._plan.names[base]
        else:
            name = f"w->buffers.{self._plan.storage.places[base].buffer.name}"
        return f"{name} + {first}" if first else name, down, across

    def vector(self, scope: Scope, vector: Node) -> tuple[str, str]:
        """Return a vector's first row and the distance from one row to the next."""
        base, index = in_memory(vector)
        first = 0 if index is None else int(index[0])
        if base.operation == "parameter":
            return f"{self._plan.names[base]} + {first}", "1"
        place = self._plan.storage.places[base]
        return scope.row(place, str(first)), scope.stride(place)

    def _product(
        self,
        scope: Scope,
        node: Node,
        weight: Node,
        vector: Node,
        transposed: bool,
        add: bool,
        indent: str,
        height: int | None = None,
    ) -> list[str]:
        """Write a product with a matrix, or with `height` rows of the matrix around it."""
        name, down, across = self._weight(weight)
        rows, inner = weight.shape
        rows = rows if height is None else height
        if transposed:
            rows, inner, down, across = inner, rows, across, down
        place = self._plan.storage.places[node]
        out, out_row = scope.row(place, "0"), scope.stride(place)
        source, source_row = self.vector(scope, vector)
        if scope.kind == "one":
            return [
                f"{indent}for (int i = 0; i < {rows}; ++i) {{",
                f"{indent}    real total = {f'({out})[i]' if add else '0'};",
                (
                    f"{indent}    for (int k = 0; k < {inner}; ++k) "
                    f"total += ({name})[i * {down} + k * {across}] * ({source})[k];"
                ),
                f"{indent}    ({out})[i] = total;",
                f"{indent}}}",
            ]
        is_large = scope.kind == "batch" and through_blas((rows, inner))
        is_large = is_large and 1 in (down, across)
        self.needs_blas = self.needs_blas or is_large
        call = f"{name}, {source}, {source_row}, count"
        shared = self._shared("product", down, across, rows, inner, add, is_large)
        return [f"{indent}{shared}(w->blas, {out}, {out_row}, {call});"]

    def outer(self, scope: Scope, nodes: list[Node], count: str) -> list[str]:
        """Write gradients of one matrix; several of them are blocks, one below the other."""
        node = nodes[0]
        g, vector = node.inputs
        source, source_row = self.vector(scope, g)
        other, other_row = self.vector(scope, vector)
        rows, width = sum(n.inputs[0].size for n in nodes), vector.size
        lines: list[str] = []
        if node in self._plan.direct:
            leaf, first, down, across = self._plan.direct[node]
            target = f"w->gradients + {self._plan.offsets[leaf] + first}"
            lines.append(f"    /* gradient of {self._plan.names[leaf]} */")
        else:
            place = self._plan.storage.places[node]
            target, down, across = scope.row(place, "0"), width, 1
        is_large = scope.kind == "batch" and through_blas((rows, width))
        is_large = is_large and 1 in (down, across)
        self.needs_blas = self.needs_blas or is_large
        shared = self._shared("outer", down, across, rows, width, True, is_large)
        call = f"{target}, {source}, {source_row}, {other}, {other_row}, {count}"
        return [*lines, f"    {shared}(w->blas, {call});"]

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
        self.products[name] = (
            f"static __attribute__((noinline)) void {name}(UNUSED gemm *blas, {takes}, "
            f"const real *restrict v, long v_row, long count) {{\n    {function}{given});\n}}"
        )
        return name
