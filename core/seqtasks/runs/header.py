"""Read what a safetensors file says of itself, without its tensors and without torch."""

from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import PROGRESS
from seqtasks.files.atomic import open_regular
from seqtasks.files.json_text import read_text
from seqtasks.files.validation import (
    anything,
    checked,
    fields,
    listed,
    table,
    text,
    whole,
)

__all__ = ["ABOUT", "OBJECT", "WEIGHTS", "WEIGHTS_OF", "read_about", "read_progress", "remedy"]

MOST_HEADER = 100 * 10**6
"""The most bytes of a header; safetensors itself has the same limit."""

ABOUT = fields({"digest": text, "progress": text}, {"complex": listed(text)})
"""The shape of the metadata entry `seqtasks`."""

OBJECT = table(anything)
_HEADER = "its header"
WEIGHTS_OF = "weights_of_step"
WEIGHTS = fields({}, {WEIGHTS_OF: whole(0), "decided_by": table(anything)})
"""The shape of the metadata of weights."""

remedy = "restore it from a copy, or start the run again with `seqtasks run`"


def read_progress(path: Path) -> dict[str, Any]:
    """Return the progress in a checkpoint; its digest is not checked.

    Raises:
        UsageError: if the file is not a checkpoint.
    """
    held = read_about(path)
    if held is None or WEIGHTS_OF in held:
        raise UsageError(f"{path} holds weights alone, not a checkpoint; {remedy}")
    return checked(held, PROGRESS, path)


def read_about(path: Path) -> dict[str, Any] | None:
    """Return the plain data beside the tensors of a file; its digest is not checked.

    Raises:
        UsageError: if the file cannot be read or is damaged.
    """
    with open_regular(path) as file:
        size = int.from_bytes(file.read(8), "little")
        header = file.read(size) if size <= MOST_HEADER else b""
    metadata = fields({"__metadata__": fields({"seqtasks": text})})
    try:
        about = checked(read_text(header, _HEADER), metadata, _HEADER)["__metadata__"]["seqtasks"]
        progress = checked(read_text(about.encode(), _HEADER), ABOUT, _HEADER)["progress"]
        return checked(read_text(progress.encode(), _HEADER), OBJECT, _HEADER) if progress else None
    except UsageError as error:
        raise UsageError(f"{path} is damaged ({error}); {remedy}") from None
