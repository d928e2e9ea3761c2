"""Make the pages of a gallery: each thing's page and picture, and a first page that lists them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seqtasks.cli.description import CellDescription, TaskDescription, describe
from seqtasks.cli.gallery.cell_page import cell_page
from seqtasks.cli.gallery.markdown import cell, escaped, table
from seqtasks.cli.gallery.measured import Measurement
from seqtasks.cli.gallery.pictures import drawn
from seqtasks.cli.gallery.speeds import Speeds
from seqtasks.cli.gallery.task_page import task_page
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.registrations import Entry

__all__ = ["Gallery", "chosen", "gallery_files"]


@dataclass(frozen=True)
class Gallery:
    """The contents of a gallery.

    Attributes:
        tasks: the tasks, in order.
        cells: the cells, in order.
        measured: results to show on the pages of the things that they are about.
        speeds: training steps of the cells, if they were measured.
    """

    tasks: Sequence[Entry]
    cells: Sequence[Entry]
    measured: Sequence[Measurement] = ()
    speeds: Speeds | None = None


def chosen(origins: Sequence[str]) -> tuple[list[Entry], list[Entry]]:
    """Return the tasks and cells of some plugins or distributions; without names, of all.

    Raises:
        UsageError: for an unknown name, or if there is nothing to show.
    """
    registry = current_registry()
    tasks, cells = registry.entries("task"), registry.entries("cell")
    for name in origins:
        if not any(name in (one.plugin, one.distribution) for one in [*tasks, *cells]):
            known = sorted({one.plugin for one in [*tasks, *cells]})
            raise UsageError(
                f"no plugin or distribution '{name}' brings a task or a cell; there are: "
                f"{', '.join(known)}.{did_you_mean(name, known)}"
            )
    if origins:
        tasks = [one for one in tasks if {one.plugin, one.distribution} & set(origins)]
        cells = [one for one in cells if {one.plugin, one.distribution} & set(origins)]
    if not tasks and not cells:
        raise UsageError("no plugin brings a task or a cell, so there is nothing to show")
    return tasks, cells


def gallery_files(shown: Gallery, tell: Callable[[str], None] = lambda _: None) -> dict[str, str]:
    """Return the content of each file by its path in the gallery's folder.

    Args:
        shown: what to show.
        tell: receives the name of each thing before its page is made.

    Raises:
        UsageError: if a thing fails; the message names it.
    """
    files: dict[str, str] = {}
    for entry in shown.tasks:
        tell(entry.name)
        found = describe("task", entry.name)
        assert isinstance(found, TaskDescription)
        about = [one for one in shown.measured if entry.name in one.tasks]
        files[f"tasks/{entry.name}.md"] = task_page(entry, found, about)
        files[f"tasks/{entry.name}.svg"] = drawn(found.example, found.task)
    for entry in shown.cells:
        tell(entry.name)
        found = describe("cell", entry.name)
        assert isinstance(found, CellDescription)
        about = [one for one in shown.measured if entry.name in one.cells]
        files[f"cells/{entry.name}.md"] = cell_page(entry, found, about, shown.speeds)
    return {"index.md": _first_page(shown), **files}


def _first_page(shown: Gallery) -> str:
    sections = ["# Gallery"]
    if shown.tasks:
        sections.append("## Tasks")
        for family in sorted({one.family for one in shown.tasks}):
            members = [one for one in shown.tasks if one.family == family]
            sections += [f"### {escaped(family)}" if family else "", _listed("tasks", members)]
    if shown.cells:
        sections += ["## Cells", _listed("cells", shown.cells)]
    return "\n\n".join(filter(None, sections)) + "\n"


def _listed(folder: str, entries: Sequence[Entry]) -> str:
    rows = [[f"[{escaped(e.name)}]({folder}/{e.name}.md)", cell(e.summary)] for e in entries]
    return table(["name", "is"], rows)
