"""Read the arguments of a module's `forward`: x, the state, and what names a time or a step."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seqtasks.cells.any_module.refusal import NotACellError

__all__ = ["Arguments", "arguments_of", "first_state_method"]

_NUMBERS = {
    *("t", "time", "step", "timestep", "timesteps", "time_step", "time_steps", "steps"),
    *("step_index", "step_idx", "time_index", "time_idx", "step_number", "current_step", "t_step"),
}
_ELAPSED = {
    *("dt", "ts", "delta", "delta_t", "deltat", "time_delta", "timespan", "timespans", "dts"),
    *("elapsed", "elapsed_time", "time_elapsed", "step_size", "stepsize", "interval"),
    *("time_interval", "time_diff", "timedelta"),
}
_STATES = {"state", "states", "h", "hx", "hidden", "hidden_state", "carry", "prev_state", "h_prev"}
_INPUTS = {"x", "inp", "input", "inputs", "x_t", "xt", "u"}
_METHODS = (
    *("initial_state", "init_state", "zero_state", "get_initial_state", "init_hidden"),
    *("initial_hidden", "initialize_state", "initialise_state", "begin_state", "init_states"),
    *("initial_states", "initHidden", "initialize_hidden", "make_state", "new_state"),
)
_BATCH = {"batch_size", "batch", "bsz", "bs", "batchsize", "b", "n", "num_rows", "batch_dim"}


@dataclass(frozen=True)
class Arguments:
    """What `forward` takes beside x.

    Attributes:
        state_is_optional: whether a call may leave the state out.
        times: the names of arguments that name a time or a step, and whether each is the number of
            the step; else it is the time since the last.
        left: other arguments, which stay at their defaults, with these.
    """

    state_is_optional: bool
    times: tuple[tuple[str, bool], ...] = ()
    left: tuple[str, ...] = ()


def arguments_of(forward: Callable[..., Any]) -> Arguments:
    """Return what a module's `forward` takes beside x.

    Raises:
        NotACellError: if it takes no state, or needs another argument that names no time.
    """
    found = list(inspect.signature(forward).parameters.values())
    by_place = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in found) and len(by_place) < 2:
        return Arguments(state_is_optional=True)
    if len(by_place) < 2:
        raise NotACellError("its forward takes no state: a cell is called as module(x, state)")
    first, second = by_place[0].name.lower(), by_place[1].name.lower()
    if first in _STATES and second in _INPUTS:
        raise NotACellError(
            f"its forward({first}, {second}) takes the state first: a cell is called as "
            "module(x, state)"
        )
    times: list[tuple[str, bool]] = []
    left: list[str] = []
    for p in found:
        if p in by_place[:2] or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        name = p.name.lower()
        elapsed = name in _ELAPSED and (p.default is p.empty or p.default is None)
        if p.kind is not p.POSITIONAL_ONLY and (elapsed or name in _NUMBERS):
            times.append((p.name, name in _NUMBERS))
        elif p.default is p.empty:
            raise NotACellError(
                f"its forward needs an argument '{p.name}', which names no time or step: a cell is "
                "called as module(x, state)"
            )
        else:
            left.append(f"{p.name}={p.default!r}"[:60])
    optional = by_place[1].default is not by_place[1].empty
    return Arguments(optional, tuple(times), tuple(left))


def first_state_method(module: Any, with_batch: bool) -> tuple[str, str | None] | None:
    """Return a method that makes a first state, and its argument for the size of the batch.

    An attribute of such a name that is no method, or a method that needs other arguments, has
    another meaning.
    """
    for name in _METHODS:
        method = getattr(module, name, None)
        if not inspect.ismethod(method):
            continue
        try:
            found = inspect.signature(method).parameters.values()
        except (ValueError, TypeError):
            continue
        needed = [p.name for p in found if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
        needed += [p.name for p in found if p.default is p.empty and p.kind is p.KEYWORD_ONLY]
        batch = [p.name for p in found if p.name in _BATCH and p.kind is not p.POSITIONAL_ONLY]
        if set(needed) <= set(batch[:1]):
            return name, batch[0] if batch and (with_batch or needed) else None
    return None
