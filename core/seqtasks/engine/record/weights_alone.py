"""Remember how tensors were computed from parameters alone, for calls that have no rule."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.record.computed import Computed, Fixed, Read, WeightCall

if TYPE_CHECKING:
    from seqtasks.engine.record.recorder import Recorder

__all__ = ["WeightsAlone"]

_OF_TYPE = (Tensor.type_as, Tensor.to)


class WeightsAlone:
    """The tensors of a recording that were computed from parameters and constants alone.

    Args:
        original: returns the model's own tensor for a parameter of its copy, or None.
    """

    def __init__(self, original: Callable[[Tensor], Tensor | None]) -> None:
        self._original = original
        self._computed: dict[int, tuple[Tensor, Computed]] = {}
        self._calls = 0

    def of(self, tensor: Tensor) -> Computed | None:
        """Return how a tensor was computed; None if it depends on more than parameters."""
        found = self._computed.get(id(tensor))
        return None if found is None else found[1]

    def knows(self, tensor: Tensor) -> bool:
        """Say whether a tensor is a parameter, or was computed from parameters alone."""
        return self.of(tensor) is not None or self._original(tensor) is not None

    def stand_for(self, tensor: Tensor, other: Tensor) -> None:
        """Let a tensor that was changed stand for another."""
        start = tensor.untyped_storage().data_ptr()
        for one, _ in list(self._computed.values()):
            if one.untyped_storage().data_ptr() == start:
                self.forget(one)
        computed = self.of(other)
        if computed is not None:
            self._computed[id(tensor)] = tensor, computed

    def forget(self, tensor: Tensor) -> None:
        """Forget how a tensor was computed; without a node of its own it is refused from now on."""
        self._computed.pop(id(tensor), None)

    def takes(self, recorder: "Recorder", args: Any, kwargs: Any) -> bool:
        """Say whether a call takes parameters and constants alone."""
        given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
        return all(self._argument(recorder, tensor) is not None for tensor in given)

    def note(
        self, recorder: "Recorder", function: Any, result: Any, args: Any, kwargs: Any
    ) -> bool:
        """Note the results of a call, and say whether it was a call on parameters alone."""
        given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
        parts = [self._argument(recorder, tensor) for tensor in given]
        if function in _OF_TYPE and len(given) == 2:  # of the second, only the type is read
            parts[1] = Fixed(torch.empty(0, dtype=given[1].dtype))
        if any(part is None for part in parts) or all(isinstance(part, Fixed) for part in parts):
            return False
        results = [result] if isinstance(result, Tensor) else list(result)
        tensors = [one for one in results if isinstance(one, Tensor)]
        if any(size in recorder.rows for one in tensors for size in one.shape):
            return False
        known = {id(tensor): part for tensor, part in zip(given, parts, strict=True)}
        args, kwargs = mapped_arguments((args, kwargs), lambda v: known.get(id(v), v))
        self._calls += 1
        call = WeightCall.of(function, args, kwargs, self._calls)
        for place, one in enumerate(results):
            if isinstance(one, Tensor):
                computed = Computed(call, None if isinstance(result, Tensor) else place)
                self._computed[id(one)] = one, computed
        return True

    def stand_in(self, recorder: "Recorder", function: Any, args: Any, kwargs: Any) -> Any:
        """Return zeros shaped like the results of a call on parameters alone, or None.

        A recording alters all parameters, and torch may then refuse a call that it takes otherwise,
        such as a factorisation of a matrix that is no longer positive.
        """
        given = [v for v in flat_arguments((args, kwargs)) if isinstance(v, Tensor)]
        parts = [self._argument(recorder, tensor) for tensor in given]
        if any(part is None for part in parts) or all(isinstance(part, Fixed) for part in parts):
            return None
        trained = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)

        def shaped(value: Any) -> Any:
            return value.detach().to("meta") if isinstance(value, Tensor) else value

        def zeros(value: Tensor) -> Tensor:
            made = torch.zeros(value.shape, dtype=value.dtype)
            return made.requires_grad_(trained and made.is_floating_point())

        args, kwargs = mapped_arguments((args, kwargs), shaped)
        try:
            return tree_map_only(Tensor, zeros, function(*args, **kwargs))
        except Exception:  # torch cannot say its shapes without numbers
            return None

    def _argument(self, recorder: "Recorder", tensor: Tensor) -> Read | Fixed | Computed | None:
        computed = self.of(tensor)
        if computed is not None:
            return computed
        original = self._original(tensor)
        if original is not None:
            return Read(original)
        if id(tensor) in recorder.pairs:
            return None
        if any(size in recorder.rows for size in tensor.shape):
            return None
        if not recorder.is_constant(tensor):
            return None
        with torch.no_grad():
            return Fixed(tensor.detach().clone())
