"""Find the readings of a module that agree with themselves: its state fits what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from torch import Tensor

from seqtasks.cells.any_module.calls import ABSENT, Calls, Form, alike, form_of, read
from seqtasks.cells.any_module.convention import Part, Returns
from seqtasks.cells.any_module.refusal import reads_sequences
from seqtasks.cells.any_module.starts import FirstState
from seqtasks.cells.state_tree import joined, labels, split

__all__ = ["Reading", "is_real", "readings_from"]


@dataclass(frozen=True)
class Reading:
    """A reading of what a module does that agrees with itself.

    Attributes:
        start: the state that it began with.
        returns: what a call returns.
        form: the form of the state.
        parts: the tensors and numbers of the state.
        output: the batch axis of the output and its features; None if it is in the state.
        state: a state after three steps.
        independent: whether no row of a batch depends on another.
    """

    start: FirstState
    returns: Returns
    form: Form
    parts: tuple[Part, ...]
    output: tuple[int | None, int] | None
    state: Any
    independent: bool


def readings_from(calls: Calls, start: FirstState, counts: tuple[int, int]) -> list[Reading]:
    """Return the readings with a start that agree with themselves."""
    found: list[Reading] = []
    for returns in get_args(Returns):
        runs = [_three_steps(calls, start, returns, rows) for rows in counts]
        if runs[0] is None or runs[1] is None:
            continue
        (state, output), (_, other) = runs[0], runs[1]
        forms = [form_of(run[0]) for run in runs if run is not None]
        parts = _parts(forms, counts, calls)
        if parts is None or not any(is_real(part) for part in parts):
            continue
        about: tuple[int | None, int] | None = None
        if returns != "state":
            axis = _axis(output.shape, other.shape, counts)
            if axis == () and calls.batch != "rows":
                continue
            width = output.numel() // (counts[0] if axis != () else 1)
            about = (axis[0] if axis else None), width
        in_batch = any(part.axis is not None and is_real(part) for part in parts)
        if calls.batch == "first" and not in_batch:
            if about is not None and about[0] is not None:
                raise reads_sequences(type(calls.module))
            continue
        if calls.batch == "second" and not in_batch:
            continue
        independent = _rows_are_independent(calls, returns, state, parts, counts[0])
        found.append(Reading(start, returns, forms[0], parts, about, state, independent))
    return found


def is_real(part: Part) -> bool:
    """Say whether a part is a tensor of the module's own floating-point type, or a complex one."""
    return part.kind == "tensor" and (part.dtype is None or part.dtype.is_complex)


def _three_steps(
    calls: Calls, start: FirstState, returns: Returns, rows: int
) -> tuple[Any, Any] | None:
    """Return state and output after three steps; None if a state differs in form from the next."""
    try:
        state = start.make(rows)
    except Exception as error:  # a method of the module
        calls.error = calls.error or error
        return None
    forms: list[Form] = []
    output: Any = None
    for turn in range(3):
        result = calls.attempt(calls.x(rows, turn), state, turn)
        if result is ABSENT:
            return None
        if returns != "state" and not (isinstance(result, tuple | list) and len(result) == 2):
            return None
        output, state = read(result, returns)
        forms.append(form_of(state))
        if returns != "state" and not (isinstance(output, Tensor) and output.is_floating_point()):
            return None
    if any(form != forms[0] for form in forms):
        if forms[1] != forms[2] and forms[0][0] == forms[1][0] == forms[2][0]:
            calls.grows = (
                "its state has another form after each step, where a cell's keeps its form"
            )
        return None
    return state, output


def _parts(forms: Sequence[Form], counts: tuple[int, int], calls: Calls) -> tuple[Part, ...] | None:
    """Return the tensors and numbers of a state, from its forms for two numbers of rows."""
    (tree, few), (other_tree, many) = forms
    if tree != other_tree or not few:
        return None
    parts: list[Part] = []
    for label, one, other in zip(labels(tree), few, many, strict=True):
        if one[0] is not Tensor:
            parts.append(Part(label, "bool" if one[0] is bool else "int"))
            continue
        axis = _axis(one[1], other[1], counts)
        if axis is None:
            return None
        shape = tuple(n for k, n in enumerate(one[1]) if k not in axis)
        dtype = None if one[2] == calls.dtype else one[2]
        parts.append(Part(label, "tensor", shape, axis[0] if axis else None, dtype))
    return tuple(parts)


def _axis(
    one: Sequence[int], other: Sequence[int], counts: tuple[int, int]
) -> tuple[int, ...] | None:
    """Return the axis that is the batch, as one number or none; None if it is no single axis."""
    if len(one) != len(other):
        return None
    differ = tuple(k for k, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    if len(differ) > 1 or any((one[k], other[k]) != counts for k in differ):
        return None
    return differ


def _rows_are_independent(
    calls: Calls, returns: Returns, state: Any, parts: Sequence[Part], rows: int
) -> bool:
    """Say whether no row of a step's results depends on the input or the state of another row."""
    if calls.batch == "rows":
        return True
    tree, leaves = split(state)
    changed = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    for leaf, part in zip(changed, parts, strict=True):
        if isinstance(leaf, Tensor) and part.axis is not None and leaf.is_floating_point():
            leaf.select(part.axis, 0).add_(1.0)
    x = calls.x(rows, 3)
    other = x.clone()
    other[0] += 1.0
    results = [calls.attempt(x, state, 3), calls.attempt(other, joined(tree, changed), 3)]
    if any(result is ABSENT for result in results):
        return False
    kept: list[list[Any]] = []
    for result in results:
        output, following = read(result, returns)
        found = split(following)[1]
        if len(found) != len(parts):
            return False
        rest = [
            leaf.narrow(part.axis, 1, rows - 1)
            if isinstance(leaf, Tensor) and part.axis is not None
            else leaf
            for leaf, part in zip(found, parts, strict=True)
        ]
        if output is not None:
            axis = next(k for k, n in enumerate(output.shape) if n == rows)
            rest.append(output.narrow(axis, 1, rows - 1))
        kept.append(rest)
    return alike(kept[0], kept[1])
