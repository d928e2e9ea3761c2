"""Write C that sums over the columns of all steps: gradients of weights and tables."""

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import OVER_COLUMNS, WEIGHT_GRADIENTS
from seqtasks.engine.native.emit.addresses import Scope
from seqtasks.engine.native.emit.frame import wrapped
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.plan.keep_or_recompute import latest_input
from seqtasks.engine.native.plan.plan import Plan

__all__ = ["Sums"]


class Sums:
    """Writes the sums of a program."""

    def __init__(self, plan: Plan, values: Values) -> None:
        self._plan, self._values = plan, values

    def of_phase(self, phase: int, name: str) -> str:
        """Write a phase's sums over all steps: the gradients of weights."""
        used: set[str] = set()
        nodes = [
            node
            for node in self._plan.storage.live
            if node.phase == phase
            and node.operation in WEIGHT_GRADIENTS
            and node.inputs[0].columns == Columns.BATCH
            and not self.in_portions(node)
        ]
        lines = self.lines(Scope("batch", used), nodes)
        if not lines:
            return ""
        lines = ["    const long at = 0, count = columns * w->time; (void)at; (void)count;", *lines]
        return wrapped(name, used, lines, self._plan.names)

    def in_portions(self, node: Node) -> bool:
        """Say whether a sum over steps is made every few steps of a backward loop."""
        phases, latest = self._plan.model.phases, latest_input(node)
        return self._plan.large and phases.is_loop(latest) and latest > phases.backward

    def portion(self, functions: list[str], layer: int) -> list[str]:
        """Write a backward loop's sums over the last few steps, and return their call."""
        used: set[str] = set()
        loop = self._plan.model.phases.backward_loop(layer)
        nodes = [
            node
            for node in self._plan.storage.live
            if node.operation in OVER_COLUMNS
            and latest_input(node) == loop
            and self.in_portions(node)
        ]
        if not nodes:
            return []
        name = f"sums_back_loop_{layer}"
        lines = self.lines(Scope("batch", used), nodes)
        functions.append(
            wrapped(name, used, lines, self._plan.names, "const long at, const long count")
        )
        return [
            (
                f"if (t % few == 0) {name}(w, t * columns + j, "
                "(few < w->time - t ? few : w->time - t) * width);"
            )
        ]

    def lines(self, scope: Scope, nodes: list[Node]) -> list[str]:
        """Return the loops and products that add to sums."""
        lines: list[str] = []
        for outers in self._joined_outers([n for n in nodes if n.operation == "outer"]):
            lines += self._values.outer(scope, outers, "count")
        for node in nodes:
            if node.operation != "outer":
                place = self._plan.storage.places[node]
                lines += self._values.kernels.summed(scope, node, node.inputs[0], place, "    ")
        return lines

    def _joined_outers(self, nodes: list[Node]) -> list[list[Node]]:
        """Return gradients of a matrix's blocks; each list of blocks is one product."""

        def where(node: Node) -> tuple[int, str, int]:
            place = self._plan.storage.places.get(node.inputs[0])
            if place is None or node not in self._plan.direct:
                return node.inputs[1].number, f"alone {node.number}", 0
            return node.inputs[1].number, place.buffer.name, place.first

        joined: list[list[Node]] = []
        for node in sorted(nodes, key=where):
            before = joined[-1][-1] if joined else None
            if before is not None and where(before)[:2] == where(node)[:2]:
                leaf, first, down, across = self._plan.direct[before]
                below = (leaf, first + before.inputs[0].size * down, down, across)
                adjacent = where(before)[2] + before.inputs[0].size == where(node)[2]
                if adjacent and self._plan.direct[node] == below:
                    joined[-1].append(node)
                    continue
            joined.append([node])
        return joined

    def cleared(self) -> list[str]:
        """Return code that zeroes sums before anything is added to them."""
        lines: list[str] = []
        for node in self._plan.storage.live:
            if node.operation not in OVER_COLUMNS or node in self._plan.direct:
                continue
            size = f"{node.size}" + (" * VOCABULARY_ROW" if node.columns else "")
            name = self._plan.storage.places[node].buffer.name
            lines.append(f"    memset(w->buffers.{name}, 0, sizeof(real) * {size});")
        return lines
