"""The Python source of a program of tensor operations: two passes, a statement for each call.

For each pass, one function makes the views once for each size of batch, and another computes.
Nothing is decided while it runs.

The backward pass takes stretches of some steps, the last stretch first. The values that it computes
beside the gradients therefore never exist for all steps: it takes little memory, and stays in the
caches.
"""

from dataclasses import dataclass, field

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import LEAVES, SAME_ROWS
from seqtasks.engine.tensors.emit.backward_pass import Backward
from seqtasks.engine.tensors.emit.common import Pass
from seqtasks.engine.tensors.emit.statements import number_text
from seqtasks.engine.tensors.plan.buffers import Buffer, Storage
from seqtasks.engine.tensors.rewrite.sections import Sections

__all__ = ["Written", "write_program"]


@dataclass
class Written:
    """A program's text, with everything it needs.

    Attributes:
        source: the Python source, which defines `views_forward`, `forward`, `views_backward`,
            `backward` and, for real inputs, `inputs_back`.
        constants: numbers and indexes by name.
        forward: the buffers of the forward pass; the backward pass reads them too.
        backward: further buffers of the backward pass.
    """

    source: str
    constants: dict[str, object] = field(default_factory=dict[str, object])
    forward: list[Buffer] = field(default_factory=list[Buffer])
    backward: list[Buffer] = field(default_factory=list[Buffer])


def write_program(parted: Sections, storage: Storage) -> Written:
    """Write the program of a model.

    Args:
        parted: the rewritten model.
        storage: the places of its values.
    """
    constants: dict[str, object] = {}
    passes = [kind(parted, storage, constants).text() for kind in (Forward, Backward)]
    written = Written("\n\n".join(passes), constants)
    forward = {
        slot.buffer
        for node, slot in storage.slots.items()
        if node in parted.forward or _is_leaf_of_forward(node, parted)
    }
    for buffer in storage.buffers.values():
        (written.forward if buffer in forward else written.backward).append(buffer)
    return written


class Forward(Pass):
    """Writes the forward pass."""

    def text(self) -> str:
        """Return the functions of the pass."""
        phases = self.model.phases
        for section, nodes in self.computed().items():
            if phases.is_loop(section):
                self._loop(phases.layer(section), nodes)
            else:
                self.all_at_once(f"phase {section}, all steps at once", nodes)
        self.say("what is predicted")
        predictions = self.parted.roots.predictions
        name = self.rows(predictions)
        if predictions.operation in SAME_ROWS:
            name = self.views.in_all_rows(name, predictions.size, False)
        self.body.append(f"return {name}")
        body = [f"({self.names()},) = views", *self.body]
        return self.functions("forward", body, "views, given")

    def _loop(self, layer: int, nodes: list[Node]) -> None:
        self.say(f"layer {layer}, step by step")
        starts: list[str] = []
        gifts: list[str] = []
        for k, number in self.numbers(layer):
            start = self.views.step(self.storage.buffers[f"state_{layer}_{k}"], "0")
            initial = self.parted.roots.initial[number]
            if initial.operation == "constant":
                starts.append(f"{start}.fill_({number_text(initial.value)})")
            else:
                starts.append(f"{start}.copy_({self.rows(initial)})")
            gifts.append(f"{start}.copy_(given[{number}].reshape({start}.shape))")
        self.body += ["if given is None:", *(f"    {line}" for line in starts)]
        self.body += ["else:", *(f"    {line}" for line in gifts)]
        self.step_by_step(nodes)
        for k, _ in self.numbers(layer):
            held = self.storage.buffers.get(f"held_{layer}_{k}")
            if held is not None:
                states = self.views.buffer(self.storage.buffers[f"state_{layer}_{k}"])
                held_name, running = self.views.buffer(held), self.views.running()
                self.body.append(f"hold({held_name}, {states}, {running})")


def _is_leaf_of_forward(node: Node, parted: Sections) -> bool:
    """Say whether the forward pass is given a value, or carries it from step to step."""
    return node.operation in LEAVES and node.phase < parted.model.phases.backward
