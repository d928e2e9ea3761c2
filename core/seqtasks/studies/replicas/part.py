"""Keep a long run of a study in a file from time to time, and go on from there.

A run of a study has no folder of its own. What an ordinary run has in its checkpoint and its log
lies in one file here: the trainer's tensors, the progress and the history.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import LOG_LINE, PROGRESS
from seqtasks.files.atomic import writing
from seqtasks.files.critical_section import saving
from seqtasks.files.json_text import write_text
from seqtasks.files.validation import checked, fields, listed
from seqtasks.runs.active_run import ActiveRun
from seqtasks.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from seqtasks.runs.saved_state import most_bytes, unfit
from seqtasks.runs.training_run import Run
from seqtasks.training import Trainer

__all__ = ["PartlyKept", "go_on_from"]

SECONDS_BETWEEN = 60.0
"""The least time between checkpoints of a run: shorter runs have none."""

_PART = fields({"progress": PROGRESS, "history": listed(LOG_LINE), "of": fields({})})


@dataclass(frozen=True)
class PartlyKept(ActiveRun):
    """A run whose checkpoints lie in one file.

    Attributes:
        part: the file.
        of: what the run is, so that no other run goes on from its file.
        written: when the file was last written, or the run began; one number.
    """

    part: Path = Path()
    of: Mapping[str, Any] | None = None
    written: list[float] = field(default_factory=lambda: [time.monotonic()])

    def save(self) -> None:
        """Write a checkpoint, at most once a minute or at a signal.

        It is asked for at the steps of an ordinary run, which look for weights that are not finite.
        A run that has ended is kept as a line.
        """
        young = time.monotonic() - self.written[0] < SECONDS_BETWEEN
        if self.run.stopped is not None or (young and not self.stop()):
            return
        self.written[0] = time.monotonic()
        about = {
            "progress": self.run.progress(),
            "history": self.run.history,
            "of": dict(self.of or {}),
        }
        with saving():
            with writing(self.part):
                self.part.parent.mkdir(exist_ok=True)
            write_checkpoint(self.part, Checkpoint(self.trainer.state(), about))


def go_on_from(part: Path, run: Run, trainer: Trainer, of: Mapping[str, Any]) -> None:
    """Bring a run to the checkpoint in a file, if there is one and it belongs to the run.

    Args:
        part: the file.
        run: the run, at step 0.
        trainer: its trainer.
        of: what the run is.

    Raises:
        UsageError: if the file is damaged or belongs to another run.
    """
    if not part.is_file():
        return
    saved = read_checkpoint(part, most_bytes(run.model))
    about = checked(saved.progress, _PART, part)
    if write_text(about["of"]) != write_text(dict(of)):
        raise UsageError(f"{part} belongs to another run; remove it to begin this run anew")
    progress = about["progress"]
    try:
        trainer.restore(saved.tensors, progress["step"])
    except (RuntimeError, LookupError, TypeError, ValueError) as error:
        raise unfit(part, error) from error
    run.step, run.seconds = progress["step"], progress["seconds"]
    run.pending_losses = progress["pending_losses"]
    run.evaluations_solved = progress["evaluations_solved"]
    run.history = about["history"]
