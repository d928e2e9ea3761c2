"""Write C that sums over the columns of all steps: gradients of weights and tables."""

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import OVER_COLUMNS, WEIGHT_GRADIENTS
from seqtasks.engine.native.emit.addresses import Scope, Used
from seqtasks.engine.native.emit.frame import over_columns
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.keep_or_recompute import latest_input
from seqtasks.engine.native.plan.plan import Plan
from seqtasks.engine.native.plan.shared_sums import is_sum_of_columns

__all__ = ["Sums"]


class Sums:
    """Writes the sums of a program."""

    def __init__(self, plan: Plan, values: Values) -> None:
        self._plan, self._values = plan, values

    def of_phase(self, phase: int, name: str) -> str:
        """Return a function that makes a phase's sums over all steps: the gradients of weights."""
        used, out = Used(), Writer()
        nodes = [
            node
            for node in self._plan.storage.live
            if node.phase == phase
            and node.operation in WEIGHT_GRADIENTS
            and node.inputs[0].columns == Columns.BATCH
            and not self.in_portions(node)
        ]
        if not nodes:
            return ""
        out.line("const long at = 0, count = columns * w->time; (void)at; (void)count;")
        self.write(out, Scope("batch", used), nodes)
        return over_columns(self._plan, name, used, out)

    def in_portions(self, node: Node) -> bool:
        """Say whether a sum over steps is made within a backward loop, every step or few steps."""
        phases, latest = self._plan.model.phases, latest_input(node)
        return self._plan.large and phases.is_loop(latest) and latest > phases.backward

    def portion(self, functions: list[str], layer: int) -> str:
        """Write a backward loop's sums over the last few steps, and return their call if any."""
        loop = self._plan.model.phases.backward_loop(layer)
        nodes = [
            node
            for node in self._plan.storage.live
            if node.operation in OVER_COLUMNS
            and latest_input(node) == loop
            and self.in_portions(node)
            and not is_sum_of_columns(self._plan.storage, node)
        ]
        if not nodes:
            return ""
        name = f"sums_back_loop_{layer}"
        used, out = Used(), Writer()
        self.write(out, Scope("batch", used), nodes)
        given = "const long at, const long count"
        functions.append(over_columns(self._plan, name, used, out, given))
        if self._plan.sums_by_step:
            return f"{name}(w, t * columns + j, width);"
        return (
            f"if (t % few == 0) {name}(w, t * columns + j, "
            "(few < w->time - t ? few : w->time - t) * width);"
        )

    def write(self, out: Writer, scope: Scope, nodes: list[Node]) -> None:
        """Write the loops and products that add to sums."""
        for outers in self._joined_outers([n for n in nodes if n.operation == "outer"]):
            self._values.outer(out, scope, outers, "count")
        for node in nodes:
            if node.operation != "outer":
                place = self._plan.storage.places[node]
                self._values.kernels.summed(out, scope, node, node.inputs[0], place)

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

    def clear(self, out: Writer) -> None:
        """Write code that zeroes sums before anything is added to them."""
        for node in self._plan.storage.live:
            if node.operation not in OVER_COLUMNS or node in self._plan.direct:
                continue
            size = f"{node.size}" + (" * VOCABULARY_ROW" if node.columns else "")
            name = self._plan.storage.places[node].buffer.name
            out.line(f"memset(w->buffers.{name}, 0, sizeof(real) * {size});")
