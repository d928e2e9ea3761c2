"""Runs on disk: directories, checkpoints and files written whole."""

from seqtasks.runs.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_weights,
    write_checkpoint,
    write_weights,
)
from seqtasks.runs.directory import FORMAT, RunDirectory, list_runs
from seqtasks.runs.files import read_json, write_atomically, write_json, writing

__all__ = [
    "FORMAT",
    "Checkpoint",
    "RunDirectory",
    "list_runs",
    "read_checkpoint",
    "read_json",
    "read_weights",
    "write_atomically",
    "write_checkpoint",
    "write_json",
    "write_weights",
    "writing",
]
