"""The points of a tuned study as trials of Optuna, in a storage in the study's folder."""

import threading
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.specs.lists import Choices
from seqtasks.specs.ranges import Range

__all__ = ["STORAGE", "Trials", "optuna_quietly"]

STORAGE = "optuna.journal"
"""Optuna's own file in the study's folder."""

NAME = "seqtasks"
_POINT = "point"
_LOCK = threading.RLock()


@contextmanager
def optuna_quietly() -> Generator[Any, None, None]:
    """Import Optuna, and let it say nothing meanwhile; its settings stay as they were.

    Raises:
        UsageError: if it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UsageError(
            "tune needs Optuna, which is not installed: pip install 'seqtasks[tune]'"
        ) from None
    with _LOCK, warnings.catch_warnings():  # what it sets is of the whole process
        warnings.simplefilter("ignore")  # it calls parts of its own experimental
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            yield optuna
        finally:
            optuna.logging.set_verbosity(before)


def open_study(folder: Path | None) -> Any:
    """Return the Optuna study in a folder, made if it is not there; None for one in memory."""
    with optuna_quietly() as optuna:
        storage = None
        if folder is not None:
            journal = optuna.storages.journal
            storage = optuna.storages.JournalStorage(
                journal.JournalFileBackend(str(folder / STORAGE))
            )
        return optuna.create_study(
            study_name=NAME,
            storage=storage,
            direction="minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )


class Trials:
    """Optuna's trials, each with the number of its point.

    Args:
        folder: the study's folder; None for trials in memory.
        seed: the seed of the proposals.
    """

    def __init__(self, folder: Path | None, seed: int) -> None:
        self._seed = seed
        self._study = open_study(folder)

    def begin_with(self, points: Sequence[Mapping[str, Any]]) -> None:
        """Propose some points first; what they leave open is chosen."""
        with optuna_quietly():
            for point in points:
                self._study.enqueue_trial(dict(point))

    def know(self, points: Sequence[Mapping[str, Any]], search: Mapping[str, Choices]) -> None:
        """Bring the trials up to the points of the study, which is what counts."""
        with optuna_quietly() as optuna:
            there = self._by_point()
            for number, trial in there.items():
                if number >= len(points):  # proposed, but never recorded
                    self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            for number, point in enumerate(points):
                if number not in there:
                    self._study.enqueue_trial(dict(point))
                    self._ask(number, search, 0)

    def propose(
        self, number: int, search: Mapping[str, Choices], attempt: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the values of the fields of a new point, and its parameters.

        Args:
            number: the number that the point will have.
            search: the values to choose from, by the name of the field.
            attempt: how often a point was proposed in vain before.
        """
        with optuna_quietly():
            return self._ask(number, search, attempt)

    def drop(self, number: int) -> None:
        """Give up a proposal."""
        with optuna_quietly() as optuna:
            trial = self._by_point()[number]
            self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    def tell(self, number: int, value: float | None, errors: Mapping[int, float]) -> None:
        """Tell what became of a point, unless it was told before.

        Args:
            number: the number of the point.
            value: its cost; None if it was pruned.
            errors: the errors of its first run by step.
        """
        with optuna_quietly() as optuna:
            states = optuna.trial.TrialState
            trial = self._by_point()[number]
            if trial.state.is_finished():
                return
            running = optuna.trial.Trial(self._study, trial._trial_id)
            for step, error in errors.items():
                running.report(error, step)
            state = states.PRUNED if value is None else states.COMPLETE
            self._study.tell(trial.number, value, state=state)

    def _ask(
        self, number: int, search: Mapping[str, Choices], attempt: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        with optuna_quietly() as optuna:
            seed = (self._seed * 1_000_003 + 1009 * number + attempt) % 2**32
            self._study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            trial = self._study.ask()
            trial.set_user_attr(_POINT, number)
            chooser = _Suggested(trial)
            values = {name: choices.chosen(chooser, name) for name, choices in search.items()}
            return values, dict(trial.params)

    def _by_point(self) -> dict[int, Any]:
        """Return the trials by the number of their point, without those that were given up."""
        return {
            trial.user_attrs[_POINT]: trial
            for trial in self._study.get_trials(deepcopy=False)
            if _POINT in trial.user_attrs and trial.state.name != "FAIL"
        }


class _Suggested:
    """Chooses as a trial suggests."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial

    def index(self, name: str, choices: Sequence[str]) -> int:
        return list(choices).index(self._trial.suggest_categorical(name, list(choices)))

    def number(self, name: str, numbers: Range) -> float:
        log = numbers.scale == "log"
        if numbers.whole:
            low, high = int(numbers.first), int(numbers.last)
            return self._trial.suggest_int(name, low, high, log=log)
        found = self._trial.suggest_float(name, numbers.first, numbers.last, log=log)
        return numbers.rounded(found)
