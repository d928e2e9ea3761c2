"""Draw the initial weights of many seeds by doing again what a model's constructors did once.

To make a model takes a millisecond: names are looked up, modules made, each draw led to a stream.
Only the draws differ between seeds. So they are recorded with everything computed from them, and
done again with another seed. What cannot be recorded with certainty is refused; see `made_weights`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from seqtasks.randomness.streams import torch_seed
from seqtasks.randomness.torch_operations import CPU, draws

__all__ = ["CannotRepeatError", "InitialWeights", "named_tensors"]

PURPOSE = "initialisation"
"""The purpose of the stream from which `build_model` draws."""
_SEEN_BY_PYTHON = {
    *("item", "tolist", "numpy", "equal", "allclose", "is_nonzero"),
    *("data_ptr", "storage", "untyped_storage", "_typed_storage"),
    *("__array__", "__bool__", "__float__", "__int__", "__index__", "__complex__"),
    *("__contains__", "__deepcopy__", "__dlpack__", "__format__", "__iter__", "__reduce_ex__"),
    *("__repr__",),
}
"""Functions by which Python learns the numbers of a tensor, or copies its memory unseen."""
_UNKNOWN_SHAPES = (torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape)
_EMPTY = frozenset(("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"))


class CannotRepeatError(Exception):
    """What a model's constructors do may differ from seed to seed in more than its draws."""


@dataclass
class _Operation:
    """An operation to do again.

    Attributes:
        function: the operation.
        arguments, keywords: what it was given; the generator is the recording's own.
        results: the tensors that get new numbers; empty where it writes into its arguments.
    """

    function: Any
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    results: list[Tensor]


class InitialWeights:
    """The initial weights of a model, for one seed after the other.

    Args:
        make: makes the model; it draws from the stream of a seed.
        settle: brings the model to its type, whatever its numbers are.
        leaves: the names of the tensors whose numbers are wanted.

    Attributes:
        model: the model, whose tensors hold the weights of the seed drawn last.

    Raises:
        CannotRepeatError: if the recording would not be certain to hold for other seeds.
    """

    def __init__(
        self,
        make: Callable[[], nn.Module],
        settle: Callable[[nn.Module], nn.Module],
        leaves: Sequence[str],
    ) -> None:
        recording, reading = _Recording(), _Reading()
        with recording:
            with reading:
                made = make()
            self.model = settle(made)
        if recording.problem or reading.seen:
            raise CannotRepeatError(recording.problem or f"Python reads numbers: {reading.seen}")
        named = named_tensors(self.model)
        self._drawn = [named[name].detach().reshape(-1).numpy() for name in leaves]
        self._generator = recording.generator
        self._alive = recording.alive  # no address may be given to another tensor
        self._operations = list(_needed(recording.operations))

    def draw(self, seed: int) -> list[NDArray[Any]]:
        """Return the initial weights of a seed, each parameter as one row of numbers.

        They lie in the model's own memory, until the next seed is drawn.
        """
        self._generator.manual_seed(torch_seed(seed, PURPOSE))
        with torch.no_grad():
            for operation in self._operations:
                found = operation.function(*operation.arguments, **operation.keywords)
                if operation.results:
                    for kept, new in zip(operation.results, tree_leaves(found), strict=True):
                        kept.copy_(new)
        return self._drawn


def named_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return all parameters and buffers of a model by name; a shared one has several names."""
    return dict(
        [
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(remove_duplicate=False),
        ]
    )


class _Reading(TorchFunctionMode):
    """Notices that Python reads the numbers of a tensor, and may decide by them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = ""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in _SEEN_BY_PYTHON:
            self.seen = name
        return func(*args, **(kwargs or {}))


class _Recording(TorchDispatchMode):
    """Records operations; the streams' own mode is inside it and has given them a generator."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Ignore torch's compiler: hiding this mode from it would import all of it."""
        return False

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""
        self.generator = torch.Generator()
        self.operations: list[_Operation] = []
        self.alive: list[Any] = []
        self._given: torch.Generator | None = None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        found = func(*args, **kwargs)
        self.alive.append((args, kwargs, found))
        self._note(func, args, kwargs, tree_leaves(found))
        return found

    def _note(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], results: list[Any]
    ) -> None:
        name = func.overloadpacket.__name__
        given = tree_leaves((args, kwargs))
        generators = [one for one in given if isinstance(one, torch.Generator)]
        tensors = [one for one in given if isinstance(one, Tensor)]
        if any(tag in func.tags for tag in _UNKNOWN_SHAPES):
            self._refuse(f"{name} depends on the numbers")
        if not all(_is_plain(one) for one in (*tensors, *results)):
            self._refuse(f"{name} makes or takes something other than plain tensors")
            return
        if draws(func) != bool(generators) or len(generators) > 1:
            self._refuse(f"{name} draws from another generator")
        for one in generators:
            if self._given not in (None, one):
                self._refuse(f"{name} draws from another generator")
            self._given = one
        writes = func._schema.is_mutable
        known = {tensor.untyped_storage().data_ptr() for tensor in tensors}
        new = [one for one in results if one.untyped_storage().data_ptr() not in known]
        if (not writes and not new) or name in _EMPTY:
            return  # a view, or memory without numbers
        if not writes and len(new) < len(results):
            self._refuse(f"{name} gives views beside new tensors")
        args, kwargs = tree_map(self._own, (args, kwargs))
        kept = [] if writes else [one.detach() for one in new]
        self.operations.append(_Operation(func, args, kwargs, kept))

    def _own(self, value: Any) -> Any:
        """Return a value to do the operation with again: a parameter may get other memory."""
        if isinstance(value, torch.Generator):
            return self.generator
        return value.detach() if isinstance(value, Tensor) else value

    def _refuse(self, problem: str) -> None:
        self.problem = self.problem or problem


def _is_plain(value: Any) -> bool:
    """Say whether a value is a tensor that equals the contents of its memory, on the CPU."""
    plain = isinstance(value, Tensor) and type(value) in (Tensor, nn.Parameter)
    return plain and value.layout is torch.strided and value.device == CPU and not value.is_neg()


def _needed(operations: list[_Operation]) -> Iterator[_Operation]:
    """Leave out operations whose results are the same for each seed, and stay as they are."""
    written = {
        tensor.untyped_storage().data_ptr()
        for operation in operations
        if not operation.results
        for tensor in _tensors_of(operation)
    }
    varying = set[int]()
    for operation in operations:
        inputs = {tensor.untyped_storage().data_ptr() for tensor in _tensors_of(operation)}
        results = {tensor.untyped_storage().data_ptr() for tensor in operation.results}
        if draws(operation.function) or inputs & varying:
            varying |= results or inputs
        elif operation.results and not results & written:
            continue
        yield operation


def _tensors_of(operation: _Operation) -> list[Tensor]:
    given = tree_leaves((operation.arguments, operation.keywords))
    return [one for one in given if isinstance(one, Tensor)]
