"""Score a function on arrays, of any library, as a model is scored."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.errors import UsageError, explain
from seqtasks.registry.find import task as find_task
from seqtasks.scoring.evaluate import Score, evaluate
from seqtasks.tasks import Array, Reals, Task, Tokens, TokenSets
from seqtasks.tasks.holdout import Holdout

__all__ = ["score"]

Predict = Callable[[Array], Any]


def score(
    predict: Predict,
    task: str | Task,
    lengths: str | int | Iterable[int] = "10",
    sequences: int = 1000,
    seed: int = 0,
    holdout: Holdout | None = None,
) -> list[Score]:
    """Score a function on arrays, such as a model of JAX or NumPy, as `evaluate` scores a model.

    It uses the instances, the metrics and the intervals of `evaluate`.

    Args:
        predict: from the inputs of a batch, (batch, time) int64 ids or (batch, time, features)
            float32, blanks included, to an array of predictions for each step: for symbols logits
            (batch, time, symbols) or ids (batch, time); for sets of symbols logits or bools
            (batch, time, symbols); for reals (batch, time, features).
        task: a task or its spec string.
        lengths: as for `evaluate`.
        sequences: as for `evaluate`.
        seed: as for `evaluate`.
        holdout: as for `evaluate`.

    Returns:
        A score for each length, in the given order.

    Raises:
        UsageError: if the function fails or returns another shape; and as `evaluate` does.

    Example:
        >>> import numpy as np, seqtasks as st
        >>> [found] = st.score(lambda inputs: np.cumsum(inputs, axis=1) % 2, "parity", 10)
        >>> found.metrics["sequence_accuracy"], found.exhaustive
        (1.0, True)
    """
    if not callable(predict):
        raise UsageError(f"predict must be a function on arrays, got {predict!r:.60}")
    if isinstance(predict, nn.Module):
        raise UsageError("a torch module is no function on arrays: score it with seqtasks.evaluate")
    found = find_task(task)
    return evaluate(_Function(predict, found), found, lengths, sequences, seed, holdout)


class _Function(nn.Module):
    """A function on arrays in the form of a model."""

    def __init__(self, predict: Predict, task: Task) -> None:
        super().__init__()
        self._predict, self._task = predict, task

    def __deepcopy__(self, memo: Any) -> "_Function":
        """Return the same: a function is no copy's to change."""
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the function's predictions in the form of a model's."""
        given = inputs.cpu().numpy()
        shape = tuple(given.shape)
        try:
            found = self._predict(given.copy())  # the function may change it
        except Exception as error:
            raise UsageError(f"predict failed on inputs of shape {shape}: {explain(error)}") from (
                error
            )
        return _as_predictions(_as_array(found), self._task.targets, shape[:2])


def _as_array(found: Any) -> Array:
    """Return what a function returned as an array of NumPy's own types."""
    if isinstance(found, Tensor):
        found = found.detach().cpu()
    try:
        array = np.array(found)  # a copy: torch wants to be able to write
        if array.dtype.kind in "bif":
            return array
        if array.dtype.kind in "uV":  # V: types of other libraries, such as bfloat16
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass  # it is ragged, say
    raise UsageError(
        f"predict returned an object of type {type(found).__name__}, which is no array of numbers"
    )


def _as_predictions(
    array: Array, targets: Tokens | TokenSets | Reals, steps: tuple[int, ...]
) -> Tensor:
    whole = (*steps, targets.size)
    kind = array.dtype.kind
    if isinstance(targets, Tokens) and array.shape == steps and kind != "b":
        return _one_hot(array, targets.size)
    if array.shape != whole or (kind == "b" and not isinstance(targets, TokenSets)):
        wanted = {
            Tokens: f"logits {whole} or ids {steps}",
            TokenSets: f"logits or bools {whole}",
            Reals: f"reals {whole}",
        }[type(targets)]
        raise UsageError(
            f"predict returned shape {array.shape} of {array.dtype}; the task needs {wanted}"
        )
    if kind == "b":
        return torch.from_numpy(array).float() - 0.5
    return torch.from_numpy(array if kind == "f" else array.astype(np.float64))


def _one_hot(ids: Array, size: int) -> Tensor:
    """Return logits whose largest is at the id."""
    whole = ids.astype(np.int64)
    wrong = ids[(whole != ids) | (whole < 0) | (whole >= size)]
    if wrong.size:
        raise UsageError(f"predict returned the id {wrong[0]}; the task's ids are 0 to {size - 1}")
    return nn.functional.one_hot(torch.from_numpy(whole), size).float()
