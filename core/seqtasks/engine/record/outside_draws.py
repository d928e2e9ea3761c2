"""Random draws outside torch: made by what is run here, or by another thread meanwhile.

Python and NumPy do not say which thread draws. The state of a generator does tell that somebody
drew. What draws while it is run does so each time; another thread seldom does, and not only then.
"""

import random
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.engine.graph.unsupported import UnsupportedError, refusal
from seqtasks.engine.record.fingerprint import attributes_of
from seqtasks.engine.record.reads import Reads, reads_of

__all__ = ["states_kept", "without_draws"]

ResultT = TypeVar("ResultT")
DEEPEST, MOST_LOOKED_AT = 6, 10_000
"""How deep, and in how many containers and objects, to look for a generator."""
RUNS = 3
"""How often a thing is run, at most, to tell its draws from another thread's draws."""
PAUSE, LEAST_PAUSE, MOST_PAUSE = 4, 0.02, 0.5
"""How many times as long as a run, and at least and at most how many seconds, nothing is run to see
whether another thread draws."""


def without_draws(
    work: Callable[[], ResultT], modules: Iterable[nn.Module], reads: Reads | None = None
) -> ResultT:
    """Return what `work` returns, or refuse what draws from Python's or NumPy's generators.

    Draws from a generator that the modules hold, or that their code reads, are refused too. Draws
    by torch are seen where they are made. The states of the generators are put back, unless another
    thread may have drawn from them.

    Args:
        work: what is run; again, if another thread may have drawn meanwhile.
        modules: that it runs.
        reads: of these modules, or of those that they copy; None to find them.

    Raises:
        UnsupportedError: if it draws.
    """
    modules = list(modules)
    reads = reads or reads_of(modules)
    generators = [_PYTHON, _NUMPY, *_generators_of(modules, reads)]
    states = [generator.get() for generator in generators]
    others_draw = False
    for number in range(RUNS):
        was_alone, before, began = _is_alone(), _moment(generators), time.perf_counter()
        failure, result = None, None
        try:
            result = work()
        except Exception as error:
            failure = error
        after, took = _moment(generators), time.perf_counter() - began
        is_alone = was_alone and _is_alone()
        may_be_ours = is_alone or reads.may_draw or after[2:] != before[2:]
        if after == before or not may_be_ours:
            if failure is not None:
                raise failure
            return cast("ResultT", result)
        if is_alone and number == 0:
            _put_back(generators, states)
            raise refusal("draws")
        _pause(took * (PAUSE + number))
        others_draw = others_draw or _moment(generators) != after
    if not others_draw:
        _put_back(generators, states)
    raise refusal("draws")


@contextmanager
def states_kept() -> Generator[None, None, None]:
    """Put back the states of Python's and NumPy's generators, unless another thread draws too.

    Where other threads run, a pause after the work tells: a thread that draws moves the states
    in it as well.
    """
    generators = [_PYTHON, _NUMPY]
    states = [generator.get() for generator in generators]
    was_alone, before, began = _is_alone(), _moment(generators), time.perf_counter()
    try:
        yield
    finally:
        after, took = _moment(generators), time.perf_counter() - began
        if after != before:
            if not (was_alone and _is_alone()):
                _pause(took * PAUSE)
            if _moment(generators) == after:
                _put_back(generators, states)


def _pause(seconds: float) -> None:
    """Run nothing for about so long, within bounds, so that another thread's draws show."""
    time.sleep(min(MOST_PAUSE, max(LEAST_PAUSE, seconds)))


def _is_alone() -> bool:
    """Say whether no other thread runs Python."""
    return len(sys._current_frames()) == 1


@dataclass(frozen=True)
class _Generator:
    """Functions that give a generator's or iterator's state and put it back; an iterator stays."""

    get: Callable[[], Any]
    put: Callable[[Any], object] = lambda state: None


_PYTHON = _Generator(random.getstate, random.setstate)
_NUMPY = _Generator(np.random.get_state, np.random.set_state)


def _put_back(generators: list[_Generator], states: list[Any]) -> None:
    for generator, state in zip(generators, states, strict=True):
        generator.put(state)


def _moment(generators: list[_Generator]) -> list[Any]:
    """Return the states that generators have now, as what can be compared."""
    return [_frozen(generator.get()) for generator in generators]


def _frozen(state: Any) -> Any:
    """Return a state with the bytes of its arrays."""
    if isinstance(state, dict):
        items = cast("dict[str, Any]", state).items()
        return tuple((key, _frozen(value)) for key, value in items)
    if isinstance(state, tuple):
        numbers = cast("tuple[Any, ...]", state)
        return numbers if len(numbers) > 100 else tuple(map(_frozen, numbers))
    if isinstance(state, Tensor):
        state = state.numpy()
    return state.tobytes() if isinstance(state, np.ndarray) else state


def _generators_of(modules: list[nn.Module], reads: Reads) -> list[_Generator]:
    """Return the generators and iterators that modules hold or that their code reads."""
    roots = [held for module in modules for held in attributes_of(module).values()]
    roots += [names.get(name) for names, name in reads.items]
    roots += [held for kind in reads.classes for held in vars(kind).values()]
    for function in reads.functions:
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # not yet assigned
                roots.append(cell.cell_contents)
    found: dict[int, _Generator] = {}
    pending = [(root, 0) for root in roots]
    for held, depth in pending:
        generator = _generator(held)
        if generator is not None:
            found[id(held)] = generator
        elif depth < DEEPEST and len(pending) < MOST_LOOKED_AT:
            pending += [(part, depth + 1) for part in _parts_of(held)]
    return list(found.values())


def _parts_of(held: Any) -> list[Any]:
    if isinstance(held, dict):
        return list(cast("dict[Any, Any]", held).values())
    if isinstance(held, list | tuple):
        return list(cast("list[Any]", held))
    is_code = isinstance(held, type | ModuleType | FunctionType | nn.Module)
    return [] if is_code else list(getattr(held, "__dict__", {}).values())


def _generator(held: Any) -> _Generator | None:
    """Return the generator or iterator that a thing is; None for anything else.

    Raises:
        UnsupportedError: for a generator that has no state.
    """
    if isinstance(held, random.SystemRandom):
        raise UnsupportedError("it holds random.SystemRandom, whose draws cannot be seen")
    if isinstance(held, random.Random):
        return _Generator(held.getstate, held.setstate)
    if isinstance(held, np.random.Generator):
        held = held.bit_generator
    if isinstance(held, np.random.BitGenerator):
        bits = held
        return _Generator(lambda: bits.state, lambda state: setattr(bits, "state", state))
    if isinstance(held, np.random.RandomState):
        return _Generator(held.get_state, held.set_state)
    if isinstance(held, torch.Generator):
        return _Generator(held.get_state, held.set_state)
    if isinstance(held, Iterator):
        iterator = cast("Iterator[Any]", held)
        with suppress(TypeError):  # one of Python's generators; no copy can be made of them either
            repr(iterator.__reduce__())
            return _Generator(lambda: repr(iterator.__reduce__()))
    return None
