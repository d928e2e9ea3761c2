"""A run on disk as its record describes it, with what a caller brings to open it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import ADDED_LATER, THINGS, Experiment
from seqtasks.experiments.find import restore_things
from seqtasks.files.validation import checked
from seqtasks.runs.belonging import check_decided_by
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.header import WEIGHTS, read_about
from seqtasks.specs.grammar import parse_spec

__all__ = ["RunOnDisk", "closed_experiment", "read_run", "restored_experiment"]


@dataclass(frozen=True)
class RunOnDisk:
    """A run that was begun before.

    Attributes:
        directory: its directory.
        record: its record, the content of `experiment.json`.
        experiment: the experiment of the record, with the caller's own things put in place.
        own: the caller's task, cell or readout, by kind.
        model: the caller's module, or None.
    """

    directory: RunDirectory
    record: dict[str, Any]
    experiment: Experiment
    own: Mapping[str, Any]
    model: nn.Module | None

    @property
    def path(self) -> Path:
        """The path of the directory."""
        return self.directory.path

    def check_decided_by(self, about: dict[str, Any], file: Path) -> None:
        """Refuse a checkpoint or weights that belong to another record.

        Args:
            about: what the file says of itself.
            file: the file.

        Raises:
            UsageError: naming what differs.
        """
        then = about.get("decided_by", {})
        check_decided_by(then, self.record, self.directory.experiment, file)

    def check_record(self, file: Path) -> None:
        """Refuse an edited record before anything is made from it: its sizes may be absurd.

        Args:
            file: the checkpoint or the weights; reading them checks their digest.

        Raises:
            UsageError: naming what differs.
        """
        if os.path.lexists(file):
            self.check_decided_by(checked(read_about(file) or {}, WEIGHTS, file), file)

    def finished_result(self) -> dict[str, Any] | None:
        """Return the content of `result.json`, or None if the run has not ended."""
        result = self.directory.read_result()
        return result if result and result["step_limit"] == self.experiment.steps else None


def read_run(
    directory: RunDirectory, own: dict[str, Any], model: nn.Module | None, trust: bool = False
) -> RunOnDisk:
    """Read a run's record and its experiment, with the caller's own things put in place.

    Args:
        directory: the run.
        own: the caller's task, cell or readout, by kind.
        model: the caller's module, or None.
        trust: whether the user allows code that came with the run, from now on.

    Raises:
        UsageError: if something made in a program is needed but missing, a source was changed, or
            code that came with the run was neither run nor allowed by this user.
    """
    record = directory.record()
    if unknown := set(own) - set(THINGS):
        raise UsageError(f"unknown argument {unknown.pop()}; known: {', '.join(THINGS)}, model")
    if record.get("own_model") and model is None:
        raise UsageError(
            f"{directory.path} trained a module of its own ({record['own_model']}), made in a "
            "Python program; open it there with "
            "seqtasks.load(run, model=...) or seqtasks.resume(run, model=...)"
        )
    experiment = restored_experiment(record, directory.experiment, own, trust)
    return RunOnDisk(directory, record, experiment, own, model)


def restored_experiment(
    record: Mapping[str, Any], file: Path, own: Mapping[str, Any], trust: bool
) -> Experiment:
    """Return the experiment of a record, with the caller's own things put in place.

    Args:
        record: the record.
        file: the file that holds it; copies of the user's files lie in its folder.
        own: the caller's task, cell or readout, by kind.
        trust: whether the user allows code that came with it, from now on.

    Raises:
        UsageError: if it is damaged, names what is not there, or brings code that is not trusted.
    """
    asked = {**ADDED_LATER, **record["experiment"], **own}
    if missing := [field.name for field in fields(Experiment) if field.name not in asked]:
        raise UsageError(f"{file} is damaged: it lacks {', '.join(missing)}")
    things = {kind: asked[kind] for kind in THINGS if kind not in own}
    restored = restore_things({**record, "experiment": things}, file, trust=trust)
    return Experiment.from_json({**asked, **restored}, str(file))


def closed_experiment(record: Mapping[str, Any], file: Path) -> Experiment:
    """Return the experiment of a record without the code of its cell and its readout.

    A registered name stays. In place of anything else stands an empty class of its name: nobody
    may import what a record names.

    Args:
        record: the record.
        file: the file that holds it.

    Raises:
        UsageError: if it is damaged, or its task is not there or brings code that is not trusted.
    """
    asked = {**ADDED_LATER, **record["experiment"]}
    own = {kind: _closed(asked[kind]) for kind in THINGS if kind != "task" and kind in asked}
    return restored_experiment(record, file, own, trust=False)


def _closed(thing: Any) -> Any:
    """Return the name of a registered thing, or an empty class for what a file or module has."""
    text = thing if isinstance(thing, str) else str(thing.get("class", "unknown:unknown"))
    spec = parse_spec(text)
    if isinstance(thing, str) and spec.path is None and spec.module is None:
        return thing
    return type(spec.name or "Unnamed", (), {"__module__": str(spec.path or spec.module)})
