"""Write C for the end of the backward pass: tables by symbol, then the weights."""

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.operations import WEIGHT_GRADIENTS
from seqtasks.engine.native.emit.addresses import Scope, Used
from seqtasks.engine.native.emit.frame import over_columns
from seqtasks.engine.native.emit.sums import Sums
from seqtasks.engine.native.emit.values import Values
from seqtasks.engine.native.emit.writer import Writer
from seqtasks.engine.native.plan.plan import Plan

__all__ = ["weights_back"]


def weights_back(plan: Plan, values: Values, sums: Sums) -> str:
    """Return a function that makes the gradients of tables by symbol and of weights.

    Args:
        plan: the plan of the program.
        values: writes the program's values.
        sums: writes the program's sums.
    """
    used, out = Used(), Writer()
    _by_symbol(out, used, plan, values, sums)
    _of_tables(out, used, plan, values, sums)
    _of_weights(out, used, plan, values)
    return over_columns(plan, "back_weights", used, out) if out else ""


def _by_symbol(out: Writer, used: Used, plan: Plan, values: Values, sums: Sums) -> None:
    """Write the sums of each symbol's gradients over all steps."""
    kept = plan.kept_in(plan.model.phases.backward_vocabulary)
    nodes = [n for n in kept if n.operation == "sum_by_symbol" and not sums.in_portions(n)]
    if not nodes:
        return
    with out.part("/* what each symbol's gradient is */"):
        out.line("const long at = 0, count = columns * w->time; (void)at;")
        for node in nodes:
            place = plan.storage.places[node]
            values.kernels.summed(out, Scope("batch", used), node, node.inputs[0], place)


def _of_tables(out: Writer, used: Used, plan: Plan, values: Values, sums: Sums) -> None:
    """Write the values for each symbol, and the gradients of weights that are sums of them."""
    kept = plan.kept_in(plan.model.phases.backward_vocabulary, Columns.VOCABULARY)
    rest = [n for n in kept if n.operation != "sum_by_symbol"]
    outers = [
        n
        for n in plan.storage.live
        if n.operation in WEIGHT_GRADIENTS and n.inputs[0].columns == Columns.VOCABULARY
    ]
    if not rest and not outers:
        return
    table = Scope("vocabulary", used)
    with out.part("const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;"):
        values.write(out, table, rest)
        sums.write(out, table, outers)


def _of_weights(out: Writer, used: Used, plan: Plan, values: Values) -> None:
    """Write the values of weights alone, and the gradients that are not added at once."""
    one = Scope("one", used)
    kept = plan.kept_in(plan.model.phases.backward_weights, Columns.ONE)
    kept = [n for n in kept if n not in plan.direct and n.operation not in WEIGHT_GRADIENTS]
    values.write(out, one, kept)
    for leaf, contributions in plan.model.gradients.of_parameters.items():
        for node in contributions:
            if plan.is_direct(node):
                continue
            out.line(f"/* gradient of {plan.names[leaf]} */")
            target = f"w->gradients + {plan.offsets[leaf]}"
            if node.operation != "symbols_back":
                values.kernels.pointwise(out, one, [(node, target)])
                continue
            (g,) = node.inputs
            rows, _ = values.vector(Scope("vocabulary", used), g)
            out.line("for (int s = 0; s < VOCABULARY; ++s)")
            with out.deeper():
                out.line(f"for (int d = 0; d < {g.size}; ++d)")
                with out.deeper():
                    added = f"({rows})[d * VOCABULARY_ROW + s]"
                    out.line(f"({target})[s * {g.size} + d] += {added};")
