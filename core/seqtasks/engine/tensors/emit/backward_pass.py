"""Write the backward pass, which goes through stretches of steps, the last one first."""

import numpy as np

from seqtasks.engine.graph.index import strided
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.tensors.emit.common import Pass
from seqtasks.engine.tensors.emit.over_steps import (
    is_over_steps,
    product_over_steps,
    sum_over_steps,
)
from seqtasks.engine.tensors.emit.views import Views
from seqtasks.engine.tensors.plan.gradients import Assembly, Write, assemblies
from seqtasks.engine.tensors.rewrite.fuse import source_of

__all__ = ["Backward"]


class Backward(Pass):
    """Writes the backward pass."""

    back = True

    def text(self) -> str:
        """Return the functions of the pass."""
        found = assemblies(self.parted, self.storage.direct)
        begin, end = self._begin(found), list[str]()
        late: list[Node] = []
        for section, nodes in self.computed().items():
            by_step = [n for n in nodes if n.columns == Columns.BATCH or is_over_steps(n)]
            late += [n for n in nodes if n not in by_step and n.phase >= self.model.phases.backward]
            if self.model.phases.is_loop(section):
                self._loop(self.model.phases.layer(section), by_step)
            else:
                self.all_at_once(f"phase {section}, all steps of the stretch", by_step)
        self._write_gradients(found, over_steps=True)
        stretch, self.body = self.body, end
        self._initial_back()
        self.all_at_once("when all steps are done", late)
        self._write_gradients(found, over_steps=False)
        made = {leaf.value[0] for leaf in found}
        names = [
            f"gradient_{k}" if k in made else "None" for k in range(len(self.model.parameters))
        ]
        end.append(f"return [{', '.join(names)}]")
        body = [
            f"({self.names()},) = stretches[0]",
            *begin,
            "first = True",
            f"for {self.names()}, in stretches:",
            *(f"    {line}" for line in stretch),
            "    first = False",
            *end,
        ]
        text = self.functions("backward", body, "stretches, given, finals_back, empty")
        return text if self.parted.roots.inputs is None else f"{text}\n\n{self._inputs_back()}"

    def _begin(self, found: dict[Node, Assembly]) -> list[str]:
        """Return the code that runs before the first stretch."""
        phases = self.model.phases
        early = [
            n
            for nodes in self.computed().values()
            for n in nodes
            if n.columns != Columns.BATCH and n.phase < phases.backward and not is_over_steps(n)
        ]
        self.all_at_once("of the weights and the symbols alone", early)
        for leaf, assembly in found.items():
            self.body.append(f"gradient_{leaf.value[0]} = empty({leaf.shape})")
            if assembly.zero:
                self.body.append(f"gradient_{leaf.value[0]}.zero_()")
        begin, self.body = self.body, []
        return begin

    def _inputs_back(self) -> str:
        """Return the function that finds the gradient of the inputs."""
        assert self.parted.roots.inputs is not None
        views = Views(self.storage, self.views.constants, True)
        name = views.of(self.parted.roots.inputs, False)
        return "\n".join(
            [
                "def inputs_back(buffers, parameters, constants, batch, start, time):",
                *(f"    {line}" for line in views.lines),
                f"    return {name}",
                "",
            ]
        )

    # ---- loops

    def _loop(self, layer: int, nodes: list[Node]) -> None:
        self.say(f"layer {layer}, step by step back")
        for k, number in self.numbers(layer):
            self._arrive(layer, k, number)
        self.step_by_step(nodes)

    def _arrive(self, layer: int, k: int, number: int) -> None:
        """Write the code that puts the gradient of the stretch's last state in its place."""
        storage = self.storage
        carry = storage.buffers[f"carried_back_{layer}_{k}"]
        start, end = self.views.step(carry, "0"), self.views.step(carry, "time")
        preloaded = (layer, k) in storage.preloaded
        total = storage.merged.get((layer, k))
        if total is not None and total in storage.fills:
            place = self.statements.out(total, False, (carry.size,))
            self.body.append(f"{place}.copy_({self.rows(storage.fills[total])})")
        arriving = self.parted.roots.before[number]
        if not preloaded and not storage.sums[arriving]:
            self.body.append(f"{self.views.buffer(carry)}.zero_()")
        put = "add_" if preloaded else "copy_"
        given = f"finals_back[{number}].reshape({end}.shape)"
        self.body.append(f"{end}.{put}({given} if first else {start})")
        if preloaded:
            self.body.append(f"{start}.zero_()")

    def _initial_back(self) -> None:
        for layer, loop in enumerate(self.model.loops):
            for k, part in enumerate(loop.parts):
                if part.initial_back is None or part.initial_back not in self.storage.slots:
                    continue
                carry = self.storage.buffers[f"carried_back_{layer}_{k}"]
                target = self.statements.out(part.initial_back, False, (carry.size,))
                self.body += [
                    "if given is None:",
                    f"    total({self.views.step(carry, '0')}, 0, out={target})",
                    "else:",
                    f"    {target}.zero_()",
                ]

    # ---- gradients

    def _write_gradients(self, found: dict[Node, Assembly], over_steps: bool) -> None:
        """Write additions to the gradients: sums over all steps, or the rest."""
        self.say("into the gradients")
        for leaf, assembly in found.items():
            for write in assembly.writes:
                direct = write.source in self.storage.direct
                if (direct and is_over_steps(write.source)) == over_steps:
                    target = f"gradient_{leaf.value[0]}"
                    if write.box is not None and write.box.sizes != leaf.shape:
                        target += f"[{_slices(write.box.starts, write.box.sizes)}]"
                    (self._sum if direct else self._copy)(target, write)
        self.take()

    def _copy(self, target: str, write: Write) -> None:
        source, box = write.source, write.box
        if source.operation == "symbols_back":
            value = self.views.of(source.inputs[0], False)
        elif box is None or box.source is None:
            value = self.views.of(source, False)
        else:
            value = self.views.place(source, box.source, box.sizes, False)
        self.statements.lines.append(f"{target}.{'add_' if write.add else 'copy_'}({value})")

    def _sum(self, target: str, write: Write) -> None:
        """Write a sum over steps directly into a gradient."""
        source, box = write.source, write.box
        growing = is_over_steps(source)
        first, sizes = 0, source.shape
        if box is not None and box.source is not None:
            first, sizes = box.source.first, box.sizes
        operand = source.inputs[0]
        if source.operation == "sum_of_columns":
            if not sizes:  # of a single number without an axis
                target, sizes = f"{target}.view(1)", (1,)
            value = self._slice(operand, first, sizes[0])
            self.statements.lines.append(sum_over_steps(target, value, growing, write.add))
            return
        row, column = divmod(first, source.shape[1])
        left = self.views.transposed(self._slice(operand, row, sizes[0]))
        right = self._slice(source.inputs[1], column, sizes[1])
        line = product_over_steps(target, left, right, growing, write.add)
        self.statements.lines.append(line)

    def _slice(self, node: Node, first: int, size: int) -> str:
        """Return the name of a range of a value's elements, for all steps."""
        kept = node in self.storage.slots  # for example a view that reads backwards
        source, index = (node, np.arange(node.size)) if kept else source_of(node)
        pattern = strided(index[first : first + size], (size,))
        assert pattern is not None
        return self.views.place(source, pattern, (size,), False)


def _slices(starts: tuple[int, ...], sizes: tuple[int, ...]) -> str:
    pairs = zip(starts, sizes, strict=True)
    return ", ".join(f"{start}:{start + size}" for start, size in pairs)
