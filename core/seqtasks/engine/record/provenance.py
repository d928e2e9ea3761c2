"""Follow, below the recorder, which memory holds numbers computed from a recording's tensors.

The recorder sees calls of torch's Python functions. A script, `torch.vmap`, a custom
`autograd.Function`, `DisableTorchFunction` or an operation in C++ calls other functions inside. All
of them end in operations of torch's dispatcher, and all those operations pass here. This module
notes the address of everything they compute from a parameter, a buffer, an input or a state. The
recorder therefore never takes such a tensor for a constant, whatever way it came.
"""

import bisect
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from seqtasks.engine.graph.unsupported import Refusal, UnsupportedError, refusal
from seqtasks.engine.record.arguments import flat_arguments
from seqtasks.engine.record.call_names import SHAPE_ALONE

__all__ = ["Operation", "Provenance", "is_transforming", "memory_of"]


_FROM_SHAPES = {
    f"{prefix}_{what}"
    for prefix, whats in (("new", ("zeros", "ones", "full", "empty", "empty_strided")),)
    for what in whats
} | {f"{what}_like" for what in ("zeros", "ones", "full", "empty")}
"""Operations that read only the shape and type of a tensor."""
_EMPTY = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}
"""Operations whose numbers are whatever lay in memory."""
_ABOUT = {"is_same_size", "sym_size", "sym_stride", "sym_numel", "dim", "device", "layout"}
"""Operations that return something other than a tensor and depend on no element of one."""


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation of torch's dispatcher that was made.

    Attributes:
        function: the operation.
        args: its arguments.
        kwargs: its arguments by name.
        results: what it returned, as one list.
        is_single: whether it returned one tensor.
        number: grows from operation to operation.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Any, ...]
    is_single: bool
    number: int


