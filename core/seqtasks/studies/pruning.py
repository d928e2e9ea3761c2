"""End a point's first run early if it is worse than half of the points before it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtasks.errors import StopRun
from seqtasks.hookspecs import hookimpl
from seqtasks.studies.measures import lower_is_better
from seqtasks.studies.tune import as_error, tuning_of

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Run
    from seqtasks.studies.study import Study

__all__ = ["Pruning", "pruning_of"]


def pruning_of(study: "Study") -> list["Pruning"]:
    """Return the observer that prunes the runs of a study, if it tunes and is on a disk."""
    tuning = tuning_of(study.asked)
    if tuning is None or not tuning.prune or study.path is None:
        return []
    return [Pruning(study.path, tuning.seeds[0])]


class Pruning:
    """Ends a run by Optuna's rule of the median.

    It reads the trials that are complete, and writes nothing. They are told between the points that
    are proposed together, so what is pruned does not depend on which run is faster.

    Args:
        folder: the study's folder.
        seed: the seed of the runs that may be pruned.
    """

    per_replica = True

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._trials: dict[int, tuple[Any, Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_folder": self._folder, "_seed": self._seed, "_trials": {}}

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Compare the run with the complete trials at this step.

        Raises:
            StopRun: if it is worse than half of them.
        """
        from seqtasks.studies.optuna_trials import open_study, optuna_quietly

        if run.experiment.seed != self._seed:
            return
        with optuna_quietly() as optuna:
            if id(run) not in self._trials:
                running = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
                self._trials[id(run)] = open_study(self._folder), running
            study, trial = self._trials[id(run)]
            metric = run.task.metrics[0].name
            lower = lower_is_better(metric, run.task.metrics)
            error = as_error(np.array([metrics[metric]]), lower)[0]
            trial.intermediate_values[step] = float(error)
            worse = study.pruner.prune(study, trial)
        if worse:
            del self._trials[id(run)]
            raise StopRun("pruned")

    @hookimpl
    def run_finished(self, run: "Run") -> None:
        """Forget the run."""
        self._trials.pop(id(run), None)
