"""A study as an array of Slurm jobs: how to submit it, and what one job does."""

import re
import shlex
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.output import echo_json, say
from seqtasks.errors import RunInterruptedError, UsageError, counted

if TYPE_CHECKING:
    from seqtasks.studies.execution import Execution
    from seqtasks.studies.study import Study

__all__ = ["echo_array", "make_block"]


def echo_array(study: "Study", as_json: bool, quiet: bool) -> None:
    """Say how to submit the jobs of a study, and how to put together what they write."""
    from seqtasks.studies.array_jobs import left_of

    left = left_of(study)
    assert left is not None
    if as_json:
        echo_json({"path": str(study.path), "script": str(left.script), "array": left.array})
    elif quiet:
        say(study.path)
    else:
        say(f"study    {study.path}, {counted(left.runs, 'run')} in the jobs {left.array}")
        say(f"submit   sbatch {shlex.quote(str(left.script))}")
        say(f"then     seqtasks collect {shlex.quote(str(study.path))}")


def make_block(
    path: Path, block: str, where: "Execution", trust: bool, allow_changes: bool
) -> None:
    """Make the runs of one job of an array, until a signal.

    Args:
        path: the study.
        block: the job and the number of jobs, as `17/1000`.
        where: where the runs are made.
        trust: whether to execute code that came with the study.
        allow_changes: whether to go on although a definition has changed.

    Raises:
        UsageError: if there is no such job, or as for `resume`.
        RunInterruptedError: after a signal.
    """
    found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", block)
    if found is None or int(found[1]) >= int(found[2]):
        raise UsageError(f"--block must be a job and the number of jobs, as 0/10, got '{block}'")
    from seqtasks.studies.lifecycle import resume_study

    mine = replace(where, block=(int(found[1]), int(found[2])))
    with _noting() as stop:
        study = resume_study(
            path, execution=mine, stop=stop, trust=trust, allow_changes=allow_changes
        )
        number = stop()
    if study.stopped is not None:
        raise RunInterruptedError(f"job {block} stopped: {study.stopped}", number or signal.SIGUSR1)
    say(f"job {block} has made its runs")


@contextmanager
def _noting() -> Generator[Callable[[], int], None, None]:
    """Note SIGUSR1, for as long as a checkpoint takes; leave SIGTERM to the script of the job.

    Slurm sends SIGTERM to all processes of a job. The script sends SIGUSR1 to this one then.
    """
    noted: list[int] = []
    before = {
        signal.SIGUSR1: signal.signal(signal.SIGUSR1, lambda number, _: noted.append(number)),
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    }
    try:
        yield lambda: noted[0] if noted else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
