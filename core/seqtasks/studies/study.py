"""A study as a program sees it: its settings, and what became of their runs."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.available_memory import as_gibibytes, memory_there
from seqtasks.display import card, shortened
from seqtasks.errors import UsageError, counted
from seqtasks.studies.collected import Collected
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.settings import Setting, points_of
from seqtasks.studies.study_record import Asked

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = ["Study"]

NUMBER = 8
"""Bytes of a number that is kept of a run."""


class Study:
    """A set of runs: settings x seeds.

    Args:
        asked: what the study was asked for.
        path: its folder, or None for a study in memory.
        parameters: the number of trained numbers of each setting.

    Attributes:
        asked: what the study was asked for.
        path: its folder, or None for a study in memory.
        parameters: the number of trained numbers of each setting.
        stopped: why it ended before all runs had: `interrupted`, `time limit`; None if all ended.
    """

    def __init__(self, asked: Asked, path: Path | None, parameters: Sequence[int | None]) -> None:
        self.asked, self.path, self.parameters = asked, path, tuple(parameters)
        self.stopped: str | None = None
        self.said: set[str] = set()
        _check_fits(asked)
        self.collected = [
            Collected(
                setting.experiment,
                [seed for row in asked.rows if row.setting == index for seed in row.seeds],
            )
            for index, setting in enumerate(asked.settings)
        ]
        self.kept: dict[int, Mapping[str, Tensor]] = {}

    def grow(self, asked: Asked, parameters: Sequence[int | None]) -> None:
        """Take in further settings and points, which follow those that are there.

        Args:
            asked: everything that the study is asked for now.
            parameters: the number of trained numbers of each setting.
        """
        for index, setting in enumerate(asked.settings):
            seeds = [seed for row in asked.rows if row.setting == index for seed in row.seeds]
            if index == len(self.collected):
                self.collected.append(Collected(setting.experiment, seeds))
            else:
                self.collected[index].extend(seeds[self.collected[index].asked :])
        self.asked, self.parameters = asked, tuple(parameters)
        for cached in ("numbers", "_numbers"):
            self.__dict__.pop(cached, None)

    @property
    def name(self) -> str:
        """The name of the study."""
        return self.asked.name

    @property
    def face(self) -> str:
        """What made it: `run`, `compare`, `sweep` or `tune`."""
        return self.asked.face

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The experiments."""
        return self.asked.settings

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, in the order of the points."""
        return tuple(dict.fromkeys(seed for row in self.asked.rows for seed in row.seeds))

    @property
    def runs(self) -> int:
        """The number of runs that were asked for."""
        return self.asked.points

    @property
    def unfinished(self) -> int:
        """The number of runs that have not ended."""
        return self.runs - sum(
            one.count("ended", "diverged", "pruned", "failed", "killed") for one in self.collected
        )

    def outcomes(self, setting: int | str = 0) -> Outcomes:
        """Return the runs of a setting that have ended.

        Args:
            setting: its index or its label.

        Raises:
            UsageError: if there is no such setting.
        """
        return self.collected[self._index(setting)].outcomes()

    def result(self, seed: int, setting: int | str = 0) -> "Result":
        """Return a single run with its model: from its kept weights, or trained again.

        Args:
            seed: the seed of the run.
            setting: the index or the label of its setting.

        Raises:
            UsageError: if the study has no such run.
        """
        from seqtasks.studies.single_runs import single_run

        return single_run(self, seed, self._index(setting))

    def summary(self) -> dict[str, Any]:
        """Return the table as plain data, as `result.json` has it."""
        from seqtasks.studies.study_summary import summary_of_study

        return summary_of_study(self)

    def frame(self) -> Any:
        """Return a `pandas.DataFrame` with a row for each run that has ended.

        Raises:
            UsageError: if pandas is not installed.
        """
        from seqtasks.studies.export import frame

        return frame(self)

    def rliable_scores(self, measure: str | None = None) -> "dict[str, NDArray[np.float64]]":
        """Return scores as the library `rliable` takes them: by algorithm, (runs, tasks) arrays.

        Args:
            measure: a measure, such as `token_accuracy at 10` or `solved`; by default the first
                metric at the first length.

        Raises:
            UsageError: if a setting has no such measure, or was not trained on a task that others
                were trained on.
        """
        from seqtasks.studies.export import rliable_scores

        return rliable_scores(self, measure)

    def to_json(self) -> dict[str, Any]:
        """Return the table as plain data; see `summary`."""
        return self.summary()

    def point(self, seed: int, setting: int) -> int:
        """Return the number of the run of a seed in a setting.

        Raises:
            UsageError: if the study has no such run.
        """
        try:
            return self.numbers[setting, seed]
        except KeyError:
            known = [one for at, one in self.numbers if at == setting]
            raise UsageError(
                f"the study has no seed {seed}; it has {counted(len(known), 'seed')}, from "
                f"{min(known, default=0)} to {max(known, default=0)}"
            ) from None

    @cached_property
    def numbers(self) -> dict[tuple[int, int], int]:
        """The number of each point, by its setting and its seed."""
        return {(point.setting, point.seed): point.number for point in points_of(self.asked.rows)}

    def _index(self, setting: int | str) -> int:
        labels = [one.label for one in self.settings]
        if isinstance(setting, str):
            if setting not in labels:
                raise UsageError(
                    f"the study has no setting {setting!r}; it has {', '.join(labels)}"
                )
            return labels.index(setting)
        if not 0 <= setting < len(labels):
            raise UsageError(f"the study has {counted(len(labels), 'setting')}, and no {setting}")
        return setting

    def __repr__(self) -> str:
        """Return how many runs ended and solved the task, on one line."""
        done, solved = self.runs - self.unfinished, sum(one.solved for one in self.collected)
        settings = counted(len(self.settings), "setting")
        return shortened(
            f"<Study {self.name}: {settings}, {done} of {self.runs} runs ended, {solved} solved>"
        )

    def _repr_html_(self) -> str:
        rows = [
            (setting.label, f"{one.solved} of {one.asked} solved")
            for setting, one in zip(self.settings, self.collected, strict=True)
        ]
        where = "" if self.path is None else f"in {self.path}"
        return card(f"Study {self.name}", rows, where)


def _check_fits(asked: Asked) -> None:
    """Refuse a study whose lines would not fit into memory.

    Raises:
        UsageError: saying what it would take.
    """
    runs = [0] * len(asked.settings)
    for row in asked.rows:
        runs[row.setting] += len(row.seeds)
    needed = 0
    for setting, count in zip(asked.settings, runs, strict=True):
        one = setting.experiment
        each = one.steps // one.log_every + 3 * (one.steps // one.evaluate_every + 16)
        needed += NUMBER * each * count
    there = memory_there()
    if needed > there // 2:
        raise UsageError(
            f"the lines of {counted(sum(runs), 'run')} would take about {as_gibibytes(needed)} of "
            f"memory, and {as_gibibytes(there)} are available: make fewer runs, or log and "
            "evaluate less often (log_every, evaluate_every)"
        )