class Provenance(TorchDispatchMode):
    """Sees every operation of a recording while it is entered.

    Attributes:
        reason: the first refusal, or None; it is kept because a model may catch the exception.
        checking: whether a function of torch checks values without depending on them, as `one_hot`
            does its ids.
        paused: whether the current calls are the recorder's own work.
        read: by address, tensors that existed before and that depend on no noted tensor; the values
            read from them go into a program as numbers.
        cut: edges of torch's graph along which a backward pass of the model's own returns no
            gradient; see `autograd_leaves`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reason: str | None = None
        self.checking = self.paused = self._within = False
        self.read: dict[int, Tensor] = {}
        self.cut: set[tuple[Any, int]] = set()
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._made: set[int] = set()
        self._given: set[int] = set()
        self._born: set[int] = set()
        self._empty: set[int] = set()
        self._operations: dict[tuple[Any, ...], Operation] = {}
        self._overwritten: set[int] = set()
        self._taken: set[int] = set()
        self._count = 0
        self._alive: list[Tensor] = []  # so that no address is used twice

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Leave torch's compiler alone: to be hidden from it, the mode would import all of it."""
        return False

    @contextmanager
    def pausing(self, paused: bool = True) -> Generator[None, None, None]:
        """Take the calls within for the recorder's own work, or, within such work, not."""
        before, self.paused = self.paused, paused
        try:
            yield
        finally:
            self.paused = before

    def give(self, tensors: Iterable[Tensor]) -> None:
        """Note parameters, buffers, inputs or states; follow everything made from them."""
        kept = list(tensors)
        self._given.update(_span(tensor)[0] for tensor in kept)
        self._follow(kept)

    def draw(self, tensor: Tensor) -> None:
        """Note random numbers that a recorded step makes; follow everything made from them."""
        self._born.add(_span(tensor)[0])
        self._follow([tensor])

    def _follow(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            start, end = _span(tensor)
            self._alive.append(tensor)
            if start == end or self._known(start, end):
                continue
            place = bisect.bisect_left(self._starts, start)
            self._starts.insert(place, start)
            self._ends.insert(place, end)

    def follows(self, tensor: Tensor) -> bool:
        """Say whether a tensor's memory holds values computed from noted tensors."""
        start, end = _span(tensor)
        return start != end and self._known(start, end)

    def route(self, tensor: Tensor) -> Refusal | None:
        """Return how a tensor depends on noted tensors without a recorded call, else None."""
        if not self.follows(tensor):
            return None
        return "shared memory" if _span(tensor)[0] in self._given else "unseen"

    def note_read(self, tensor: Tensor) -> None:
        """Note that a tensor's values are read, if it existed before the recording."""
        start, end = _span(tensor)
        if start != end and start not in self._made and not self._known(start, end):
            self.read.setdefault(start, tensor)

    def is_own(self, tensor: Tensor) -> bool:
        """Say whether the memory of a tensor was made in this recording."""
        return _span(tensor)[0] in self._born

    def is_empty(self, tensor: Tensor) -> bool:
        """Say whether a recording made the memory of a tensor and wrote no number into it."""
        return _span(tensor)[0] in self._empty

    def operation_of(self, tensor: Tensor) -> Operation | None:
        """Return the operation that computed a tensor from noted ones; None if it is unknown."""
        if not self.follows(tensor) or _span(tensor)[0] in self._overwritten:
            return None
        return self._operations.get(_place(tensor))

    def release(self) -> None:
        """Release the tensors of a finished recording; nobody needs their addresses now."""
        self._alive.clear()
        self._operations.clear()

    def refuse(self, reason: str) -> UnsupportedError:
        """Return the error for a refusal, and keep its reason."""
        self.reason = self.reason or reason
        return UnsupportedError(reason)

    def _known(self, start: int, end: int) -> bool:
        place = bisect.bisect_right(self._starts, start)
        before = place > 0 and self._ends[place - 1] > start
        return before or (place < len(self._starts) and self._starts[place] < end)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operation, and note the tensors it computes."""
        with torch._C.DisableTorchFunction():  # a script calls from outside the recorder
            return self._operated(func, args, kwargs or {})

    def _operated(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.paused or self._within:  # entered twice, it sees each operation twice
            return func(*args, **kwargs)
        self._within = True
        try:
            return self._noted(func, args, kwargs)
        finally:
            self._within = False

    def _noted(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = func.overloadpacket.__name__
        if torch.Tag.nondeterministic_seeded in func.tags and not _drops_nothing(
            func, args, kwargs
        ):
            raise self.refuse(str(refusal("draws", name)))
        given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
        for tensor in given:
            self.note_read(tensor)
        before = self._before(func, name, args, kwargs)
        result = func(*args, **kwargs)
        if before is not None and any(map(self.follows, given)):
            self._follow([args[0]])
            self._note(func, (before, *args[1:]), kwargs, (args[0],), True)
            return result
        results = [v for v in flat_arguments(result) if isinstance(v, Tensor)]
        self._alive += results
        starts = {_span(tensor)[0] for tensor in given}
        self._born.update(_span(tensor)[0] for tensor in results if _span(tensor)[0] not in starts)
        if name in _EMPTY:
            self._empty.update(_span(tensor)[0] for tensor in results)
        else:
            self._empty.difference_update(_span(t)[0] for t in _changed(func, args, kwargs))
        if name not in _FROM_SHAPES and any(map(self.follows, given)):
            if torch.Tag.dynamic_output_shape in func.tags and self._sizes(name, given):
                raise self.refuse(
                    f"how many numbers it takes depends on the values it computes ({name})"
                )
            tells = not results and result is not None and name not in _ABOUT
            if tells and not self.checking:
                raise self.refuse(f"its behaviour depends on the values it computes ({name})")
            self._follow(results)
            self._note_operation(func, args, kwargs, result)
            self._follow(_changed(func, args, kwargs))
        else:
            self._made.update(_span(tensor)[0] for tensor in results)
        return result

    def _sizes(self, name: str, given: list[Tensor]) -> bool:
        """Say whether values decide the shape of a result; an index of places has its own shape."""
        if name == "linalg_lstsq":  # of its residuals alone
            return False
        masks = [t for t in given[1:] if t.dtype in (torch.bool, torch.uint8)]
        return name != "index" or any(map(self.follows, masks))

    def _before(self, func: Any, name: str, args: Any, kwargs: Any) -> Tensor | None:
        """Return what a tensor was before an operation changes it; None if it cannot be told.

        torch's backward passes change what they have just made and nobody has read.
        """
        changed = _changed(func, args, kwargs)
        if len(changed) != 1 or not args or changed[0] is not args[0]:
            return None
        (target,) = changed
        start = _span(target)[0]
        if name in SHAPE_ALONE:
            known = self._operations.get(_place(target))
            old = target.as_strided(target.shape, target.stride(), target.storage_offset())
        elif start in self._born and start not in self._taken | self._overwritten | self._empty:
            known = self._operations.pop(_place(target), None)
            old = target.clone()
        else:
            return None
        self._alive.append(old)
        if known is not None:
            self._follow([old])
            if name not in SHAPE_ALONE:
                at = _place(target)
                kept = [isinstance(one, Tensor) and _place(one) == at for one in known.results]
                held = zip(known.results, kept, strict=True)
                results = tuple(old if is_it else one for one, is_it in held)
                self._operations[_place(old)] = replace(known, results=results)
        return old

    def _note_operation(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        single = isinstance(result, Tensor)
        results = (result,) if single else tuple(result) if isinstance(result, tuple | list) else ()
        changed = _changed(func, args, kwargs)
        self._overwritten.update(_span(tensor)[0] for tensor in changed)
        if not changed:
            self._note(func, args, kwargs, results, single)

    def _note(
        self, func: Any, args: Any, kwargs: Any, results: tuple[Any, ...], single: bool
    ) -> None:
        given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
        self._taken.update(_span(tensor)[0] for tensor in given)
        self._count += 1
        operation = Operation(func, args, kwargs, results, single, self._count)
        for tensor in results:
            if isinstance(tensor, Tensor) and _span(tensor) != (0, 0):
                self._operations.setdefault(_place(tensor), operation)


def _drops_nothing(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Say whether an operation draws only for a dropout that does not take place."""
    for place, argument in enumerate(func._schema.arguments):
        if argument.name == "dropout_p":
            return not (args[place] if place < len(args) else kwargs.get("dropout_p", 0.0))
    return False


def _place(tensor: Tensor) -> tuple[Any, ...]:
    if _span(tensor) == (0, 0):
        return ()
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype


def is_transforming() -> bool:
    """Say whether a transform of `torch.func` runs the current function."""
    return torch._C._functorch.peek_interpreter_stack() is not None  # pyright: ignore


def memory_of(tensor: Tensor) -> list[Tensor]:
    """Return a tensor and, of a sparse one, the tensors that hold its numbers and their places."""
    if tensor.layout == torch.sparse_coo:
        return [tensor, tensor._values(), tensor._indices()]
    return [tensor]


def _span(tensor: Tensor) -> tuple[int, int]:
    """Return where a tensor's memory starts and ends."""
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor(tensor)  # pyright: ignore
    if wrapped or tensor.layout != torch.strided or tensor.device.type == "meta":
        return 0, 0
    storage = tensor.untyped_storage()
    start = storage.data_ptr()
    return start, start + storage.nbytes()


def _changed(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """Return the arguments that an operation changes in place."""
    changed: list[Any] = []
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            changed += flat_arguments(value)
    return [value for value in changed if isinstance(value, Tensor)]
