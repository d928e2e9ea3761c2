"""The C program of a model: what each phase computes, put together."""

import importlib.resources
import re
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import torch

from seqtasks.engine.analysis import Analysis
from seqtasks.engine.graph import Columns, Node
from seqtasks.engine.native.kernels import Kernels, Scope
from seqtasks.engine.native.schedule import groups
from seqtasks.engine.native.storage import (
    LEAVES,
    OWN_LOOPS,
    SUMS,
    Buffer,
    Place,
    Storage,
    in_memory,
    latest_input,
    live_nodes,
    plan_storage,
    rectangle,
)

__all__ = ["Emitted", "emit"]

SMALL_BLOCK, LARGE_BLOCK = 16, 256
BLAS_NUMBERS, BLAS_SIDE = 1024, 16
MOST_LANES = 16
HEADER = "/* Made by seqtasks {version} for {title}. */"


@dataclass
class Emitted:
    """A program's text, and what its caller must know.

    Attributes:
        source: the C.
        offsets: parameter leaf -> its place among all gradients, or -1 for one not trained.
        gradients: numbers in all gradients, padded.
        needs_blas: whether it calls BLAS.
    """

    source: str
    offsets: dict[Node, int] = field(default_factory=dict[Node, int])
    gradients: int = 0
    needs_blas: bool = False


def emit(analysis: Analysis, names: dict[Node, str], title: str) -> Emitted:
    """Write the program of an analysed model.

    Args:
        analysis: the model.
        names: of its parameters.
        title: what it is, for the first line.
    """
    emitter = _Emitter(analysis, names, title)
    try:
        return emitter.program()
    finally:
        for node, phase in emitter.moved.items():
            node.phase = phase


