"""`unroll` by an engine of the caller's choice."""

from collections.abc import Sequence
from typing import Literal, get_args, overload
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from seqtasks.cells import Cell, State
from seqtasks.cells.plain_loop import unroll as plain
from seqtasks.cells.spectral_norms import iterated_once
from seqtasks.cells.step_calls import checked_time
from seqtasks.engine.engines import Engines
from seqtasks.engine.record.subject import CellAlone
from seqtasks.tasks.settings import EngineName

__all__ = ["engines_of", "unroll"]

_ENGINES: WeakKeyDictionary[Cell, dict[EngineName, Engines]] = WeakKeyDictionary()
"""The programs of each cell that `unroll` ran by an engine."""


@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    return_states: Literal[False] = False,
    engine: EngineName = "plain",
    time: Tensor | int | None = None,
) -> tuple[Tensor, State]: ...
@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    *,
    return_states: Literal[True],
    engine: EngineName = "plain",
    time: Tensor | int | None = None,
) -> tuple[Tensor, State, State]: ...
@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None,
    lengths: Tensor | None,
    return_states: Literal[True],
    engine: EngineName = "plain",
    time: Tensor | int | None = None,
) -> tuple[Tensor, State, State]: ...
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    return_states: bool = False,
    engine: EngineName = "plain",
    time: Tensor | int | None = None,
) -> tuple[Tensor, State] | tuple[Tensor, State, State]:
    """Run a cell along a sequence.

    Args:
        cell: the transition of one step.
        inputs: (batch, time, features).
        state: the state before the first step; None for the cell's own initial state.
        lengths: (batch,) whole numbers, the steps of each instance; None for all of them.
        return_states: whether to keep and return the state after every step.
        engine: what runs the cell; results and gradients are always the same. `plain` is the plain
            loop, `native` a compiled program, and `torch` a program of torch calls. A program is
            made at the first call and kept as long as the cell. `auto` uses the fastest engine that
            can run the cell.
        time: for a cell that names `time`, the number of the first step: one for all instances,
            or (batch,). Without a given state it is 0.

    Returns:
        The outputs, (batch, time, output size), zero past an instance's length; the state of each
        instance after its own last step; and, if asked for, the states after every step, shaped
        as a state with a time axis, (batch, time, ...).

    Raises:
        ValueError: if inputs are not (batch, time, features), there is no step, a length lies
            outside 0 .. time, the engine is unknown, or a state is given to a cell that names
            `time`, without the number of the next step.
        UsageError: if `native` or `torch` cannot run the cell; the message says why.

    Example:
        >>> import torch, seqtasks as st
        >>> cell, inputs = st.cell("gru", 3, 4), torch.randn(2, 5, 3)
        >>> by_loop, _ = st.unroll(cell, inputs)
        >>> by_program, _ = st.unroll(cell, inputs, engine="auto")
        >>> torch.allclose(by_loop, by_program, atol=1e-6)
        True
    """
    if engine not in get_args(EngineName):
        known = ", ".join(get_args(EngineName))
        raise ValueError(f"engine must be one of {known}, got {engine!r}")
    if state is not None and inputs.dim() == 3:
        state = cell.continued(state, inputs.shape[1])
    compiled = torch.compiler.is_compiling()  # torch.compile must not trace an engine
    if engine != "plain" and not compiled and inputs.dim() == 3 and inputs.is_floating_point():

        def by_loop(
            few: Tensor, states: Sequence[State | None], lengths: Tensor | None
        ) -> tuple[Tensor, Sequence[State]]:
            outputs, final = plain(cell, few, states[0], lengths, time=0)
            return outputs, [final]

        start = checked_time([cell], inputs, state, time)
        with iterated_once(cell):
            outcome = engines_of(cell, engine).run(
                by_loop, inputs, [state], lengths, return_states, start
            )
            if outcome is None:
                return _by_loop(cell, inputs, state, lengths, return_states, time)
        outputs, (final,), past, _ = outcome
        return (outputs, final, past[0]) if return_states else (outputs, final)
    return _by_loop(cell, inputs, state, lengths, return_states, time)


def _by_loop(
    cell: Cell,
    inputs: Tensor,
    state: State | None,
    lengths: Tensor | None,
    return_states: bool,
    time: Tensor | int | None,
) -> tuple[Tensor, State] | tuple[Tensor, State, State]:
    if return_states:
        return plain(cell, inputs, state, lengths, return_states=True, time=time)
    return plain(cell, inputs, state, lengths, time=time)


def engines_of(cell: Cell, engine: EngineName) -> Engines:
    """Return the programs with which `unroll` runs a cell."""
    known = _ENGINES.setdefault(cell, {})
    if engine not in known:
        known[engine] = Engines(CellAlone(cell), engine)
    return known[engine]
