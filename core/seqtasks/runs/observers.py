"""Tell plugins and other observers of a run's moments, and keep each apart from the rest."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from seqtasks import hookspecs
from seqtasks.errors import StopRun, UsageError, explain
from seqtasks.files.atomic import appending, writing
from seqtasks.files.json_text import write_text
from seqtasks.hookspecs import hookimpl
from seqtasks.registry.discovery import current_registry

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result, Run

__all__ = ["MetricsLog", "Observers", "TensorBoard"]

logger = logging.getLogger("seqtasks")
MOMENTS = (
    "run_started",
    "run_advanced",
    "run_evaluated",
    "run_finished",
    "study_started",
    "study_advanced",
    "study_finished",
)


class Observers:
    """Tells observers of a run's moments; an observer that raises is named once and dropped.

    Args:
        observers: objects or modules with `hookimpl` functions, in addition to the plugins.
        plugins: whether the installed plugins are told, too.

    Attributes:
        stop_reason: the text of the first `StopRun` that an observer raised; None if none did.

    Raises:
        UsageError: for one that is given twice, sees no moment, or takes an unknown argument.
    """

    def __init__(self, observers: Iterable[Any] | None = (), plugins: bool = True) -> None:
        self.stop_reason: str | None = None
        self._essential: list[Any] = []
        self._manager = pluggy.PluginManager("seqtasks")
        self._manager.add_hookspecs(hookspecs)
        loaded = [p for p in current_registry().plugins if p.status == "loaded"]
        for plugin in loaded if plugins else ():
            self._manager.register(plugin.module, f"{plugin.name} of {plugin.distribution}")
        if isinstance(observers, str) or not isinstance(observers, Iterable | None):
            raise UsageError(f"observers must be a list of observers, got {observers!r:.60}")
        for observer in observers or ():
            self.add(observer)

    def add_essential(self, observer: Any) -> None:
        """Add an observer that the run depends on; its errors pass through."""
        self._essential.append(observer)
        self.add(observer)

    def tell(self, moment: str, **arguments: Any) -> None:
        """Call every observer of a moment, named by its hook: run_started, run_advanced, ..."""
        for implementation in self._manager.hook.__dict__[moment].get_hookimpls():
            if not self._manager.is_registered(implementation.plugin):
                continue  # it was dropped just now
            taken = {name: arguments[name] for name in implementation.argnames}
            try:
                implementation.function(**taken)
            except StopRun as asked:
                if self.stop_reason is None:
                    self.stop_reason = str(asked) or "it asked for the end"
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # even SystemExit must not end the run with its code
                if implementation.plugin in self._essential:
                    raise
                self._drop(implementation, moment, error)

    def add(self, observer: Any) -> None:
        """Add an observer.

        Raises:
            UsageError: if it was added before, sees no moment, or takes an unknown argument.
        """
        name = getattr(observer, "__name__", type(observer).__name__)
        try:
            self._manager.register(observer)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise UsageError(f"the observer {name}: {' '.join(str(error).split())}") from error
        if not self._manager.get_hookcallers(observer):
            raise UsageError(
                f"the observer {name} sees nothing: mark its methods with @seqtasks.hookimpl "
                f"({', '.join(MOMENTS)})"
            )

    def _drop(self, implementation: Any, moment: str, error: BaseException) -> None:
        name = implementation.plugin_name
        if name.isdecimal():  # pluggy's name for an object without a name
            name = type(implementation.plugin).__name__
        self._manager.unregister(implementation.plugin)
        logger.warning(f"observer {name} failed in {moment} and is dropped: {explain(error)}")


class MetricsLog:
    """Writes the run's history to `metrics.jsonl`, one line at a time.

    Args:
        path: the file, which must already hold the first `written` lines of the history.
        written: the number of lines.
    """

    def __init__(self, path: Path, written: int) -> None:
        self._path = path
        self._written = written

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Write the lines that the run's start added to its history."""
        self.write(run)

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Write the line of losses, if there is a new one."""
        self.write(run)

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Write the line of the evaluation."""
        self.write(run)

    def write(self, run: "Run | Result") -> None:
        """Write the new lines."""
        lines = run.history[self._written :]
        if lines:
            with writing(self._path), appending(self._path) as file:
                file.writelines(write_text(line) + "\n" for line in lines)
            self._written += len(lines)


class TensorBoard:
    """Writes losses and scores as TensorBoard events, into `tensorboard/` of the run's directory.

    Raises:
        ImportError: if tensorboard is not installed (`pip install 'seqtasks[tensorboard]'`).
    """

    def __init__(self) -> None:
        self._writer: Any = None

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Open the file; a resumed run gets a new file, which takes over from its first step."""
        from torch.utils.tensorboard import SummaryWriter

        if run.path is not None:
            self._writer = SummaryWriter(str(run.path / "tensorboard"), purge_step=run.step + 1)

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Add the loss of each step."""
        if self._writer is not None:
            for step, loss in enumerate(losses, start=run.step - steps + 1):
                self._writer.add_scalar("loss", loss, step)

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Add the validation scores."""
        if self._writer is not None:
            for name, value in metrics.items():
                self._writer.add_scalar(f"validation/{name}", value, step)

    def close(self) -> None:
        """Flush everything to the disk."""
        if self._writer is not None:
            self._writer.close()
