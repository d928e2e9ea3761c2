"""Write the C program of a model: each phase, put together."""

from dataclasses import dataclass

from seqtasks import __version__
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.native.emit import frame
from seqtasks.engine.native.emit.addresses import Scope, Used
from seqtasks.engine.native.emit.constraints import constraints
from seqtasks.engine.native.emit.sums import Sums
from seqtasks.engine.native.emit.time_loops import backward_loop, forward_loop
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.emit.weights_back import weights_back
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.plan import Plan
from seqtasks.engine.native.plan.storage import Place

__all__ = ["Emitted", "write_program"]

MANY_SIZES, SOME_SIZES = 24, 16
"""From this many sizes of products on, a program has functions for all sizes together: from fewer
on if it is long, as its compilation takes longest."""
LONG = 150_000
"""A program with more characters of functions of its own is long."""

HEADER = "/* Made by seqtasks {version} for {title}. */"


@dataclass
class Emitted:
    """A program's text, with everything that its caller must know.

    Attributes:
        source: the C source.
        offsets: for each parameter its place among all gradients, or -1 if it is not trained.
        gradients: the number of elements in all gradients, padded.
        needs_blas: whether it calls BLAS.
        constrains: whether it changes parameters after each training step.
    """

    source: str
    offsets: list[int]
    gradients: int
    needs_blas: bool
    constrains: bool = False


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
        self.functions: list[str] = []

    def program(self) -> Emitted:
        """Return the program."""
        self.functions.append(self._begin())
        if self.plan.draws:
            self.functions.append(frame.draws(self.plan))
        forward, backward = self._forward(), self._backward()
        if self.plan.model.constrained:
            self.functions.append(constraints(self.plan))
        back = self.plan.inputs_back
        inputs_back = None if back is None else back[0].name
        written = [*self.values.products.values(), *self.functions]
        is_long = sum(map(len, written)) >= LONG
        shared = len(self.values.products) >= (SOME_SIZES if is_long else MANY_SIZES)
        source = "\n".join(
            [
                HEADER.format(version=__version__, title=self.title),
                *frame.definitions(self.plan),
                *(["#define SHARED_PRODUCTS"] if shared else []),
                frame.text("vector.h"),
                frame.text("angles.h"),
                frame.text("products.h"),
                *([frame.text("draws.h")] if self.plan.draws else []),
                *([frame.text("order.h")] if self.plan.orders else []),
                *(frame.equations() if self.plan.solves else []),
                frame.structures(self.plan),
                frame.lay_out(self.plan),
                *self.values.kernels.tables.declared("\n".join(written)),
                *written,
                frame.calling("forward", forward),
                frame.calling("backward", backward),
                frame.entries(self.plan, inputs_back),
                *map(frame.text, frame.RUNTIME),
            ]
        )
        offsets = [self.plan.offsets[leaf] for leaf in self.plan.model.leaves]
        constrains = bool(self.plan.model.constrained)
        return Emitted(source, offsets, self.plan.gradients, self.values.needs_blas, constrains)

    def _forward(self) -> Writer:
        """Write the functions of the forward pass, and return their calls."""
        model, phases = self.plan.model, self.plan.model.phases
        calls = Writer()
        for layer in range(len(model.loops)):
            self._batch_phase(calls, phases.before(layer), f"before_{layer}")
            self._drawn_states(calls, layer)
            forward_loop(calls, self.functions, self.plan, self.values, layer)
        self._batch_phase(calls, phases.before(len(model.loops)), "after")
        return calls

    def _backward(self) -> Writer:
        """Write the functions of the backward pass, and return their calls."""
        model, phases = self.plan.model, self.plan.model.phases
        calls = Writer()
        self.sums.clear(calls)
        self._batch_phase(calls, phases.backward, "back_after")
        for layer in reversed(range(len(model.loops))):
            backward_loop(calls, self.functions, self.plan, self.values, self.sums, layer)
            self._batch_phase(calls, phases.backward_before(layer), f"back_before_{layer}")
        of_weights = weights_back(self.plan, self.values, self.sums)
        if of_weights:
            self.functions.append(of_weights)
            calls.line("back_weights(w);")
        return calls

    def _begin(self) -> str:
        """Write values of weights alone, tables by symbol, and the initial states."""
        used, out = Used(), Writer()
        kept = self.plan.kept_in(0)
        if kept:
            out.line("/* what depends on weights alone */")
            self.values.write(out, Scope("one", used), kept)
        kept = self.plan.kept_in(1)
        if kept:
            out.line("/* what depends on a token alone, for each symbol */")
            with out.part("const long count = VOCABULARY_ROW; (void)count;"):
                self.values.write(out, Scope("vocabulary", used), kept)
        for layer, loop in enumerate(self.plan.model.loops):
            for k, part in enumerate(loop.parts):
                if part.initial.columns != Columns.BATCH:
                    self._first_state(out, used, layer, k)
        begin = frame.over_columns(self.plan, "begin", used, out)
        return "\n" + frame.text("states.h") + begin

    def _drawn_states(self, calls: Writer, layer: int) -> None:
        """Write the initial states of a layer that depend on random numbers of each row."""
        parts = self.plan.model.loops[layer].parts
        drawn = [k for k, part in enumerate(parts) if part.initial.columns == Columns.BATCH]
        if drawn:
            used, out, name = Used(), Writer(), f"begin_drawn_{layer}"
            for k in drawn:
                self._first_state(out, used, layer, k)
            self.functions.append(frame.over_columns(self.plan, name, used, out))
            calls.line(f"{name}(w);")

    def _first_state(self, out: Writer, used: Used, layer: int, k: int) -> None:
        """Write a state before the first step: the state that is given, or the initial state."""
        part = self.plan.model.loops[layer].parts[k]
        place = Place(self.plan.storage.places[part.previous].buffer)
        name, number, size = place.buffer.name, self.plan.state_number(layer, k), part.previous.size
        used.buffers.add(name)
        out.line(f"/* state {k} of layer {layer} before the first step */")
        packed = place.buffer.kind == "packed"
        function, row = ("give_packed", "") if packed else ("give", " row,")
        out.line(f"if (w->given) {function}({name},{row} w->given[{number}], {size}, w);")
        blocks = "for (long at = 0; at < columns; at += BLOCK)"
        with out.block(f"else {blocks}" if packed else "else"):
            if packed:
                out.line("const long count = at + BLOCK < columns ? BLOCK : columns - at;")
            else:
                out.line("const long at = 0, count = columns; (void)at;")
            initial = self.plan.model.graph.broadcast_columns(part.initial)
            self.values.kernels.pointwise(out, Scope("batch", used), [(initial, place)])

    def _batch_phase(self, calls: Writer, phase: int, name: str) -> None:
        """Write a phase for all steps in blocks of columns, then its sums over all steps."""
        alone = self.plan.for_inputs_alone
        kept = self.plan.kept_in(phase, Columns.BATCH)
        extra: list[tuple[Node, Place]] = []
        inputs_back = ""
        predictions = self.plan.model.predictions
        last = self.plan.model.phases.before(len(self.plan.model.loops))
        if phase == last and predictions not in self.plan.storage.places:
            extra.append((predictions, self.plan.predictions))
        if phase == self.plan.model.phases.backward_before(0):
            inputs_back = self._of_inputs([n for n in kept if n in alone])
            kept = [n for n in kept if n not in alone]
        if kept or extra or inputs_back:
            self._over_blocks(name, kept, extra)
            with calls.block("for (long at = 0; at < columns * w->time; at += BLOCK)"):
                calls.line(
                    "const long count = at + BLOCK < columns * w->time "
                    "? BLOCK : columns * w->time - at;"
                )
                calls.line(f"{name}(w, at, count, 0, 0);")
                if inputs_back:
                    calls.line(inputs_back)
        sums = self.sums.of_phase(phase, f"sums_{name}")
        if sums:
            self.functions.append(sums)
            calls.line(f"sums_{name}(w);")

    def _of_inputs(self, kept: list[Node]) -> str:
        """Write code that only the inputs' gradient needs; return its call for a block, if any."""
        further: list[tuple[Node, Place]] = []
        if self.plan.inputs_back is not None:
            buffer, back = self.plan.inputs_back
            further = [] if back is None else [(back, Place(buffer))]
        if not kept and not further:
            return ""
        self._over_blocks("back_inputs", kept, further)
        return "if (w->inputs_wanted) back_inputs(w, at, count, 0, 0);"

    def _over_blocks(self, name: str, kept: list[Node], extra: list[tuple[Node, Place]]) -> None:
        """Write a function that computes values for a block of columns."""
        used, out = Used(), Writer()
        self.values.write(out, Scope("batch", used), kept, extra)
        self.functions.append(frame.over_block(self.plan, name, used, out))
