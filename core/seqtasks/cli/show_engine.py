"""Describe, for `seqtasks show CELL`, the engine that runs a cell and its compiled program."""

import textwrap
from typing import Any, NamedTuple

import torch

from seqtasks.authoring.model_mistakes import ROWS, check_steps, model_mistakes
from seqtasks.cli.wrapping import text_width
from seqtasks.engine.contract.protocol import Passes
from seqtasks.engine.engines import Engines
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

__all__ = ["SIZE", "engine_document", "engine_lines", "program_source"]

SIZE = 32
BATCH, STEPS, SYMBOLS = 2, 4, 2
COLUMN = 20


class _Tried(NamedTuple):
    engines: Engines
    program: Passes | None
    mistakes: list[str]


def engine_lines(name: str) -> list[str]:
    """Return a cell's engine, why no faster engine runs it, and what its parts compute."""
    engines, program, mistakes = _tried(name)
    lines = [line for mistake in mistakes for line in _wrapped("may be wrong", mistake)]
    lines += [f"{'engine':<{COLUMN}} {engines.name}"]
    for faster, reason in engines.reasons.items():
        lines += _wrapped(f"not {faster}", reason)
    if program is not None:
        lines.append("")
        for part, work in described(program.analysis):
            lines += _wrapped(part, work)
        if isinstance(program, Program):
            lines += ["", f"the whole program: seqtasks show {name} --source"]
    return lines


def engine_document(name: str) -> dict[str, Any]:
    """Return the content of `engine_lines` as JSON data."""
    engines, program, mistakes = _tried(name)
    parts = {} if program is None else dict(described(program.analysis))
    return {
        "engine": engines.name,
        "not_faster": engines.reasons,
        "may_be_wrong": mistakes,
        "parts": parts,
    }


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
    engines, program, _ = _tried(name)
    if not isinstance(program, Program):
        reason = engines.reasons.get("native", "another engine is in use")
        raise UsageError(f"cell '{name}' is not compiled: {reason}")
    return program.source


def _tried(name: str) -> _Tried:
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
    engines = model.use_engine("auto")
    inputs = torch.zeros(BATCH, STEPS, dtype=torch.int64)
    engines.settle(model.plain_pass, inputs, 1)
    return _Tried(engines, engines.program(STEPS), mistakes)


def _wrapped(label: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, text_width() - COLUMN - 1) or [""]
    first = f"{label:<{COLUMN}} {lines[0]}"
    return [first, *(" " * (COLUMN + 1) + line for line in lines[1:])]
