"""Measure training steps of cells beside the plain loop, and keep the figures as JSON.

The figures of a machine belong to that machine, so pages are made from kept figures, and only
`seqtasks gallery --measure` measures them anew.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqtasks.files.atomic import read_json
from seqtasks.files.validation import anything, checked, fields, real, table, text

__all__ = ["FILE", "Speed", "Speeds", "measured_speeds", "read_speeds"]

FILE = "speeds.json"
SIZE = "small"
"""The size of the benchmark at which cells are measured."""
ENGINES = ("plain", "torch", "native")
REPEATS = 5

_SHAPE = fields(
    {
        "machine": table(anything),
        "size": table(anything),
        "cells": table(fields({"engine": text, "ms": real, "plain_ms": real})),
    }
)


@dataclass(frozen=True)
class Speed:
    """A cell's training step: the fastest engine's, and the plain loop's, in milliseconds."""

    engine: str
    ms: float
    plain_ms: float


@dataclass(frozen=True)
class Speeds:
    """Figures measured on one machine.

    Attributes:
        machine: the machine, as `seqtasks bench engine --json` describes it.
        size: batch, time and width of the measured model, and the size's name.
        cells: the figures by the cell's name.
    """

    machine: Mapping[str, Any]
    size: Mapping[str, Any]
    cells: Mapping[str, Speed]

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        cells = {name: asdict(speed) for name, speed in self.cells.items()}
        return {"machine": dict(self.machine), "size": dict(self.size), "cells": cells}


def measured_speeds(cells: Iterable[str], tell: Callable[[str], None]) -> Speeds:
    """Measure a training step of each cell by every engine in turns, with one thread.

    A cell that no engine trains is left out. `tell` receives what is being done.
    """
    import torch

    from seqtasks.benchmark.machine import machine_facts
    from seqtasks.benchmark.measuring import measure
    from seqtasks.benchmark.problem import Problem
    from seqtasks.benchmark.sizes import find_size

    size = find_size(SIZE)
    found: dict[str, Speed] = {}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name in cells:
            tell(f"measuring {name}")
            timings = measure(Problem(size, name), ENGINES, REPEATS).timings
            ms = {one.contender: one.ms for one in timings}
            if "plain" in ms:
                fastest = min(ms, key=lambda one: ms[one])
                found[name] = Speed(fastest, ms[fastest], ms["plain"])
    finally:
        torch.set_num_threads(threads)
    return Speeds(machine_facts(), asdict(size), found)


def read_speeds(path: Path) -> Speeds | None:
    """Return the figures that a file keeps; None without the file.

    Raises:
        UsageError: if the file is damaged.
    """
    if not path.exists():
        return None
    data = checked(read_json(path), _SHAPE, path)
    cells = {name: Speed(**one) for name, one in data["cells"].items()}
    return Speeds(data["machine"], data["size"], cells)