class _Emitter:
    def __init__(self, analysis: Analysis, names: dict[Node, str], title: str) -> None:
        self.analysis, self.title = analysis, title
        self.names = {leaf: re.sub(r"\W", "_", name) for leaf, name in names.items()}
        self.leaves = sorted(analysis.parameters, key=lambda leaf: leaf.value[0])
        self.offsets: dict[Node, int] = {}
        total = 0
        for leaf in self.leaves:
            trained = leaf in analysis.gradients.of_parameters
            self.offsets[leaf] = total if trained else -1
            total += leaf.size if trained else 0
        self.gradients = -(-max(total, 1) // MOST_LANES) * MOST_LANES
        self.direct = self._direct_products()
        self.moved = self._move_into_loops()
        self.large = self._has_large_products()
        self.storage: Storage = plan_storage(
            analysis, self._roots(), self._elsewhere(), self.large
        )
        predictions = analysis.predictions
        if predictions not in self.storage.places:
            self.predictions = Place(
                self.storage.buffer("predictions", predictions.size, "history")
            )
        else:
            self.predictions = self.storage.places[predictions]
            self.predictions.buffer.kind = "history"
        self.kernels = Kernels(self.storage, lambda leaf: self.names[leaf])
        self.needs_blas = False
        self.products: dict[str, str] = {}

    # ---- what must be computed

    def _direct_products(self) -> dict[Node, tuple[Node, int, int, int]]:
        """Return weight gradients that are added to their place at once: (leaf, first, strides)."""
        found: dict[Node, list[tuple[Node, int, int, int]]] = {}
        for leaf, contributions in self.analysis.gradients.of_parameters.items():
            for node in contributions:
                source = node
                if node.operation == "view":
                    source = node.inputs[0]
                if source.operation != "outer":
                    continue
                place = _rectangle_of(node, leaf)
                if place is not None:
                    found.setdefault(source, []).append((leaf, *place))
        return {node: places[0] for node, places in found.items() if len(places) == 1}

    def _move_into_loops(self) -> dict[Node, int]:
        """Make products that one loop alone reads within it, step by step, and return their phases.

        What a step has just computed is still in the processor's cache when the step reads it.
        """
        phases = self.analysis.phases
        users: dict[Node, list[Node]] = defaultdict(list)
        for node in live_nodes(self._roots()):
            for source in node.inputs:
                users[source].append(node)
        moved: dict[Node, int] = {}
        for layer in range(len(self.analysis.loops)):
            for before, loop in (
                (phases.before(layer), phases.loop(layer)),
                (phases.backward_before(layer + 1), phases.backward_loop(layer)),
            ):
                for node, readers in users.items():
                    if node.operation != "linear" or node.phase != before:
                        continue
                    if node.columns == Columns.BATCH and all(r.phase == loop for r in readers):
                        moved[node] = node.phase
                        node.phase = loop
        return moved

    def _elsewhere(self) -> set[Node]:
        """Return what is added to the gradients at once, and needs no memory of its own."""
        back = [n for n in self.analysis.graph.nodes if n.operation == "symbols_back"]
        return {*self.direct, *back}

    def _is_direct(self, node: Node) -> bool:
        source = node.inputs[0] if node.operation == "view" else node
        return source in self.direct

    def _roots(self) -> list[Node]:
        analysis = self.analysis
        roots = [analysis.predictions]
        for loop in analysis.loops:
            for part in loop.parts:
                roots += [part.following, part.initial]
                if part.before is not None:
                    roots.append(part.before)
        for contributions in analysis.gradients.of_parameters.values():
            for node in contributions:
                roots.append(
                    node.inputs[0] if self._is_direct(node) and node.operation == "view" else node
                )
        if analysis.gradients.of_inputs is not None and not analysis.vocabulary:
            roots.append(analysis.gradients.of_inputs)
        return roots

    def _kept_in(self, phase: int, columns: Columns | None = None) -> list[Node]:
        return [
            node
            for node in self.storage.live
            if node.phase == phase
            and node in self.storage.places
            and node.operation not in LEAVES
            and (columns is None or node.columns == columns)
        ]

    # ---- the parts

    def program(self) -> Emitted:
        analysis, phases = self.analysis, self.analysis.phases
        functions: list[str] = []
        functions.append(self._begin())
        forward: list[str] = []
        for layer in range(len(analysis.loops)):
            forward += self._batch_phase(functions, phases.before(layer), f"before_{layer}")
            forward += self._loop(functions, layer, back=False)
        forward += self._batch_phase(functions, phases.before(len(analysis.loops)), "after")
        backward = self._cleared()
        last = len(analysis.loops)
        backward += self._batch_phase(functions, phases.backward, "back_after")
        for layer in reversed(range(last)):
            backward += self._loop(functions, layer, back=True)
            name = f"back_before_{layer}"
            backward += self._batch_phase(functions, phases.backward_before(layer), name)
        backward += self._last_phases(functions)
        functions.append(_function("forward", forward))
        functions.append(_function("backward", backward))
        source = "\n".join(
            [
                HEADER.format(version=_version(), title=self.title),
                *self._definitions(),
                _text("vector.h"),
                _text("products.h"),
                self._structures(),
                self._lay_out(),
                *self.products.values(),
                *functions,
                self._entries(),
                _text("runtime.h"),
                _text("entries.h"),
            ]
        )
        return Emitted(source, self.offsets, self.gradients, self.needs_blas)

    def _definitions(self) -> list[str]:
        analysis = self.analysis
        large = self.large
        scratch = LARGE_BLOCK + 16 if large else SMALL_BLOCK
        return [
            "#include <pthread.h>",
            "#include <sched.h>",
            f"#define REAL_BITS {32 if analysis.dtype == torch.float32 else 64}",
            f"#define VOCABULARY {analysis.vocabulary}",
            f"#define VOCABULARY_ROW {-(-analysis.vocabulary // MOST_LANES) * MOST_LANES}",
            f"#define INPUT_SIZE {0 if analysis.vocabulary else analysis.input_size}",
            f"#define OUTPUT_SIZE {analysis.predictions.size}",
            f"#define GRADIENTS {self.gradients}",
            f"#define LARGE {int(large)}",
            f"#define BLOCK {LARGE_BLOCK if large else SMALL_BLOCK}",
            f"#define SCRATCH_ROW {scratch}",
            f"#define RECENT_ROW {scratch}",
        ]

    def _has_large_products(self) -> bool:
        return any(
            node.operation == "linear"
            and node.columns == Columns.BATCH
            and _through_blas(node.inputs[0].shape)
            for node in self.analysis.graph.nodes
        )

    def _structures(self) -> str:
        buffers = "\n".join(f"    real *{name};" for name in self.storage.buffers)
        return f"""
struct parameter {{
    real *values;         /* the model's own memory */
    real *first, *second; /* the optimiser's; may be null */
    long offset, size;    /* among all gradients; offset < 0: not trained */
}};
struct buffers {{
{buffers}
}};
struct work {{
    struct buffers buffers;
    const struct parameter *parameters;
    gemm *blas;
    real *gradients, *predictions;
    int32_t *symbols;
    const int64_t *lengths;      /* of each row, or null */
    const real *const *given;    /* states to start from, or null */
    real *const *given_back;     /* their gradients, or null */
    long rows, columns, time, row, thread, first;
}};
"""

    def _lay_out(self) -> str:
        lines = [
            "/* Give each buffer its memory; returns how many bytes they take. */",
            "static long lay_out(struct work *w, char *memory) {",
            "    const long row = w->row, all = w->columns * w->time;",
            "    long taken = 0;",
            "#define TAKE(pointer, type, count)                    \\",
            "    do {                                              \\",
            "        (pointer) = (type *)(memory + taken);         \\",
            "        taken += ((long)(count) * (long)sizeof(type) + 63) / 64 * 64; \\",
            "    } while (0)",
            "    TAKE(w->gradients, real, GRADIENTS);",
            "    TAKE(w->symbols, int32_t, all + LANES);",
        ]
        sizes = {
            "one": "{0}",
            "vocabulary": "{0} * VOCABULARY_ROW",
            "scratch": "{0} * SCRATCH_ROW",
            "carry": "2 * {0} * SCRATCH_ROW",
            "recent": "{0} * RECENT_ROW",
            "history": "{0} * row",
        }
        for buffer in self.storage.buffers.values():
            size = sizes[buffer.kind].format(buffer.rows)
            lines.append(f"    TAKE(w->buffers.{buffer.name}, real, {size});")
        shift = " + w->columns" * self.predictions.shift
        lines += [
            f"    w->predictions = w->buffers.{self.predictions.buffer.name}{shift};",
            "#undef TAKE",
            "    (void)row;",
            "    return taken;",
            "}",
        ]
        return "\n".join(lines)

    def _begin(self) -> str:
        """Write what depends on weights alone, tables by symbol, and the initial states."""
        used: set[str] = set()
        lines: list[str] = []
        scope = Scope("one", used)
        kept = self._kept_in(0)
        if kept:
            lines.append("    /* what depends on weights alone */")
            lines += self._groups(scope, kept, "    ")
        kept = self._kept_in(1)
        if kept:
            lines.append("    /* what depends on a token alone, for each symbol */")
            lines.append("    { const long count = VOCABULARY_ROW; (void)count;")
            lines += self._groups(Scope("vocabulary", used), kept, "    ")
            lines.append("    }")
        for layer, loop in enumerate(self.analysis.loops):
            for k, part in enumerate(loop.parts):
                place = Place(self.storage.places[part.previous].buffer)
                lines.append(f"    /* state {k} of layer {layer} before the first step */")
                number = self._state_number(layer, k)
                name = place.buffer.name
                used.add(name)
                lines += [
                    f"    if (w->given) give({name}, row, w->given[{number}], {part.previous.size}, w);",
                    "    else {",
                    "        const long at = 0, count = columns; (void)at;",
                    *self.kernels.pointwise(
                        Scope("batch", used), [(self._as_batch(part.initial), place)], "        "
                    ),
                    "    }",
                ]
        return GIVE + _wrapped("begin", used, lines, self.names)

    def _as_batch(self, node: Node) -> Node:
        return self.analysis.graph.broadcast_columns(node)

    def _state_number(self, layer: int, k: int) -> int:
        return sum(len(loop.parts) for loop in self.analysis.loops[:layer]) + k

    def _batch_phase(self, functions: list[str], phase: int, name: str) -> list[str]:
        """Write a phase for all steps, in blocks of columns, and then its sums over all of them."""
        calls: list[str] = []
        kept = [n for n in self._kept_in(phase, Columns.BATCH)]
        extra: list[tuple[Node, Place]] = []
        predictions = self.analysis.predictions
        last = self.analysis.phases.before(len(self.analysis.loops))
        if phase == last and predictions not in self.storage.places:
            extra.append((predictions, self.predictions))
        if phase == self.analysis.phases.backward_before(0):
            extra += self._inputs_back(kept)
        if kept or extra:
            used: set[str] = set()
            lines = self._groups(Scope("batch", used), kept, "    ", extra)
            functions.append(_body(name, used, lines, self.names))
            calls += [
                "    for (long at = 0; at < columns * w->time; at += BLOCK)",
                f"        {name}(w, at, at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at, 0, 0);",
            ]
        sums = self._sums(phase, f"sums_{name}")
        if sums:
            functions.append(sums)
            calls.append(f"    sums_{name}(w);")
        return calls

    def _inputs_back(self, kept: list[Node]) -> list[tuple[Node, Place]]:
        back = self.analysis.gradients.of_inputs
        if back is None or self.analysis.vocabulary:
            return []
        place = self.storage.places.get(back)
        if place is not None and place.buffer.kind == "history" and place.shift == 0:
            self.inputs_back = place.buffer
            return []
        self.inputs_back = self.storage.buffer("inputs_back", back.size, "history")
        return [(back, Place(self.inputs_back))]

    inputs_back: Buffer | None = None

    def _sums(self, phase: int, name: str) -> str:
        """Write the sums over all steps that a phase makes: weight gradients."""
        used: set[str] = set()
        nodes = [
            node
            for node in self.storage.live
            if node.phase == phase
            and node.operation in ("outer", "sum_of_columns")
            and node.inputs[0].columns == Columns.BATCH
            and not self._in_portions(node)
        ]
        lines = self._sum_lines(Scope("batch", used), nodes)
        if not lines:
            return ""
        lines = ["    const long at = 0, count = columns * w->time; (void)at; (void)count;", *lines]
        return _wrapped(name, used, lines, self.names)

    def _in_portions(self, node: Node) -> bool:
        """Say whether a sum over steps is made every few steps of a loop back."""
        phases, latest = self.analysis.phases, latest_input(node)
        return self.large and phases.is_loop(latest) and latest > phases.backward

    def _portion(self, functions: list[str], layer: int) -> list[str]:
        """Write the sums over the last few steps of a loop back, and return their call."""
        used: set[str] = set()
        loop = self.analysis.phases.backward_loop(layer)
        nodes = [
            node
            for node in self.storage.live
            if node.operation in SUMS and latest_input(node) == loop and self._in_portions(node)
        ]
        if not nodes:
            return []
        name = f"sums_back_loop_{layer}"
        lines = self._sum_lines(Scope("batch", used), nodes)
        functions.append(_wrapped(name, used, lines, self.names, "const long at, const long count"))
        return [
            f"if (t % few == 0) {name}(w, t * columns + j, "
            "(few < w->time - t ? few : w->time - t) * width);"
        ]

    def _sum_lines(self, scope: Scope, nodes: list[Node]) -> list[str]:
        lines: list[str] = []
        for outers in self._joined_outers([n for n in nodes if n.operation == "outer"]):
            lines += self._outer(scope, outers, "count")
        for node in nodes:
            if node.operation != "outer":
                place = self.storage.places[node]
                lines += self.kernels.summed(scope, node, node.inputs[0], place, "    ")
        return lines

    def _joined_outers(self, nodes: list[Node]) -> list[list[Node]]:
        """Return gradients of a matrix's blocks that are one product, each as one list."""

        def where(node: Node) -> tuple[int, str, int]:
            place = self.storage.places.get(node.inputs[0])
            if place is None or node not in self.direct:
                return node.inputs[1].number, f"alone {node.number}", 0
            return node.inputs[1].number, place.buffer.name, place.first

        joined: list[list[Node]] = []
        for node in sorted(nodes, key=where):
            before = joined[-1][-1] if joined else None
            if before is not None and where(before)[:2] == where(node)[:2]:
                leaf, first, down, across = self.direct[before]
                below = (leaf, first + before.inputs[0].size * down, down, across)
                adjacent = where(before)[2] + before.inputs[0].size == where(node)[2]
                if adjacent and self.direct[node] == below:
                    joined[-1].append(node)
                    continue
            joined.append([node])
        return joined

    def _cleared(self) -> list[str]:
        """Return what is to be zero before sums are added to it."""
        lines: list[str] = []
        for node in self.storage.live:
            if node.operation not in SUMS or node in self.direct:
                continue
            size = f"{node.size}" + (" * VOCABULARY_ROW" if node.columns else "")
            name = self.storage.places[node].buffer.name
            lines.append(f"    memset(w->buffers.{name}, 0, sizeof(real) * {size});")
        return lines

    def _loop(self, functions: list[str], layer: int, back: bool) -> list[str]:
        """Write a layer's loop, forward or back."""
        analysis = self.analysis
        loop, phases = analysis.loops[layer], analysis.phases
        phase = phases.backward_loop(layer) if back else phases.loop(layer)
        used: set[str] = set()
        extra: list[tuple[Node, Place]] = []
        for part in loop.parts:
            if back:
                assert part.before is not None
                place = self.storage.places[part.back]
                extra.append((part.before, place))
            else:
                states = self.storage.places[part.previous].buffer
                own = self.storage.places.get(part.following)
                if own is None or own.buffer is not states or own.shift != 1:
                    extra.append((part.following, Place(states, 1)))
        kept = self._kept_in(phase, Columns.BATCH)
        name = f"{'back_' if back else ''}loop_{layer}"
        ahead = (" - columns" if back else " + columns") if self.large else ""
        lines = self._groups(Scope("batch", used, ahead), kept, "    ", extra)
        functions.append(_body(name, used, lines, self.names))
        recent = "t % few * width" if back and self.large else "0"
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
                buffer = self.storage.places[part.back].buffer
                calls.append(
                    f"        memset(w->buffers.{buffer.name}, 0, "
                    f"sizeof(real) * 2 * {buffer.rows} * SCRATCH_ROW);"
                )
        step = body[0].strip()
        if back and self.large:
            calls.append("        const long few = columns <= BLOCK ? BLOCK / width : 1; (void)few;")
            step = " ".join([step, *self._portion(functions, layer)])
        if self.large:
            calls.append(f"        {opened} {step.replace('BLOCK_COLUMNS', 'width')} }}")
        else:
            calls += [
                f"        if (width == BLOCK) {opened} {step.replace('BLOCK_COLUMNS', 'BLOCK')} }}",
                f"        else {opened} {step.replace('BLOCK_COLUMNS', 'LANES')} }}",
            ]
        if back:
            calls += self._initial_back(layer)
        return [*calls, "    }"]

    def _initial_back(self, layer: int) -> list[str]:
        lines: list[str] = []
        for k, part in enumerate(self.analysis.loops[layer].parts):
            carry = self.storage.places[part.back].buffer
            size = part.previous.size
            pointer = f"w->buffers.{carry.name} + turn * {size} * SCRATCH_ROW"
            number = self._state_number(layer, k)
            lines.append(
                f"        if (w->given_back) give_back({pointer}, w->given_back[{number}], {size}, j, width, w);"
            )
            if part.initial_back is not None:
                name = self.storage.places[part.initial_back].buffer.name
                lines.append(
                    f"        if (!w->given) add_columns(w->buffers.{name}, {pointer}, {size}, j, width);"
                )
        return lines

    def _last_phases(self, functions: list[str]) -> list[str]:
        """Write the gradients of tables by symbol and of weights."""
        phases = self.analysis.phases
        used: set[str] = set()
        lines: list[str] = []
        batch, table = Scope("batch", used), Scope("vocabulary", used)
        kept = self._kept_in(phases.backward_vocabulary)
        sums = [n for n in kept if n.operation == "sum_by_symbol" and not self._in_portions(n)]
        if sums:
            lines.append("    { /* what each symbol's gradient is */")
            lines.append("    const long at = 0, count = columns * w->time; (void)at;")
            for node in sums:
                lines += self.kernels.summed(
                    batch, node, node.inputs[0], self.storage.places[node], "    "
                )
            lines.append("    }")
        rest = [
            n for n in kept if n.columns == Columns.VOCABULARY and n.operation != "sum_by_symbol"
        ]
        outers = [
            n
            for n in self.storage.live
            if n.operation in ("outer", "sum_of_columns")
            and n.inputs[0].columns == Columns.VOCABULARY
        ]
        if rest or outers:
            lines.append("    { const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;")
            lines += self._groups(table, rest, "    ")
            lines += self._sum_lines(table, outers)
            lines.append("    }")
        one = Scope("one", used)
        kept = [n for n in self._kept_in(phases.backward_weights, Columns.ONE)]
        kept = [n for n in kept if n not in self.direct]
        kept = [n for n in kept if n.operation not in ("outer", "sum_of_columns")]
        lines += self._groups(one, kept, "    ")
        for leaf, contributions in self.analysis.gradients.of_parameters.items():
            for node in contributions:
                if self._is_direct(node):
                    continue
                lines.append(f"    /* gradient of {self.names[leaf]} */")
                target = f"w->gradients + {self.offsets[leaf]}"
                if node.operation == "symbols_back":
                    (g,) = node.inputs
                    rows, _ = self._vector(table, g)
                    lines += [
                        "    for (int s = 0; s < VOCABULARY; ++s)",
                        f"        for (int d = 0; d < {g.size}; ++d)",
                        f"            ({target})[s * {g.size} + d] += ({rows})[d * VOCABULARY_ROW + s];",
                    ]
                else:
                    lines += self.kernels.pointwise(one, [(node, target)], "    ")
        if not lines:
            return []
        functions.append(_wrapped("back_weights", used, lines, self.names))
        return ["    back_weights(w);"]

    # ---- groups of values

    def _groups(
        self,
        scope: Scope,
        kept: list[Node],
        indent: str,
        extra: list[tuple[Node, Place]] | None = None,
    ) -> list[str]:
        lines: list[str] = []
        places = self.storage.places
        copies = list(extra or [])
        for group in groups(self.storage, kept):
            if group[0].operation in OWN_LOOPS:
                lines += self._own_loops(scope, group[0], indent)
                continue
            targets: list[tuple[Node, Place | str]] = [(n, places[n]) for n in group]
            for node, place in list(copies):
                if node in group:
                    targets.append((node, place))
                    copies.remove((node, place))
            lines += self.kernels.pointwise(scope, targets, indent)
        # copies of one shape share a loop, for one may read what another overwrites
        shapes = dict.fromkeys(node.shape for node, _ in copies)
        for shape in shapes:
            same: list[tuple[Node, Place | str]] = [c for c in copies if c[0].shape == shape]
            lines += self.kernels.pointwise(scope, same, indent)
        return lines

    def _own_loops(self, scope: Scope, node: Node, indent: str) -> list[str]:
        place = self.storage.places[node]
        if node.operation in ("sum", "maximum_of"):
            return self.kernels.reduction(scope, node, place, indent)
        if node.operation == "symbols":
            table = self.names[node.inputs[0]]
            pointer = scope.row(place, "d")
            return [
                f"{indent}for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < {node.size}; ++d) "
                f"({pointer})[s] = {table}[(s < VOCABULARY ? s : 0) * {node.size} + d];"
            ]
        stack = self.storage.stacked.get(node)
        if node.operation == "linear" and stack is not None:
            if node is not stack[0]:  # a part of the first one's product
                return []
            weight, vector = node.inputs
            rows = sum(n.size for n in stack)
            return self._product(scope, node, weight, vector, False, False, indent, rows)
        if node.operation == "products" and stack is not None:
            inner = sum(n.size for n in stack[1::2])
            return self._product(scope, node, stack[0], stack[1], True, False, indent, inner)
        if node.operation in ("linear", "products"):
            transposed = node.value if node.operation == "products" else (node.value,)
            lines: list[str] = []
            for number, flag in enumerate(transposed):
                weight, vector = node.inputs[2 * number : 2 * number + 2]
                lines += self._product(scope, node, weight, vector, flag, number > 0, indent)
            return lines
        raise AssertionError(f"no loops for {node.operation}")

    def _weight(self, weight: Node) -> tuple[str, int, int]:
        """Return a matrix's memory and the distances between its rows and between its columns."""
        base, index = in_memory(weight)
        first, down, across = (0, weight.shape[1], 1)
        if index is not None:
            found = rectangle(weight)
            assert found is not None
            first, down, across = found
        if base.operation == "parameter":
            name = self.names[base]
        else:
            name = f"w->buffers.{self.storage.places[base].buffer.name}"
        return f"{name} + {first}" if first else name, down, across

    def _vector(self, scope: Scope, vector: Node) -> tuple[str, str]:
        """Return a vector's first row, and the distance from a row to the next."""
        base, index = in_memory(vector)
        first = 0 if index is None else int(index[0])
        if base.operation == "parameter":
            return f"{self.names[base]} + {first}", "1"
        place = self.storage.places[base]
        return scope.row(place, str(first)), scope.stride(place)

    def _product(
        self,
        scope: Scope,
        node: Node,
        weight: Node,
        vector: Node,
        transposed: bool,
        add: bool,
        indent: str,
        height: int | None = None,
    ) -> list[str]:
        """Write a product with a matrix, or with `height` rows of the one it is a block of."""
        name, down, across = self._weight(weight)
        rows, inner = weight.shape
        rows = rows if height is None else height
        if transposed:
            rows, inner, down, across = inner, rows, across, down
        place = self.storage.places[node]
        out, out_row = scope.row(place, "0"), scope.stride(place)
        source, source_row = self._vector(scope, vector)
        if scope.kind == "one":
            return [
                f"{indent}for (int i = 0; i < {rows}; ++i) {{",
                f"{indent}    real total = {f'({out})[i]' if add else '0'};",
                f"{indent}    for (int k = 0; k < {inner}; ++k) "
                f"total += ({name})[i * {down} + k * {across}] * ({source})[k];",
                f"{indent}    ({out})[i] = total;",
                f"{indent}}}",
            ]
        numbers = f"{name}, {down}, {across}, {source}, {source_row}, {rows}, {inner}"
        through_blas = scope.kind == "batch" and _through_blas((rows, inner))
        through_blas = through_blas and 1 in (down, across)
        self.needs_blas = self.needs_blas or through_blas
        call = f"{name}, {source}, {source_row}, count"
        shared = self._shared("product", down, across, rows, inner, add, through_blas)
        return [f"{indent}{shared}(w->blas, {out}, {out_row}, {call});"]

    def _outer(self, scope: Scope, nodes: list[Node], count: str) -> list[str]:
        """Write gradients of a matrix, of which several are blocks one below the other."""
        node = nodes[0]
        g, vector = node.inputs
        source, source_row = self._vector(scope, g)
        other, other_row = self._vector(scope, vector)
        rows, width = sum(n.inputs[0].size for n in nodes), vector.size
        lines: list[str] = []
        if node in self.direct:
            leaf, first, down, across = self.direct[node]
            target = f"w->gradients + {self.offsets[leaf] + first}"
            lines.append(f"    /* gradient of {self.names[leaf]} */")
        else:
            place = self.storage.places[node]
            target, down, across = scope.row(place, "0"), width, 1
        through_blas = scope.kind == "batch" and _through_blas((rows, width))
        if through_blas and 1 in (down, across):
            self.needs_blas = True
            numbers = f"{target}, {down}, {across}, {source}, {source_row}, {other}, {other_row}"
            return [
                *lines,
                f"    outer_blas(w->blas, {numbers}, {rows}, {width}, {count});",
            ]
        shared = self._shared("outer", down, across, rows, width, True)
        call = f"{target}, {source}, {source_row}, {other}, {other_row}, {count}"
        return [*lines, f"    {shared}({call});"]

    def _shared(
        self,
        kind: str,
        down: int,
        across: int,
        rows: int,
        inner: int,
        add: bool,
        through_blas: bool = False,
    ) -> str:
        """Return the name of a product whose sizes are constants, shared by all that have them."""
        name = f"{kind}_{rows}x{inner}_by_{down}_{across}" + ("_more" if add else "")
        name += "_blas" if through_blas else ""
        if kind == "product":
            text = (
                f"static __attribute__((noinline)) void {name}(gemm *blas, real *restrict out, "
                "long out_row, const real *restrict w, const real *restrict v, long v_row, "
                "long count) {\n"
                f"    if ({int(through_blas)} && !OWN_PRODUCTS) product_blas(blas, out, out_row, "
                f"w, {down}, {across}, v, v_row, {rows}, {inner}, count, {int(add)});\n"
                f"    else product(out, out_row, w, {down}, {across}, v, v_row, {rows}, {inner}, "
                f"count, {int(add)});\n}}"
            )
        else:
            text = (
                f"static __attribute__((noinline)) void {name}(real *restrict out, "
                "const real *restrict g, long g_row, const real *restrict v, long v_row, "
                "long count) {\n"
                f"    outer(out, {down}, {across}, g, g_row, v, v_row, {rows}, {inner}, count);\n}}"
            )
        self.products[name] = text
        return name

    def _entries(self) -> str:
        """Write the tables by which the entries find states, gradients and inputs."""
        parts = [
            (self.storage.places[part.previous].buffer, part)
            for loop in self.analysis.loops
            for part in loop.parts
        ]
        names = ", ".join(f"w->buffers.{buffer.name}" for buffer, _ in parts)
        external = ", ".join(
            "0"
            if part.external is None
            else f"w->buffers.{self.storage.places[part.external].buffer.name}"
            for _, part in parts
        )
        sizes = ", ".join(str(buffer.rows) for buffer, _ in parts)
        back = "0" if self.inputs_back is None else f"w->buffers.{self.inputs_back.name}"
        running = "w->buffers.running" if "running" in self.storage.buffers else "0"
        return (
            ENTRIES.replace("<states>", names)
            .replace("<external>", external)
            .replace("<sizes>", sizes)
            .replace("<inputs back>", back)
            .replace("<running>", running)
            .replace("<count>", str(len(parts)))
        )


def _through_blas(shape: tuple[int, ...]) -> bool:
    return min(shape) >= BLAS_SIDE and shape[0] * shape[1] >= BLAS_NUMBERS


def _rectangle_of(node: Node, leaf: Node) -> tuple[int, int, int] | None:
    """Return (first, row stride, column stride) of where an outer product lies in a parameter."""
    if node.operation == "outer":
        return 0, node.shape[1], 1
    assert node.index is not None
    source = node.inputs[0]
    inside = np.flatnonzero(node.index >= 0)
    if len(inside) != source.size:
        return None
    where = np.empty(source.size, dtype=np.int64)
    where[node.index[inside]] = inside
    table = where.reshape(source.shape)
    rows, width = source.shape
    first = int(table[0, 0])
    down = int(table[1, 0]) - first if rows > 1 else leaf.shape[-1]
    across = int(table[0, 1]) - first if width > 1 else 1
    expected = first + down * np.arange(rows)[:, None] + across * np.arange(width)
    return (first, down, across) if np.array_equal(table, expected) else None


def _pointers(used: set[str], names: dict[Node, str]) -> list[str]:
    lines = [f"    real *const restrict {name} = w->buffers.{name};" for name in sorted(used)]
    for leaf, name in names.items():
        lines.append(f"    const real *const {name} = w->parameters[{leaf.value[0]}].values;")
    return lines


def _mentioned(lines: list[str], names: dict[Node, str]) -> dict[Node, str]:
    text = re.sub(r"/\*.*?\*/", "", "\n".join(lines))
    words = set(re.findall(r"\w+", text))
    return {leaf: name for leaf, name in names.items() if name in words}


COMMENTS = {
    "begin": "What is known before any step: weights, tables by symbol, initial states.",
    "before": "Before the loop of layer {0}, for a block of columns.",
    "loop": "One step of the loop of layer {0}, for a block of columns.",
    "after": "After the loops: the readout, for a block of columns.",
    "back_after": "Back through the readout, for a block of columns.",
    "back_loop": "One step back through the loop of layer {0}, for a block of columns.",
    "back_before": "Back through what came before the loop of layer {0}.",
    "sums_back_after": "The readout's gradients, over all columns of all steps.",
    "sums_back_before": "The gradients of layer {0}'s weights, over all columns of all steps.",
    "sums_back_loop": "The gradients of layer {0}'s weights, over the last few steps.",
    "back_weights": "Back through the tables by symbol, and the rest of the weights' gradients.",
}


def _comment(name: str) -> str:
    stem, _, layer = name.rpartition("_")
    key, number = (stem, int(layer) + 1) if layer.isdigit() else (name, 0)
    return f"/* {COMMENTS[key].format(number)} */"


def _wrapped(
    name: str, used: set[str], lines: list[str], names: dict[Node, str], more: str = ""
) -> str:
    head = [
        _comment(name),
        f"static void {name}(struct work *w{', ' if more else ''}{more}) {{",
        *(["    const long recent = 0; (void)at; (void)count; (void)recent;"] if more else []),
        "    const long columns = w->columns, row = w->row;",
        "    const int32_t *const symbols = w->symbols;",
        "    (void)columns; (void)row; (void)symbols;",
        *_pointers(used, _mentioned(lines, names)),
    ]
    return "\n".join([*head, *lines, "}", ""])


def _body(name: str, used: set[str], lines: list[str], names: dict[Node, str]) -> str:
    head = [
        _comment(name),
        f"INLINE void {name}(struct work *w, const long at, const long count, const int turn, const long recent) {{",
        "    const long columns = w->columns, row = w->row;",
        "    const int32_t *const symbols = w->symbols;",
        "    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;",
        *_pointers(used, _mentioned(lines, names)),
    ]
    return "\n".join([*head, *lines, "}", ""])


def _function(name: str, calls: list[str]) -> str:
    return "\n".join(
        [
            f"static void {name}(struct work *w) {{",
            "    const long columns = w->columns;",
            "    (void)columns;",
            *calls,
            "}",
            "",
        ]
    )


def _text(name: str) -> str:
    return (importlib.resources.files(__package__) / name).read_text(encoding="utf-8")


def _version() -> str:
    from seqtasks import __version__

    return __version__


GIVE = """
/* States given from outside are (batch, size), by rows of the batch. */
static UNUSED void give(real *state, long row, const real *given, long size, const struct work *w) {
    for (long c = 0; c < w->columns; ++c)
        for (long d = 0; d < size; ++d)
            state[d * row + c] = given[(w->first + (c < w->rows ? c : 0)) * size + d];
}
static UNUSED void give_back(const real *carry, real *back, long size, long j, long width, const struct work *w) {
    for (long c = 0; c < width && j + c < w->rows; ++c)
        for (long d = 0; d < size; ++d) back[(w->first + j + c) * size + d] = carry[d * SCRATCH_ROW + c];
}
static UNUSED void add_columns(real *sum, const real *carry, long size, long j, long width) {
    for (long d = 0; d < size; ++d) {
        real total = 0;
        for (long c = 0; c < width; ++c) total += carry[d * SCRATCH_ROW + c];
        sum[d] = j == 0 ? total : sum[d] + total;
    }
}
"""
ENTRIES = """
static UNUSED void name_buffers(struct work *w, real **states, real **external, real **inputs_back, real **running) {
    real *const all[] = {<states>}, *const outside[] = {<external>};
    memcpy(states, all, sizeof all);
    memcpy(external, outside, sizeof outside);
    *inputs_back = <inputs back>;
    *running = <running>;
}
static const long state_sizes[] = {<sizes>};
enum { STATE_COUNT = <count> };
"""
