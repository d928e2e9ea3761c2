"""Find by trial how a module is called, what it returns, and what its state is."""

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from seqtasks.cells.any_module.arguments import Arguments, arguments_of
from seqtasks.cells.any_module.calls import ABSENT, Calls, Form, alike, form_of, read, same_draws
from seqtasks.cells.any_module.convention import Batch, Convention, Part, Returns, TimeArgument
from seqtasks.cells.any_module.module_cell import ModuleCell
from seqtasks.cells.any_module.refusal import NotACellError, cell_of, reads_sequences
from seqtasks.cells.any_module.separate import is_made_from
from seqtasks.cells.any_module.starts import FirstState, guessed, made_by_method, without_state
from seqtasks.cells.any_module.state_tree import joined, labels, split
from seqtasks.errors import explain

__all__ = ["understand"]

_PRIMES = (11, 13, 17, 19, 23, 29, 31, 37)
_OUTPUTS = ("output", "out", "y", "h", "hidden", "hidden_state", "hx")
"""Of several named parts of a state, the first of these is a step's output."""
_KEEPS = (
    "called again with the same arguments it returns other numbers, as if it kept something of the "
    "call before: a cell keeps everything in its state"
)
_SAID = (
    "say it in a class of your own: override forward(self, x, state) so that it returns "
    "(output, state) with a state of another form, or write a seqtasks.Cell"
)


@dataclass(frozen=True)
class _Reading:
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


def understand(
    module: nn.Module, input_size: int, hidden_size: int, hint: Convention | None = None
) -> Convention:
    """Return the convention of a module.

    The module is not changed. It is tried on few rows, in evaluation mode and without gradients.

    Args:
        module: the module.
        input_size: the features of x.
        hidden_size: the features that the state is supposed to have.
        hint: the convention of such a module of other sizes.

    Raises:
        NotACellError: if it cannot be called as a cell, or two readings of it are possible.
    """
    arguments = arguments_of(module.forward)
    tried = copy.deepcopy(module).eval()
    held = [t for t in [*tried.parameters(), *tried.buffers()] if not is_lazy(t)]
    sizes = {input_size, hidden_size, *(n for t in held for n in t.shape)}
    counts = [n for n in _PRIMES if n not in sizes] + [41, 43]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error: Exception | None = None
        mixing: tuple[Calls, list[_Reading]] | None = None
        for batch in get_args(Batch) if hint is None else (hint.batch,):
            for calls in _with_times(tried, batch, input_size, arguments):
                found = _readings(calls, arguments, hidden_size, (counts[0], counts[1]))
                if hint is not None:
                    found = [one for one in found if one.returns == hint.returns] or found
                error = error or calls.error
                good = [one for one in found if one.independent]
                if good:
                    return _settled(calls, arguments, good)
                if found and batch == "first" and mixing is None:
                    mixing = calls, found
        if mixing is not None:
            return _settled(mixing[0], arguments, mixing[1])
    why = "" if error is None else f": it raises {explain(error)}"
    layer = cell_of(type(module))
    if layer is not None:
        raise NotACellError(f"it is a layer for whole sequences{why}; take the cell, {layer}")
    raise NotACellError(
        f"no state was found with which it can be called as module(x, state){why}; give its state "
        "the default None, or the class a method initial_state(self, batch_size)"
    )


def _with_times(
    module: nn.Module, batch: Batch, features: int, arguments: Arguments
) -> Iterator[Calls]:
    """Yield the ways to give the arguments that name a time: as numbers, or as tensors."""
    for form in ("number", "tensor")[: 2 if arguments.times else 1]:
        times = tuple(TimeArgument(name, number, form) for name, number in arguments.times)
        yield Calls(module, batch, features, times)


def _readings(
    calls: Calls, arguments: Arguments, hidden_size: int, counts: tuple[int, int]
) -> list[_Reading]:
    """Return the readings that agree with themselves, from the first kind of start with any."""
    starts: list[FirstState] = []
    own = without_state(calls, arguments)
    method = made_by_method(calls)
    if own is not None:
        starts.append(own)
    if method is not None:
        starts.append(method)
    for start in starts:
        found = _of_start(calls, start, counts)
        if any(one.independent for one in found):
            return found
    mixing: list[_Reading] = []
    different: dict[Any, _Reading] = {}
    for start in guessed(calls, hidden_size):
        for one in _of_start(calls, start, counts):
            if one.independent:
                different.setdefault((one.returns, one.form), one)
            else:
                mixing.append(one)
    return list(different.values()) or mixing


