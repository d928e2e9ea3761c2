"""Score the replicas of a group at one length, as `scoring.evaluate_at` scores a model.

Where symbols are counted right or wrong, the counts are whole numbers, so that their sums are the
same in any order, and all replicas are counted in a few calls of NumPy. Other metrics are computed
for one replica after the other.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.engine.contract.chunked import Memories, chunks, forward_alone
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.engine.native.execute.stack import ForwardPasses, Stack
from seqtasks.models.calling import to_torch
from seqtasks.models.model import likeliest
from seqtasks.scoring.counts import portions, scores_all
from seqtasks.scoring.intervals import Stratum
from seqtasks.scoring.predict import answers_of, rows_at_once
from seqtasks.studies.replicas.pattern import Pattern
from seqtasks.tasks import Batch, Task, Tokens
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.metrics import Columns, scored, sequence_accuracy, token_accuracy

__all__ = ["Drawn", "Instances", "Scores", "counted_metrics"]

CPU = torch.device("cpu")
NUMBERS_AT_ONCE = 2**18
"""About how many predicted numbers are decided on together, so that they stay in a cache."""
_COUNTED = {id(token_accuracy), id(sequence_accuracy)}
"""Metrics that count symbols and sequences, whose sums are exact."""

Metrics = dict[str, float]


class Instances:
    """The instances on which replicas are scored at one length.

    Args:
        task: the task.
        length: the length.
        sequences: how many are asked for.
        purpose: the purpose of the stream.
        dtype: the type of real inputs.

    Attributes:
        symbols: about how many symbols the instances of a seed have.
    """

    def __init__(
        self, task: Task, length: int, sequences: int, purpose: str, dtype: torch.dtype
    ) -> None:
        self._task, self._length, self._sequences = task, length, sequences
        self._purpose, self._dtype = purpose, dtype
        self._all: list[Drawn] | None = None
        self.symbols = length * sequences * (1 + task.ponder)

    def of(self, seed: int, holdout: Holdout | None) -> list["Drawn"]:
        """Return the instances of a seed, in portions; all seeds may share them."""
        if self._all is not None and holdout is None:
            return self._all
        exhaustive = scores_all(self._task, self._length, self._sequences, holdout)
        chosen = holdout if holdout is not None and self._length in holdout else None
        drawn = [
            Drawn(batch, self._dtype)
            for batch in portions(
                self._task,
                self._length,
                self._sequences,
                seed,
                self._purpose,
                exhaustive,
                chosen,
            )
        ]
        if exhaustive and holdout is None:
            self._all = drawn
        return drawn


class Drawn:
    """Some instances, with everything that scoring asks of them alone.

    Attributes:
        batch: the instances.
        inputs: their inputs, as a model receives them.
        scored: (rows, time) the scored positions; None if all are.
        count: the number of scored positions.
        ones: (rows, time) where the right symbol is the one with the id 1.
    """

    def __init__(self, batch: Batch, dtype: torch.dtype) -> None:
        self.batch = batch
        self.inputs = to_torch(batch.inputs, dtype, CPU).contiguous()
        counted = scored(batch.targets)
        self.count = int(counted.sum())
        self.scored = None if self.count == counted.size else counted
        self.ones = batch.targets == 1


class Scores:
    """Scores the replicas of a stack.

    Args:
        pattern: what the replicas share.
        task: the task, of this thread.
        stack: the parameters of the replicas.
    """

    def __init__(self, pattern: Pattern, task: Task, stack: Stack) -> None:
        self._pattern, self._task, self._stack = pattern, task, stack
        self._passes: dict[tuple[int, int], ForwardPasses] = {}
        self._kept: dict[int, Memories] = {}
        self._room = np.empty(0, dtype=np.float32)
        self._counts = isinstance(task.targets, Tokens) and all(
            id(metric) in _COUNTED for metric in task.metrics
        )

    def metrics(
        self, replicas: NDArray[np.intp], instances: Sequence[list[Drawn]]
    ) -> list[Metrics]:
        """Return the metrics of some replicas.

        Args:
            replicas: the replicas.
            instances: the instances of each, in portions.
        """
        shapes = {tuple(part.inputs.shape for part in portions) for portions in instances}
        if self._counts and len(shapes) == 1 and len(instances[0]) == 1:
            rows, time = instances[0][0].inputs.shape[:2]
            if self._at_once(rows, time):
                return self._counted(replicas, [portions[0] for portions in instances])
        pairs = zip(replicas, instances, strict=True)
        return [self._one_by_one(int(replica), portions) for replica, portions in pairs]

    def _program(self, rows: int, time: int) -> Program:
        return self._pattern.scoring_program(rows, time)

    def _at_once(self, rows: int, time: int) -> bool:
        """Say whether an ordinary run scores such a batch in one call of its program."""
        if rows > rows_at_once(time, self._pattern.width):
            return False
        return len(chunks(self._program(rows, time), rows, time, CPU)) == 1

    # ---- all replicas together

    def _counted(self, replicas: NDArray[np.intp], drawn: Sequence[Drawn]) -> list[Metrics]:
        rows, time = drawn[0].inputs.shape[:2]
        size = rows * time * self._task.targets.size
        found: list[Metrics] = []
        each = max(1, NUMBERS_AT_ONCE // size)
        for first in range(0, len(replicas), each):
            some = slice(first, first + each)
            predictions = self._predicted(replicas[some], drawn[some])
            found += counted_metrics(self._task, predictions, drawn[some])
        return found

    def _predicted(self, replicas: NDArray[np.intp], drawn: Sequence[Drawn]) -> NDArray[Any]:
        """Return the predictions of some replicas, (replicas, rows, time, symbols)."""
        rows, time = drawn[0].inputs.shape[:2]
        program = self._program(rows, time)
        made = program.model_graph.predictions.size  # the penalty is among them
        size = rows * time * made
        if (rows, time) not in self._passes:
            states = [part.previous.size for part in program.model_graph.parts]
            self._passes[rows, time] = ForwardPasses(
                self._stack, program.opened, states, rows, time
            )
        number = self._stack.values[0].dtype
        if self._room.dtype != number or self._room.size < len(replicas) * size:
            self._room = np.empty(len(replicas) * size, dtype=number)
        room = self._room[: len(replicas) * size].reshape(len(replicas), size)
        addresses = np.uint64(room.ctypes.data) + np.arange(len(room), dtype=np.uint64) * np.uint64(
            room.strides[0]
        )
        inputs = np.array([one.inputs.data_ptr() for one in drawn], dtype=np.uint64)
        if not self._passes[rows, time].run(replicas, inputs, addresses):
            raise IndexError("an input is not a symbol of the model's alphabet")
        joint = room.reshape(len(replicas), rows, time, made)
        return joint[..., : program.model_graph.output_size]

    # ---- one replica after the other

    def _one_by_one(self, replica: int, drawn: Sequence[Drawn]) -> Metrics:
        columns: dict[str, list[Columns]] = {metric.name: [] for metric in self._task.metrics}
        for part in drawn:
            time = part.inputs.shape[1]
            rows = rows_at_once(time, self._pattern.width)
            predictions, _ = answers_of(
                self._predict(replica), self._task, part.batch, rows, self._pattern.dtype, CPU
            )
            for metric in self._task.metrics:
                columns[metric.name].append(metric.columns(predictions, part.batch.targets))
        return {
            metric.name: Stratum(*metric.shares(columns[metric.name])).value
            for metric in self._task.metrics
        }

    def _predict(self, replica: int) -> Callable[[Tensor], Tensor]:
        tensors = [
            torch.from_numpy(values[replica]).view(tensor.shape)
            for values, tensor in zip(
                self._stack.values, self._pattern.program.tensors(), strict=True
            )
        ]

        def predicted(inputs: Tensor) -> Tensor:
            program = self._program(*inputs.shape[:2])
            reading: Any = program.reading(tensors)
            kept = self._kept.pop(id(program), {})
            with torch.no_grad():
                found, self._kept[id(program)] = forward_alone(
                    reading, inputs.contiguous(), None, None, False, kept
                )
            return found[0][..., : program.model_graph.output_size]

        return predicted


def counted_metrics(task: Task, predictions: NDArray[Any], drawn: Sequence[Drawn]) -> list[Metrics]:
    """Return the metrics of each replica, for a task that counts symbols and sequences.

    Args:
        task: the task.
        predictions: the logits of each replica, (replicas, rows, time, symbols).
        drawn: the instances of each replica.
    """
    right = _right(predictions, drawn)
    tokens = np.empty(len(drawn), dtype=np.int64)
    for k, one in enumerate(drawn):
        if one.scored is None:
            tokens[k] = np.count_nonzero(right[k])
        else:
            tokens[k] = np.count_nonzero(right[k] & one.scored)
            right[k] |= ~one.scored
    sequences = np.count_nonzero(right.all(axis=2), axis=1)
    counts = np.array([one.count for one in drawn], dtype=np.float64)
    values = {
        token_accuracy.name: (tokens / counts).tolist(),
        sequence_accuracy.name: (sequences / np.float64(right.shape[1])).tolist(),
    }
    names = [metric.name for metric in task.metrics]
    return [{name: values[name][k] for name in names} for k in range(len(drawn))]


def _right(predictions: NDArray[Any], drawn: Sequence[Drawn]) -> NDArray[np.bool_]:
    """Return where the likeliest symbols are right, (replicas, rows, time).

    A position that is not scored may be right or wrong.
    """
    right = np.empty(predictions.shape[:-1], dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        undefined = np.isnan(predictions.reshape(len(predictions), -1).min(axis=1)).any()
    if predictions.shape[-1] == 2 and not undefined:  # the first of two equal logits counts
        np.greater(predictions[..., 1], predictions[..., 0], out=right)
        for k, one in enumerate(drawn):
            np.equal(right[k], one.ones, out=right[k])
        return right
    ids = likeliest(torch.from_numpy(predictions)).numpy()
    for k, one in enumerate(drawn):
        np.equal(ids[k], one.batch.targets, out=right[k])
    return right
