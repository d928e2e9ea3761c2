"""Record calls that change a tensor in place, if the step itself made the tensor.

Such a call is recorded as the call that makes a new tensor. Afterwards the changed tensor, and each
tensor of the recording that lies in the same memory, stand for what is there now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError, refusal
from seqtasks.engine.record.call_names import SHAPE_ALONE
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.rearranging import REARRANGING, rearranged

__all__ = ["record_in_place"]


@dataclass(frozen=True)
class _Pure:
    """The call that makes a new tensor where another one changes a tensor in place."""

    name: str
    function: Callable[..., Any]
    rule: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def record_in_place(
    recorder: Recorder, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Make a call that changes its first argument in place, and record it.

    Raises:
        UnsupportedError: if the tensor is not the step's own, or if the call has no rule.
    """
    target = args[0] if args else None
    if name == "requires_grad_":  # which changes no number
        return func(*args, **kwargs)
    pure = _pure(recorder, func, name, args, kwargs)
    if pure is None or not isinstance(target, Tensor):
        raise refusal("in place", name)
    free = recorder.changes_parameters
    if not free and not recorder.provenance.is_own(target):
        raise refusal("given in place", name)
    base = target._base
    if base is not None and not recorder.is_tracked(base):
        recorder.find_folded(base)
    recorder.note(target)
    others = [] if name in SHAPE_ALONE else _others(recorder, target)
    unseen = target.requires_grad and not torch.is_grad_enabled() and name not in SHAPE_ALONE
    if unseen and not free:
        raise refusal("in place", f"{name}, without gradients")
    if not free and not target.requires_grad and any(one.requires_grad for one in others):
        raise refusal("in place", f"{name}, of a detached tensor")
    value = _made(recorder, pure)
    if value.dtype != target.dtype:
        raise UnsupportedError(f"it changes a tensor in place to numbers of type {value.dtype}")
    versions = {id(one): one._version for one in (target, *others)}
    result = func(*args, **kwargs)
    recorder.stand_for(target, value)
    for other in others:
        _overlay(recorder, other, target, value)
    recorder.expect_versions(versions)
    if free and not recorder.is_recorded(target):  # it would pass for what it was before
        raise refusal("in place", name)
    return result


def _made(recorder: Recorder, pure: _Pure) -> Tensor:
    """Make the new tensor, and record it."""
    from seqtasks.engine.record.written.table import WRITTEN

    if pure.rule is None and (pure.function in WRITTEN or pure.function is _put):
        with recorder.again():
            return pure.function(*pure.args, **pure.kwargs)
    value = pure.function(*pure.args, **pure.kwargs)
    recorder.record(pure.function, pure.name, pure.rule, value, pure.args, pure.kwargs)
    return value


def _puts_by_row(recorder: Recorder, target: Any, index: Any) -> bool:
    """Say whether an index names, for each row of the batch, places that depend on values."""
    from seqtasks.engine.record.rules.taken import all_rows

    if not isinstance(index, tuple) or len(index) != 2 or not recorder.is_tracked(index[1]):
        return False
    rows, places = index
    if not recorder.rows and places.dim() == 1:  # all places of the one row, row for row
        of_row = torch.as_tensor(rows)
        return places.dtype == torch.int64 and of_row.shape == places.shape and not of_row.any()
    return places.dtype == torch.int64 and all_rows(recorder, index[0], places.dim())


def _put(target: Tensor, places: Tensor, value: Any) -> Tensor:
    """Return a tensor with a value at places of the second axis, (batch, ...) whole numbers."""
    rest = target.shape[2:]
    shape = (*places.shape, *rest)
    count = target.shape[0]
    at = places.reshape(count, -1, *[1] * len(rest)).expand(count, -1, *rest)
    given = _as_tensor(value, target).expand(shape).reshape(at.shape)
    return target.scatter(1, torch.where(at < 0, at + target.shape[1], at), given)


