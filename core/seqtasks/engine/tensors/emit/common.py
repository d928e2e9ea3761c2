"""The parts that the writers of both passes share."""

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import LEAVES
from seqtasks.engine.tensors.emit.statements import Statements
from seqtasks.engine.tensors.emit.views import Views
from seqtasks.engine.tensors.plan.buffers import Storage
from seqtasks.engine.tensors.rewrite.sections import (
    Sections,
    by_section,
    is_alias,
)

__all__ = ["Pass"]


class Pass:
    """Writes a pass: `body` receives the statements of its function."""

    back = False

    def __init__(self, parted: Sections, storage: Storage, constants: dict[str, object]) -> None:
        self.parted, self.storage = parted, storage
        self.model = parted.model
        self.views = Views(storage, constants, self.back)
        self.statements = Statements(parted, storage, self.views)
        self.body: list[str] = []

    def computed(self) -> dict[int, list[Node]]:
        """Return the nodes that the pass computes, by section."""
        phases = self.model.phases
        return {
            section: [n for n in nodes if self._is_computed(n)]
            for section, nodes in by_section(self.parted).items()
            if (section >= phases.backward) == self.back
        }

    def _is_computed(self, node: Node) -> bool:
        inside = node in self.storage.inside or node in self.storage.direct
        elsewhere = node.operation in LEAVES or node.operation == "symbols_back"
        return not (inside or elsewhere or is_alias(node))

    def say(self, what: str) -> None:
        """Write a comment."""
        self.body.append(f"# {what}")

    def rows(self, node: Node) -> str:
        """Return the name of a value, (time * batch, size)."""
        return self.views.of(node, False, (node.size,))

    def take(self, indent: str = "") -> None:
        """Take over the statements written since the last call."""
        self.body += [indent + line for line in self.statements.lines]
        self.statements.lines.clear()

    def all_at_once(self, what: str, nodes: list[Node]) -> None:
        """Write the code that computes values for all steps at once."""
        if nodes:
            self.say(what)
            for node in nodes:
                self.statements.compute(node, False)
            self.take()

    def step_by_step(self, nodes: list[Node]) -> None:
        """Write a loop over steps."""
        self.views.steps = {}
        for node in nodes:
            if node.operation != "arriving" or self.storage.sums[node]:
                self.statements.compute(node, True)
        used = dict(self.views.steps)
        if self.statements.lines:
            names = ", ".join(used)
            comma = "," if len(used) == 1 else ""
            self.body.append(f"for {names}{comma} in zip({', '.join(used.values())}):")
            self.take("    ")

    def numbers(self, layer: int) -> list[tuple[int, int]]:
        """Return (part, position among all layers' states) for a layer's states."""
        before = sum(len(loop.parts) for loop in self.model.loops[:layer])
        return [(k, before + k) for k in range(len(self.model.loops[layer].parts))]

    def functions(self, name: str, body: list[str], arguments: str) -> str:
        """Return the text of two functions: one makes the views, the other computes."""
        return "\n".join(
            [
                f"def views_{name}(buffers, parameters, constants, batch, start, time):",
                *(f"    {line}" for line in self.views.lines),
                f"    return ({self.names()},)",
                "",
                f"def {name}({arguments}):",
                *(f"    {line}" for line in body),
                "",
            ]
        )

    def names(self) -> str:
        """Return the names of all views."""
        return ", ".join(self.views.names)
