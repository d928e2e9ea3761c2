"""Write the frame of a program: definitions, memory, function heads, entries."""

import importlib.resources
import re

import torch

from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.plan.plan import MOST_LANES, Plan

__all__ = [
    "RUNTIME",
    "body",
    "definitions",
    "entries",
    "function",
    "lay_out",
    "structures",
    "text",
    "wrapped",
]

SMALL_BLOCK, LARGE_BLOCK = 16, 256
"""The numbers of columns that go through a loop together."""
RUNTIME = ("inputs.h", "losses.h", "optimisers.h", "training.h", "entries.h")
"""The C files that every program ends with, in this order."""


def definitions(plan: Plan) -> list[str]:
    """Return the includes and the constants."""
    model = plan.model
    large = plan.large
    scratch = LARGE_BLOCK + 16 if large else SMALL_BLOCK
    return [
        "#include <pthread.h>",
        "#include <sched.h>",
        f"#define REAL_BITS {32 if model.dtype == torch.float32 else 64}",
        f"#define VOCABULARY {model.vocabulary}",
        f"#define VOCABULARY_ROW {-(-model.vocabulary // MOST_LANES) * MOST_LANES}",
        f"#define INPUT_SIZE {0 if model.vocabulary else model.input_size}",
        f"#define OUTPUT_SIZE {model.predictions.size}",
        f"#define GRADIENTS {plan.gradients}",
        f"#define LARGE {int(large)}",
        f"#define BLOCK {LARGE_BLOCK if large else SMALL_BLOCK}",
        f"#define SCRATCH_ROW {scratch}",
        f"#define RECENT_ROW {scratch}",
    ]


def structures(plan: Plan) -> str:
    """Return the structures that hold a program's working data."""
    buffers = "\n".join(f"    real *{name};" for name in plan.storage.buffers)
    return "\n" + text("structures.in").replace("<buffers>", buffers)


def lay_out(plan: Plan) -> str:
    """Return the C function that gives each buffer its memory."""
    lines = [
        "/* Give each buffer its memory; returns how many bytes they take. */",
        "static long lay_out(struct work *w, char *memory) {",
        "    const long row = w->row, all = w->columns * w->time;",
        "    long taken = 0;",
        "#define TAKE(pointer, type, count)                    \\",
        "    do {                                              \\",
        "        const long first = taken;                     \\",
        "        (pointer) = (type *)(memory + first);         \\",
        "        taken += ((long)(count) * (long)sizeof(type) + 63) / 64 * 64; \\",
        "        GUARD(memory, first, taken);                  \\",
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
    for buffer in plan.storage.buffers.values():
        size = sizes[buffer.kind].format(buffer.rows)
        lines.append(f"    TAKE(w->buffers.{buffer.name}, real, {size});")
    shift = " + w->columns" * plan.predictions.shift
    lines += [
        f"    w->predictions = w->buffers.{plan.predictions.buffer.name}{shift};",
        "#undef TAKE",
        "    (void)row;",
        "    return taken;",
        "}",
    ]
    return "\n".join(lines)


def entries(plan: Plan, inputs_back: str | None) -> str:
    """Write the tables with which the entries find states, gradients and inputs."""
    parts = [
        (plan.storage.places[part.previous].buffer, part)
        for loop in plan.model.loops
        for part in loop.parts
    ]
    names = ", ".join(f"w->buffers.{buffer.name}" for buffer, _ in parts)
    external = ", ".join(
        "0"
        if part.external is None
        else f"w->buffers.{plan.storage.places[part.external].buffer.name}"
        for _, part in parts
    )
    sizes = ", ".join(str(buffer.rows) for buffer, _ in parts)
    back = "0" if inputs_back is None else f"w->buffers.{inputs_back}"
    running = "w->buffers.running" if "running" in plan.storage.buffers else "0"
    return (
        f"\n{text('tables.in')}".replace("<states>", names)
        .replace("<external>", external)
        .replace("<sizes>", sizes)
        .replace("<inputs back>", back)
        .replace("<running>", running)
        .replace("<count>", str(len(parts)))
    )


def _pointers(used: set[str], names: dict[Node, str]) -> list[str]:
    lines = [f"    real *const restrict {name} = w->buffers.{name};" for name in sorted(used)]
    for leaf, name in names.items():
        lines.append(f"    const real *const {name} = w->parameters[{leaf.value[0]}].values;")
    return lines


def _mentioned(lines: list[str], names: dict[Node, str]) -> dict[Node, str]:
    code = re.sub(r"/\*.*?\*/", "", "\n".join(lines))
    words = set(re.findall(r"\w+", code))
    return {leaf: name for leaf, name in names.items() if name in words}


COMMENTS = {
    "begin": "What is known before any step: weights, tables by symbol, initial states.",
    "before": "Before the loop of layer {0}, for a block of columns.",
    "loop": "One step of the loop of layer {0}, for a block of columns.",
    "after": "After the loops: the readout, for a block of columns.",
    "back_after": "Back through the readout, for a block of columns.",
    "back_loop": "One step back through the loop of layer {0}, for a block of columns.",
    "back_before": "Back through what came before the loop of layer {0}.",
    "back_inputs": "The gradient of the inputs, for a block of columns.",
    "sums_back_after": "The readout's gradients, over all columns of all steps.",
    "sums_back_before": "The gradients of layer {0}'s weights, over all columns of all steps.",
    "sums_back_loop": "The gradients of layer {0}'s weights, over the last few steps.",
    "back_weights": "Back through the tables by symbol, and the rest of the weights' gradients.",
}


def _comment(name: str) -> str:
    stem, _, layer = name.rpartition("_")
    key, number = (stem, int(layer) + 1) if layer.isdigit() else (name, 0)
    return f"/* {COMMENTS[key].format(number)} */"


def wrapped(
    name: str, used: set[str], lines: list[str], names: dict[Node, str], more: str = ""
) -> str:
    """Return a function over all columns."""
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


def body(name: str, used: set[str], lines: list[str], names: dict[Node, str]) -> str:
    """Return a function over a block of columns."""
    head = [
        _comment(name),
        f"INLINE void {name}(struct work *w, const long at, const long count, const int turn, const long recent) {{",
        "    const long columns = w->columns, row = w->row;",
        "    const int32_t *const symbols = w->symbols;",
        "    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;",
        *_pointers(used, _mentioned(lines, names)),
    ]
    return "\n".join([*head, *lines, "}", ""])


def function(name: str, calls: list[str]) -> str:
    """Return a function that calls others."""
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


def text(name: str) -> str:
    """Return a file of `c/`."""
    return (importlib.resources.files("seqtasks.engine.native") / "c" / name).read_text(
        encoding="utf-8"
    )