def _of_start(calls: Calls, start: FirstState, counts: tuple[int, int]) -> list[_Reading]:
    """Return the readings with a start that agree with themselves."""
    found: list[_Reading] = []
    for returns in get_args(Returns):
        runs = [_three_steps(calls, start, returns, rows) for rows in counts]
        if runs[0] is None or runs[1] is None:
            continue
        (state, output), (_, other) = runs[0], runs[1]
        forms = [form_of(run[0]) for run in runs if run is not None]
        parts = _parts(forms, counts, calls)
        if parts is None or not any(_is_real(part) for part in parts):
            continue
        about: tuple[int | None, int] | None = None
        if returns != "state":
            axis = _axis(output.shape, other.shape, counts)
            if axis == () and calls.batch != "rows":
                continue
            width = output.numel() // (counts[0] if axis != () else 1)
            about = (axis[0] if axis else None), width
        in_batch = any(part.axis is not None and _is_real(part) for part in parts)
        if calls.batch == "first" and not in_batch:
            if about is not None and about[0] is not None:
                raise reads_sequences(type(calls.module))
            continue
        if calls.batch == "second" and not in_batch:
            continue
        independent = _rows_are_independent(calls, returns, state, parts, counts[0])
        found.append(_Reading(start, returns, forms[0], parts, about, state, independent))
    return found


def _is_real(part: Part) -> bool:
    return part.kind == "tensor" and part.dtype is None


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


def _settled(calls: Calls, arguments: Arguments, found: list[_Reading]) -> Convention:
    """Return the convention of a module from its readings, of which one must be right.

    Raises:
        NotACellError: if two readings are possible.
    """
    chosen = found[0]
    for other in found[1:]:
        chosen = _one_of(calls, chosen, other)
    tree, _ = chosen.form
    reads = None if chosen.output is not None else _read_part(chosen)
    axis, width = chosen.output or (0, 0)
    if reads is not None:
        width = 1
        for size in chosen.parts[reads].shape:
            width *= size
    made = Convention(
        tree=tree,
        parts=chosen.parts,
        batch=calls.batch,
        returns=chosen.returns,
        reads=reads,
        output_axis=axis or 0,
        output_size=width,
        start="zeros",
        times=calls.times,
        left=arguments.left,
    )
    made = _with_start(calls, chosen, made)
    made = replace(made, copies=calls.changed)
    if made.batch == "rows":
        made = _with_vmap(calls, made)
    _check(calls, made, chosen.start)
    return made


def _one_of(calls: Calls, one: _Reading, other: _Reading) -> _Reading:
    """Return the right one of two readings.

    Raises:
        NotACellError: if both are possible.
    """
    if one.returns == other.returns:
        raise NotACellError(
            f"it takes {one.start.name} and {other.start.name} for its state, and nothing tells "
            "which is meant: give its state the default None, or the class a method "
            "initial_state(self, batch_size)"
        )
    if "state" in (one.returns, other.returns):
        apart = other if one.returns == "state" else one
        raise NotACellError(
            f"what it returns may be its whole state or ({apart.returns.replace(' and', ',')}), "
            f"and it takes either back: {_SAID}"
        )
    # (output, state) is torch's order; a second that is made from the first alone may be an output.
    first, second = calls.call(calls.x(5, 3), one.start.make(5))
    if alike(first, second):
        return one
    if is_made_from(calls, one.state, 1, 0) and not is_made_from(calls, one.state, 0, 1):
        raise NotACellError(
            "it returns two tensors alike, and the second is computed from the first alone: they "
            "may be (output, state) or (state, output). Override forward in a class of your own "
            "so that it returns (output, state), and name this class"
        )
    return one


def _read_part(chosen: _Reading) -> int:
    """Return the part of the state that is a step's output: by its name, or the first."""
    real = [
        k
        for k, part in enumerate(chosen.parts)
        if _is_real(part) and (part.axis is not None or chosen.start) and part.shape
    ]
    if not real:
        raise NotACellError(
            "its state has no tensor of several features that could be a step's output: return "
            "(output, state)"
        )
    names = {
        chosen.parts[k].label.rpartition(".")[2].rpartition("[")[2].strip("]'\""): k for k in real
    }
    return next((names[name] for name in _OUTPUTS if name in names), real[0])


