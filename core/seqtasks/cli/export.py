"""`seqtasks export`: instances of a task as files, and the same bytes again."""

from pathlib import Path

import click
from click.core import ParameterSource

from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import say
from seqtasks.cli.progress import instances_progress
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError, counted
from seqtasks.exports import Exported, regenerate
from seqtasks.exports import export as write_export
from seqtasks.exports.formats import FORMATS

__all__ = ["export"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("task", required=False, shell_complete=complete_names("task"))
@click.option("-n", "--count", type=click.IntRange(1), help="Instances.")
@click.option(
    "--length", metavar="N|A..B", help="Input length; by default the task's training lengths."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="NumPy arrays, JSON lines or a Hugging Face dataset; by default by the ending of PATH.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("-o", "--out", metavar="PATH", type=_PATH, help="The file (hf: folder) to write.")
@click.option(
    "--from-manifest", "manifest", metavar="FILE", type=_PATH, help="Make an export again."
)
@trust_option
@click.option("--overwrite", is_flag=True, help="Replace an existing export.")
@click.pass_context
def export(
    context: click.Context,
    task: str | None,
    count: int | None,
    length: str | None,
    form: str | None,
    seed: int,
    out: Path | None,
    manifest: Path | None,
    trust: bool,
    overwrite: bool,
) -> None:
    """Write instances of TASK to a file, and a manifest that makes the same bytes again.

    \b
        seqtasks export mqar -n 10000 --length 64 --out mqar.npz
        seqtasks export --from-manifest mqar.npz.manifest.json --out again.npz

    With --from-manifest, everything but the path comes from the manifest. If the bytes would
    differ, the command names the differences and writes nothing.
    """  # noqa: D301 - click reads the backslash
    if manifest is not None:
        given = [
            parameter.opts[0]
            for parameter in context.command.params
            if parameter.name in ("task", "count", "length", "form", "seed")
            and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        ]
        if given:
            raise UsageError(f"--from-manifest gives everything: leave out {', '.join(given)}")
        told = instances_progress()
        _report(regenerate(manifest, out, overwrite=overwrite, trust=trust, progress=told))
        return
    if task is None:
        raise UsageError("name a TASK, or give --from-manifest FILE")
    if count is None or out is None:
        missing = "--count" if count is None else "--out"
        raise UsageError(f"{missing} is missing: seqtasks export TASK --count N --out PATH")
    made = write_export(
        task,
        out,
        count=count,
        length=length,
        format=form,
        seed=seed,
        overwrite=overwrite,
        progress=instances_progress(count),
    )
    _report(made)


def _report(made: Exported) -> None:
    known = made.manifest
    say(f"{counted(known.count, 'instance')} of {known.task_name}, length {known.length}")
    say(f"data      {made.path}")
    say(f"manifest  {made.manifest_path}")
