"""Find by trial how a module is called, what it returns, and what its state is."""

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, get_args

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from seqtasks.cells.any_module.arguments import Arguments, arguments_of
from seqtasks.cells.any_module.calls import Calls
from seqtasks.cells.any_module.chosen_reading import one_of, output_part, refuse_unread
from seqtasks.cells.any_module.convention import (
    Batch,
    Convention,
    TimeArgument,
    TimeForm,
)
from seqtasks.cells.any_module.readings import Reading, readings_from
from seqtasks.cells.any_module.refusal import NotACellError, cell_of
from seqtasks.cells.any_module.starts import FirstState, guessed, made_by_method, without_state
from seqtasks.cells.any_module.verify import check, with_start, with_vmap
from seqtasks.errors import explain

__all__ = ["understand"]

_PRIMES = (11, 13, 17, 19, 23, 29, 31, 37)


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
    if isinstance(module, torch.jit.ScriptModule):
        raise NotACellError(
            "torch.jit compiled it, and a copy of it cannot be tried: give the class as it is "
            "without torch.jit.ScriptModule and script_method; scripted functions may stay"
        )
    arguments = arguments_of(module.forward)
    tried = copy.deepcopy(module).eval()
    held = [t for t in tried.parameters() if not is_lazy(t)]
    sizes = {input_size, hidden_size, *(n for t in [*held, *tried.buffers()] for n in t.shape)}
    for number, tensor in enumerate(held):  # a first state of zeros that is trained is no zeros
        if tensor.is_floating_point():
            generator = torch.Generator().manual_seed(number)
            noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float32)
            tensor.detach().add_(noise.to(tensor), alpha=0.01)
    counts = [n for n in _PRIMES if n not in sizes] + [41, 43]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = [
            calls
            for batch in (get_args(Batch) if hint is None else (hint.batch,))
            for calls in with_times(tried, batch, input_size, arguments)
        ]
        mixing: tuple[Calls, list[Reading]] | None = None
        for calls, starts in [(one, _own_starts(one, arguments)) for one in every] + [
            (one, list(guessed(one, hidden_size))) for one in every
        ]:
            found = _readings(calls, starts, (counts[0], counts[1]))
            if hint is not None:
                found = [one for one in found if one.returns == hint.returns] or found
            good = [one for one in found if one.independent]
            if good:
                return _settled(calls, arguments, good)
            if found and calls.batch == "first" and mixing is None:
                mixing = calls, found
        if mixing is not None:
            return _settled(mixing[0], arguments, mixing[1])
    if arguments.needs:
        raise arguments.refusal()
    error = next((one.error for one in every if one.error is not None), None)
    why = "" if error is None else f": it raises {explain(error)}"
    why = next((f": {one.grows}" for one in every if one.grows), why)
    layer = cell_of(type(module))
    if layer is not None:
        raise NotACellError(f"it is a layer for whole sequences{why}; take the cell, {layer}")
    raise NotACellError(
        f"no state was found with which it can be called as module(x, state){why}; give its state "
        "the default None, or the class a method initial_state(self, batch_size)"
    )


def with_times(
    module: nn.Module, batch: Batch, features: int, arguments: Arguments
) -> Iterator[Calls]:
    """Yield the ways to give the arguments that name a time: as numbers, or as tensors."""
    for form in get_args(TimeForm)[: None if arguments.times else 1]:
        times = tuple(TimeArgument(name, number, form) for name, number in arguments.times)
        yield Calls(module, batch, features, times, arguments.entering)


def _own_starts(calls: Calls, arguments: Arguments) -> list[FirstState]:
    """Return the ways in which the module itself begins."""
    own, method = without_state(calls, arguments), made_by_method(calls)
    # a module that must be given a state may pass None on to a part of it
    order = (own, method) if arguments.state_is_optional else (method, own)
    return [start for start in order if start is not None]


def _readings(calls: Calls, starts: Sequence[FirstState], counts: tuple[int, int]) -> list[Reading]:
    """Return the readings that agree with themselves.

    Of the module's own ways to begin, the first with a reading counts; of guessed states, all do.
    """
    mixing: list[Reading] = []
    different: dict[Any, Reading] = {}
    for start in starts:
        for one in readings_from(calls, start, counts):
            if one.independent:
                different.setdefault((one.returns, one.form), one)
            else:
                mixing.append(one)
        if different and not start.is_guess:
            break
    return list(different.values()) or mixing


def _settled(calls: Calls, arguments: Arguments, found: list[Reading]) -> Convention:
    """Return the convention of a module from its readings; one of them must be right.

    Raises:
        NotACellError: if two readings are possible.
    """
    chosen = found[0]
    for other in found[1:]:
        chosen = one_of(calls, chosen, other)
    tree, _ = chosen.form
    reads = None if chosen.output is not None else output_part(calls, chosen)
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
        entering=calls.entering,
    )
    made = with_start(calls, chosen, made, arguments.state_is_optional)
    made = replace(made, copies=calls.changed)
    if made.batch == "rows":
        made = with_vmap(calls, made)
    refuse_unread(calls, chosen, made)
    check(calls, made, chosen.start)
    return made
