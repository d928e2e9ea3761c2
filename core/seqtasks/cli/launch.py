"""Start a run or go on with one: its threads, its observers, its signals, its result."""

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.cli.interrupts import noting, received
from seqtasks.cli.matplotlib_import import import_matplotlib
from seqtasks.cli.output import echo_json, prints_aside, say
from seqtasks.cli.score_table import echo_result
from seqtasks.errors import RunInterruptedError, UsageError
from seqtasks.hookspecs import hookimpl

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.runs.training_run import Result, Run

__all__ = ["launch", "settle_threads", "threads_for"]

LARGEST_FOR_ONE_THREAD = 2**14
"""A run uses one thread if a batch of states has at most this many numbers."""


def launch(
    start: Callable[[list[Any], Callable[[], int]], "Result"],
    as_json: bool,
    quiet: bool,
    tensorboard: bool,
) -> None:
    """Run until the end or a signal, and print the result.

    Args:
        start: starts the run, from its observers and a function that returns the number of a
            signal that requests the end, or 0.
        as_json: print the result as one JSON document.
        quiet: show no progress, and print only the run's directory.
        tensorboard: write TensorBoard events into the run.

    Raises:
        RunInterruptedError: after a signal; it names the command that goes on with the run.
    """
    from seqtasks.runs.progress import progress_observer

    import_matplotlib()
    where = _Where()
    observers: list[Any] = [where] if quiet else [where, progress_observer()]
    if tensorboard:
        observers.append(_tensorboard())
    try:
        with noting(where.last_words) as stop, prints_aside(as_json or quiet):
            result = start(observers, stop)
    except RunInterruptedError as interruption:
        raise RunInterruptedError(
            f"{interruption}\n{_go_on(interruption.path)}", interruption.signal_number
        ) from None
    except KeyboardInterrupt:  # a second signal, or no step ended soon after the first
        raise RunInterruptedError(where.last_words(), received() or signal.SIGINT) from None
    finally:
        for observer in observers:
            if hasattr(observer, "close"):
                observer.close()
    if as_json:
        echo_json(result.to_json())
    elif quiet:
        say(result.path)
    else:
        echo_result(result)


class _Where:
    """Knows the run, once it has started."""

    def __init__(self) -> None:
        self._run: Run | None = None

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Remember the run."""
        self._run = run

    def last_words(self) -> str:
        """Say where a signal broke the run off, and how to go on."""
        run = self._run
        if run is None:
            return "interrupted before the run began"
        at = f"broken off after step {run.step} of {run.experiment.steps}"
        return f"{at}; what was saved before is intact\n{_go_on(run.path)}"


def _go_on(path: Path | None) -> str:
    return f"Go on with: seqtasks resume {shlex.quote(str(path))}"


def threads_for(experiment: "Experiment") -> int | None:
    """Return one thread for a small model, whose products are too short for more threads."""
    if "OMP_NUM_THREADS" in os.environ:
        return None
    return 1 if experiment.batch_size * experiment.hidden_size <= LARGEST_FOR_ONE_THREAD else None


def settle_threads(count: Any) -> None:
    """Set torch's threads in this process to `threads`; the same number gives the same bits."""
    if isinstance(count, int) and count > 0:
        import torch

        torch.set_num_threads(count)


def _tensorboard() -> Any:
    from seqtasks.runs.observers import TensorBoard

    try:
        import tensorboard  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise UsageError(
            "--tensorboard needs the tensorboard package: pip install 'seqtasks[tensorboard]'"
        ) from None
    return TensorBoard()
