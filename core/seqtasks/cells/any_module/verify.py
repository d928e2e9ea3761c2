"""Find where a module's first state comes from, and hold its cell against it."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells.any_module.calls import ABSENT, Calls, alike, read, same_draws
from seqtasks.cells.any_module.convention import Batch, Convention, Part
from seqtasks.cells.any_module.module_cell import ModuleCell
from seqtasks.cells.any_module.readings import Reading
from seqtasks.cells.any_module.refusal import NotACellError
from seqtasks.cells.any_module.starts import FirstState, made_by_method
from seqtasks.cells.state_tree import joined, split

__all__ = ["check", "with_start", "with_vmap"]

_KEEPS = (
    "called again with the same arguments it returns other numbers, as if it kept something of the "
    "call before: a cell keeps everything in its state"
)


def with_start(calls: Calls, chosen: Reading, made: Convention, optional: bool) -> Convention:
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
    zeros = calls.attempt(x, zeros_of(made, calls, 5))
    if zeros is ABSENT or not alike(begun, zeros):
        made = replace(made, start="itself")
    method = made_by_method(calls)
    if method is not None and optional:
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


def zeros_of(made: Convention, calls: Calls, rows: int) -> Any:
    """Return the module's state with zeros in it."""
    values: dict[str, Any] = {"int": 0, "bool": False}
    leaves = [
        torch.zeros(_shape(part, rows, calls.batch), dtype=part.dtype or calls.dtype)
        if part.kind == "tensor"
        else values[part.kind]
        for part in made.parts
    ]
    return joined(made.tree, leaves)


def with_vmap(calls: Calls, made: Convention) -> Convention:
    """Take torch.vmap for a module of single instances if it gives the same numbers."""
    needs_rows = made.start == "itself" or made.counts_for_all
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


def check(calls: Calls, made: Convention, start: FirstState) -> None:
    """Hold the cell against the module, called by hand step by step."""
    rows = 1 if made.batch == "rows" else 5
    cell = ModuleCell(calls.module, made, calls.features, made.output_size)
    state = cell.initial_state(rows, 3)
    raw: Any = zeros_of(made, calls, rows)
    if made.start != "zeros":
        raw = start.make(rows)
    for turn in range(3):
        x = calls.x(rows, turn)
        output, raw = read(calls.call(x, raw, turn), made.returns)
        state = _stepped(calls, cell, x, state)
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


def _stepped(calls: Calls, cell: ModuleCell, x: Tensor, state: Any) -> Any:
    tree, leaves = split(state)
    copies = [calls.copied(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    with same_draws(), torch.set_grad_enabled(calls.derives):
        return cell(x, joined(tree, copies))


def _first_axis(output: Tensor, made: Convention) -> Tensor:
    return output if made.batch == "rows" else output.movedim(made.output_axis, 0)