def _pure(
    recorder: Recorder, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _Pure | None:
    """Return the call that makes a new tensor, or None if there is none."""
    from seqtasks.engine.record.rules.table import RULES

    kwargs = {key: value for key, value in kwargs.items() if key != "inplace"}
    if not name.endswith("_"):  # an option of the call makes it change its argument
        return _Pure(name, func, RULES.get(func), args, kwargs)
    if name == "__setitem__":
        if len(args) == 3 and _puts_by_row(recorder, *args[:2]):
            return _Pure(name, _put, None, (args[0], args[1][1], args[2]), {})
        return _Pure(name, _assigned, _assign, args, kwargs)
    if name == "copy_":
        return _Pure(name, _copied, rearranged, args[:2], {})
    if name == "zero_":
        return _Pure(name, torch.zeros_like, RULES[torch.zeros_like], args, kwargs)
    if name == "fill_diagonal_" and args[0].dim() == 2 and len(args) == 2 and not kwargs:
        value = args[0].new_full((min(args[0].shape),), args[1])
        return _Pure(name, torch.diagonal_scatter, rearranged, (args[0], value), {})
    if name == "fill_":
        return _Pure(name, _filled, _fill, args, kwargs)
    plain = f"__{name[3:]}" if name.startswith("__i") else name[:-1]
    for home in (Tensor, functional):
        function = getattr(home, plain, None)
        if function is not None:
            rule = RULES.get(function) or (rearranged if plain in REARRANGING else None)
            return _Pure(plain, function, rule, args, kwargs)
    return None


def _copied(target: Tensor, source: Tensor) -> Tensor:
    return source.expand(target.shape).clone()


def _filled(target: Tensor, value: Any) -> Tensor:
    return target.clone().fill_(value)


def _fill(recorder: Recorder, func: Any, result: Tensor, target: Tensor, value: Any) -> Any:
    return rearranged(recorder, _copied, result, target, _as_tensor(value, target))


def _assigned(target: Tensor, index: Any, value: Any) -> Tensor:
    changed = target.clone()
    changed[index] = value
    return changed


def _assign(
    recorder: Recorder, func: Any, result: Tensor, target: Tensor, index: Any, value: Any
) -> Any:
    """Record `target[index] = value`."""
    from seqtasks.engine.record.rules.pointwise import where

    value = _as_tensor(value, target)
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) == 1 and recorder.is_tracked(parts[0]):
        if parts[0].dtype != torch.bool or value.dim():
            raise UnsupportedError("it changes places in place that depend on values")
        mask = parts[0]
        if mask.dim() != target.dim():
            raise UnsupportedError("it changes places in place by a mask of fewer axes")
        return where(recorder, torch.where, result, mask, value, target)
    for part in parts:
        if isinstance(part, Tensor):
            if recorder.is_tracked(part):
                raise UnsupportedError("it changes places in place that depend on values")
            recorder.index(part)

    def assigned(changed: Tensor, given: Tensor) -> Tensor:
        return _assigned(changed, index, given)

    return rearranged(recorder, assigned, result, target, value)


def _as_tensor(value: Any, target: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else torch.full((), value, dtype=target.dtype)


def _others(recorder: Recorder, target: Tensor) -> list[Tensor]:
    """Return the other tensors of a recording that lie where a tensor lies."""
    start = target.untyped_storage().data_ptr()
    same = [
        one.tensor
        for one in recorder.known()
        if one.tensor is not target
        and one.tensor.layout == torch.strided
        and one.tensor.untyped_storage().data_ptr() == start
    ]
    if any(one.dtype != target.dtype for one in same):
        raise refusal("in place", "of memory that is seen as another type")
    return [one for one in same if bool(_hits(one, target)[0].any())]


def _hits(other: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Say which numbers of a tensor lie in another, and where there; both as flat tensors."""
    places = _offsets(target).flatten()
    least = int(min(places.min(), _offsets(other).min())) if places.numel() else 0
    inside = torch.full((int(places.max()) + 1 - least,) if places.numel() else (0,), -1)
    inside[places - least] = torch.arange(len(places))
    of_other = _offsets(other).flatten() - least
    within = of_other < len(inside)
    found = torch.where(within, inside[of_other.clamp(max=max(0, len(inside) - 1))], -1)
    return found >= 0, found


def _offsets(tensor: Tensor) -> Tensor:
    """Return the place of each number of a tensor in its memory."""
    offsets = torch.tensor(tensor.storage_offset())
    for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
        offsets = offsets[..., None] + torch.arange(size) * stride
    return offsets


def _overlay(recorder: Recorder, other: Tensor, target: Tensor, value: Tensor) -> None:
    """Let a tensor stand for what lies in its memory once another has changed there."""
    hit, found = _hits(other, target)

    def overlaid(mine: Tensor, changed: Tensor) -> Tensor:
        flat = mine.flatten().clone()
        flat[hit] = changed.flatten()[found[hit]]
        return flat.view(mine.shape)

    node, rows, axis, fold = rearranged(recorder, overlaid, other, other, value)
    if not other.requires_grad:
        node = recorder.graph.pointwise("stopped", node)
    recorder.stand_for_node(Tracked(other, node, rows, axis, fold))
