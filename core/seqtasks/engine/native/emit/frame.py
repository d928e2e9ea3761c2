"""Write the frame of a program: definitions, memory, function heads, entries."""

import importlib.resources
import re

import torch

from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.plan.plan import MOST_LANES, Plan

__all__ = [
    "GIVE",
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
"""Columns that go through a loop together."""
RUNTIME = ("inputs.h", "losses.h", "optimisers.h", "training.h", "entries.h")
"""Files of C that every program ends with, in this order."""


def definitions(plan: Plan) -> list[str]:
    """Return the includes and the constants."""
    analysis = plan.model
    large = plan.large
    scratch = LARGE_BLOCK + 16 if large else SMALL_BLOCK
    return [
        "#include <pthread.h>",
        "#include <sched.h>",
        f"#define REAL_BITS {32 if analysis.dtype == torch.float32 else 64}",
        f"#define VOCABULARY {analysis.vocabulary}",
        f"#define VOCABULARY_ROW {-(-analysis.vocabulary // MOST_LANES) * MOST_LANES}",
        f"#define INPUT_SIZE {0 if analysis.vocabulary else analysis.input_size}",
        f"#define OUTPUT_SIZE {analysis.predictions.size}",
        f"#define GRADIENTS {plan.gradients}",
        f"#define LARGE {int(large)}",
        f"#define BLOCK {LARGE_BLOCK if large else SMALL_BLOCK}",
        f"#define SCRATCH_ROW {scratch}",
        f"#define RECENT_ROW {scratch}",
    ]


def structures(plan: Plan) -> str:
    """Return the structures that hold what a program works on."""
    buffers = "\n".join(f"    real *{name};" for name in plan.storage.buffers)
    return STRUCTURES.replace("<buffers>", buffers)


def lay_out(plan: Plan) -> str:
    """Return the function that gives each buffer its memory."""
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
    """Write the tables by which the entries find states, gradients and inputs."""
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
        ENTRIES.replace("<states>", names)
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
    """Return a file of C that every program begins or ends with."""
    return (importlib.resources.files("seqtasks.engine.native") / "c" / name).read_text(
        encoding="utf-8"
    )


GIVE = """
/* The first of a column's own steps: those of different lengths end together, and until then they wait. */
static UNUSED long first_step(const struct work *w, long c) {
    return w->time - w->lengths[c < w->rows ? c : 0];
}
/* The states after each step; while a column waits, the one after its first step. */
static UNUSED void hold(real *held, const real *states, long size, const struct work *w) {
    for (long d = 0; d < size; ++d)
        memcpy(held + d * w->row, states + d * w->row + w->columns, sizeof(real) * w->columns * w->time);
    for (long c = 0; c < w->columns; ++c) {
        const long first = first_step(w, c) < w->time ? first_step(w, c) : w->time - 1;
        for (long d = 0; d < size; ++d) {
            const real after = states[d * w->row + (first + 1) * w->columns + c];
            for (long t = 0; t < first; ++t) held[d * w->row + t * w->columns + c] = after;
        }
    }
}
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
STRUCTURES = """
struct parameter {
    real *values;         /* the model's own memory */
    real *first, *second; /* the optimiser's; may be null */
    long offset, size;    /* among all gradients; offset < 0: not trained */
    long used_from;       /* time steps from which on it has a gradient */
    long steps;           /* of its optimiser so far: those in which it had one */
};
struct buffers {
<buffers>
};
struct work {
    struct buffers buffers;
    const struct parameter *parameters;
    gemm *blas;
    real *gradients, *predictions;
    int32_t *symbols;
    const int64_t *lengths;      /* of each row, or null */
    const real *const *given;    /* states to start from, or null */
    real *const *given_back;     /* their gradients, or null */
    long rows, columns, time, row, thread, first;
    int inputs_wanted; /* whether the inputs' gradient is */
};
"""
