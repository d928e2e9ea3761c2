"""The contract with plugins: what a plugin may say it has, and which moments of a run it may see.

A plugin is a module named by an entry point of the group `seqtasks`; it imports `hookimpl` and
defines any of these functions. `register` is `register(name, target, summary="")`, where the
target is an object or a lazy "module:attribute" string that is imported only when it is used.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result, Run
    from seqtasks.studies.study import Study

__all__ = ["ENTRY_POINT_GROUP", "Register", "hookimpl"]

ENTRY_POINT_GROUP = "seqtasks"
hookspec = pluggy.HookspecMarker("seqtasks")
hookimpl = pluggy.HookimplMarker("seqtasks")


class Register(Protocol):
    """Registers one thing under a name.

    A task may name its `family` (a group of tasks; by default the plugin's name) and its `level`
    (such as a class of the Chomsky hierarchy). `seqtasks list` can select tasks by both.
    """

    def __call__(
        self, name: str, target: Any, summary: str = "", *, family: str = "", level: str = ""
    ) -> None:
        """Register `target`, an object or a lazy "module:attribute" string, as `name`."""


@hookspec
def register_tasks(register: Register) -> None:
    """Register subclasses of `seqtasks.Task`."""


@hookspec
def register_cells(register: Register) -> None:
    """Register subclasses of `seqtasks.Cell`."""


@hookspec
def register_readouts(register: Register) -> None:
    """Register subclasses of `seqtasks.Readout`."""


@hookspec
def register_experiments(register: Register) -> None:
    """Register experiments: an `Experiment`, a dictionary, or "package:path/of/a/file.json"."""


@hookspec
def register_commands(register: Register) -> None:
    """Register click commands, which become subcommands of `seqtasks`."""


@hookspec
def run_started(run: "Run") -> None:
    """See a run start or resume, before its first step."""


@hookspec
def run_advanced(run: "Run", steps: int, losses: Sequence[float]) -> None:
    """See that `run.step` grew by `steps`; `losses` holds the loss of each."""


@hookspec
def run_evaluated(run: "Run", step: int, metrics: Mapping[str, float]) -> None:
    """See the scores on validation instances at a step."""


@hookspec
def run_finished(run: "Run", result: "Result") -> None:
    """See the result of a run that came to its end."""


@hookspec
def study_started(study: "Study") -> None:
    """See a study start or resume, before its first run."""


@hookspec
def study_advanced(study: "Study", lines: Sequence[Mapping[str, Any]]) -> None:
    """See that runs have ended; `lines` holds the line of each, as `runs.jsonl` has it."""


@hookspec
def study_finished(study: "Study") -> None:
    """See a study end, with all its runs or before."""
