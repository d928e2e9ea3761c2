"""Read the arguments of a module's `forward`: x, the state, and what names a time or a step."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from seqtasks.cells.any_module.refusal import NotACellError

__all__ = ["Arguments", "Entering", "Method", "arguments_of", "first_state_method", "given_to"]

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
    *("get_init_state", "get_init_states", "init_zero_state", "zero_hidden", "create_state"),
    *("create_new_state", "create_initial_state", "init_hidden_state", "init_hidden_states"),
    *("get_initial_states", "get_initial_hidden_state", "initialize_hidden_state", "init_carry"),
    *("initialize_carry", "initialise_hidden", "initialise_hidden_state", "default_state"),
    *("init_cache", "allocate_inference_cache", "initial_carry", "empty_state", "default_hidden"),
    *("initial_hidden_state", "init_memory", "initialize_memory", "initState"),
)
"""In this order: a module may have several of them."""
_BATCH = {
    *("batch_size", "batch", "bsz", "bs", "batchsize", "b", "n", "num_rows", "batch_dim", "nbatch"),
    *("n_batch", "num_batch", "num_batches", "batch_sz", "mb", "mbsz", "batch_num", "n_rows"),
    *("num_samples", "n_samples", "batches", "rows"),
}
_LIKE = _INPUTS | {"input_tensor", "x0", "input_", "inputs_", "example", "example_input"}


Entering = Literal["second", "first", "apart"]
"""How a module is given its state: after x, before it, or each part as an argument after x."""


def given_to(entering: Entering, x: Any, state: Any) -> tuple[Any, ...]:
    """Return what a module is called with, in its order."""
    if entering == "apart":
        return x, *state
    return (state, x) if entering == "first" else (x, state)


@dataclass(frozen=True)
class Arguments:
    """What `forward` takes beside x.

    Attributes:
        state_is_optional: whether a call may leave the state out.
        times: the names of arguments that name a time or a step, and whether each is the number of
            the step; else it is the time since the last.
        left: other arguments, which stay at their defaults, with these.
        entering: how it takes the state.
        needs: the first argument that it needs beside x and one for its state, or none.
    """

    state_is_optional: bool
    times: tuple[tuple[str, bool], ...] = ()
    left: tuple[str, ...] = ()
    entering: Entering = "second"
    needs: str = ""

    def refusal(self) -> NotACellError:
        """Return the error for an argument that is no part of a state."""
        return NotACellError(
            f"its forward needs an argument '{self.needs}', which names no time or step: a cell is "
            "called as module(x, state)"
        )


Wanted = Literal["batch", "device", "dtype", "input"]


@dataclass(frozen=True)
class Method:
    """A method that makes the first state.

    Attributes:
        name: its name.
        arguments: the names of its arguments, and what each of them is given.
    """

    name: str
    arguments: tuple[tuple[str, Wanted], ...] = ()

    def describe(self) -> str:
        """Return how the method is called."""
        return f"{self.name}({', '.join(name for name, _ in self.arguments)})"

    @property
    def takes_input(self) -> bool:
        """Whether it is given an input, to make the state like it."""
        return any(what == "input" for _, what in self.arguments)

    def call(self, module: Any, batch_size: int, like: Tensor, fill: float = 0.0) -> Any:
        """Return the first state for a batch.

        Args:
            module: the module.
            batch_size: the number of rows.
            like: a tensor (0, input) of the state's device and type.
            fill: the numbers of the input that the method may ask for.
        """
        x = like.new_full((batch_size, like.shape[-1]), fill)
        values = {"batch": batch_size, "device": like.device, "dtype": like.dtype, "input": x}
        return getattr(module, self.name)(**{k: values[what] for k, what in self.arguments})


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
    state_first = first in _STATES and second in _INPUTS
    times: list[tuple[str, bool]] = []
    left: list[str] = []
    needed: list[str] = []
    for p in found:
        if p in by_place[:2] or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        name = p.name.lower()
        elapsed = name in _ELAPSED and (p.default is p.empty or p.default is None)
        if p.kind is not p.POSITIONAL_ONLY and (elapsed or name in _NUMBERS):
            times.append((p.name, name in _NUMBERS))
        elif p.default is p.empty:
            needed.append(p.name)
            apart = p in by_place and not state_first and not left
            if not apart:
                raise Arguments(False, needs=p.name).refusal()
        else:
            left.append(f"{p.name}={p.default!r}"[:60])
    optional = by_place[1].default is not by_place[1].empty and not state_first
    entering: Entering = "first" if state_first else "apart" if needed else "second"
    return Arguments(optional, tuple(times), tuple(left), entering, "".join(needed[:1]))


def first_state_method(module: Any, with_batch: bool) -> Method | None:
    """Return the method by which a module makes a first state, if it has one.

    An attribute of such a name that is no method, or a method that needs other arguments than the
    size of the batch, an input, a device and a type, has another meaning.
    """
    for name in _METHODS:
        method = getattr(module, name, None)
        if not inspect.ismethod(method) and not inspect.isfunction(method):
            continue
        try:
            found = inspect.signature(method).parameters.values()
        except (ValueError, TypeError):
            continue
        arguments: list[tuple[str, Wanted]] = []
        unknown = False
        for p in found:
            needed = p.default is p.empty
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                continue
            if (
                p.name.lower() in _BATCH
                and p.kind is not p.POSITIONAL_ONLY
                and (with_batch or needed)
            ):
                arguments.append((p.name, "batch"))
            elif p.name.lower() in _LIKE and with_batch and needed:
                arguments.append((p.name, "input"))
            elif p.name == "device" and needed:
                arguments.append((p.name, "device"))
            elif p.name == "dtype" and needed:
                arguments.append((p.name, "dtype"))
            else:
                unknown = unknown or needed
        wanted = [what for _, what in arguments]
        if not unknown and max(wanted.count("batch"), wanted.count("input")) <= 1:
            return Method(name, tuple(arguments))
    return None
