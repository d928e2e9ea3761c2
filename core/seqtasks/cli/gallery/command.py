"""`seqtasks gallery`: pages of tasks and cells for a site or a repository."""

from pathlib import Path

import click

from seqtasks.cli.gallery.measured import measurements
from seqtasks.cli.gallery.pages import Gallery, chosen, gallery_files
from seqtasks.cli.gallery.speeds import FILE, measured_speeds, read_speeds
from seqtasks.cli.output import say
from seqtasks.errors import UsageError, counted
from seqtasks.files.atomic import write_json, write_output, writing

__all__ = ["gallery"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("plugins", nargs=-1, metavar="[PLUGIN]...")
@click.option("-o", "--out", type=_PATH, required=True, help="The folder to write.")
@click.option(
    "--results",
    "pages",
    metavar="PAGE.md",
    type=_PATH,
    multiple=True,
    help="Show the rows of the page's tables that hold `seqtasks run TASK ...`.",
)
@click.option(
    "--runs", metavar="FOLDER", type=_PATH, multiple=True, help="Show the scores of these runs."
)
@click.option("--measure", is_flag=True, help="Measure training steps of the cells (minutes).")
@click.option("--overwrite", is_flag=True, help="Write over the files of an earlier gallery.")
def gallery(
    plugins: tuple[str, ...],
    out: Path,
    pages: tuple[Path, ...],
    runs: tuple[Path, ...],
    measure: bool,
    overwrite: bool,
) -> None:
    """Write a page in Markdown for each task and cell of PLUGIN, or of all plugins.

    PLUGIN is a plugin's or a distribution's name. A task's page has the definition, the source, the
    alphabets, a worked example as a picture, the scores of rules without learning and the settings;
    a cell's page has its equations, its source and the engine that runs it. The folder also gets a
    first page, index.md. Figures of --measure stay in speeds.json there, and later pages show them.

    \b
        seqtasks gallery my-plugin --out docs/gallery --runs runs
    """  # noqa: D301 - click reads the backslash
    tasks, cells = chosen(plugins)
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder with --out")
    kept = out / FILE
    if not overwrite and out.is_dir() and any(one != kept for one in out.iterdir()):
        raise UsageError(f"{out} has files in it: add --overwrite, or name another folder")
    measured = measurements(pages, runs)
    known = read_speeds(kept)
    if measure:
        known = measured_speeds([one.name for one in cells], lambda text: say(text, err=True))
    files = gallery_files(Gallery(tasks, cells, measured, known))
    with writing(out):
        for folder in {out / Path(name).parent for name in files}:
            folder.mkdir(parents=True, exist_ok=True)
    if measure and known is not None:
        write_json(kept, known.document())
    for name, content in files.items():
        write_output(out / name, content.encode())
    written = " and ".join(
        counted(len(some), kind) for some, kind in ((tasks, "task"), (cells, "cell")) if some
    )
    say(f"{written}: {out / 'index.md'}")
