"""Score the replicas of a group at one length, as `scoring.evaluate_at` scores a model.

Where symbols are counted right or wrong, the counts are whole numbers, so that their sums are the
same in any order, and C counts them after each replica's program has predicted. Other metrics are
computed for one replica after the other.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.engine.contract.chunked import Memories, chunks, forward_alone
from seqtasks.engine.native.execute.between_programs import Counting, count_right
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.engine.native.execute.call_each import Calls
from seqtasks.engine.native.execute.stack import ForwardPasses, Stack, Structures
from seqtasks.models.calling import to_torch
from seqtasks.scoring.counts import portions, scores_all
from seqtasks.scoring.intervals import Stratum
from seqtasks.scoring.predict import answers_of, rows_at_once
from seqtasks.studies.replicas.pattern import Pattern
from seqtasks.tasks import IGNORE, Batch, Task, Tokens
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.metrics import Columns, scored, sequence_accuracy, token_accuracy

__all__ = ["Counts", "Drawn", "Instances", "Scores", "counted_metrics"]

CPU = torch.device("cpu")
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
        targets: (rows, time) their targets, if they are symbols.
        count: the number of scored positions.
    """

    def __init__(self, batch: Batch, dtype: torch.dtype) -> None:
        self.batch = batch
        self.inputs = to_torch(batch.inputs, dtype, CPU).contiguous()
        self.targets = np.ascontiguousarray(batch.targets)
        self.count = int(scored(batch.targets).sum())


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
        self._countings = Structures(Counting, (len(stack.jobs),))
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
        counts = self.counts(replicas, instances)
        if counts is not None:
            calls = Calls(counts.columns(replicas))
            calls.make(math.inf)
            if calls.results.any():
                raise IndexError("an input is not a symbol of the model's alphabet")
            return counts.metrics(replicas)
        pairs = zip(replicas, instances, strict=True)
        return [self._one_by_one(int(replica), portions) for replica, portions in pairs]

    def counts(
        self, replicas: NDArray[np.intp], instances: Sequence[list[Drawn]]
    ) -> "Counts | None":
        """Return calls that predict and count, as often as one likes.

        Args:
            replicas: the replicas.
            instances: the instances of each, in portions.

        Returns:
            The calls; None if the replicas must be scored one after the other.
        """
        shapes = {part.inputs.shape for portions in instances for part in portions}
        if not self._counts or len(shapes) != 1 or any(len(one) != 1 for one in instances):
            return None
        rows, time = instances[0][0].inputs.shape[:2]
        if not self._at_once(rows, time):
            return None
        program = self._program(rows, time)
        if (rows, time) not in self._passes:
            states = [part.previous.size for part in program.model_graph.parts]
            self._passes[rows, time] = ForwardPasses(
                self._stack, program.opened, states, rows, time
            )
        made = program.model_graph.predictions.size  # the penalty is among them
        size, number = rows * time * made, self._stack.values[0].dtype
        if self._room.dtype != number or self._room.size < size:
            self._room = np.empty(size, dtype=number)
        return Counts(
            self._task,
            self._passes[rows, time],
            self._countings,
            self._room,
            made,
            dict(zip(map(int, replicas), [portions[0] for portions in instances], strict=True)),
        )

    def _program(self, rows: int, time: int) -> Program:
        return self._pattern.scoring_program(rows, time)

    def _at_once(self, rows: int, time: int) -> bool:
        """Say whether an ordinary run scores such a batch in one call of its program."""
        if rows > rows_at_once(time, self._pattern.width):
            return False
        return len(chunks(self._program(rows, time), rows, time, CPU)) == 1

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


class Counts:
    """Calls that predict the instances of some replicas and count what is right.

    Args:
        task: the task, which counts symbols and sequences.
        passes: the passes forward of the replicas.
        countings: room for what C counts, for all replicas.
        room: room for the predictions of one replica.
        made: how many numbers a program makes at each place; the logits are the first of them.
        drawn: the instances of each replica, all of one shape.
    """

    def __init__(
        self,
        task: Task,
        passes: ForwardPasses,
        countings: Structures,
        room: NDArray[Any],
        made: int,
        drawn: Mapping[int, Drawn],
    ) -> None:
        self._task, self._passes, self._countings, self._room = task, passes, countings, room
        self._made, self._drawn = made, drawn
        count = len(countings.fields)
        self._inputs = np.zeros(count, dtype=np.uint64)
        self._targets = np.zeros(count, dtype=np.uint64)
        self._scored = np.ones(count)
        for replica, one in drawn.items():
            self._inputs[replica] = one.inputs.data_ptr()
            self._targets[replica] = one.targets.ctypes.data
            self._scored[replica] = one.count

    def columns(self, replicas: NDArray[np.intp]) -> list[tuple[int, NDArray[np.uint64]]]:
        """Return the functions to call in turn for each of some replicas; see `Calls`."""
        address = np.uint64(self._room.ctypes.data)
        fields = self._countings.fields
        rows, time = next(iter(self._drawn.values())).targets.shape
        fields["logits"], fields["targets"] = address, self._targets
        fields["rows"], fields["time"], fields["symbols"] = rows, time, self._task.targets.size
        fields["made"] = self._made
        fields["unscored"], fields["doubles"] = IGNORE, self._room.dtype == np.float64
        return [
            self._passes.passes(
                replicas, self._inputs[replicas], np.full(len(replicas), address, dtype=np.uint64)
            ),
            (count_right(), self._countings.addresses[replicas]),
        ]

    def metrics(self, replicas: NDArray[np.intp]) -> list[Metrics]:
        """Return the metrics of some replicas, after the calls."""
        fields = self._countings.fields[replicas]
        return counted_metrics(
            self._task,
            fields["right_symbols"],
            fields["right_rows"],
            self._scored[replicas],
            fields["rows"],
        )


def counted_metrics(
    task: Task,
    symbols: NDArray[np.int64],
    sequences: NDArray[np.int64],
    scored_symbols: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> list[Metrics]:
    """Return the metrics of each replica, for a task that counts symbols and sequences.

    Args:
        task: the task.
        symbols: (replicas,) how many scored symbols are right.
        sequences: (replicas,) how many rows are.
        scored_symbols: (replicas,) how many symbols are scored.
        rows: (replicas,) how many rows there are.
    """
    values = {
        token_accuracy.name: (symbols / scored_symbols).tolist(),
        sequence_accuracy.name: (sequences / np.float64(rows)).tolist(),
    }
    names = [metric.name for metric in task.metrics]
    return [dict(zip(names, row, strict=True)) for row in zip(*map(values.get, names), strict=True)]
