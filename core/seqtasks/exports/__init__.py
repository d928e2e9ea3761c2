"""Instances of a task as files for other programs, with a manifest that makes them again."""

from seqtasks.exports.exporting import Exported, export, regenerate

__all__ = ["Exported", "export", "regenerate"]
