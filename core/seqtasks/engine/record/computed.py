"""Calls of torch on parameters alone, to be made again by torch itself before each program call.

A program needs no rule for such a call, whatever it is: torch makes the value, the program reads it
as it reads a parameter, and torch's autograd carries its gradient on to the parameters.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments

__all__ = ["Computed", "Fixed", "Read", "WeightCall", "evaluated"]


@dataclass(frozen=True, eq=False)
class Read:
    """A parameter or buffer, as an argument of a call.

    Attributes:
        tensor: the model's own tensor.
    """

    tensor: Tensor

    @property
    def digest(self) -> str:
        """A text that no other tensor of the model has."""
        return f"tensor {id(self.tensor)}"


@dataclass(frozen=True, eq=False)
class Fixed:
    """A tensor that depends on nothing but constants, as an argument of a call."""

    tensor: Tensor

    @property
    def digest(self) -> str:
        """A text that tells other numbers, types and shapes."""
        held = self.tensor.detach().cpu().contiguous()
        data = held.flatten().view(torch.uint8).numpy().tobytes() if held.numel() else b""
        return f"{held.dtype} {tuple(held.shape)} {hashlib.blake2b(data).hexdigest()}"


@dataclass(frozen=True, eq=False)
class WeightCall:
    """A call on parameters alone.

    Attributes:
        function: the function of torch.
        args, kwargs: its arguments; `Read`, `Fixed` and `Computed` stand for tensors.
        with_gradients: whether torch kept gradients at the call.
        number: grows from call to call, so that no call needs a later one.
        digest: equal for calls that compute the same.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    with_gradients: bool
    number: int
    digest: str

    @classmethod
    def of(cls, function: Callable[..., Any], args: Any, kwargs: Any, number: int) -> "WeightCall":
        """Return a call made now; its digest describes the function and all arguments."""
        parts = mapped_arguments((args, kwargs), _described)
        text = f"{function!r} {parts!r} {torch.is_grad_enabled()}"
        digest = hashlib.blake2b(text.encode()).hexdigest()
        return cls(function, args, kwargs, torch.is_grad_enabled(), number, digest)


@dataclass(frozen=True, eq=False)
class Computed:
    """A result of a call.

    Attributes:
        call: the call.
        place: which of its results; None if it has one.
    """

    call: WeightCall
    place: int | None

    @property
    def digest(self) -> str:
        """A text that is equal for values that are computed alike."""
        return f"{self.call.digest} {self.place}"


def _described(value: Any) -> str:
    return value.digest if isinstance(value, Read | Fixed | Computed) else repr(value)


def evaluated(wanted: Sequence[Computed], read: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """Return the values of some results; each call is made once.

    Args:
        wanted: the results.
        read: returns the tensor to use for a parameter or buffer of the model.
    """
    results: dict[WeightCall, Any] = {}

    def value(argument: Any) -> Any:
        if isinstance(argument, Read):
            return read(argument.tensor)
        if isinstance(argument, Fixed):
            return argument.tensor
        if isinstance(argument, Computed):
            return _part(results[argument.call], argument.place)
        return argument

    kept = torch.is_grad_enabled()
    for call in sorted(_needed(wanted), key=lambda call: call.number):
        with torch.set_grad_enabled(kept and call.with_gradients):
            args, kwargs = mapped_arguments((call.args, call.kwargs), value)
            results[call] = call.function(*args, **kwargs)
    return [_part(results[one.call], one.place) for one in wanted]


def _part(result: Any, place: int | None) -> Tensor:
    return result if place is None else result[place]


def _needed(wanted: Iterable[Computed]) -> set[WeightCall]:
    found: set[WeightCall] = set()
    pending = [one.call for one in wanted]
    while pending:
        call = pending.pop()
        if call not in found:
            found.add(call)
            given = flat_arguments((call.args, call.kwargs))
            pending += [one.call for one in given if isinstance(one, Computed)]
    return found
