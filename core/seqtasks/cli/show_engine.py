"""Describe, for `seqtasks show CELL`, the engine that runs a cell and its compiled program."""

import textwrap
from dataclasses import dataclass

import torch

from seqtasks.authoring.model_mistakes import ROWS, check_steps, model_mistakes
from seqtasks.cli.wrapping import text_width
from seqtasks.engine.graph.describe import described
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.errors import UsageError
from seqtasks.models.build import cell as build_cell
from seqtasks.models.build import readout
from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.registry.discovery import KINDS, current_registry
from seqtasks.registry.references import short_name
from seqtasks.specs.grammar import parse_spec

__all__ = ["SIZE", "EngineDescription", "describe_engine", "engine_lines", "program_source"]

SIZE = 32
BATCH, STEPS, SYMBOLS = 2, 4, 2
COLUMN = 20


@dataclass(frozen=True)
class EngineDescription:
    """The engine that runs a cell.

    Attributes:
        name: the engine.
        not_faster: by each faster engine, why it does not run the cell.
        may_be_wrong: possible mistakes of the cell.
        parts: what runs before, in and after the loop, by the part.
        source: the C program, or None if the cell is not compiled.
    """

    name: str | None
    not_faster: dict[str, str]
    may_be_wrong: list[str]
    parts: dict[str, str]
    source: str | None


def describe_engine(name: str) -> EngineDescription:
    """Try a cell in a small model, and say which engine runs it and what its parts compute."""
    with torch_stream(0, "initialisation").drawing():
        made = build_cell(name, SIZE, SIZE)
        last = readout("state", SIZE, made.output_size, SYMBOLS)
        model = Model(torch.nn.Embedding(SYMBOLS, SIZE), made, last)
    title = f"cell {short_name(name)}"
    ids = torch.randint(SYMBOLS, (2 * ROWS, STEPS), generator=torch.Generator().manual_seed(0))
    try:
        mistakes = [*check_steps(model, title), *model_mistakes(model, ids)]
    except UsageError as error:
        mistakes = [str(error)]
    model.against_draws = None  # as in a run
    engines = model.use_engine("auto")
    inputs = torch.zeros(BATCH, STEPS, dtype=torch.int64)
    engines.settle(model.plain_pass, inputs, 1)
    program = engines.program(STEPS)
    return EngineDescription(
        name=engines.name,
        not_faster=engines.reasons,
        may_be_wrong=mistakes,
        parts={} if program is None else dict(described(program.model_graph)),
        source=program.source if isinstance(program, Program) else None,
    )


def engine_lines(found: EngineDescription, name: str) -> list[str]:
    """Return a cell's engine, why no faster engine runs it, and what its parts compute."""
    lines = [line for mistake in found.may_be_wrong for line in _wrapped("may be wrong", mistake)]
    lines += [f"{'engine':<{COLUMN}} {found.name}"]
    for faster, reason in found.not_faster.items():
        lines += _wrapped(f"not {faster}", reason)
    if found.parts:
        lines.append("")
        for part, work in found.parts.items():
            lines += _wrapped(part, work)
    if found.source is not None:
        lines += ["", f"the whole program: seqtasks show {name} --source"]
    return lines


def program_source(name: str) -> str:
    """Return the C program of a cell, in a model with two symbols.

    Raises:
        UsageError: if the cell does not exist, or runs on another engine.
    """
    spec = parse_spec(name)
    if spec.is_registered and current_registry().get("cell", spec.name) is None:
        kinds = [kind for kind in KINDS if current_registry().get(kind, spec.name) is not None]
        if kinds:
            raise UsageError(f"--source prints a cell's program, and '{name}' is a {kinds[0]}")
    found = describe_engine(name)
    if found.source is None:
        reason = found.not_faster.get("native", "another engine is in use")
        raise UsageError(f"cell '{name}' is not compiled: {reason}")
    return found.source


def _wrapped(label: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, text_width() - COLUMN - 1) or [""]
    first = f"{label:<{COLUMN}} {lines[0]}"
    return [first, *(" " * (COLUMN + 1) + line for line in lines[1:])]