def _with_start(calls: Calls, chosen: _Reading, made: Convention) -> Convention:
    """Find where the first state comes from: zeros, a method, or a call without a state."""
    if chosen.start.method is not None:
        raw = chosen.start.make(5)
        zeros = all(
            not leaf.any() if isinstance(leaf, Tensor) else not leaf for leaf in split(raw)[1]
        )
        if not zeros:
            return replace(made, start="method", method=chosen.start.method)
        return made
    if chosen.start.name != "no state":
        return made
    x = calls.x(5, 0)
    begun = calls.attempt(x, chosen.start.make(5))
    zeros = calls.attempt(x, _zeros(made, calls, 5))
    if zeros is ABSENT or not alike(begun, zeros):
        made = replace(made, start="itself")
    method = made_by_method(calls)
    if method is not None:
        _compare_method(calls, method, begun, x, made)
    return made


def _compare_method(
    calls: Calls, method: FirstState, begun: Any, x: Tensor, made: Convention
) -> None:
    """Refuse a module whose own first state is one that a call without a state does not use."""
    try:
        raw = method.make(5)
    except Exception:  # it is for something else
        return
    tree, leaves = split(raw)
    shapes = [_shape(part, 5, calls.batch) for part in made.parts]
    found = [tuple(leaf.shape) if isinstance(leaf, Tensor) else () for leaf in leaves]
    if tree != made.tree or found != shapes:
        return
    other = calls.attempt(x, raw)
    if other is not ABSENT and not alike(begun, other):
        raise NotACellError(
            f"its method {method.name} gives another first state than a call without a state "
            "begins with, and nothing tells which is meant: override one of them in a class of "
            "your own"
        )


def _shape(part: Part, rows: int, batch: Batch) -> tuple[int, ...]:
    shape = list(part.shape)
    if part.axis is not None and batch != "rows":
        shape.insert(part.axis, rows)
    return tuple(shape)


def _zeros(made: Convention, calls: Calls, rows: int) -> Any:
    """Return the module's state with zeros in it."""
    values: dict[str, Any] = {"int": 0, "bool": False}
    leaves = [
        torch.zeros(_shape(part, rows, calls.batch), dtype=part.dtype or calls.dtype)
        if part.kind == "tensor"
        else values[part.kind]
        for part in made.parts
    ]
    return joined(made.tree, leaves)


def _with_vmap(calls: Calls, made: Convention) -> Convention:
    """Take torch.vmap for a module of single instances if it gives the same numbers."""
    needs_rows = made.start == "itself" or made.counts_in_python
    if needs_rows or any(part.kind != "tensor" for part in made.parts):
        return made
    by_vmap = replace(made, by_vmap=True)
    results: list[Any] = []
    for about in (made, by_vmap):
        cell = ModuleCell(calls.module, about, calls.features, made.output_size)
        try:
            state = cell.initial_state(3, 2)
            for turn in range(2):
                state = cell(calls.x(3, turn), state)
        except Exception:  # vmap cannot run everything
            return made
        results.append(state)
    return by_vmap if alike(*results) else made


def _check(calls: Calls, made: Convention, start: FirstState) -> None:
    """Hold the cell against the module, called by hand step by step."""
    rows = 1 if made.batch == "rows" else 5
    cell = ModuleCell(calls.module, made, calls.features, made.output_size)
    state = cell.initial_state(rows, 3)
    raw: Any = _zeros(made, calls, rows)
    if made.start != "zeros":
        raw = start.make(rows)
    for turn in range(3):
        x = calls.x(rows, turn)
        output, raw = read(calls.call(x, raw, turn), made.returns)
        state = _stepped(cell, x, state)
        flat = [state] if isinstance(state, Tensor) else list(state)
        own = None if made.reads is not None else _first_axis(output, made).flatten()
        if own is not None and not alike(flat.pop(0).flatten(), own):
            raise NotACellError(_KEEPS)
        for leaf, expected, part in zip(flat, split(raw)[1], made.parts, strict=False):
            if not isinstance(expected, Tensor):
                same = bool((leaf == int(expected)).all())
            elif part.axis is None or made.batch == "rows":
                same = alike(leaf[0], expected)
            else:
                same = alike(leaf, expected.movedim(part.axis, 0))
            if not same:
                raise NotACellError(_KEEPS)


def _stepped(cell: ModuleCell, x: Tensor, state: Any) -> Any:
    with same_draws():
        return cell(x, state)


def _first_axis(output: Tensor, made: Convention) -> Tensor:
    return output if made.batch == "rows" else output.movedim(made.output_axis, 0)
