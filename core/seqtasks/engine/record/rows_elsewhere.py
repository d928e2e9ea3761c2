"""Record a call on a batch that is not the first axis, as the same call with its rows in front.

A step may move the batch behind an axis of blocks and back. What goes along one axis, or along the
last ones, does the same with the rows in front, if its axes are counted anew.
"""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder

__all__ = ["MOVABLE", "record_with_rows_first"]

_ALONG = {
    *("softmax", "log_softmax", "softmin", "sum", "mean", "amax", "amin", "logsumexp"),
    *("cumsum", "cumprod", "prod", "max", "min", "argmax", "argmin", "std", "var"),
}
"""Functions whose second argument is an axis, or several."""
_THIRD = {"norm", "vector_norm", "normalize", "topk"}
"""Functions whose third argument is an axis."""
_BY_NAME = {"sort", "argsort"}
"""Functions that are told their axis by name."""
_LAST = {"layer_norm", "rms_norm", "linear", "glu"}
"""Functions of the last axes."""
_DEFAULTS = {"normalize": 1, "topk": -1, "sort": -1, "argsort": -1, "glu": -1}
MOVABLE = _ALONG | _THIRD | _BY_NAME | _LAST


def record_with_rows_first(
    recorder: Recorder, func: Any, name: str, rule: Any, result: Any, args: Any, kwargs: Any
) -> Any:
    """Return what a rule says of a call on a tensor whose rows are not in front.

    Raises:
        UnsupportedError: if the call goes over the rows.
    """
    x, *rest = args
    tracked, count, total = recorder.find_anywhere(x), len(recorder.rows), x.dim()
    of_rows = tuple(range(tracked.axis, tracked.axis + count))
    others = [axis for axis in range(total) if axis not in of_rows]
    last = len(rest[0]) if name in ("layer_norm", "rms_norm") else 1
    if of_rows[-1] >= total - (last if name in _LAST else 0):
        raise UnsupportedError("its rows mix: it computes over the batch")

    def counted(axes: Any) -> Any:
        if isinstance(axes, tuple | list):
            return type(axes)(map(counted, axes))
        if not isinstance(axes, int) or isinstance(axes, bool):
            raise UnsupportedError(f"it calls {name} on a batch that is not the first axis")
        if axes % total in of_rows:
            raise UnsupportedError("its rows mix: it computes over the batch")
        return count + others.index(axes % total)

    kwargs = dict(kwargs)
    if kwargs.get("dim") is not None:
        kwargs["dim"] = counted(kwargs["dim"])
    elif name in _ALONG and rest:
        rest[0] = counted(rest[0])
    elif name in _THIRD and len(rest) > 1:
        rest[1] = counted(rest[1])
    elif name in _DEFAULTS and name not in _LAST and (name == "topk" or not rest):
        kwargs["dim"] = counted(_DEFAULTS[name])
    elif name not in _LAST:
        raise UnsupportedError(f"it calls {name} on a batch that is not the first axis")
    first = x.movedim(of_rows, tuple(range(count)))
    recorder.track(first, tracked.node)
    again = func(first, *rest, **kwargs)
    outcome = rule(recorder, func, again, first, *rest, **kwargs)
    if isinstance(result, Tensor):
        return _moved_back(recorder, result, outcome)
    return [_moved_back(recorder, *pair) for pair in zip(result, outcome, strict=True)]


def _moved_back(recorder: Recorder, result: Tensor, outcome: Any) -> Any:
    if outcome is None or not outcome[1]:
        return outcome
    count = len(recorder.rows)
    places = range(result.dim() - count + 1)
    axis = next(k for k in places if result.shape[k : k + count] == torch.Size(recorder.rows))
    return outcome[0], True, axis
