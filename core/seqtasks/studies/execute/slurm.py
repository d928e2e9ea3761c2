"""Write the script that makes a study's runs as an array of Slurm jobs."""

import math
import os
import re
import secrets
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from seqtasks.studies.settings import Point

__all__ = ["array_of", "block_of", "blocks_of", "slurm_script", "writer_name"]

MOST_JOBS = 1000
"""The most jobs of an array: Slurm's default limit is 1,001."""
SECONDS_OF_NOTICE = 120
"""How long before its time limit a job hears of it, so that it makes a checkpoint."""

_SCRIPT = """\
#!/bin/bash
# Makes the runs of a study; submit it with: sbatch [--time=TIME] [--partition=NAME] {script}
#SBATCH --job-name={name}
#SBATCH --array={array}
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --signal=B:USR1@{notice}
#SBATCH --output=/dev/null{time}
set -u
if [ -z "${{SLURM_ARRAY_TASK_ID:-}}" ]; then
    echo "$0 is a script for an array of Slurm jobs: submit it with sbatch" >&2
    exit 2
fi
study={study}
exec >> "$study/slurm/$SLURM_ARRAY_TASK_ID.log" 2>&1
asked= job=
trap 'asked=yes; [ -z "$job" ] || kill -USR1 "$job" 2> /dev/null' USR1 TERM
{python} -m seqtasks resume "$study" --block "$SLURM_ARRAY_TASK_ID/{blocks}" \\
    --backend loky --trust &
job=$!
[ -z "$asked" ] || kill -USR1 "$job" 2> /dev/null
while kill -0 "$job" 2> /dev/null; do wait "$job"; done  # a signal ends a wait early
wait "$job"
status=$?
if [ -n "$asked" ] && [ "$status" -ne 0 ]; then
    scontrol requeue "${{SLURM_JOB_ID:-}}"
fi
exit "$status"
"""


def blocks_of(points: int) -> int:
    """Return how many jobs share the points of a study."""
    return max(1, min(points, MOST_JOBS))


def block_of(points: Sequence[Point], index: int, count: int) -> Sequence[Point]:
    """Return the points of one of several jobs: as many as of any other, or one more.

    Args:
        points: all points of the study, in the order of their numbers.
        index: the job, from 0.
        count: the number of jobs.
    """
    return points[index * len(points) // count : (index + 1) * len(points) // count]


def array_of(indices: Iterable[int]) -> str:
    """Return numbers as Slurm's --array has them: `0-3,7`."""
    found: list[list[int]] = []
    for index in sorted(indices):
        if found and index == found[-1][1] + 1:
            found[-1][1] = index
        else:
            found.append([index, index])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found)


def slurm_script(
    study: Path,
    name: str,
    blocks: int,
    left: Iterable[int],
    at_once: int | None,
    seconds: float | None,
) -> str:
    """Return the text of the script.

    Args:
        study: the folder of the study.
        name: the name of the jobs.
        blocks: the number of blocks into which the points are divided.
        left: the blocks that are not finished.
        at_once: how many jobs may run at once; None for as many as Slurm likes.
        seconds: the time limit of a job, after which it is queued again; None for the cluster's.
    """
    folder = study.absolute()
    return _SCRIPT.format(
        script=shlex.quote(str(folder / "slurm.sh")),
        name=re.sub(r"[^A-Za-z0-9._-]", "-", name) or "study",
        array=array_of(left) + ("" if at_once is None else f"%{at_once}"),
        notice=SECONDS_OF_NOTICE,
        study=shlex.quote(str(folder)),
        python=shlex.quote(sys.executable),
        blocks=blocks,
        time="" if seconds is None else f"\n#SBATCH --time={max(1, math.ceil(seconds / 60))}",
    )


def writer_name(index: int, _: int) -> str:
    """Return a name for the lines of a job that no other job has, nor this one before a requeue."""
    parts = [os.environ.get(name, "") for name in ("SLURM_ARRAY_JOB_ID", "SLURM_RESTART_COUNT")]
    array, restart = (part if part.isdecimal() else "0" for part in parts)
    return f"slurm-{index}-{array}-{restart}-{secrets.token_hex(3)}"
