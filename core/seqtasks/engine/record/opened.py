"""Look inside torch's functions that are written in Python and have no rule of their own.

Such a function, as `multi_head_attention_forward`, first asks whether somebody watches torch's
calls. A copy that is always told no runs the same code, and the recorder sees the calls in it.
"""

import functools
import types
from typing import Any

__all__ = ["opened", "opens"]

_HOMES = {"torch.nn.functional", "torch.functional"}
_QUESTIONS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")


def opens(function: Any) -> bool:
    """Say whether a function is torch's own code in Python."""
    return isinstance(function, types.FunctionType) and function.__globals__["__name__"] in _HOMES


@functools.lru_cache(maxsize=256)
def opened(function: types.FunctionType) -> types.FunctionType:
    """Return a copy of a function that does not hand its call to a watcher as a whole."""
    names = {**function.__globals__, **dict.fromkeys(_QUESTIONS, _nobody)}
    copy = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _nobody(*given: Any) -> bool:
    return False
