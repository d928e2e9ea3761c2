"""Write C for the end of the backward pass: tables by symbol, then the weights."""

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.operations import WEIGHT_GRADIENTS
from seqtasks.engine.native.emit import frame
from seqtasks.engine.native.emit.addresses import Scope
from seqtasks.engine.native.emit.sums import Sums
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.plan.plan import Plan

__all__ = ["weights_back"]


def weights_back(plan: Plan, values: Values, sums: Sums, functions: list[str]) -> list[str]:
    """Write the gradients of tables by symbol and of weights, and return the call.

    Args:
        plan: the plan of the program.
        values: writes the program's values.
        sums: writes the program's sums.
        functions: the functions of the program, to which one is added.
    """
    phases = plan.model.phases
    used: set[str] = set()
    lines: list[str] = []
    batch, table = Scope("batch", used), Scope("vocabulary", used)
    kept = plan.kept_in(phases.backward_vocabulary)
    by_symbol = [n for n in kept if n.operation == "sum_by_symbol" and not sums.in_portions(n)]
    if by_symbol:
        lines.append("    { /* what each symbol's gradient is */")
        lines.append("    const long at = 0, count = columns * w->time; (void)at;")
        for node in by_symbol:
            lines += values.kernels.summed(
                batch, node, node.inputs[0], plan.storage.places[node], "    "
            )
        lines.append("    }")
    rest = [n for n in kept if n.columns == Columns.VOCABULARY and n.operation != "sum_by_symbol"]
    outers = [
        n
        for n in plan.storage.live
        if n.operation in WEIGHT_GRADIENTS and n.inputs[0].columns == Columns.VOCABULARY
    ]
    if rest or outers:
        lines.append("    { const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;")
        lines += values.written(table, rest, "    ")
        lines += sums.lines(table, outers)
        lines.append("    }")
    one = Scope("one", used)
    kept = list(plan.kept_in(phases.backward_weights, Columns.ONE))
    kept = [n for n in kept if n not in plan.direct]
    kept = [n for n in kept if n.operation not in WEIGHT_GRADIENTS]
    lines += values.written(one, kept, "    ")
    for leaf, contributions in plan.model.gradients.of_parameters.items():
        for node in contributions:
            if plan.is_direct(node):
                continue
            lines.append(f"    /* gradient of {plan.names[leaf]} */")
            target = f"w->gradients + {plan.offsets[leaf]}"
            if node.operation == "symbols_back":
                (g,) = node.inputs
                rows, _ = values.vector(table, g)
                lines += [
                    "    for (int s = 0; s < VOCABULARY; ++s)",
                    f"        for (int d = 0; d < {g.size}; ++d)",
                    f"            ({target})[s * {g.size} + d] += ({rows})[d * VOCABULARY_ROW + s];",
                ]
            else:
                lines += values.kernels.pointwise(one, [(node, target)], "    ")
    if not lines:
        return []
    functions.append(frame.wrapped("back_weights", used, lines, plan.names))
    return ["    back_weights(w);"]
