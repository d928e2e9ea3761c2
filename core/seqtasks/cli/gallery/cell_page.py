"""Write the page of a cell, from its description."""

from collections.abc import Sequence

from seqtasks.cli.description import CellDescription
from seqtasks.cli.gallery.markdown import (
    bullets,
    cell,
    code,
    escaped,
    paragraphs,
    parameter_list,
    table,
)
from seqtasks.cli.gallery.measured import Measurement, tables
from seqtasks.cli.gallery.speeds import Speeds
from seqtasks.errors import counted
from seqtasks.registry.registrations import Entry

__all__ = ["cell_page"]


def cell_page(
    entry: Entry, found: CellDescription, measured: Sequence[Measurement], speeds: Speeds | None
) -> str:
    """Return a page in Markdown."""
    sections = [
        f"# {escaped(entry.name)}",
        escaped(entry.summary),
        paragraphs(found.about.definition),
        _facts(entry, found),
        parameter_list(found.about),
        "## How it runs",
        _engine(found),
        _speed(entry.name, speeds),
    ]
    if found.engine.parts:
        rows = [[cell(part), cell(work)] for part, work in found.engine.parts.items()]
        sections += [table(["part", "computes"], rows)]
    sections += ["## Train it", f"    seqtasks run parity --cell {entry.name}"]
    if measured:
        sections += ["## Measured", tables(measured)]
    return "\n\n".join(filter(None, sections)) + "\n"


def _facts(entry: Entry, found: CellDescription) -> str:
    return (
        f"Plugin {code(entry.plugin)} of {code(entry.distribution)}. "
        f"{counted(found.trained_numbers, 'trained number')} at embedding size {found.size} and "
        f"hidden size {found.size}."
    )


def _engine(found: CellDescription) -> str:
    names = {
        "native": "The native engine compiles it to C.",
        "torch": "The torch engine runs it as calls of torch.",
        "plain": "The plain loop runs it.",
    }
    engine = found.engine
    why = [f"not {code(name)}: {escaped(text)}" for name, text in engine.not_faster.items()]
    wrong = [f"may be wrong: {escaped(text)}" for text in engine.may_be_wrong]
    runs = names.get(engine.name or "plain", f"It runs by {escaped(str(engine.name))}.")
    return "\n\n".join(filter(None, [runs, bullets([*why, *wrong])]))


def _speed(name: str, speeds: Speeds | None) -> str:
    speed = speeds.cells.get(name) if speeds is not None else None
    if speeds is None or speed is None:
        return ""
    size = speeds.size
    shape = f"batch {size['batch']}, {size['time']} steps, width {size['width']}"
    return (
        f"A training step ({escaped(shape)}, one thread) takes {speed.ms:.3g} ms by the "
        f"{escaped(speed.engine)} engine and {speed.plain_ms:.3g} ms by the plain loop, "
        f"{speed.plain_ms / speed.ms:.3g} times as long "
        f"({escaped(str(speeds.machine.get('processor')))})."
    )
