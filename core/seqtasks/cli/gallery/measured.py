"""Collect measured results of tasks and cells, from tables in Markdown and from folders of runs."""

import re
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seqtasks.cli.gallery.markdown import code, escaped, table
from seqtasks.cli.output import figure
from seqtasks.errors import UsageError
from seqtasks.runs.listing import list_runs
from seqtasks.specs.grammar import SpecError, parse_spec

__all__ = ["Measurement", "measurements", "tables"]

_COMMAND = re.compile(r"`(seqtasks run [^`]+)`")
_RULE = re.compile(r":?-+:?")
_CELL_BREAK = re.compile(r"(?<!\\)\|")
_OPTION = "--cell"


@dataclass(frozen=True)
class Measurement:
    """A row of measured results.

    Attributes:
        tasks: the tasks that it is about.
        cells: the cells that it names.
        headers: the headers of its table, in Markdown.
        row: its cells, in Markdown.
    """

    tasks: frozenset[str]
    cells: frozenset[str]
    headers: tuple[str, ...]
    row: tuple[str, ...]


def measurements(pages: Iterable[Path], runs: Iterable[Path]) -> list[Measurement]:
    """Return the results in the tables of some pages, then the results of runs in some folders.

    A row of a table counts if one of its cells holds a command `seqtasks run TASK ...`.

    Raises:
        UsageError: if a page cannot be read, or a folder does not exist.
    """
    found = [one for page in pages for one in _of_page(page)]
    return found + [one for folder in runs for one in _of_runs(folder)]


def tables(found: Iterable[Measurement]) -> str:
    """Return rows as tables in Markdown: rows with equal headers share a table."""
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for one in found:
        groups.setdefault(one.headers, []).append(one.row)
    return "\n\n".join(table(headers, rows) for headers, rows in groups.items())


@dataclass
class _Reader:
    """Reads tables line by line: knows the headers of the table it is in."""

    headers: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    def read(self, line: str) -> Measurement | None:
        cells = _cells(line)
        if cells and all(_RULE.fullmatch(one) for one in cells):
            self.headers = self.before
            return None
        self.before = cells
        if not cells:
            self.headers = ()
        if not self.headers or len(cells) != len(self.headers):
            return None
        tasks, cells_named = _named_in(line)
        return Measurement(tasks, cells_named, self.headers, cells) if tasks else None


def _of_page(page: Path) -> list[Measurement]:
    try:
        lines = page.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {page} as a page of results: {error}") from error
    reader = _Reader()
    return [one for one in map(reader.read, lines) if one is not None]


def _cells(line: str) -> tuple[str, ...]:
    line = line.strip()
    if not line.startswith("|"):
        return ()
    return tuple(one.strip() for one in _CELL_BREAK.split(line.strip("|")))


def _named_in(line: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tasks and the cells that the commands of a line name."""
    tasks: set[str] = set()
    cells: set[str] = set()
    for command in _COMMAND.findall(line):
        with suppress(ValueError, SpecError):
            words = shlex.split(command)[2:]
            tasks.add(parse_spec(words[0]).name)
            if _OPTION in words[:-1]:
                cells.add(parse_spec(words[words.index(_OPTION) + 1]).name)
    return frozenset(tasks), frozenset(cells)


def _of_runs(folder: Path) -> list[Measurement]:
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder} of runs")
    headers = ("task", "cell", "seed", "step", "score")
    found: list[Measurement] = []
    for run in list_runs(folder):
        if run["status"] != "finished" or not run.get("scores"):
            continue
        named = isinstance(run["cell"], str)  # else a class or a module of the user's own
        scores = ", ".join(_score(length, one) for length, one in run["scores"].items())
        task = str(run["task"])
        row = (code(task), code(run["cell"] if named else "own module"), str(run["seed"]))
        names = frozenset(_name(run["cell"]) if named else ())
        row = (*row, str(run["step"]), escaped(scores))
        found.append(Measurement(frozenset(_name(task)), names, headers, row))
    return found


def _name(text: str) -> list[str]:
    with suppress(SpecError):
        return [parse_spec(text).name]
    return []


def _score(length: str, metrics: Mapping[str, float]) -> str:
    """Return the first metric at a length."""
    name, value = next(iter(metrics.items()))
    return f"{figure(name, value)} at {length}"
