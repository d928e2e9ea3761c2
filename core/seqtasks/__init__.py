"""seqtasks: write a cell as the textbook prints it, a task as its definition reads, run any pair.

The public names are loaded at their first use, so that `import seqtasks` imports neither torch nor
NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from seqtasks.cells.base import Cell, Readout
    from seqtasks.engine.unroll import unroll
    from seqtasks.errors import (
        DivergedError,
        RunError,
        RunInterruptedError,
        SeqtasksDeprecationWarning,
        SeqtasksError,
        StopRun,
        UsageError,
    )
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.exports import export, regenerate
    from seqtasks.hookspecs import Register, hookimpl
    from seqtasks.models.build import cell, readout
    from seqtasks.models.model import Model
    from seqtasks.registry.find import names, task
    from seqtasks.reports.report import Report, report
    from seqtasks.runs.saved_runs import SavedRun, SavedRuns
    from seqtasks.runs.saved_runs import saved_runs as runs
    from seqtasks.runs.training_run import Result
    from seqtasks.scoring.baselines import Baseline, Baselines, baselines
    from seqtasks.scoring.evaluate import Score, evaluate
    from seqtasks.scoring.functions import score
    from seqtasks.scoring.over_range import RangeScore, evaluate_range
    from seqtasks.studies.calls import run
    from seqtasks.studies.face_calls import compare, sweep, tune
    from seqtasks.studies.reopen import load, load_study, resume, resume_study
    from seqtasks.studies.study import Study
    from seqtasks.tasks.alphabets import (
        IGNORE,
        Reals,
        Tokens,
        TokenSets,
    )
    from seqtasks.tasks.batch import Batch
    from seqtasks.tasks.lengths import AllowedLengths
    from seqtasks.tasks.metrics import (
        Metric,
        macro_accuracy,
        mean_squared_error,
        r_squared,
        sequence_accuracy,
        token_accuracy,
    )
    from seqtasks.tasks.published import PublishedProtocol
    from seqtasks.tasks.settings import Settings
    from seqtasks.tasks.task import Task

_HOMES = {
    "AllowedLengths": "tasks.lengths",
    "Baseline": "scoring.baselines",
    "Baselines": "scoring.baselines",
    "Batch": "tasks.batch",
    "Cell": "cells.base",
    "DivergedError": "errors",
    "Experiment": "experiments.experiment",
    "IGNORE": "tasks.alphabets",
    "RunInterruptedError": "errors",
    "Metric": "tasks.metrics",
    "Model": "models.model",
    "PublishedProtocol": "tasks.published",
    "Readout": "cells.base",
    "Reals": "tasks.alphabets",
    "Register": "hookspecs",
    "Report": "reports.report",
    "Result": "runs.training_run",
    "RangeScore": "scoring.over_range",
    "RunError": "errors",
    "SavedRun": "runs.saved_runs",
    "SavedRuns": "runs.saved_runs",
    "Score": "scoring.evaluate",
    "SeqtasksDeprecationWarning": "errors",
    "SeqtasksError": "errors",
    "Settings": "tasks.settings",
    "StopRun": "errors",
    "Study": "studies.study",
    "Task": "tasks.task",
    "TokenSets": "tasks.alphabets",
    "Tokens": "tasks.alphabets",
    "UsageError": "errors",
    "baselines": "scoring.baselines",
    "cell": "models.build",
    "compare": "studies.face_calls",
    "evaluate": "scoring.evaluate",
    "evaluate_range": "scoring.over_range",
    "export": "exports",
    "hookimpl": "hookspecs",
    "load": "studies.reopen",
    "load_study": "studies.reopen",
    "macro_accuracy": "tasks.metrics",
    "mean_squared_error": "tasks.metrics",
    "names": "registry.find",
    "r_squared": "tasks.metrics",
    "readout": "models.build",
    "regenerate": "exports",
    "report": "reports.report",
    "resume": "studies.reopen",
    "resume_study": "studies.reopen",
    "run": "studies.calls",
    "runs": "runs",
    "score": "scoring.functions",
    "sequence_accuracy": "tasks.metrics",
    "sweep": "studies.face_calls",
    "task": "registry.find",
    "token_accuracy": "tasks.metrics",
    "tune": "studies.face_calls",
    "unroll": "engine.unroll",
}

__all__ = [
    "IGNORE",
    "AllowedLengths",
    "Baseline",
    "Baselines",
    "Batch",
    "Cell",
    "DivergedError",
    "Experiment",
    "Metric",
    "Model",
    "PublishedProtocol",
    "RangeScore",
    "Readout",
    "Reals",
    "Register",
    "Report",
    "Result",
    "RunError",
    "RunInterruptedError",
    "SavedRun",
    "SavedRuns",
    "Score",
    "SeqtasksDeprecationWarning",
    "SeqtasksError",
    "Settings",
    "StopRun",
    "Study",
    "Task",
    "TokenSets",
    "Tokens",
    "UsageError",
    "baselines",
    "cell",
    "compare",
    "evaluate",
    "evaluate_range",
    "export",
    "hookimpl",
    "load",
    "load_study",
    "macro_accuracy",
    "mean_squared_error",
    "names",
    "r_squared",
    "readout",
    "regenerate",
    "report",
    "resume",
    "resume_study",
    "run",
    "runs",
    "score",
    "sequence_accuracy",
    "sweep",
    "task",
    "token_accuracy",
    "tune",
    "unroll",
]


_RENAMED: dict[str, tuple[str, str]] = {}
"""Names that will go: the name to use in the place of each, and the version that is without it."""


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        from seqtasks.errors import warn_of_deprecation

        new, gone_in = _RENAMED[name]
        warn_of_deprecation(f"seqtasks.{name}", f"seqtasks.{new}", gone_in)
        return getattr(import_module("seqtasks"), new)
    if name not in _HOMES:
        raise AttributeError(f"module 'seqtasks' has no attribute '{name}'")
    value = getattr(import_module(f"seqtasks.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
