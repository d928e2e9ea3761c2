"""A study as an array of Slurm jobs: the script for them, and what they wrote put together."""

from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import UsageError
from seqtasks.files.atomic import write_atomically, writing
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.execute.slurm import array_of, block_of, blocks_of, slurm_script
from seqtasks.studies.settings import points_of
from seqtasks.studies.study import Study

__all__ = ["Left", "left_of", "write_script"]


@dataclass(frozen=True)
class Left:
    """What is left to do of a study that runs as an array of jobs.

    Attributes:
        script: the script to submit.
        array: the jobs whose runs have not all ended, as Slurm's --array has them.
        runs: the number of runs that have not ended.
    """

    script: Path
    array: str
    runs: int


def write_script(study: Study, jobs: int | None = None, seconds: float | None = None) -> Path:
    """Write the script that makes the runs of a study that are left; its folder must be there.

    Args:
        study: the study.
        jobs: how many jobs may run at once.
        seconds: the time limit of a job.

    Raises:
        RunError: if it cannot be written.
    """
    if study.path is None:
        raise UsageError("a study in memory cannot run as Slurm jobs: give it a folder")
    directory = StudyDirectory(study.path)
    with writing(directory.path / "slurm"):
        (directory.path / "slurm").mkdir(exist_ok=True)
    text = slurm_script(
        directory.path, study.name, blocks_of(study.runs), _blocks_left(study), jobs, seconds
    )
    script = directory.path / "slurm.sh"
    write_atomically(script, text.encode())
    return script


def left_of(study: Study) -> Left | None:
    """Return what is left to do, or None if all runs have ended."""
    blocks = _blocks_left(study)
    if not blocks or study.path is None:
        return None
    return Left(study.path / "slurm.sh", array_of(blocks), study.unfinished)


def _blocks_left(study: Study) -> list[int]:
    points = list(points_of(study.asked.rows))
    count = blocks_of(len(points))
    return [
        index
        for index in range(count)
        if any(
            study.collected[point.setting].status(point.seed) is None
            for point in block_of(points, index, count)
        )
    ]
