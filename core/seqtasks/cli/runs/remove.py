"""`seqtasks runs remove` and `seqtasks runs archive`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import echo_json, say
from seqtasks.cli.runs.sizes import ask, kinds_in_words, size_text
from seqtasks.errors import RunError, SeqtasksError, counted
from seqtasks.runs.owned_folders import Owned, owned_folders
from seqtasks.runs.removal import ARCHIVE, archive_run, check_removable, remove_run

__all__ = ["archive", "remove"]

_runs_argument = click.argument(
    "run",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    shell_complete=complete_runs,
)
_yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.command()
@_runs_argument
@_yes_option
@_json_option
def remove(run: tuple[Path, ...], yes: bool, as_json: bool) -> None:
    """Remove runs or studies for good.

    Each RUN must be the folder of a run or a study, no link, that no process is running.
    """
    owned = owned_folders(run)
    check_removable(owned)
    ask(f"Remove {_together(owned)}?", _lines(owned), yes)
    done = _each(owned, lambda one: remove_run(one), "removed")
    if as_json:
        echo_json({"removed": [str(one.path) for one in done], "bytes": sum(o.size for o in done)})
    else:
        say(f"removed {_together(done)}")


@click.command()
@_runs_argument
@_yes_option
@_json_option
def archive(run: tuple[Path, ...], yes: bool, as_json: bool) -> None:
    """Put each RUN into an archive, and remove it then.

    The archive is `archive/RUN.tar.gz` beside the run. It is read back and compared with the run
    before the run is removed.
    """
    owned = owned_folders(run)
    check_removable(owned, lossless=True)
    ask(f"Archive {_together(owned)} and remove the folders?", _lines(owned), yes)
    paths: dict[str, str] = {}

    def put(one: Owned) -> None:
        paths[str(one.path)] = str(archive_run(one))

    done = _each(owned, put, "archived")
    if as_json:
        echo_json({"archived": paths, "bytes": sum(one.size for one in done)})
        return
    for path in paths.values():
        say(path)
    say(f"archived {_together(done)} in {ARCHIVE}/", err=True)


def _each(owned: Sequence[Owned], do: Callable[[Owned], None], past: str) -> list[Owned]:
    """Do something with each run; an error says what was done before it."""
    done: list[Owned] = []
    for one in owned:
        try:
            do(one)
        except SeqtasksError as error:
            if not done:
                raise
            before = f"{counted(len(done), 'run')} before it {'was' if len(done) == 1 else 'were'}"
            raise RunError(f"{error} ({before} {past})") from error
        done.append(one)
    return done


def _together(owned: Sequence[Owned]) -> str:
    return f"{kinds_in_words(owned)} ({size_text(sum(one.size for one in owned))})"


def _lines(owned: Sequence[Owned]) -> list[str]:
    return [
        f"{one.path}: {one.kind}, {counted(len(one.files), 'file')}, {size_text(one.size)}"
        for one in owned
    ]
