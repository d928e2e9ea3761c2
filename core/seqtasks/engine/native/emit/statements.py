"""Write C for one box of rows: the statements that compute its values."""

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import OTHERS, POINTWISE, REDUCTIONS
from seqtasks.engine.native.emit.addresses import Scope, each_column
from seqtasks.engine.native.emit.boxes import Box, affine, positions, split_mixed
from seqtasks.engine.native.emit.covering import NAMES, Loops, condition, extended, repeated
from seqtasks.engine.native.emit.levels import Level, Store, parted
from seqtasks.engine.native.emit.sources import Sources
from seqtasks.engine.native.emit.tables import number
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.operands import looked_up
from seqtasks.engine.native.plan.storage import Place

__all__ = ["BoxWriter", "loops_over"]


MOST_CHOSEN = 4
"""The most numbers between which conditions choose, where tables say which."""
MOST_PARTS = 2
"""The most parts between which they choose: all are computed in each row."""


def loops_over(box: Box, names: list[str]) -> list[str]:
    """Return the heads of loops over the axes of a box that have more than one place."""
    return [
        f"for (long {name} = 0; {name} < {high - low}; ++{name})"
        for (low, high), name in zip(box, names, strict=True)
        if high - low > 1
    ]


class BoxWriter:
    """Writes the statements of one box."""

    def __init__(
        self,
        sources: Sources,
        scope: Scope,
        loops: Loops,
        targets: list[tuple[Node, Place | str]],
    ) -> None:
        self._sources, self._scope = sources, scope
        # a value that is only copied to a further place may have been computed in another phase
        self._computed = {node for node, target in targets if sources.place(node) is target}
        self._loops = loops
        self.names = list(NAMES[: len(loops.shape)])
        self.statements: list[str] = []
        self._dear: set[str] = set()  # names of values that are costly functions
        self._known: dict[tuple[int, bytes], str] = {}
        self._taken: set[str] = set()
        self._own = positions(loops.shape, loops.box)

    def pointwise(self, out: Writer, targets: list[tuple[Node, Place | str]]) -> None:
        """Write statements that compute values, and store them or add to a C pointer."""
        scope = self._scope
        before: list[str] = []
        stores: list[str] = []
        whole: list[Store] = []
        after: list[str] = []
        for node, target in targets:
            over = self._sources.shared_sum(node)
            if over is not None and isinstance(target, Place) and node in self._computed:
                if node.operation in REDUCTIONS:
                    stores += self._added(node, target, *over)
                else:
                    source, rows = over
                    before.append(f"vec sum{node.number} = v_all(0);")
                    stores.append(f"sum{node.number} += {self.value(source, self._own)};")
                    total = scope.row(target, self.row_of(rows[self._own]))
                    after.append(f"*({total}) += v_total(sum{node.number});")
                continue
            value = self.value(node, self._own)
            if isinstance(target, str):
                stores.append(f"({target})[{self.row_of(self._own)}] += ({value})[0];")
                continue
            pointer = scope.row(target, self.row_of(self._own), writing=True)
            if scope.kind == "one":
                stores.append(f"*({pointer}) = ({value})[0];")
            else:
                whole.append(Store(value, pointer, target.buffer.name))
        out.line(*before)
        levels = parted(self.statements, whole, self._dear) if scope.parted and not stores else []
        if len(levels) > 1:
            self._in_levels(out, levels)
            return
        with out.nested([] if scope.kind == "one" else [each_column(scope)]):
            out.line(*self.statements, *stores, *(store.text for store in whole))
        out.line(*after)

    def _in_levels(self, out: Writer, levels: list[Level]) -> None:
        """Write a loop over the columns for each level."""
        rows = [name for level in levels for name in level.rows]
        if rows:
            out.line(f"_Alignas(sizeof(vec)) real {', '.join(f'row_{r}[BLOCK]' for r in rows)};")
        for level in levels:
            with out.block(each_column(self._scope)):
                out.line(*(f"const vec {n} = v_load({p});" for n, p in level.reads.items()))
                out.line(*(line for text in level.statements for line in text.split("\n")))
                out.line(*(f"v_store(row_{name} + j, {name});" for name in level.rows))
                out.line(*(store.text for store in level.stores))

    def _added(self, node: Node, target: Place, source: Node, rows: Index) -> list[str]:
        """Return statements that take a source's element into the reduction of all of them."""
        reduction = OTHERS[node.operation].reduction
        assert reduction is not None
        value = self.value(source, self._own)
        pointer = self._scope.row(target, self.row_of(rows[self._own]), writing=True)
        name = f"into{node.number}"
        taken = reduction[1].format(f"v_load({name})", value)
        return [f"real *const {name} = {pointer} + j;", f"v_store({name}, {taken});"]

    def reduced(self, out: Writer, target: str, value: str, combine: str) -> None:
        """Write the loops of a reduction over this box's later axes."""
        one, each = self._scope.kind == "one", each_column(self._scope)
        keep, box = self._loops.keep, self._loops.box
        declared = (
            f"{{ real *into = {target}; vec total = v_all(*into);"
            if one
            else f"{each} {{ real *into = {target} + j; vec total = v_load(into);"
        )
        with out.nested(loops_over(box[:keep], self.names[:keep])):
            out.line(declared)
            with out.deeper():
                with out.nested(loops_over(box[keep:], self.names[keep:])):
                    out.line(*self.statements)
                    out.line(f"total = {combine.format('total', value)};")
                out.line("*into = total[0]; }" if one else "v_store(into, total); }")

    def cumulative(self, out: Writer, target: Place, value: str, first: str, combine: str) -> None:
        """Write the loops of sums or products of all numbers up to each along the last axis."""
        one, box = self._scope.kind == "one", self._loops.box
        keep = len(box) - 1
        own = self._scope.row(target, self.row_of(self._own))
        if box[-1][0]:  # it goes on from the box before
            before = self._scope.row(target, self.row_of(self._own[..., :1] - 1))
            first = f"v_all(*({before}))" if one else f"v_load({before} + j)"
        head = "" if one else each_column(self._scope)
        with out.nested(loops_over(box[:keep], self.names[:keep])):
            out.line(f"{head} {{ vec total = {first};".strip())
            with out.deeper():
                with out.nested(loops_over(box[keep:], self.names[keep:])):
                    out.line(*self.statements)
                    out.line(f"total = {combine.format('total', value)};")
                    out.line(f"*({own}) = total[0];" if one else f"v_store({own} + j, total);")
                out.line("}")

    def row_of(self, index: Index) -> str:
        """Return positions as C, in the loop variables."""
        if self._loops.tables:
            return self._sources.tables.row(index, self.names)
        return affine(index, self.names)

    def kept_row(self) -> str:
        """Return the row of a reduction's result as C."""
        keep, shape, box = self._loops.keep, self._loops.shape, self._loops.box
        own = positions(shape[:keep] or (1,), box[:keep] or ((0, 1),))
        return affine(own, self.names[: max(keep, 1)])

    def value(self, node: Node, index: Index) -> str:
        """Return a C expression for elements of a node; write its statements first."""
        key = (node.number, index.tobytes())
        if key in self._known:
            return self._known[key]
        text = self._expression(node, index)
        if node.operation != "constant":
            text = self._declared(node, text)
            if node.operation in POINTWISE and not POINTWISE[node.operation].cheap:
                self._dear.add(text)
        self._known[key] = text
        return text

    def _declared(self, node: Node, text: str) -> str:
        """Write the statement of an expression, and return its name."""
        name = f"{node.operation.replace('_', '')}{node.number}"
        if name in self._taken:
            name += f"_{len(self.statements)}"
        self._taken.add(name)
        self.statements.append(f"const vec {name} = {text};")
        return name

    def _expression(self, node: Node, index: Index) -> str:
        negative = index < 0
        if negative.all():
            return "v_all(0)"
        if negative.any():
            chosen = self._chosen(node, index, ~negative)
            if chosen is None:
                split_mixed(negative)
            return f"({chosen[0]} ? {chosen[1]} : v_all(0))"
        if node.operation == "constant":
            return f"v_all({number(node.value)})"
        if node.operation == "count":
            return f"v_all((real)({self.row_of(index)}))"
        if node.operation == "parameter":
            self._scope.used.parameters.add(node)
            return f"v_all({self._sources.parameter(node)}[{self.row_of(index)}])"
        place = self._sources.place(node)
        own = node in self._computed and np.array_equal(index, self._own)
        if node.operation == "lookup" and (own or place is None):
            table, rows = looked_up(node)
            if table.operation == "constant":
                return f"v_all({number(table.value)})"
            in_memory = self._sources.place(table)
            assert in_memory is not None, f"no memory for {table}"
            pointer = self._scope.row(
                in_memory, self.row_of(index if rows is None else rows[index])
            )
            return f"v_lookup({pointer}, symbols + at + j, VOCABULARY)"
        if place is not None and not own:
            return self._loaded(node, place, index)
        terms = self._sources.terms(node)
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
        if node.operation == "external":
            return f"v_given(w->from_outside, {pointer} + j)"
        if node.columns == Columns.ONE:
            return f"v_all(*({pointer}))"
        rows = {"history": "", "packed": f" * {place.buffer.rows}"}.get(place.buffer.kind)
        if self._scope.ahead and rows is not None:
            self.statements.append(f"AHEAD({pointer}{self._scope.ahead}{rows} + j);")
        return f"v_load({pointer} + j)"

    def _part(self, node: Node, index: Index) -> str:
        if self._loops.tables:
            numbers = [part.value for part in node.inputs if part.operation == "constant"]
            if len(numbers) == len(node.inputs) and len(set(numbers)) > MOST_CHOSEN:
                held = np.repeat(numbers, [part.size for part in node.inputs])
                return f"v_all({self._sources.tables.number(held, self.row_of(index))})"
            self._few_parts(node, index)
        first = 0
        for part in node.inputs:
            inside = (index >= first) & (index < first + part.size)
            if inside.all():
                return self.value(part, index - first)
            if inside.any():
                chosen = self._chosen(part, index - first, inside)
                pattern = repeated if self._loops.tables else extended
                rest = None if chosen is None else pattern(index, ~inside, node.size)
                if chosen is None or rest is None or np.array_equal(rest, index):
                    split_mixed(inside)
                if node in self._computed:  # it is not in memory yet
                    other = self._declared(node, self._part(node, rest))
                else:
                    other = self.value(node, rest)
                return f"({chosen[0]} ? {chosen[1]} : {other})"
            first += part.size
        raise AssertionError("a position outside all parts")

    def _few_parts(self, node: Node, index: Index) -> None:
        """Split a box that reads many parts: each condition computes both that it chooses from."""
        ends = np.cumsum([part.size for part in node.inputs])
        of_part = np.searchsorted(ends, index, side="right")
        computed = [k for k in np.unique(of_part) if node.inputs[k].operation != "constant"]
        if len(computed) > MOST_PARTS:
            split_mixed(of_part == of_part.flat[0])

    def _chosen(self, node: Node, index: Index, true: NDArray[np.bool_]) -> tuple[str, str] | None:
        """Return a condition that holds in some places, and the node's elements there, as C."""
        if not self._loops.conditions:
            return None
        holds = condition(true, self.names)
        whole = None if holds is None else extended(index, true, node.size)
        if self._loops.tables:
            holds = holds or self._sources.tables.condition(true, self.names)
            whole = repeated(index, true, node.size) if whole is None else whole
        if holds is None or whole is None:
            return None
        return holds, self.value(node, whole)
