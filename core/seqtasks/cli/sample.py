"""`seqtasks sample`: instances of a task to read or to use elsewhere."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from seqtasks.alphabet import IGNORE, Reals, Tokens, TokenSets
from seqtasks.cli.completion import complete_names
from seqtasks.cli.show import aligned
from seqtasks.errors import UsageError
from seqtasks.lengths import LengthRange
from seqtasks.lookup import task as find_task
from seqtasks.randomness import stream
from seqtasks.runs.files import write_atomically
from seqtasks.tasks import Batch, Task

__all__ = ["sample"]


@click.command()
@click.argument("task", shell_complete=complete_names("task"))
@click.option(
    "-n", "--count", type=click.IntRange(1), default=5, show_default=True, help="Instances."
)
@click.option("--length", metavar="N|A..B", default="8", show_default=True, help="Input length.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "npz"]),
    default="text",
    show_default=True,
    help="Aligned text, a JSON object a line, or NumPy arrays.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to a file instead.")
def sample(task: str, count: int, length: str, seed: int, form: str, output: Path | None) -> None:
    """Draw instances of TASK."""
    made = find_task(task)
    lengths = made.lengths.select(LengthRange.parse(length), task)
    chosen = stream(seed, "sample lengths").integers(len(lengths), size=count)
    batches = [
        made.batch(stream(seed, "sample", index, lengths[place]), 1, lengths[place])
        for index, place in enumerate(chosen.tolist())
    ]
    content = _WRITERS[form](made, batches)
    if output is not None:
        write_atomically(output, content)
        return
    stdout = sys.stdout.buffer
    if form == "npz" and stdout.isatty():
        raise UsageError("npz is binary: name a file with --output FILE.npz, or redirect stdout")
    stdout.write(content)
    stdout.flush()


def _text(made: Task, batches: list[Batch]) -> bytes:
    return ("\n\n".join(aligned(batch, made) for batch in batches) + "\n").encode()


def _jsonl(made: Task, batches: list[Batch]) -> bytes:
    lines = [
        json.dumps(
            {"inputs": _side(made.inputs, b.inputs), "targets": _side(made.targets, b.targets)}
        )
        for b in batches
    ]
    return ("\n".join(lines) + "\n").encode()


def _side(alphabet: Any, values: Any) -> list[Any]:
    """Return an instance as a list of symbols, sets or vectors; null where nothing is scored."""
    if isinstance(alphabet, TokenSets):
        return [[s for s, i in zip(alphabet.symbols, row, strict=True) if i] for row in values[0]]
    if isinstance(alphabet, Tokens):
        words = alphabet.words(values[0])
        return [None if i == IGNORE else w for i, w in zip(values[0], words, strict=True)]
    return [None if np.isnan(vector).any() else vector.tolist() for vector in values[0]]


def _npz(made: Task, batches: list[Batch]) -> bytes:
    """Return inputs, targets and lengths, right-padded: inputs with 0, targets as not scored."""
    steps = max(int(batch.lengths[0]) for batch in batches)
    unscored: float = np.nan
    if not isinstance(made.targets, Reals):
        unscored = IGNORE if isinstance(made.targets, Tokens) else False

    def padded(values: Any, fill: float) -> Any:
        width = [(0, 0), (0, steps - values.shape[1]), *[(0, 0)] * (values.ndim - 2)]
        return np.pad(values, width, constant_values=fill)

    content = io.BytesIO()
    np.savez(
        content,
        inputs=np.concatenate([padded(batch.inputs, 0) for batch in batches]),
        targets=np.concatenate([padded(batch.targets, unscored) for batch in batches]),
        lengths=np.concatenate([batch.lengths for batch in batches]),
    )
    return content.getvalue()


_WRITERS: dict[str, Callable[[Task, list[Batch]], bytes]] = {
    "text": _text,
    "jsonl": _jsonl,
    "npz": _npz,
}
