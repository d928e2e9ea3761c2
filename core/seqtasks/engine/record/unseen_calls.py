"""Record what was computed where no call of torch's Python functions is seen, as in a script.

A function or module of `torch.jit`, `torch.vmap` and torch's own C++ code end in operations of
torch's dispatcher, and `provenance` notes each. If the step goes on with a tensor that only they
explain, the operations it was computed by are recorded then, each by the rule of the function of
its name.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.arguments import flat_arguments
from seqtasks.engine.record.call_names import changes_in_place
from seqtasks.engine.record.provenance import Operation
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.slopes import SLOPES

__all__ = ["record_unseen"]

_MOVES = {
    *("slice", "_unsafe_view", "_reshape_alias", "split_with_sizes", "lift_fresh", "alias"),
    *("unsafe_split", "unsafe_chunk", "swapdims", "numpy_T", "mT"),
}
"""Operations that move numbers, and have no function of their name in Python."""
_SHORTER = {"_softmax": ("softmax", 2), "_log_softmax": ("log_softmax", 2), "_to_copy": ("to", 1)}
"""Operations, each with the function that does the same and how many arguments it takes."""


def record_unseen(recorder: Recorder, tensor: Tensor) -> Tracked | None:
    """Return the record of a tensor by the operations that computed it; None if they are unknown.

    Raises:
        UnsupportedError: if an operation has no rule.
    """
    last = recorder.provenance.operation_of(tensor)
    if last is None:
        return None
    inner, recorder.follows_unseen = recorder.follows_unseen, True
    try:
        for operation in _needed(recorder, last):
            _record(recorder, operation)
    finally:
        recorder.follows_unseen = inner
    made = next(
        (one for one in last.results if isinstance(one, Tensor) and _same_place(one, tensor)), None
    )
    if made is None:
        return None
    found = recorder.find_anywhere(made)
    node = found.node
    stops = not inner and not recorder.deriving
    if stops and not tensor.requires_grad:  # inside, an optimised script has its own gradient
        node = recorder.graph.pointwise("stopped", node)
    recorder.track(tensor, node, found.rows, found.axis)
    return Tracked(tensor, node, found.rows, found.axis)


def _same_place(one: Tensor, other: Tensor) -> bool:
    return one is other or (
        (one.data_ptr(), one.shape, one.stride()) == (other.data_ptr(), other.shape, other.stride())
    )


def _needed(recorder: Recorder, last: Operation) -> list[Operation]:
    """Return the operations that are still to be recorded for the last one, in their order."""
    found: dict[int, Operation] = {}
    pending = [last]
    while pending:
        operation = pending.pop()
        if operation.number in found:
            continue
        found[operation.number] = operation
        for value in flat_arguments((operation.args, operation.kwargs)):
            if isinstance(value, Tensor) and not recorder.is_seen(value):
                before = recorder.provenance.operation_of(value)
                if before is not None and before.number < operation.number:
                    pending.append(before)
    return [found[number] for number in sorted(found)]


def _record(recorder: Recorder, operation: Operation) -> None:
    from seqtasks.engine.record.rules.rearranging import REARRANGING, rearranged
    from seqtasks.engine.record.rules.table import RULES

    name, args = operation.function.overloadpacket.__name__, operation.args
    name = name.rstrip("_") if changes_in_place(name) else name
    results: Any = list(operation.results)
    single = operation.is_single
    if name in _SHORTER:
        name, count = _SHORTER[name]
        args = args[:count]
    if name == "detach":  # an optimised script detaches what it has derivatives of its own for
        name = "alias"
    if name in SLOPES:
        with recorder.again():
            made = SLOPES[name](*args, **operation.kwargs)
        found = recorder.find_anywhere(made)
        recorder.track(results[0], found.node, found.rows, found.axis)
        return
    if name == "native_layer_norm":
        x, shape, weight, bias, eps = args
        name, args, results, single = "layer_norm", (x, shape, weight, bias, eps), results[:1], True
    if name == "log_sigmoid_forward":
        name, results, single = "logsigmoid", results[:1], True
    rule = rearranged if name in REARRANGING or name in _MOVES else None
    homes = (torch, Tensor, functional, getattr(torch._C, "_nn", None), torch.special, torch.linalg)
    for home in homes:
        rule = rule or RULES.get(getattr(home, name, None))
    if rule is None:
        raise UnsupportedError(
            f"it calls {name} in a script, under torch.vmap or in C++ of torch, which has no rule"
        )
    result = results[0] if single else results
    recorder.record(operation.function, name, rule, result, args, operation.kwargs)
