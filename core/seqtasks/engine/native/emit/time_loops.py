"""Write C for the loops over time: a function of one step, and the loops that call it."""

from collections.abc import Callable

from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.emit.addresses import Scope, Used
from seqtasks.engine.native.emit.frame import over_block
from seqtasks.engine.native.emit.sums import Sums
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.plan import Plan, of_step
from seqtasks.engine.native.plan.storage import Place

__all__ = ["backward_loop", "forward_loop"]

ONWARDS = "for (long t = 0; t < w->time; ++t)"
BACKWARDS = "for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn)"


def forward_loop(out: Writer, functions: list[str], plan: Plan, values: Values, layer: int) -> None:
    """Write the loop of a layer.

    Args:
        out: receives the loop.
        functions: receives the function of one step.
        plan: what is computed, what is kept and where.
        values: writes the program's values.
        layer: which loop.
    """
    name = f"loop_{layer}"
    further: list[tuple[Node, Place]] = []
    for part in plan.model.loops[layer].parts:
        states = plan.storage.places[part.previous].buffer
        own = plan.storage.places.get(part.following)
        if own is None or own.buffer is not states or own.shift != 1:
            further.append((part.following, Place(states, 1)))
    phase, ahead = plan.model.phases.loop(layer), " + columns"
    functions.append(_one_step(plan, values, name, phase, ahead, further))
    with out.block("for (long j = 0; j < columns; j += BLOCK)", f"/* {name} */"):
        out.line(_width(plan), "int turn = 0;")
        _over_time(out, plan, ONWARDS, lambda count: _call(name, count, "0"))
    _hold(out, plan, layer)


def backward_loop(
    out: Writer, functions: list[str], plan: Plan, values: Values, sums: Sums, layer: int
) -> None:
    """Write the loop of a layer in the backward pass; see `forward_loop`.

    Args:
        out: receives the loop.
        functions: receives the function of one step, and the function of the sums over steps.
        plan: what is computed, what is kept and where.
        values: writes the program's values.
        sums: writes the program's sums.
        layer: which loop.
    """
    name = f"back_loop_{layer}"
    parts = plan.model.loops[layer].parts
    further = [
        (part.before, plan.storage.places[part.back])
        for part in parts
        if part.before and not _is_there(plan, part.before, plan.storage.places[part.back])
    ]
    phase, ahead = plan.model.phases.backward_loop(layer), " - columns"
    functions.append(_one_step(plan, values, name, phase, ahead, further))
    recent, summed = "0", ""
    if plan.large:
        summed = sums.portion(functions, layer)
    if plan.large and not plan.sums_by_step:
        recent = "t % few * width"
    with out.block("for (long j = 0; j < columns; j += BLOCK)", f"/* {name} */"):
        out.line(_width(plan), "int turn = 0;")
        for part in parts:
            buffer = plan.storage.places[part.back].buffer
            size = f"sizeof(real) * 2 * {buffer.rows} * SCRATCH_ROW"
            out.line(f"memset(w->buffers.{buffer.name}, 0, {size});")
        if plan.large and not plan.sums_by_step:
            out.line("const long few = columns <= BLOCK ? BLOCK / width : 1; (void)few;")
        _over_time(
            *(out, plan, BACKWARDS),
            lambda count: f"{_call(name, count, recent)} {summed}".rstrip(),
        )
        _give_back(out, plan, layer)


def _is_there(plan: Plan, before: Node, back: Place) -> bool:
    """Say whether a gradient carried back is computed where the next step reads it."""
    place = plan.storage.places.get(before)
    return place is not None and place.ahead and place.buffer is back.buffer


def _one_step(
    plan: Plan,
    values: Values,
    name: str,
    phase: int,
    ahead: str,
    further: list[tuple[Node, Place]],
) -> str:
    """Return the function that computes one step for a block of columns."""
    used, body = Used(), Writer()
    parted = plan.large and not plan.sums_by_step  # else a row has one vector or two
    scope = Scope("batch", used, ahead if plan.large else "", parted)
    values.write(body, scope, of_step(plan.storage, phase), further)
    return over_block(plan, name, used, body)


def _width(plan: Plan) -> str:
    """Return the number of columns that go through the loop together, a constant if it can be."""
    width = "j + BLOCK < columns ? BLOCK : columns - j"
    return (
        f"const long width = {f'LANES == BLOCK ? BLOCK : {width}' if plan.sums_by_step else width};"
    )


def _call(name: str, count: str, recent: str) -> str:
    return f"{name}(w, t * columns + j, {count}, turn, {recent});"


def _over_time(out: Writer, plan: Plan, head: str, step: Callable[[str], str]) -> None:
    """Write a loop over the steps; a block of constant size gets a loop of its own."""
    if plan.large:
        out.line(f"{head} {{ {step('width')} }}")
    else:
        out.line(f"if (width == BLOCK) {head} {{ {step('BLOCK')} }}")
        out.line(f"else {head} {{ {step('LANES')} }}")


def _hold(out: Writer, plan: Plan, layer: int) -> None:
    """Write the states of waiting rows as the code after the loop must see them."""
    for part in plan.model.loops[layer].parts:
        states = plan.storage.places[part.previous].buffer
        held = plan.storage.places[part.carried].buffer
        if held is not states:
            pair = f"w->buffers.{held.name}, w->buffers.{states.name}"
            out.line(f"hold({pair}, {states.rows}, w);")


def _give_back(out: Writer, plan: Plan, layer: int) -> None:
    """Write the gradients of given states, or of the initial states."""
    for k, part in enumerate(plan.model.loops[layer].parts):
        carry = plan.storage.places[part.back].buffer
        size = part.previous.size
        pointer = f"w->buffers.{carry.name} + turn * {size} * SCRATCH_ROW"
        given = f"w->given_back[{plan.state_number(layer, k)}]"
        out.line(f"if (w->given_back) give_back({pointer}, {given}, {size}, j, width, w);")
        if part.initial_back is not None:
            initial = f"w->buffers.{plan.storage.places[part.initial_back].buffer.name}"
            out.line(f"if (!w->given) add_columns({initial}, {pointer}, {size}, j, width);")
            out.line(f"else memset({initial}, 0, sizeof(real) * {size});")
