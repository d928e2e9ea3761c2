"""What a recording does not see, and no model may have: hooks, random draws, lasting changes."""

import random
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FunctionType, ModuleType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.engine.attributes import TooLargeError, attributes_of, compared, value
from seqtasks.engine.hooks import has_global_hooks, has_hooks
from seqtasks.engine.reads import reads_of
from seqtasks.engine.unsupported import UnsupportedError, refusal

__all__ = ["check_modules", "check_unchanged", "outside_draws"]

DEEPEST, MOST_LOOKED_AT = 6, 10_000
"""Containers and objects in which a generator is looked for."""


@contextmanager
def outside_draws(modules: Iterable[nn.Module]) -> Generator[None, None, None]:
    """Refuse what draws from Python's or NumPy's generators, or from one that the modules reach.

    The state of a generator tells. Draws by torch are seen where they are made.
    """
    held = _generators_of(list(modules))
    before = [_state(kept) for kept in held]
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        drawn = random.getstate() != of_python
        drawn = drawn or _frozen(np.random.get_state()) != _frozen(of_numpy)
        if drawn:
            random.setstate(of_python)
            np.random.set_state(of_numpy)
        if drawn or [_state(kept) for kept in held] != before:
            raise refusal("draws")


def _alike(before: Any, after: Any) -> bool:
    try:
        return compared(before, value) == compared(after, value)
    except TooLargeError:  # nothing reads it
        return True


def _generators_of(modules: list[nn.Module]) -> list[Any]:
    """Return the generators and iterators among what modules hold, and their code reads."""
    reads = reads_of(modules)
    roots = [held for module in modules for held in attributes_of(module).values()]
    roots += [names.get(name) for names, name in reads.items]
    roots += [held for kind in reads.classes for held in vars(kind).values()]
    for function in reads.functions:
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # not yet assigned
                roots.append(cell.cell_contents)
    found: dict[int, Any] = {}
    pending = [(root, 0) for root in roots]
    for held, depth in pending:
        if _state(held) is not None:
            found[id(held)] = held
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


def _state(held: Any) -> Any:
    """Return the state of a generator or an iterator; None of anything else."""
    if isinstance(held, random.Random):
        return held.getstate()
    if isinstance(held, np.random.Generator):
        return _frozen(held.bit_generator.state)
    if isinstance(held, np.random.BitGenerator):
        return _frozen(held.state)
    if isinstance(held, np.random.RandomState):
        return _frozen(held.get_state())
    if isinstance(held, torch.Generator):
        return held.get_state().numpy().tobytes()
    if isinstance(held, Iterator):
        try:
            return repr(held.__reduce__())
        except TypeError:  # a generator of Python's; a copy of the module cannot be made either
            return None
    return None


def _frozen(state: Any) -> Any:
    """Return a generator's state with the bytes of its arrays, whatever NumPy would print."""
    if isinstance(state, dict):
        items = cast("dict[str, Any]", state).items()
        return tuple((key, _frozen(value)) for key, value in items)
    if isinstance(state, list | tuple):
        return tuple(_frozen(value) for value in cast("list[Any]", state))
    return state.tobytes() if isinstance(state, np.ndarray) else state


def check_modules(model: nn.Module, dtype: torch.dtype) -> None:
    """Refuse hooks, compiled modules, and parameters that are not plain tensors of one type."""
    if dtype not in (torch.float32, torch.float64):
        raise UnsupportedError(f"its numbers are {dtype}, not torch.float32 or torch.float64")
    for name, module in model.named_modules():
        if has_hooks(module):
            raise UnsupportedError(f"it has hooks{f' ({name})' if name else ''}")
        if isinstance(module, torch.jit.ScriptModule):
            raise refusal("script")
    if has_global_hooks():
        raise UnsupportedError("there are hooks on all modules")
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if has_hooks(tensor):
            raise UnsupportedError(f"its parameter {name} has a hook")
        if tensor.is_complex():
            raise UnsupportedError(f"its parameter {name} is complex")
        if tensor.is_floating_point() and tensor.dtype != dtype:
            raise UnsupportedError(f"its parameter {name} is {tensor.dtype}, not {dtype}")
        if (
            tensor.layout != torch.strided
            or tensor.is_neg()
            or type(tensor) not in (Tensor, nn.Parameter)
        ):
            raise UnsupportedError(f"its parameter {name} is not a plain tensor")


def check_unchanged(model: nn.Module, twin: nn.Module) -> None:
    """Refuse a cell that counts its steps or keeps what it saw."""
    for (name, module), (_, copied) in zip(
        model.named_modules(), twin.named_modules(), strict=True
    ):
        before, after = attributes_of(module), attributes_of(copied)
        for key in before.keys() | after.keys():
            same = (key in before) == (key in after)
            if not same or not _alike(before[key], after[key]):
                raise UnsupportedError(f"it changes its attribute {name}{'.' if name else ''}{key}")
    for (name, old), (_, new) in zip(model.named_buffers(), twin.named_buffers(), strict=True):
        if not torch.equal(old.to(new.device), new):
            raise UnsupportedError(f"it changes its buffer {name}")
