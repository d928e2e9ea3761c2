"""`seqtasks runs export`: runs as one file to send or to keep."""

from pathlib import Path

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import echo_json, say
from seqtasks.cli.runs.sizes import kinds_in_words, size_text
from seqtasks.errors import RunError, UsageError, counted
from seqtasks.runs.bundle import ENDINGS, check_bundle_name, write_bundle
from seqtasks.runs.locking import is_held
from seqtasks.runs.owned_folders import owned_folders

__all__ = ["export"]


@click.command()
@click.argument(
    "run",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    shell_complete=complete_runs,
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help=f"The archive: {', '.join(ENDINGS)}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def export(run: tuple[Path, ...], output: Path, as_json: bool) -> None:
    """Write runs or studies to one archive, which unpacks anywhere.

    Only regular files go in; links and devices are named and left out.
    """
    check_bundle_name(output)
    owned = owned_folders(run)
    inside = [one for one in owned if one.path.resolve() in output.resolve().parents]
    if inside:
        raise UsageError(f"{output} would lie in {inside[0].path}: name a file outside the run")
    for one in owned:
        for other in one.others:
            say(f"Warning: {one.path / other} is no regular file: it is left out", err=True)
    written = write_bundle(owned, output)
    for one in owned:
        if is_held(one.path):
            output.unlink(missing_ok=True)
            raise RunError(f"{one.path} began to run meanwhile: no archive was made")
    if as_json:
        echo_json(
            {
                "path": str(output),
                "runs": [one.name for one in owned],
                "bytes": output.stat().st_size,
                "sha256": written,
            }
        )
        return
    files, size = counted(len(written), "file"), size_text(output.stat().st_size)
    say(f"{output}: {kinds_in_words(owned)}, {files}, {size}")
