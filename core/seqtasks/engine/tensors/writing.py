"""The Python source of a program of tensor operations: two passes, a statement for each call.

Each pass has a function that makes the views it works on, once for each size of batch, and a
function that computes. Nothing is decided while it runs.
"""

from dataclasses import dataclass, field

from seqtasks.engine.analysis import Analysis
from seqtasks.engine.graph import Node
from seqtasks.engine.tensors.gradients import Write, assemblies, without_memory
from seqtasks.engine.tensors.joining import source_of
from seqtasks.engine.tensors.places import strided
from seqtasks.engine.tensors.sections import LEAVES, Sections, is_alias, sections
from seqtasks.engine.tensors.statements import Statements
from seqtasks.engine.tensors.storage import Buffer, Storage, by_section, plan_storage
from seqtasks.engine.tensors.views import Views

__all__ = ["Written", "write"]


@dataclass
class Written:
    """A program's text, and what it needs.

    Attributes:
        source: the Python, which defines `views_forward`, `forward`, `views_backward`, `backward`.
        constants: numbers and indexes by name.
        buffers: those of each pass; the pass back uses the other's too.
    """

    source: str
    constants: dict[str, object] = field(default_factory=dict[str, object])
    forward: list[Buffer] = field(default_factory=list[Buffer])
    backward: list[Buffer] = field(default_factory=list[Buffer])


def write(analysis: Analysis, external: bool) -> Written:
    """Write the program of an analysed model.

    Args:
        analysis: of the model.
        external: whether the states of every step have gradients from outside.
    """
    parted = sections(analysis, external)
    storage = plan_storage(parted, without_memory(parted))
    constants: dict[str, object] = {}
    passes = [_Pass(parted, storage, constants, back).text() for back in (False, True)]
    written = Written("\n\n".join(passes), constants)
    forward = {
        storage.slots[n].buffer for n in storage.slots if n in parted.forward or _is_state(n)
    }
    for buffer in storage.buffers.values():
        (written.forward if buffer in forward else written.backward).append(buffer)
    return written


def _is_state(node: Node) -> bool:
    return node.operation in ("state", "carried")


