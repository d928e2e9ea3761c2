"""seqtasks: write a cell as the textbook prints it, a task as its definition reads, run any pair.

The public names are loaded at their first use, so that `import seqtasks` imports neither torch nor
NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from seqtasks.alphabet import IGNORE, Reals, Tokens, TokenSets
    from seqtasks.building import cell, readout
    from seqtasks.cells.base import Cell, Readout
    from seqtasks.engine.with_engine import unroll
    from seqtasks.errors import (
        DivergedError,
        RunError,
        RunInterruptedError,
        SeqtasksError,
        StopRun,
        UsageError,
    )
    from seqtasks.evaluation import Score, evaluate
    from seqtasks.experiment import Experiment
    from seqtasks.exports import export, regenerate
    from seqtasks.hookspecs import Register, hookimpl
    from seqtasks.lengths import AllowedLengths
    from seqtasks.lifecycle import resume, run
    from seqtasks.lookup import task
    from seqtasks.metrics import (
        Metric,
        macro_accuracy,
        mean_squared_error,
        r_squared,
        sequence_accuracy,
        token_accuracy,
    )
    from seqtasks.model import Model
    from seqtasks.published import PublishedProtocol
    from seqtasks.range_score import RangeScore, evaluate_range
    from seqtasks.running import Result
    from seqtasks.settings import Settings
    from seqtasks.stored import load
    from seqtasks.tasks.task import Batch, Task
    from seqtasks.trivial import Baseline, Baselines, baselines

_HOMES = {
    "AllowedLengths": "lengths",
    "Baseline": "trivial",
    "Baselines": "trivial",
    "Batch": "tasks.task",
    "Cell": "cells.base",
    "DivergedError": "errors",
    "Experiment": "experiment",
    "IGNORE": "alphabet",
    "RunInterruptedError": "errors",
    "Metric": "metrics",
    "Model": "model",
    "PublishedProtocol": "published",
    "Readout": "cells.base",
    "Reals": "alphabet",
    "Register": "hookspecs",
    "Result": "running",
    "RangeScore": "range_score",
    "RunError": "errors",
    "Score": "evaluation",
    "SeqtasksError": "errors",
    "Settings": "settings",
    "StopRun": "errors",
    "Task": "tasks.task",
    "TokenSets": "alphabet",
    "Tokens": "alphabet",
    "UsageError": "errors",
    "baselines": "trivial",
    "cell": "building",
    "evaluate": "evaluation",
    "evaluate_range": "range_score",
    "export": "exports",
    "hookimpl": "hookspecs",
    "load": "stored",
    "macro_accuracy": "metrics",
    "mean_squared_error": "metrics",
    "r_squared": "metrics",
    "readout": "building",
    "regenerate": "exports",
    "resume": "lifecycle",
    "run": "lifecycle",
    "sequence_accuracy": "metrics",
    "task": "lookup",
    "token_accuracy": "metrics",
    "unroll": "engine.with_engine",
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
    "Result",
    "RunError",
    "RunInterruptedError",
    "Score",
    "SeqtasksError",
    "Settings",
    "StopRun",
    "Task",
    "TokenSets",
    "Tokens",
    "UsageError",
    "baselines",
    "cell",
    "evaluate",
    "evaluate_range",
    "export",
    "hookimpl",
    "load",
    "macro_accuracy",
    "mean_squared_error",
    "r_squared",
    "readout",
    "regenerate",
    "resume",
    "run",
    "sequence_accuracy",
    "task",
    "token_accuracy",
    "unroll",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seqtasks' has no attribute '{name}'")
    value = getattr(import_module(f"seqtasks.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
