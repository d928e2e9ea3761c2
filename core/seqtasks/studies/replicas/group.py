"""Room for a group of replicas: their parameters, their data and their scores."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqtasks.engine.native.execute.interface import optimizer_structure
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.caller_settings import own_settings
from seqtasks.studies.replicas.group_training import SECONDS_PER_CALL, GroupTraining
from seqtasks.studies.replicas.initial_weights import InitialWeights
from seqtasks.studies.replicas.made_weights import MadeWeights
from seqtasks.studies.replicas.one_thread import one_thread
from seqtasks.studies.replicas.pattern import NotAlikeError, Pattern
from seqtasks.studies.replicas.replica import Replica
from seqtasks.studies.replicas.scores import Instances, Scores
from seqtasks.studies.replicas.training_data import training_data
from seqtasks.tasks import Task
from seqtasks.tasks.lengths import LengthRange

__all__ = ["Group"]

MOST_BYTES = 64 * 2**20
"""About how much memory a group takes."""
MOST_REPLICAS = 32
MOST_LOSSES = 2**20
"""The most losses that a replica keeps until it has ended."""
Weights = InitialWeights | MadeWeights


class Group:
    """Trains groups of replicas, one group after the other, in the same memory.

    Args:
        pattern: what the replicas share.
        weights: draws the initial weights of a seed.
        seconds_per_step: about how long a training step takes.

    Attributes:
        size: the most replicas of a group.
        pattern, weights: as given.
        experiment, task: the experiment, and its task for this thread.
        marks: the numbers of steps after each of which something is due.
        most: the most steps that are made in one call.
        data: the training batches.
        places: the instances of the validation, of the final scores and of the range.
        stack: the parameters of the replicas.
        optimizer: how a step changes them.
        prepared: the size of the batches for which the stack has memory.
        scores: scores the replicas.
        losses: (replicas, steps) the loss of each step.
        rates: (steps,) the learning rates.
        annealed: the values of annealed buffers, at each step.

    Raises:
        NotAlikeError: if replicas are not certain to have the numbers of ordinary runs.
    """

    def __init__(self, pattern: Pattern, weights: Weights, seconds_per_step: float) -> None:
        experiment = pattern.experiment
        self.pattern, self.weights = pattern, weights
        self.experiment, self.task = experiment, _own_task(experiment)
        if experiment.steps > MOST_LOSSES:
            raise NotAlikeError("its runs are so long that nothing is gained")
        self.most = max(1, min(int(SECONDS_PER_CALL / seconds_per_step), experiment.steps))
        marks = [experiment.evaluate_every]
        if isinstance(experiment.checkpoint_every, int):
            marks.append(experiment.checkpoint_every)
        self.marks = marks
        self.most = min(self.most, *marks)
        self.data = training_data(pattern, self.task, self.most)
        self.places = self._where_scored()
        each = self.data.bytes_each + 8 * experiment.steps + self._scored_bytes()
        self.size = max(1, min(MOST_REPLICAS, MOST_BYTES // each))
        steps = pattern.steps
        self.stack = pattern.program.stack(self.size, steps.trained, steps.optimizer)
        self.serve(pattern)
        self.scores = Scores(pattern, self.task, self.stack)
        self.losses = np.empty((self.size, experiment.steps))
        self.annealed = steps.annealed(pattern.program, 0, experiment.steps)
        annealing = steps.between.annealing
        if annealing and self.annealed.leaves.size < len(annealing.buffers()):
            raise NotAlikeError("no program reads some of its annealed buffers")

    def serve(self, pattern: Pattern) -> None:
        """Train replicas of a pattern from now on that differs in its learning rate alone."""
        self.pattern, self.experiment, steps = pattern, pattern.experiment, pattern.steps
        self.optimizer = optimizer_structure(
            steps.optimizer, steps.loss, steps.reduction, steps.clip
        )
        self.prepared: tuple[int, int] = (0, 0)
        shares = steps.schedule.shares(0, self.experiment.steps)
        self.rates = steps.optimizer.learning_rate * shares

    def _where_scored(self) -> dict[str, Any]:
        """Return the instances of the validation, the final scores and the score over a range."""
        experiment, task, dtype = self.experiment, self.task, self.pattern.dtype
        longest = task.lengths.within(experiment.length_range)[-1]

        def at(length: int, sequences: int, purpose: str) -> Instances:
            return Instances(task, length, sequences, purpose, dtype)

        lengths = experiment.evaluation_lengths or ()
        over: tuple[int, ...] | range = ()
        if experiment.score is not None:
            over = task.lengths.select(LengthRange.parse(experiment.score), task.known_as)
        return {
            "validation": at(longest, experiment.validation_sequences, "validation"),
            "final": {
                length: at(length, experiment.evaluation_sequences, "evaluation")
                for length in lengths
            },
            "range": [at(length, experiment.score_sequences, "score") for length in over],
        }

    def _scored_bytes(self) -> int:
        """Return about how much memory a replica's validation instances take."""
        length = self.experiment.length_range.last
        features = max(1, self.pattern.steps.input_size, self.task.targets.size)
        return 16 * self.experiment.validation_sequences * length * features

    def run(self, seeds: Sequence[int], stop: Callable[[], bool], keep: bool) -> list[Replica]:
        """Train and score a replica of each seed.

        Args:
            seeds: at most `size` seeds.
            stop: asked about every 50 ms; if it returns true, the group ends.
            keep: whether to keep the trained weights.

        Raises:
            Interrupted: if `stop` ended the group.
            NotAlikeError: if replicas are not certain to have the numbers of ordinary runs.
            Exception: whatever the task raises; ordinary runs tell whose fault it is.
        """
        with own_settings(), one_thread():
            return GroupTraining(self, seeds, stop, keep).run()


def _own_task(experiment: Experiment) -> Task:
    """Return the task of an experiment for one thread: it may keep what it has drawn."""
    task = experiment.make_task()
    try:
        return copy.deepcopy(task)
    except Exception:
        return task
