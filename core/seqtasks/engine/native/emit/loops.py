"""Write C loops over rows and columns: pointwise expressions and reductions."""

from collections.abc import Callable

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import OTHERS
from seqtasks.engine.native.emit.addresses import Scope, each_column
from seqtasks.engine.native.emit.boxes import Box, boxes, positions
from seqtasks.engine.native.emit.expressions import BoxWriter, Sources
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

    def pointwise(
        self, scope: Scope, targets: list[tuple[Node, Place | str]], indent: str
    ) -> list[str]:
        """Return loops that compute values of one shape and store them.

        A target is a place, or a C pointer to which the value is added.
        """
        shape = targets[0][0].shape or (1,)

        def body(box: Box) -> tuple[list[str], list[str]]:
            writer = BoxWriter(self._sources, scope, shape, box, targets)
            return writer.names, writer.pointwise(targets)

        return self._loops(scope, shape, body, indent)

    def reduction(self, scope: Scope, node: Node, place: Place, indent: str) -> list[str]:
        """Return loops for the sum, or the maximum, over the last axes of a value."""
        source = node.inputs[0]
        shape = source.shape
        keep = len(node.shape)
        lines: list[str] = []
        reduction = OTHERS[node.operation].reduction
        assert reduction is not None, f"{node} is no reduction"
        first, combine = reduction
        found: list[tuple[Box, list[str]]] = []

        def attempt(box: Box) -> None:
            writer = BoxWriter(self._sources, scope, shape, box, [])
            value = writer.value(source, positions(shape, box))
            outer = list(box[:keep])
            rows = writer.place_of(node.shape or (1,), tuple(outer) or ((0, 1),), keep)
            target = scope.row(place, rows)
            found.append((box, writer.reduced(target, value, combine, keep, scope)))

        whole = list(boxes(shape, attempt))
        lines += self._filled(scope, place, node.size, first, indent)
        for box in whole:
            body = next(text for b, text in found if b == box)
            lines += [indent + line for line in body]
        return lines

    def _filled(self, scope: Scope, place: Place, rows: int, value: str, indent: str) -> list[str]:
        pointer = scope.row(place, "i")
        if scope.kind == "one":
            store = f"({pointer})[0] = ({value})[0];"
        else:
            store = f"{each_column(scope)} v_store({pointer} + j, {value});"
        return [f"{indent}for (long i = 0; i < {rows}; ++i) {store}"]

    def summed(
        self, scope: Scope, node: Node, source: Node, place: Place, indent: str
    ) -> list[str]:
        """Return loops that add a value's columns to one sum, or to a sum for each symbol."""
        shape = source.shape or (1,)
        by_symbol = node.operation == "sum_by_symbol"

        def body(box: Box) -> tuple[list[str], list[str]]:
            writer = BoxWriter(self._sources, scope, shape, box, [])
            value = writer.value(source, positions(shape, box))
            rows = writer.row_of(positions(shape, box))
            target = scope.row(place, rows)
            if by_symbol:
                opened = [
                    "vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};",
                    f"real *few = {target};",
                ]
                inner = f"v_by_symbol({value}, symbols + at + j, VOCABULARY, sums, few);"
                closed = [
                    (
                        "for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) "
                        "few[s] += v_total(sums[s]);"
                    )
                ]
            else:
                opened = ["vec sum = v_all(0);"]
                inner = f"sum += {value};"
                closed = [f"*({target}) += v_total(sum);"]
            lines = [*opened, each_column(scope) + " {", *("    " + s for s in writer.statements)]
            return writer.names, [*lines, "    " + inner, "}", *closed]

        return self._loops(scope, shape, body, indent)

    def _loops(
        self,
        scope: Scope,
        shape: tuple[int, ...],
        body: Callable[[Box], tuple[list[str], list[str]]],
        indent: str,
    ) -> list[str]:
        texts: dict[Box, tuple[list[str], list[str]]] = {}

        def attempt(box: Box) -> None:
            texts[box] = body(box)

        lines: list[str] = []
        for box in boxes(shape, attempt):
            names, inner = texts[box]
            lines += [indent + line for line in _nested(box, names, inner)]
        return lines


def _nested(box: Box, names: list[str], inner: list[str]) -> list[str]:
    """Return loops over the axes of a box that have more than one place."""
    lines: list[str] = []
    depth = 0
    for (low, high), name in zip(box, names, strict=True):
        if high - low > 1:
            lines.append(
                f"{'    ' * depth}for (long {name} = 0; {name} < {high - low}; ++{name}) {{"
            )
            depth += 1
    if not depth:
        return ["{", *("    " + line for line in inner), "}"]
    lines += ["    " * depth + line for line in inner]
    lines += ["    " * (depth - k - 1) + "}" for k in range(depth)]
    return lines
