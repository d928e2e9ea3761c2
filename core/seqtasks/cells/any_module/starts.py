"""The first states with which a module of unknown convention is tried."""

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells.any_module.arguments import Arguments, Method, first_state_method
from seqtasks.cells.any_module.calls import ABSENT, Calls, alike, same_draws
from seqtasks.cells.any_module.refusal import NotACellError

__all__ = ["FirstState", "guessed", "made_by_method", "without_state"]

_WIDTHS = ("hidden_size", "hidden_dim", "units", "num_units", "n_hid", "out_features", "state_size")


@dataclass(frozen=True)
class FirstState:
    """A state to begin a trial with.

    Attributes:
        name: what it is.
        make: returns it for a number of rows; ABSENT for a call without a state.
        method: the method that makes it.
        is_guess: whether nothing in the module says that it begins so.
    """

    name: str
    make: Callable[[int], Any]
    method: Method | None = None
    is_guess: bool = False


def without_state(calls: Calls, arguments: Arguments) -> FirstState | None:
    """Return the start without a state, or with None, if the module can begin so."""
    for held in (ABSENT, None):
        may = held is None or arguments.state_is_optional
        if may and calls.attempt(calls.x(2, 0), held) is not ABSENT:
            return FirstState("no state", lambda rows, held=held: held)
    return None


def made_by_method(calls: Calls) -> FirstState | None:
    """Return the start from the module's own method, if it has one that needs no other argument."""
    found = first_state_method(calls.module, with_batch=calls.batch != "rows")
    if found is None:
        return None
    like = torch.empty(0, calls.features, dtype=calls.dtype)

    def make(rows: int, fill: float = 0.0) -> Any:
        with same_draws():
            return found.call(calls.module, 1 if calls.batch == "rows" else rows, like, fill)

    if found.takes_input:
        try:
            if not alike(make(2), make(2, fill=1.0)):
                raise NotACellError(
                    f"its method {found.describe()} makes its first state from the numbers of the "
                    "first input, which a cell's first state does not depend on"
                )
        except NotACellError:
            raise
        except Exception as error:  # a method of the module
            calls.error = calls.error or error
            return None
    return FirstState(found.describe(), make, found)


def guessed(calls: Calls, hidden_size: int) -> Iterator[FirstState]:
    """Yield states of the usual forms; the first that a module takes tells the form of its own."""
    for name, make in _forms(calls, hidden_size):
        yield FirstState(name, make, is_guess=True)


def _forms(calls: Calls, hidden_size: int) -> Iterator[tuple[str, Callable[[int], Any]]]:
    """Yield the names of such states, and what makes them for a number of rows."""
    module = calls.module
    widths = [hidden_size, *(getattr(module, name, None) for name in _WIDTHS)]
    numbers = [w for w in widths if isinstance(w, int) and not isinstance(w, bool) and w > 0]

    def tensor(rows: int, seed: int, *shape: int) -> Tensor:
        if calls.batch == "rows":
            return calls.random(seed, *shape)
        made = calls.random(seed, rows, *shape)
        return made.movedim(0, -1) if calls.batch == "second" else made

    declared = getattr(module, "state_size", None)
    if isinstance(declared, tuple | list | Mapping):
        yield ("state_size", lambda rows: _declared(declared, tensor, rows))
    named = _annotated(module)
    for width in dict.fromkeys(numbers):

        def one(rows: int, seed: int = 9, width: int = width) -> Tensor:
            return tensor(rows, seed, width)

        if named is not None:
            yield (named.__name__, lambda rows, one=one: _filled(named, one, rows))
        yield ("one tensor", one)
        for count in (2, 3, 4):
            yield (
                f"a tuple of {count}",
                lambda rows, one=one, count=count: tuple(one(rows, 9 + k) for k in range(count)),
            )
        yield ("a dict", lambda rows, one=one: _Asked(lambda: one(rows)))


def _declared(declared: Any, tensor: Callable[..., Tensor], rows: int) -> Any:
    """Return a state as an attribute `state_size` declares it, as in Keras."""
    if isinstance(declared, int):
        return tensor(rows, 9, declared)
    if isinstance(declared, Mapping):
        return {key: _declared(size, tensor, rows) for key, size in declared.items()}
    return tuple(_declared(size, tensor, rows) for size in declared)


def _annotated(module: Any) -> Any:
    """Return the NamedTuple that `forward` declares for its state, or None."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    kind: Any = parameters[1].annotation if len(parameters) > 1 else None
    if isinstance(kind, str):
        home = getattr(inspect.unwrap(type(module).forward), "__globals__", {})
        kind = home.get(kind.removesuffix("| None").strip())
    kinds = [kind, *typing.get_args(kind)]
    return next((one for one in kinds if hasattr(one, "_fields") and inspect.isclass(one)), None)


def _filled(kind: Any, one: Callable[..., Tensor], rows: int) -> Any:
    """Return a NamedTuple with a tensor, or 0 for a whole number, in each field."""
    types = kind.__annotations__
    numbers = {name: types.get(name) in (int, "int") for name in kind._fields}
    return kind(*(0 if numbers[n] else one(rows, 9 + k) for k, n in enumerate(kind._fields)))


class _Asked(dict[Any, Any]):
    """A state that has every key and every attribute that a module asks it for."""

    is_opaque = True  # a trial must not copy it

    def __init__(self, make: Callable[[], Tensor]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Tensor:
        if not isinstance(key, str):
            raise KeyError(key)
        self[key] = self._make()
        return self[key]

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]
