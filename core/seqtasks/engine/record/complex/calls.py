"""Record a call of torch that takes or gives complex numbers, as calls of real ones."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.record.complex.fourier import TRANSFORMS
from seqtasks.engine.record.complex.functions import FUNCTIONS, MAKING
from seqtasks.engine.record.complex.pair import Pair, as_pair
from seqtasks.engine.record.complex.products import PRODUCTS
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.rearranging import REARRANGING

__all__ = ["COMPLEX", "called_on_pairs", "concerns", "pair_of"]

_OF_EACH_PART = {
    *REARRANGING,
    *("sum", "cumsum", "nansum", "gather", "take_along_dim", "scatter_add", "diff", "index_add"),
    *("index_copy", "scatter", "new_zeros", "to_real", "dropout", "fft_fftshift", "fft_ifftshift"),
} - {"__get__"}
"""Functions that do the same to real and to imaginary parts."""
COMPLEX = {**FUNCTIONS, **MAKING, **PRODUCTS, **TRANSFORMS}
"""By name, what is called on pairs."""


def concerns(name: str, args: Any, kwargs: Any) -> bool:
    """Say whether a call takes or gives complex numbers."""
    if name in TRANSFORMS or name in ("complex", "polar", "view_as_complex", "cfloat", "cdouble"):
        return True
    return any(
        isinstance(value, complex)
        or (isinstance(value, Tensor) and value.is_complex())
        or (isinstance(value, torch.dtype) and value.is_complex)
        for value in flat_arguments((args, kwargs))
    )


def called_on_pairs(recorder: Recorder, func: Any, name: str, args: Any, kwargs: Any) -> Any:
    """Make a call with complex numbers by real calls, or by torch if it is of parameters."""
    alone = recorder.weights_alone.takes(recorder, args, kwargs)
    try:
        result = _called(recorder, func, name, args, kwargs)
    except UnsupportedError:
        if not alone:
            raise
        result = func(*args, **kwargs)
    if alone and isinstance(result, Tensor | tuple | list):
        recorder.weights_alone.note(recorder, func, result, args, kwargs)
    return result


def pair_of(recorder: Recorder, tensor: Tensor) -> Pair:
    """Return the real and the imaginary part of a complex tensor of the recording."""
    known = recorder.pairs.get(id(tensor))
    if known is not None:
        return known[1]
    if not recorder.weights_alone.knows(tensor):  # a constant
        recorder.check_independent(tensor)
        recorder.baked.append((tensor, tensor._version))
        with torch._C.DisableTorchFunction():
            return Pair(tensor.real.clone(), tensor.imag.clone())
    with torch._C.DisableTorchFunction():
        both = torch.view_as_real(tensor)
    recorder.weights_alone.note(recorder, torch.view_as_real, both, (tensor,), {})
    pair = Pair(both.select(-1, 0), both.select(-1, 1))
    recorder.pairs[id(tensor)] = tensor, pair
    return pair


def _held(recorder: Recorder, pair: Pair) -> Tensor:
    """Return a complex tensor for a pair."""
    parts = [
        part if isinstance(part, Tensor) else torch.tensor(part, dtype=recorder.dtype)
        for part in (pair.real, pair.imag)
    ]
    pair = Pair(*torch.broadcast_tensors(*parts))
    with torch._C.DisableTorchFunction():
        tensor = torch.complex(pair.real, pair.imag)
    recorder.pairs[id(tensor)] = tensor, pair
    return tensor


def _called(recorder: Recorder, func: Any, name: str, args: Any, kwargs: Any) -> Any:
    """Return what a call returns, made of real calls that are recorded.

    Raises:
        UnsupportedError: if it has no form for pairs.
    """
    if name == "__get__":
        name = getattr(getattr(func, "__self__", None), "__name__", name)
        args = args[:1]
    with recorder.again():
        given = mapped_arguments((args, kwargs), lambda value: _given(recorder, value))
        made = _made(func, name, *given)
        if isinstance(made, tuple | list):
            return tuple(_returned(recorder, part) for part in made)
        return _returned(recorder, made)


def _given(recorder: Recorder, value: Any) -> Any:
    is_complex = isinstance(value, Tensor) and value.is_complex()
    return pair_of(recorder, value) if is_complex else value


def _made(func: Any, name: str, args: Any, kwargs: Any) -> Any:
    if name in _OF_EACH_PART:
        return _by_parts(func, args, kwargs)
    function = COMPLEX.get(name)
    if function is None and name in ("T", "mT"):
        return args[0].map(lambda part: getattr(part, name))
    if function is None and name in ("H", "mH", "adjoint"):
        turned = as_pair(args[0]).map(lambda part: part.mT)
        return Pair(turned.real, -turned.imag)
    if function is None:
        raise UnsupportedError(f"it calls {name} with complex numbers, which has no rule")
    kwargs = {key: value for key, value in kwargs.items() if value is not None}
    if name == "where" and func is Tensor.where:
        args = (args[1], args[0], *args[2:])
    return function(*args, **kwargs)


def _by_parts(func: Any, args: Any, kwargs: Any) -> Any:
    """Call a function on the real parts and on the imaginary parts."""

    def part(place: int) -> Any:
        def chosen(value: Any) -> Any:
            if isinstance(value, complex | Pair):
                return (value.real, value.imag)[place]
            floating = isinstance(value, Tensor) and value.is_floating_point()
            return torch.zeros_like(value) if place and floating else value

        return func(*mapped_arguments(args, chosen), **mapped_arguments(kwargs, chosen))

    real, imag = part(0), part(1)
    if isinstance(real, tuple | list):
        return tuple(Pair(*both) for both in zip(real, imag, strict=True))
    return Pair(real, imag)


def _returned(recorder: Recorder, made: Any) -> Any:
    return _held(recorder, made) if isinstance(made, Pair) else made
