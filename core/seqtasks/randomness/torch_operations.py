"""Find torch's operations that draw, and their generators; read and set torch's global state."""

import re
from functools import cache
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "CPU",
    "device_of",
    "draws",
    "global_state",
    "may_draw",
    "set_global_state",
    "with_generator",
]

CPU = torch.device("cpu")
_MAY_DRAW = re.compile(
    "rand|normal|uniform|bernoulli|dropout|multinomial|poisson|binomial|exponential|cauchy"
    "|geometric|rrelu|gumbel|gamma|dirichlet|lstm|gru|rnn|attention|fractional|init|sparse_"
    "|orthogonal|xavier|kaiming"
)
"""Parts of the names of torch functions that may draw. A match that never draws only costs time."""


@cache
def may_draw(function: Any) -> bool:
    """Say whether a torch function may draw, by its name."""
    return _MAY_DRAW.search(getattr(function, "__name__", "")) is not None


@cache
def draws(operation: Any) -> bool:
    """Say whether an operation draws."""
    return torch.Tag.nondeterministic_seeded in getattr(operation, "tags", ())


@cache
def with_generator(operation: Any) -> tuple[Any, int] | None:
    """Return the form of an operation that takes a generator, and the generator's position."""
    taken = _arguments(operation)
    names = [name for name, _ in taken]
    if "generator" in names:
        return operation, names.index("generator")
    packet = operation.overloadpacket
    for overload in packet.overloads():
        other = _arguments(getattr(packet, overload))
        without = [argument for argument in other if argument[0] != "generator"]
        if len(without) < len(other) and without == taken:
            return getattr(packet, overload), len(names)
    return None


def _arguments(operation: Any) -> list[tuple[str, str]]:
    """Return the names and types of an operation's arguments."""
    return [(argument.name, str(argument.type)) for argument in operation._schema.arguments]


def device_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.device:
    """Return the device on which an operation draws."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor):
            return value.device
    named = kwargs.get("device")
    return CPU if named is None else torch.device(named)


def global_state(device: torch.device) -> Tensor:
    """Return the state of torch's global generator on a device."""
    return torch.get_rng_state() if device.type == "cpu" else torch.cuda.get_rng_state(device)


def set_global_state(device: torch.device, state: Tensor) -> None:
    """Set the state of torch's global generator on a device."""
    if device.type == "cpu":
        torch.set_rng_state(state)
    else:
        torch.cuda.set_rng_state(state, device)
