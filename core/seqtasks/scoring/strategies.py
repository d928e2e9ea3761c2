"""The answers of strategies that do not learn."""

import numpy as np

from seqtasks.tasks import Array, Batch, Reals, Task, Tokens, TokenSets
from seqtasks.tasks.metrics import scored

__all__ = [
    "answers_by_counts",
    "answers_by_place",
    "constant_answer",
    "everywhere",
    "last_inputs",
]


def constant_answer(task: Task, targets: Array) -> tuple[Array, str]:
    """Return the commonest answer, for one step, and the strategy in words."""
    found = targets[scored(targets)]
    if isinstance(task.targets, Reals):
        mean = found.mean(axis=0, dtype=np.float64) if len(found) else np.zeros(task.targets.size)
        return mean, "always the mean"
    if isinstance(task.targets, TokenSets):
        if not len(found):
            return np.zeros(task.targets.size, np.bool_), "always the empty set"
        sets, counts = np.unique(np.packbits(found, axis=1), axis=0, return_counts=True)
        packed = sets[counts.argmax()]
        commonest = np.unpackbits(packed, count=task.targets.size).astype(np.bool_)
        return commonest, f"always the commonest set, {task.targets.words(commonest[None])[0]}"
    answer = np.bincount(found, minlength=task.targets.size).argmax()
    return np.asarray(answer), f"always the commonest, {task.targets.words([int(answer)])[0]}"


def answers_by_place(task: Task, targets: Array, constant: Array) -> Array:
    """Return the commonest answer of each step, (time, ...); the constant if none is scored."""
    there = scored(targets)
    answers = [
        constant_answer(task, targets[rows, step][:, None])[0]
        if (rows := there[:, step]).any()
        else None
        for step in range(targets.shape[1])
    ]
    return np.stack([constant if answer is None else answer for answer in answers])


def answers_by_counts(task: Task, first: Batch, second: Batch, constant: Array) -> Array:
    """Return the commonest last answer among inputs with the same symbol counts, (batch, time).

    For counts that the first inputs lack, use the commonest answer among their counts that occur
    once, because these are also rare.
    """
    size = task.input_size

    def keys(batch: Batch) -> list[bytes]:
        counts = (batch.inputs[..., None] == np.arange(size)).sum(1)
        return [row.tobytes() for row in counts.astype(np.int32)]

    seen: dict[bytes, list[int]] = {}
    for key, answer in zip(keys(first), first.targets[:, -1], strict=True):
        seen.setdefault(key, []).append(int(answer))
    commonest = {key: max(sorted(set(found)), key=found.count) for key, found in seen.items()}
    once = [found[0] for found in seen.values() if len(found) == 1]
    seldom = max(sorted(set(once)), key=once.count) if once else int(constant)
    answers = [commonest.get(key, seldom) for key in keys(second)]
    return everywhere(np.array(answers)[:, None], second.targets)


def last_inputs(task: Task, batch: Batch, constant: Array) -> Array | None:
    """Return the last input so far as the answer to each step, or None if it cannot be one."""
    inputs, targets = task.inputs, task.targets
    if isinstance(inputs, Reals) and isinstance(targets, Reals):
        return batch.inputs if inputs.size == targets.size else None
    if not isinstance(inputs, Tokens) or not isinstance(targets, Tokens):
        return None
    ids = {symbol: index for index, symbol in enumerate(targets.symbols)}
    answers = np.array([*(ids.get(symbol, -1) for symbol in inputs.symbols), -1])  # blank is last
    if np.count_nonzero(answers >= 0) < 2:
        return None
    said = answers[batch.inputs]
    if (said < 0).all():
        return None
    steps = np.arange(said.shape[1])
    last = np.maximum.accumulate(np.where(said >= 0, steps, 0), axis=1)
    said = np.take_along_axis(said, last, axis=1)
    return np.where(said >= 0, said, constant)


def everywhere(answer: Array, targets: Array) -> Array:
    """Return one answer, or one for each step, as the answer of every instance."""
    return np.broadcast_to(answer, targets.shape)
