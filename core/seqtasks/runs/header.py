"""What a safetensors file of a run says of itself, read without its tensors and without torch."""

from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.json_text import read_text
from seqtasks.runs.files import open_regular
from seqtasks.runs.schemas import PROGRESS
from seqtasks.shapes import anything, checked, fields, listed, table, text, whole

__all__ = ["ABOUT", "WEIGHTS", "WEIGHTS_OF", "read_progress", "remedy"]

MOST_HEADER = 100 * 10**6
"""Bytes of the largest header, as safetensors itself has it."""

ABOUT = fields({"digest": text, "progress": text}, {"complex": listed(text)})
"""What the entry `seqtasks` of the metadata holds."""

WEIGHTS_OF = "weights_of_step"
WEIGHTS = fields({}, {WEIGHTS_OF: whole(0), "decided_by": table(anything)})
"""What weights say of themselves."""

remedy = "restore it from a copy, or start the run again with `seqtasks run`"


def read_progress(path: Path) -> dict[str, Any]:
    """Return the progress in a checkpoint; its digest is not checked.

    Raises:
        UsageError: if the file is not one.
    """
    with open_regular(path) as file:
        size = int.from_bytes(file.read(8), "little")
        header = file.read(size) if size <= MOST_HEADER else b""
    metadata = fields({"__metadata__": fields({"seqtasks": text})})
    about = checked(read_text(header, path), metadata, path)["__metadata__"]["seqtasks"]
    progress = checked(read_text(about.encode(), path), ABOUT, path)["progress"]
    held = read_text(progress.encode(), path) if progress else {WEIGHTS_OF: None}
    if isinstance(held, dict) and WEIGHTS_OF in held:
        raise UsageError(f"{path} holds weights alone, not a checkpoint; {remedy}")
    return checked(held, PROGRESS, path)
