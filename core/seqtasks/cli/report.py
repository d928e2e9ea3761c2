"""`seqtasks report`: a page about a run, a study or a folder of both."""

import sys
from pathlib import Path

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import STDOUT, say
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError

__all__ = ["report"]

BEGINNING = 4096
"""The bytes of a file in which a page names what made it."""


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write, or - for stdout; by default RUN.html in the current folder.",
)
@click.option("--open", "show", is_flag=True, help="Show the page in the browser.")
@trust_option
def report(run: Path, out: Path | None, show: bool, trust: bool) -> None:
    """Make a page about RUN: a run, a study, or a folder of both.

    The page is one file that needs no network and nothing else, so it can be mailed.
    """
    if out == STDOUT and show:
        raise UsageError("--open needs a file: leave out --out - or --open")
    from seqtasks.reports.extras import check_extras

    check_extras()
    from seqtasks.reports.report import check_place
    from seqtasks.reports.report import report as make_report

    if out == STDOUT:
        made = make_report(run, trust=trust)
        sys.stdout.buffer.write(made.html.encode())
        sys.stdout.buffer.flush()
        return
    place = check_place(_usual_place(run) if out is None else out)
    made = make_report(run, place, trust=trust)
    say(f"page  {place}")
    if show:
        made.open()


def _usual_place(run: Path) -> Path:
    """Return the file in the current folder that is named after a run.

    Raises:
        UsageError: if something else than a page of seqtasks has the name.
    """
    from seqtasks.reports.report import MARK

    place = Path(f"{run.resolve().name or 'report'}.html")
    if place.is_file():
        with open(place, "rb") as file:
            if MARK not in file.read(BEGINNING):
                raise UsageError(
                    f"{place} is there and is no page of seqtasks; name another file with --out"
                )
    return place