class _Pass:
    def __init__(
        self, parted: Sections, storage: Storage, constants: dict[str, object], back: bool
    ) -> None:
        self.parted, self.storage, self.back = parted, storage, back
        self.analysis = parted.analysis
        self.views = Views(storage, constants, back)
        self.statements = Statements(parted, storage, self.views)
        self.body: list[str] = []

    def text(self) -> str:
        """Return the two functions of the pass."""
        phases = self.analysis.phases
        for section, nodes in by_section(self.parted).items():
            if (section >= phases.backward) != self.back:
                continue
            nodes = [n for n in nodes if self._is_computed(n)]
            if phases.is_loop(section):
                self._loop(phases.layer(section), nodes)
            else:
                self._all_at_once(section, nodes)
        if self.back:
            self._gradients()
        else:
            self._say("what is predicted")
            self.body.append(f"return {self._rows(self.parted.roots.predictions)}")
        name = "backward" if self.back else "forward"
        arguments = "views, given, finals_back, empty" if self.back else "views, given"
        names = ", ".join(self.views.names)
        return "\n".join(
            [
                f"def views_{name}(buffers, parameters, constants, batch, time):",
                *(f"    {line}" for line in self.views.lines),
                f"    return ({names},)",
                "",
                f"def {name}({arguments}):",
                f"    ({names},) = views",
                *(f"    {line}" for line in self.body),
                "",
            ]
        )

    def _is_computed(self, node: Node) -> bool:
        inside = node in self.storage.inside or node in self.storage.direct
        elsewhere = node.operation in LEAVES or node.operation == "symbols_back"
        return not (inside or elsewhere or is_alias(node))

    def _say(self, what: str) -> None:
        self.body.append(f"# {what}")

    def _rows(self, node: Node) -> str:
        return self.views.of(node, False, (node.size,))

    def _all_at_once(self, section: int, nodes: list[Node]) -> None:
        if not nodes:
            return
        self._say(f"phase {section}, all steps at once")
        for node in nodes:
            self.statements.compute(node, False)
        self._take()

    def _take(self, indent: str = "") -> None:
        self.body += [indent + line for line in self.statements.lines]
        self.statements.lines.clear()

    # ---- loops

    def _loop(self, layer: int, nodes: list[Node]) -> None:
        self._say(f"layer {layer}, step by step{' back' if self.back else ''}")
        early = [n for n in nodes if not self.parted.in_loop(n)]
        for node in early:
            self.statements.compute(node, False)
        self._take()
        (self._begin_back if self.back else self._begin)(layer)
        self.views.steps = {}
        for node in nodes:
            if node not in early and not self._is_nothing(node):
                self.statements.compute(node, True)
        used = dict(self.views.steps)
        if self.statements.lines:
            names = ", ".join(used)
            comma = "," if len(used) == 1 else ""
            lists = ", ".join(used.values())
            self.body.append(f"for {names}{comma} in zip({lists}):")
            self._take("    ")
        if self.back:
            self._end_back(layer)

    def _is_nothing(self, node: Node) -> bool:
        return node.operation == "arriving" and not self.storage.sums[node]

    def _numbers(self, layer: int) -> list[tuple[int, int]]:
        """Return (part, place among all layers' states) of a layer's states."""
        before = sum(len(loop.parts) for loop in self.analysis.loops[:layer])
        return [(k, before + k) for k in range(len(self.analysis.loops[layer].parts))]

    def _begin(self, layer: int) -> None:
        starts: list[str] = []
        gifts: list[str] = []
        for k, number in self._numbers(layer):
            start = self.views.step(self.storage.buffers[f"state_{layer}_{k}"], "0")
            initial = self.parted.roots.initial[number]
            if initial.operation == "constant":
                starts.append(f"{start}.fill_({initial.value!r})")
            else:
                starts.append(f"{start}.copy_({self._rows(initial)})")
            gifts.append(f"{start}.copy_(given[{number}].reshape({start}.shape))")
        self.body += ["if given is None:", *(f"    {line}" for line in starts)]
        self.body += ["else:", *(f"    {line}" for line in gifts)]

    def _begin_back(self, layer: int) -> None:
        storage = self.storage
        for k, number in self._numbers(layer):
            carry = storage.buffers[f"carried_back_{layer}_{k}"]
            end = self.views.step(carry, "time")
            arriving = self.parted.roots.before[number]
            whole = self.views.buffer(carry.name, f'buffers["{carry.name}"]')
            preloaded = (layer, k) in storage.preloaded
            total = storage.merged.get((layer, k))
            if total is not None and total in storage.fills:
                source = self._rows(storage.fills[total])
                self.body.append(
                    f"{self.statements.out(total, False, (carry.size,))}.copy_({source})"
                )
            if preloaded:
                self.body.append(f"{self.views.step(carry, '0')}.zero_()")
            elif not storage.sums[arriving]:
                self.body.append(f"{whole}.zero_()")
            put = "add_" if preloaded else "copy_"
            self.body.append(f"{end}.{put}(finals_back[{number}].reshape({end}.shape))")

    def _end_back(self, layer: int) -> None:
        for k, _ in self._numbers(layer):
            part = self.analysis.loops[layer].parts[k]
            if part.initial_back is not None and part.initial_back in self.storage.slots:
                carry = self.storage.buffers[f"carried_back_{layer}_{k}"]
                start = self.views.step(carry, "0")
                target = self.statements.out(part.initial_back, False, (carry.size,))
                self.body += [
                    "if given is None:",
                    f"    total({start}, 0, out={target})",
                    "else:",
                    f"    {target}.zero_()",
                ]

    # ---- gradients

    def _gradients(self) -> None:
        self._say("the gradients")
        made: dict[int, str] = {}
        for leaf, assembly in assemblies(self.parted).items():
            name = f"gradient_{leaf.value[0]}"
            made[leaf.value[0]] = name
            self.body.append(f"{name} = empty({leaf.shape})")
            if assembly.zero:
                self.body.append(f"{name}.zero_()")
            for write in assembly.writes:
                self._write(name, leaf, write)
        names = [made.get(k, "None") for k in range(len(self.analysis.parameters))]
        inputs = self.parted.roots.inputs
        back = "None" if inputs is None else self._rows(inputs)
        self.body.append(f"return [{', '.join(names)}], {back}")

    def _write(self, name: str, leaf: Node, write: Write) -> None:
        source, box = write.source, write.box
        target = name
        if box is not None and box.sizes != leaf.shape:
            target = f"{name}[{_slices(box.starts, box.sizes)}]"
        if source in self.storage.direct:
            self._write_direct(target, write)
            return
        if source.operation == "symbols_back":
            value = self.views.of(source.inputs[0], False)
        elif box is None or box.source is None:
            value = self.views.of(source, False)
        else:
            value = self.views.place(source, box.source, box.sizes, False)
        self.body.append(f"{target}.{'add_' if write.add else 'copy_'}({value})")

    def _write_direct(self, target: str, write: Write) -> None:
        """Write a sum over steps right into a gradient."""
        source, box = write.source, write.box
        first, sizes = 0, source.shape
        if box is not None and box.source is not None:
            first, sizes = box.source.first, box.sizes
        operand = source.inputs[0]
        if source.operation == "sum_of_columns":
            value = self._slice(operand, first, sizes[0])
            line = (
                f"{target}.add_({value}.sum(0))"
                if write.add
                else f"total({value}, 0, out={target})"
            )
            self.body.append(line)
            return
        row, column = divmod(first, source.shape[1])
        left = self.views.transposed(self._slice(operand, row, sizes[0]))
        right = self._slice(source.inputs[1], column, sizes[1])
        line = (
            f"{target}.addmm_({left}, {right})"
            if write.add
            else f"mm({left}, {right}, out={target})"
        )
        self.body.append(line)

    def _slice(self, node: Node, first: int, size: int) -> str:
        """Return the name of some of a value's numbers, for all steps."""
        source, index = source_of(node)
        pattern = strided(index[first : first + size], (size,))
        assert pattern is not None
        return self.views.place(source, pattern, (size,), False)


def _slices(starts: tuple[int, ...], sizes: tuple[int, ...]) -> str:
    pairs = zip(starts, sizes, strict=True)
    return ", ".join(f"{start}:{start + size}" for start, size in pairs)
