"""Write the frame of a program: definitions, memory, function heads, entries."""

import importlib.resources

import torch

from seqtasks.engine.graph.equations import MOST_HELD
from seqtasks.engine.native.emit.addresses import Used
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.operands import in_memory, operands_in_memory
from seqtasks.engine.native.plan.plan import MOST_LANES, Plan

__all__ = [
    "RUNTIME",
    "calling",
    "definitions",
    "draws",
    "entries",
    "equations",
    "lay_out",
    "over_block",
    "over_columns",
    "structures",
    "text",
]

RUNTIME = (
    "denormals.h",
    "inputs.h",
    "losses.h",
    "optimisers.h",
    "training.h",
    "entries.h",
)
"""The C files that every program ends with, in this order."""


def definitions(plan: Plan) -> list[str]:
    """Return the includes and the constants."""
    model = plan.model
    scratch = plan.block + 16 if plan.large and not plan.sums_by_step else plan.block
    return [
        "#include <pthread.h>",
        "#include <sched.h>",
        f"#define REAL_BITS {32 if model.dtype == torch.float32 else 64}",
        f"#define VOCABULARY {model.vocabulary}",
        f"#define VOCABULARY_ROW {-(-model.vocabulary // MOST_LANES) * MOST_LANES}",
        f"#define INPUT_SIZE {0 if model.vocabulary else model.input_size}",
        f"#define OUTPUT_SIZE {model.predictions.size}",
        *(["#define PENALIZED"] if model.penalty is not None else []),
        *(["#define CONSTRAINED"] if model.constrained else []),
        f"#define GRADIENTS {plan.gradients}",
        f"#define LARGE {int(plan.large)}",
        f"#define BLOCK {plan.block}",
        f"#define SCRATCH_ROW {scratch}",
        f"#define RECENT_ROW {scratch}",
        *(["#define DRAWS 1"] if plan.draws else []),
    ]


def equations() -> list[str]:
    """Return the functions that solve equations."""
    return [f"#define MOST_HELD {MOST_HELD}", text("equations.h")]


def structures(plan: Plan) -> str:
    """Return the structures that hold a program's working data."""
    buffers = "\n".join(f"    real *{name};" for name in plan.storage.buffers)
    draws = _DRAWS_OF_WORK if plan.draws else ""
    written = text("structures.in").replace("<buffers>", buffers).replace("<draws>", draws)
    return f"\n{written}"


_DRAWS_OF_WORK = """\
    uint64_t key;                /* of the draws */
    long first_row, first_time;
    const int64_t *draw_rows;    /* the number of each row, or null */
"""


def draws(plan: Plan) -> str:
    """Return the C function that fills the buffers of draws."""
    calls: list[str] = []
    for node in plan.draws:
        kind, number, by_row, by_time = node.value
        buffer = plan.storage.places[node].buffer.name
        about = f"{kind.upper()}, {number}u, {int(by_row)}, {int(by_time)}"
        calls.append(f"    draw_numbers(w, w->buffers.{buffer}, {node.size}, {about});")
    return "\n" + text("draw_all.in").replace("<draws>", "\n".join(calls))


def lay_out(plan: Plan) -> str:
    """Return the C function that gives each buffer its memory."""
    sizes = {
        "one": "{0}",
        "vocabulary": "{0} * VOCABULARY_ROW",
        "scratch": "{0} * SCRATCH_ROW",
        "carry": "2 * {0} * SCRATCH_ROW",
        "recent": "{0} * RECENT_ROW",
        "history": "{0} * row",
        "packed": "{0} * w->columns * (w->time + 1)",
    }
    buffers = "\n".join(
        f"    TAKE(w->buffers.{buffer.name}, real, {sizes[buffer.kind].format(buffer.rows)});"
        for buffer in plan.storage.buffers.values()
    )
    shift = " + w->columns" * plan.predictions.shift
    predictions = f"w->buffers.{plan.predictions.buffer.name}{shift}"
    template = text("lay_out.in").rstrip("\n")
    return template.replace("<buffers>", buffers).replace("<predictions>", predictions)


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
    operands = [n for node in plan.storage.live for n in operands_in_memory(node)]
    multiplied = {in_memory(operand)[0] for operand in operands}
    by_products = ", ".join(str(int(part.external in multiplied)) for _, part in parts)
    sizes = ", ".join(str(buffer.rows) for buffer, _ in parts)
    packed = ", ".join(str(int(buffer.kind == "packed")) for buffer, _ in parts)
    back = "0" if inputs_back is None else f"w->buffers.{inputs_back}"
    running = "w->buffers.running" if "running" in plan.storage.buffers else "0"
    return (
        f"\n{text('tables.in')}".replace("<states>", names)
        .replace("<external>", external)
        .replace("<by products>", by_products)
        .replace("<sizes>", sizes)
        .replace("<packed>", packed)
        .replace("<inputs back>", back)
        .replace("<running>", running)
        .replace("<count>", str(len(parts)))
    )


COMMENTS = {
    "begin": "What is known before any step: weights, tables by symbol, initial states.",
    "begin_drawn": "Initial states of layer {0} that depend on random numbers.",
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
    "constrain": "What becomes of the parameters after a step of the optimiser.",
    "back_weights": "Back through the tables by symbol, and the rest of the weights' gradients.",
}


def _comment(name: str) -> str:
    stem, _, layer = name.rpartition("_")
    key, number = (stem, int(layer) + 1) if layer.isdigit() else (name, 0)
    return f"/* {COMMENTS[key].format(number)} */"


def over_columns(plan: Plan, name: str, used: Used, body: Writer, given: str = "") -> str:
    """Return a function over all columns, or over the columns that it is given."""
    head = f"static void {name}(struct work *w{', ' if given else ''}{given})"
    first = "const long recent = 0; (void)at; (void)count; (void)recent;" if given else ""
    return _function(plan, name, head, used, body, first=first)


def over_block(plan: Plan, name: str, used: Used, body: Writer) -> str:
    """Return a function over a block of columns."""
    head = (
        f"INLINE void {name}(struct work *w, const long at, const long count, const int turn, "
        "const long recent)"
    )
    unused = " (void)turn; (void)at; (void)count; (void)recent;"
    return _function(plan, name, head, used, body, unused=unused)


def _function(
    plan: Plan,
    name: str,
    head: str,
    used: Used,
    body: Writer,
    first: str = "",
    unused: str = "",
) -> str:
    """Return a function with pointers to the memory that it works on."""
    out = Writer()
    out.line(_comment(name))
    with out.block(head):
        out.line(*([first] if first else []))
        out.line("const long columns = w->columns, row = w->row;")
        out.line("const int32_t *const symbols = w->symbols;")
        out.line(f"(void)columns; (void)row; (void)symbols;{unused}")
        for buffer in sorted(used.buffers):
            out.line(f"real *const restrict {buffer} = w->buffers.{buffer};")
        for leaf, parameter in plan.names.items():
            if leaf in used.parameters:
                out.line(f"const real *const {parameter} = w->parameters[{leaf.value[0]}].values;")
        out.include(body)
    return out.text() + "\n"


def calling(name: str, calls: Writer) -> str:
    """Return a function that calls others."""
    out = Writer()
    with out.block(f"static void {name}(struct work *w)"):
        out.line("const long columns = w->columns;", "(void)columns;")
        out.include(calls)
    return out.text() + "\n"


def text(name: str) -> str:
    """Return a file of `c/`."""
    return (importlib.resources.files("seqtasks.engine.native") / "c" / name).read_text(
        encoding="utf-8"
    )
