"""What a worker does: train the runs of a block, wherever it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.experiments.experiment import Experiment
from seqtasks.models.caller_settings import own_settings
from seqtasks.studies.finished import Finished
from seqtasks.studies.replicas import IdleGroups, run_block, run_one
from seqtasks.studies.said_once import said_once
from seqtasks.studies.settings import Point

__all__ = ["Finished", "Work"]


@dataclass(frozen=True)
class Work:
    """Trains the runs of a block.

    Attributes:
        keep_weights: whether to return the weights.
        observers: who sees each single run; None if nobody does.
        make_model: makes the module of a seed, in place of the model that the experiment describes.
        parts: the folder in which long runs are kept on their way; None to keep none.
        long: the settings whose runs may take longer than a minute.
        said: the warnings that were said before, in this process or in the process that sent it.
        idle: the groups of replicas that wait for their next block.
    """

    keep_weights: bool = False
    observers: Sequence[Any] | None = None
    make_model: Callable[[int], nn.Module] | None = None
    parts: Path | None = None
    long: frozenset[int] = frozenset()
    said: set[str] = field(default_factory=set[str])
    idle: IdleGroups = field(default_factory=IdleGroups)

    def __call__(
        self,
        experiment: Experiment,
        points: Sequence[Point],
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Finished]:
        """Train an experiment with the seeds of some points, and yield the runs as they end."""
        with own_settings(), said_once(self.said):
            if self.parts is not None and points and points[0].setting in self.long:
                yield from self._kept_on_their_way(experiment, points, stop)
                return
            numbers = {point.seed: point.number for point in points}
            for replica in run_block(
                experiment,
                [point.seed for point in points],
                stop,
                self.keep_weights,
                observers=self.observers,
                make_model=self.make_model,
                idle=self.idle,
            ):
                number = numbers[replica.line["seed"]]
                yield Finished({"point": number, **replica.line}, replica.tensors)

    def _kept_on_their_way(
        self, experiment: Experiment, points: Sequence[Point], stop: Callable[[], bool]
    ) -> Iterator[Finished]:
        """Train runs one by one, each with a checkpoint every minute."""
        assert self.parts is not None
        for point in points:
            part = self.parts / f"point-{point.number}.safetensors"
            replica = run_one(
                experiment,
                point.seed,
                stop,
                keep_weights=self.keep_weights,
                observers=self.observers,
                make_model=self.make_model,
                part=part,
            )
            if replica is None:
                return
            yield Finished({"point": point.number, **replica.line}, replica.tensors)
