"""The part of Optuna that a page uses, for its examples where Optuna is not installed.

It has Optuna's names and signatures. Where Optuna is installed, the page runs with Optuna.
"""

import statistics
import sys
from types import ModuleType, SimpleNamespace


class TrialPrunedError(Exception):
    """A trial that was not worth its time."""


class Trial:
    """One set of parameters, and what was reported of it."""

    def __init__(self, study, fixed):
        self._study, self._fixed = study, fixed
        self.params, self.intermediate_values = {}, {}
        self.value, self.state = None, SimpleNamespace(name="RUNNING")

    def suggest_float(self, name, low, high, *, log=False):
        """Return the value of a parameter."""
        assert low <= self._fixed[name] <= high
        return self.params.setdefault(name, self._fixed[name])

    def suggest_categorical(self, name, choices):
        """Return the value of a parameter."""
        assert self._fixed[name] in choices
        return self.params.setdefault(name, self._fixed[name])

    def report(self, value, step):
        """Keep the value at a step."""
        self.intermediate_values[step] = value

    def should_prune(self):
        """Ask the pruner whether to end the trial."""
        return self._study.pruner.prune(self._study, self)


class MedianPruner:
    """Ends a trial that is worse than half of the earlier ones at the same step."""

    def __init__(self, n_startup_trials=5):
        self.n_startup_trials = n_startup_trials

    def prune(self, study, trial):
        """Say whether to end a trial."""
        ended = [one for one in study.trials if one.state.name == "COMPLETE"]
        step = max(trial.intermediate_values)
        at_step = [one.intermediate_values[step] for one in ended]
        known = len(at_step) >= self.n_startup_trials
        return known and max(trial.intermediate_values.values()) < statistics.median(at_step)


class Study:
    """Trials of an objective, the largest value is the best."""

    def __init__(self, pruner):
        self.pruner, self.trials, self._waiting = pruner, [], []

    def enqueue_trial(self, params):
        """Choose the parameters of a later trial."""
        self._waiting.append(params)

    def optimize(self, objective, n_trials):
        """Make trials."""
        for _ in range(n_trials):
            trial = Trial(self, self._waiting.pop(0))
            self.trials.append(trial)
            try:
                trial.value = objective(trial)
                trial.state = SimpleNamespace(name="COMPLETE")
            except TrialPrunedError:
                trial.state = SimpleNamespace(name="PRUNED")

    @property
    def best_params(self):
        """The parameters of the best trial."""
        ended = [one for one in self.trials if one.state.name == "COMPLETE"]
        return max(ended, key=lambda trial: trial.value).params


def create_study(*, direction, pruner):
    """Return a new study."""
    assert direction == "maximize"
    return Study(pruner)


def stand_in():
    """Return the stand-in as a module of Optuna's name."""
    made = ModuleType("optuna")
    made.TrialPruned, made.create_study = TrialPrunedError, create_study
    made.pruners = SimpleNamespace(MedianPruner=MedianPruner)
    made.logging = SimpleNamespace(WARNING=30, set_verbosity=lambda level: None)
    return made


if __name__ == "__main__":
    sys.exit("this module is for the tests of the documentation")
