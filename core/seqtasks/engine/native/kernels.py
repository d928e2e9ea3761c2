"""C for the loops over rows and columns: expressions of pointwise operations, and reductions."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.native.boxes import Box, IrregularError, affine, boxes, positions, split
from seqtasks.engine.native.operands import looked_up
from seqtasks.engine.native.storage import Place, Storage
from seqtasks.engine.nodes import Columns, Index, Node
from seqtasks.engine.pointwise import POINTWISE

__all__ = ["Kernels", "Scope", "number"]


def number(value: float) -> str:
    """Return a number as C."""
    if np.isnan(value):
        return "(real)NAN"
    if np.isinf(value):
        return "(real)INFINITY" if value > 0 else "-(real)INFINITY"
    return f"(real){value!r}"


class Scope:
    """How a part of the program addresses memory.

    Args:
        kind: `one` column, `vocabulary`, `batch`.
        used: receives the names of the buffers that are used.
    """

    def __init__(self, kind: str, used: set[str], ahead: str = "") -> None:
        self.kind, self.used, self.ahead = kind, used, ahead

    def row(self, place: Place, row: str, writing: bool = False) -> str:
        """Return a pointer to the first column of a row."""
        name = place.buffer.name
        self.used.add(name)
        kind = place.buffer.kind
        if place.first:
            row = str(place.first + int(row)) if row.isdigit() else f"{place.first} + {row}"
        if kind == "one":
            return f"{name} + {_factor(row)}"
        if kind == "vocabulary":
            return f"{name} + {_times(row, 'VOCABULARY_ROW')}"
        if kind == "scratch":
            return f"{name} + {_times(row, 'SCRATCH_ROW')}"
        if kind == "carry":
            turn = "(1 - turn)" if writing else "turn"
            return f"{name} + ({turn} * {place.buffer.rows} + {row}) * SCRATCH_ROW"
        if kind == "recent":
            return f"{name} + {_times(row, 'RECENT_ROW')} + recent"
        later = f" + {place.shift} * columns" if place.shift > 1 else " + columns" * place.shift
        return f"{name} + {_times(row, 'row')} + at{later}"

    def stride(self, place: Place) -> str:
        """Return the distance from a row to the next."""
        return {
            "one": "1",
            "vocabulary": "VOCABULARY_ROW",
            "scratch": "SCRATCH_ROW",
            "carry": "SCRATCH_ROW",
            "recent": "RECENT_ROW",
            "history": "row",
        }[place.buffer.kind]


def _factor(row: str) -> str:
    return row if row.isidentifier() or row.isdigit() else f"({row})"


def _times(row: str, stride: str) -> str:
    return "0" if row == "0" else f"{_factor(row)} * {stride}"


class Kernels:
    """Writes loops over rows for values of a graph.

    Args:
        storage: what is kept where.
        parameter_name: the C name of a parameter's memory.
    """

    def __init__(self, storage: Storage, parameter_name: Callable[[Node], str]) -> None:
        self._storage, self._parameter_name = storage, parameter_name

    def pointwise(
        self, scope: Scope, targets: list[tuple[Node, Place | str]], indent: str
    ) -> list[str]:
        """Return loops that compute values of one shape and keep them.

        A target is a place, or a C pointer to which the value is added.
        """
        shape = targets[0][0].shape or (1,)

        def body(box: Box) -> tuple[list[str], list[str]]:
            writer = _Box(self, scope, shape, box, dict(targets))
            return writer.names, writer.pointwise(targets)

        return self._loops(scope, shape, body, indent)

    def reduction(self, scope: Scope, node: Node, place: Place, indent: str) -> list[str]:
        """Return loops that sum, or take the greatest, over the last axes of a value."""
        source = node.inputs[0]
        shape = source.shape
        keep = len(node.shape)
        lines: list[str] = []
        first = {"sum": "v_all(0)", "maximum_of": "v_all(-INFINITY)"}[node.operation]
        combine = {"sum": "{0} + {1}", "maximum_of": "v_maximum({0}, {1})"}[node.operation]
        found: list[tuple[Box, list[str]]] = []

        def attempt(box: Box) -> None:
            writer = _Box(self, scope, shape, box, {})
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
            store = f"{_columns(scope)} v_store({pointer} + j, {value});"
        return [f"{indent}for (long i = 0; i < {rows}; ++i) {store}"]

    def summed(
        self, scope: Scope, node: Node, source: Node, place: Place, indent: str
    ) -> list[str]:
        """Return loops that add a value's columns to their sum, or to that of their symbol."""
        shape = source.shape or (1,)
        by_symbol = node.operation == "sum_by_symbol"

        def body(box: Box) -> tuple[list[str], list[str]]:
            writer = _Box(self, scope, shape, box, {})
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
            lines = [*opened, _columns(scope) + " {", *("    " + s for s in writer.statements)]
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

    # ---- what an expression reads

    def parameter(self, node: Node) -> str:
        """Return the C name of a parameter's memory."""
        return self._parameter_name(node)

    def place(self, node: Node) -> Place | None:
        """Return where a node is kept, if it is."""
        return self._storage.places.get(node)

    def terms(self, node: Node) -> list[Node] | None:
        """Return the terms of a sum whose products are joined."""
        return self._storage.sums.get(node)


