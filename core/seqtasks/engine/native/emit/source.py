"""Write the C program of a model: each phase, put together."""

from dataclasses import dataclass

from seqtasks import __version__
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.native.emit import frame
from seqtasks.engine.native.emit.addresses import Scope
from seqtasks.engine.native.emit.sums import Sums
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.emit.weights_back import weights_back
from seqtasks.engine.native.plan.plan import Plan
from seqtasks.engine.native.plan.storage import Place

__all__ = ["Emitted", "write_program"]

HEADER = "/* Made by seqtasks {version} for {title}. */"


@dataclass
class Emitted:
    """A program's text, with everything that its caller must know.

    Attributes:
        source: the C source.
        offsets: for each parameter its place among all gradients, or -1 if it is not trained.
        gradients: the number of elements in all gradients, padded.
        needs_blas: whether it calls BLAS.
    """

    source: str
    offsets: list[int]
    gradients: int
    needs_blas: bool


def write_program(plan: Plan, title: str) -> Emitted:
    """Write the program of a plan.

    Args:
        plan: what is computed, what is kept and where.
        title: the name of the model, for the first line.
    """
    return _Emitter(plan, title).program()


class _Emitter:
    def __init__(self, plan: Plan, title: str) -> None:
        self.plan, self.title = plan, title
        self.values = Values(plan)
        self.sums = Sums(plan, self.values)

    def program(self) -> Emitted:
        """Return the program."""
        model, phases = self.plan.model, self.plan.model.phases
        functions: list[str] = []
        functions.append(self._begin())
        forward: list[str] = []
        for layer in range(len(model.loops)):
            forward += self._batch_phase(functions, phases.before(layer), f"before_{layer}")
            forward += self._loop(functions, layer, back=False)
        forward += self._batch_phase(functions, phases.before(len(model.loops)), "after")
        backward = self.sums.cleared()
        last = len(model.loops)
        backward += self._batch_phase(functions, phases.backward, "back_after")
        for layer in reversed(range(last)):
            backward += self._loop(functions, layer, back=True)
            name = f"back_before_{layer}"
            backward += self._batch_phase(functions, phases.backward_before(layer), name)
        backward += weights_back(self.plan, self.values, self.sums, functions)
        back = self.plan.inputs_back
        inputs_back = None if back is None else back[0].name
        functions.append(frame.function("forward", forward))
        functions.append(frame.function("backward", backward))
        source = "\n".join(
            [
                HEADER.format(version=__version__, title=self.title),
                *frame.definitions(self.plan),
                frame.text("vector.h"),
                frame.text("products.h"),
                frame.structures(self.plan),
                frame.lay_out(self.plan),
                *self.values.products.values(),
                *functions,
                frame.entries(self.plan, inputs_back),
                *map(frame.text, frame.RUNTIME),
            ]
        )
        offsets = [self.plan.offsets[leaf] for leaf in self.plan.model.leaves]
        return Emitted(source, offsets, self.plan.gradients, self.values.needs_blas)

    def _begin(self) -> str:
        """Write values of weights alone, tables by symbol, and the initial states."""
        used: set[str] = set()
        lines: list[str] = []
        scope = Scope("one", used)
        kept = self.plan.kept_in(0)
        if kept:
            lines.append("    /* what depends on weights alone */")
            lines += self.values.written(scope, kept, "    ")
        kept = self.plan.kept_in(1)
        if kept:
            lines.append("    /* what depends on a token alone, for each symbol */")
            lines.append("    { const long count = VOCABULARY_ROW; (void)count;")
            lines += self.values.written(Scope("vocabulary", used), kept, "    ")
            lines.append("    }")
        for layer, loop in enumerate(self.plan.model.loops):
            for k, part in enumerate(loop.parts):
                place = Place(self.plan.storage.places[part.previous].buffer)
                lines.append(f"    /* state {k} of layer {layer} before the first step */")
                number = self.plan.state_number(layer, k)
                name = place.buffer.name
                used.add(name)
                lines += [
                    f"    if (w->given) give({name}, row, w->given[{number}], {part.previous.size}, w);",
                    "    else {",
                    "        const long at = 0, count = columns; (void)at;",
                    *self.values.kernels.pointwise(
                        Scope("batch", used), [(self._as_batch(part.initial), place)], "        "
                    ),
                    "    }",
                ]
        return "\n" + frame.text("states.h") + frame.wrapped("begin", used, lines, self.plan.names)

    def _as_batch(self, node: Node) -> Node:
        return self.plan.model.graph.broadcast_columns(node)

    def _batch_phase(self, functions: list[str], phase: int, name: str) -> list[str]:
        """Write a phase for all steps in blocks of columns, then its sums over all steps."""
        calls: list[str] = []
        alone = self.plan.for_inputs_alone
        kept = self.plan.kept_in(phase, Columns.BATCH)
        extra: list[tuple[Node, Place]] = []
        inputs_back: list[str] = []
        predictions = self.plan.model.predictions
        last = self.plan.model.phases.before(len(self.plan.model.loops))
        if phase == last and predictions not in self.plan.storage.places:
            extra.append((predictions, self.plan.predictions))
        if phase == self.plan.model.phases.backward_before(0):
            further = self._inputs_back()
            inputs_back = self._of_inputs([n for n in kept if n in alone], further, functions)
            kept = [n for n in kept if n not in alone]
        if kept or extra or inputs_back:
            used: set[str] = set()
            lines = self.values.written(Scope("batch", used), kept, "    ", extra)
            functions.append(frame.body(name, used, lines, self.plan.names))
            calls += [
                "    for (long at = 0; at < columns * w->time; at += BLOCK) {",
                "        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;",
                f"        {name}(w, at, count, 0, 0);",
                *inputs_back,
                "    }",
            ]
        sums = self.sums.of_phase(phase, f"sums_{name}")
        if sums:
            functions.append(sums)
            calls.append(f"    sums_{name}(w);")
        return calls

    def _of_inputs(
        self, kept: list[Node], further: list[tuple[Node, Place]], functions: list[str]
    ) -> list[str]:
        """Write code that only the inputs' gradient needs; return its call for a block."""
        if not kept and not further:
            return []
        used: set[str] = set()
        lines = self.values.written(Scope("batch", used), kept, "    ", further)
        functions.append(frame.body("back_inputs", used, lines, self.plan.names))
        return ["        if (w->inputs_wanted) back_inputs(w, at, count, 0, 0);"]

    def _inputs_back(self) -> list[tuple[Node, Place]]:
        if self.plan.inputs_back is None:
            return []
        buffer, back = self.plan.inputs_back
        return [] if back is None else [(back, Place(buffer))]

    def _loop(self, functions: list[str], layer: int, back: bool) -> list[str]:
        """Write a layer's loop, forward or back."""
        model = self.plan.model
        loop, phases = model.loops[layer], model.phases
        phase = phases.backward_loop(layer) if back else phases.loop(layer)
        used: set[str] = set()
        extra: list[tuple[Node, Place]] = []
        for part in loop.parts:
            if back:
                assert part.before is not None
                place = self.plan.storage.places[part.back]
                extra.append((part.before, place))
            else:
                states = self.plan.storage.places[part.previous].buffer
                own = self.plan.storage.places.get(part.following)
                if own is None or own.buffer is not states or own.shift != 1:
                    extra.append((part.following, Place(states, 1)))
        kept = self.plan.kept_in(phase, Columns.BATCH)
        name = f"{'back_' if back else ''}loop_{layer}"
        ahead = (" - columns" if back else " + columns") if self.plan.large else ""
        lines = self.values.written(Scope("batch", used, ahead), kept, "    ", extra)
        functions.append(frame.body(name, used, lines, self.plan.names))
        recent = "t % few * width" if back and self.plan.large else "0"
        body = [f"        {name}(w, t * columns + j, BLOCK_COLUMNS, turn, {recent});"]
        opened = "for (long t = 0; t < w->time; ++t) {"
        if back:
            opened = "for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) {"
        calls = [
            f"    for (long j = 0; j < columns; j += BLOCK) {{ /* {name} */",
            "        const long width = j + BLOCK < columns ? BLOCK : columns - j;",
            "        int turn = 0;",
        ]
        if back:
            for part in loop.parts:
                buffer = self.plan.storage.places[part.back].buffer
                calls.append(
                    f"        memset(w->buffers.{buffer.name}, 0, "
                    f"sizeof(real) * 2 * {buffer.rows} * SCRATCH_ROW);"
                )
        step = body[0].strip()
        if back and self.plan.large:
            calls.append(
                "        const long few = columns <= BLOCK ? BLOCK / width : 1; (void)few;"
            )
            step = " ".join([step, *self.sums.portion(functions, layer)])
        if self.plan.large:
            calls.append(f"        {opened} {step.replace('BLOCK_COLUMNS', 'width')} }}")
        else:
            calls += [
                f"        if (width == BLOCK) {opened} {step.replace('BLOCK_COLUMNS', 'BLOCK')} }}",
                f"        else {opened} {step.replace('BLOCK_COLUMNS', 'LANES')} }}",
            ]
        if back:
            calls += self._initial_back(layer)
        return [*calls, "    }", *([] if back else self._held(layer))]

    def _held(self, layer: int) -> list[str]:
        """Write the states of waiting rows as the code after the loop must see them."""
        lines: list[str] = []
        for part in self.plan.model.loops[layer].parts:
            states = self.plan.storage.places[part.previous].buffer
            held = self.plan.storage.places[part.carried].buffer
            if held is not states:
                pair = f"w->buffers.{held.name}, w->buffers.{states.name}"
                lines.append(f"    hold({pair}, {states.rows}, w);")
        return lines

    def _initial_back(self, layer: int) -> list[str]:
        lines: list[str] = []
        for k, part in enumerate(self.plan.model.loops[layer].parts):
            carry = self.plan.storage.places[part.back].buffer
            size = part.previous.size
            pointer = f"w->buffers.{carry.name} + turn * {size} * SCRATCH_ROW"
            number = self.plan.state_number(layer, k)
            lines.append(
                f"        if (w->given_back) give_back({pointer}, w->given_back[{number}], {size}, j, width, w);"
            )
            if part.initial_back is not None:
                name = self.plan.storage.places[part.initial_back].buffer.name
                lines += [
                    f"        if (!w->given) add_columns(w->buffers.{name}, {pointer}, {size}, j, width);",
                    f"        else memset(w->buffers.{name}, 0, sizeof(real) * {size});",
                ]
        return lines
