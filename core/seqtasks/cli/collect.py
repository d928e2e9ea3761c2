"""`seqtasks collect`."""

import shlex
from pathlib import Path

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import echo_json
from seqtasks.cli.study_table import echo_study
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import RunError, counted

__all__ = ["collect"]


@click.command()
@click.argument("study", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option("--json", "as_json", is_flag=True, help="Print the table as one JSON document.")
@trust_option
def collect(study: Path, as_json: bool, trust: bool) -> None:
    """Put together what the Slurm jobs of STUDY have written, and print its table.

    The exit status is 1 while runs are missing. The last line then says which jobs to submit again.
    """
    from seqtasks.studies.array_jobs import left_of
    from seqtasks.studies.lifecycle import collect_study

    found = collect_study(study, trust=trust)
    if as_json:
        echo_json(found.summary())
    else:
        echo_study(found)
    left = left_of(found)
    if left is not None:
        script = shlex.quote(str(left.script))
        raise RunError(
            f"{counted(left.runs, 'run')} of {found.runs} are missing, of the jobs {left.array}\n"
            f"Submit those that do not run or wait: sbatch --array={left.array} {script}"
        )