def _columns(scope: Scope) -> str:
    return "" if scope.kind == "one" else "for (long j = 0; j < count; j += LANES)"


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


class _Box:
    """Writes the statements of one box."""

    def __init__(
        self,
        kernels: Kernels,
        scope: Scope,
        shape: tuple[int, ...],
        box: Box,
        targets: dict[Node, Place | str],
    ) -> None:
        self._kernels, self._scope, self._targets = kernels, scope, targets
        self._box = box
        self.names = ["ikmnpq"[axis] for axis in range(len(shape))]
        self.statements: list[str] = []
        self._known: dict[tuple[int, bytes], str] = {}
        self._own = positions(shape, box)

    def pointwise(self, targets: list[tuple[Node, Place | str]]) -> list[str]:
        scope = self._scope
        stores: list[str] = []
        for node, target in targets:
            own = self._kernels.place(node)
            value = self.value(node, self._own, computing=own is None or own is target)
            if isinstance(target, str):
                stores.append(f"({target})[{self.row_of(self._own)}] += ({value})[0];")
                continue
            pointer = scope.row(target, self.row_of(self._own), writing=True)
            if scope.kind == "one":
                stores.append(f"*({pointer}) = ({value})[0];")
            else:
                stores.append(f"v_store({pointer} + j, {value});")
        if scope.kind == "one":
            return self.statements + stores
        inner = ["    " + line for line in self.statements + stores]
        return [_columns(scope) + " {", *inner, "}"]

    def reduced(self, target: str, value: str, combine: str, keep: int, scope: Scope) -> list[str]:
        """Return the loops of a reduction over this box's later axes."""
        outer = list(zip(self._box[:keep], self.names[:keep], strict=True))
        inner = list(zip(self._box[keep:], self.names[keep:], strict=True))
        depth, lines = 0, list[str]()
        for (low, high), name in outer:
            if high - low > 1:
                lines.append(
                    "    " * depth + f"for (long {name} = 0; {name} < {high - low}; ++{name}) {{"
                )
                depth += 1
        tab = "    " * depth
        if scope.kind == "one":
            lines.append(f"{tab}{{ real *into = {target}; vec total = v_all(*into);")
        else:
            lines.append(
                f"{tab}{_columns(scope)} {{ real *into = {target} + j; vec total = v_load(into);"
            )
        level = depth + 1
        opened = 0
        for (low, high), name in inner:
            if high - low > 1:
                lines.append(
                    "    " * level + f"for (long {name} = 0; {name} < {high - low}; ++{name}) {{"
                )
                level += 1
                opened += 1
        lines += ["    " * level + s for s in self.statements]
        lines.append("    " * level + f"total = {combine.format('total', value)};")
        for _ in range(opened):
            level -= 1
            lines.append("    " * level + "}")
        store = "*into = total[0];" if scope.kind == "one" else "v_store(into, total);"
        lines.append(f"{tab}    {store} }}")
        lines += ["    " * (depth - k - 1) + "}" for k in range(depth)]
        return lines

    def row_of(self, index: Index) -> str:
        """Return places as C, in the loop variables."""
        return affine(index, self.names)

    def place_of(self, shape: tuple[int, ...], box: Box, keep: int) -> str:
        """Return the rows of the kept axes of a box as C."""
        own = positions(shape, box)
        return affine(own, self.names[: max(keep, 1)])

    def value(self, node: Node, index: Index, computing: bool = False) -> str:
        """Return a C expression for elements of a node, writing what it needs before."""
        key = (node.number, index.tobytes())
        if key in self._known:
            return self._known[key]
        text = self._expression(node, index, computing)
        if node.operation != "constant":
            name = f"{node.operation.replace('_', '')}{node.number}"
            if any(f" {name} =" in s for s in self.statements):
                name += f"_{len(self.statements)}"
            self.statements.append(f"const vec {name} = {text};")
            text = name
        self._known[key] = text
        return text

    def _expression(self, node: Node, index: Index, computing: bool) -> str:
        negative = index < 0
        if negative.any():
            if not negative.all():
                split_mixed(negative)
            return "v_all(0)"
        if node.operation == "constant":
            return f"v_all({number(node.value)})"
        if node.operation == "parameter":
            return f"v_all({self._kernels.parameter(node)}[{self.row_of(index)}])"
        if node.operation == "lookup":
            table, rows = looked_up(node)
            if table.operation == "constant":
                return f"v_all({number(table.value)})"
            place = self._kernels.place(table)
            assert place is not None, f"no memory for {table}"
            pointer = self._scope.row(place, self.row_of(index if rows is None else rows[index]))
            return f"v_lookup({pointer}, symbols + at + j, VOCABULARY)"
        place = None if computing else self._kernels.place(node)
        own = node in self._targets and np.array_equal(index, self._own)
        if place is not None and not own:
            return self._loaded(node, place, index)
        terms = self._kernels.terms(node)
        if terms is not None:
            return " + ".join(self.value(term, index) for term in terms)
        if node.operation in POINTWISE:
            values = [self.value(source, index) for source in node.inputs]
            return POINTWISE[node.operation].c.format(*values)
        if node.operation == "view":
            assert node.index is not None
            return self.value(node.inputs[0], node.index[index])
        if node.operation == "spread":
            return self.value(node.inputs[0], index)
        if node.operation == "concatenate":
            return self._part(node, index)
        if place is not None:
            return self._loaded(node, place, index)
        raise AssertionError(f"no memory for {node}")

    def _loaded(self, node: Node, place: Place, index: Index) -> str:
        pointer = self._scope.row(place, self.row_of(index))
        if node.columns == Columns.ONE:
            return f"v_all(*({pointer}))"
        if self._scope.ahead and place.buffer.kind == "history":
            self.statements.append(f"AHEAD({pointer}{self._scope.ahead} + j);")
        return f"v_load({pointer} + j)"

    def _part(self, node: Node, index: Index) -> str:
        first = 0
        for part in node.inputs:
            inside = (index >= first) & (index < first + part.size)
            if inside.all():
                return self.value(part, index - first)
            if inside.any():
                split_mixed(inside)
            first += part.size
        raise AssertionError("a place outside all parts")


def split_mixed(inside: NDArray[np.bool_]) -> None:
    """Raise IrregularError where some places of a box are of one kind and some of another."""
    for axis in range(inside.ndim):
        lines = np.moveaxis(inside, axis, 0).reshape(inside.shape[axis], -1)
        changes = np.flatnonzero((lines[1:] != lines[:-1]).any(axis=1))
        if len(changes):
            raise IrregularError(axis, int(changes[0]) + 1)
    split(inside.astype(np.int64))
