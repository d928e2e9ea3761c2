"""`seqtasks sample`: instances of a task to read or to use elsewhere."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from seqtasks.available_memory import check_instances_fit
from seqtasks.cli.completion import complete_names
from seqtasks.cli.description import example_length
from seqtasks.cli.output import STDOUT
from seqtasks.cli.progress import instances_progress
from seqtasks.cli.wrapping import aligned
from seqtasks.errors import UsageError
from seqtasks.exports.formats import json_line, write_npz
from seqtasks.exports.instances import Instance
from seqtasks.files.atomic import write_output
from seqtasks.files.outputs import check_output
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.mistakes import try_task

__all__ = ["sample"]

COPIES = 2
"""Two copies: the instances as they are drawn and as they are written."""


@click.command()
@click.argument("task", shell_complete=complete_names("task"))
@click.option(
    "-n", "--count", type=click.IntRange(1), default=5, show_default=True, help="Instances."
)
@click.option(
    "--length",
    metavar="N|A..B",
    help="Input length; by default TASK's nearest to 8.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "npz"]),
    default="text",
    show_default=True,
    help="Aligned text, a JSON object per line, or NumPy arrays.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to a file instead; - means stdout, even for arrays.",
)
def sample(
    task: str, count: int, length: str | None, seed: int, form: str, output: Path | None
) -> None:
    """Draw instances of TASK."""
    if form == "npz" and output is None:
        raise UsageError(
            "npz is binary: name a file with -o FILE.npz, or write it to stdout with -o -"
        )
    if output not in (None, STDOUT):
        check_output(output)
    made = find_task(task)
    wanted = example_length(made) if length is None else length
    lengths = made.lengths.select(LengthRange.parse(wanted), task)
    check_instances_fit(count, lengths[-1], COPIES)
    try_task(made, lengths[len(lengths) // 2])
    chosen = stream(seed, "sample lengths").integers(len(lengths), size=count)

    def drawn() -> Iterator[Batch]:
        progress = instances_progress(count)
        for index, place in enumerate(chosen):
            at = lengths[int(place)]
            yield made.batch(stream(seed, "sample", index, at), 1, at)
            progress(index + 1)

    pieces = _WRITERS[form](made, drawn())
    if output not in (None, STDOUT):
        write_output(output, b"".join(pieces))
        return
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _text(made: Task, batches: Iterable[Batch]) -> Iterator[bytes]:
    for index, batch in enumerate(batches):
        yield ("\n" * (index > 0) + aligned(batch, made) + "\n").encode()


def _jsonl(made: Task, batches: Iterable[Batch]) -> Iterator[bytes]:
    for instance in _instances(batches):
        yield (json_line(made, instance) + "\n").encode()


def _npz(made: Task, batches: Iterable[Batch]) -> Iterator[bytes]:
    content = io.BytesIO()
    write_npz(content, made, _instances(batches))
    yield content.getvalue()


def _instances(batches: Iterable[Batch]) -> Iterator[Instance]:
    return (Instance(batch.inputs[0], batch.targets[0]) for batch in batches)


_WRITERS: dict[str, Callable[[Task, Iterable[Batch]], Iterator[bytes]]] = {
    "text": _text,
    "jsonl": _jsonl,
    "npz": _npz,
}
