"""A run's pictures as white dots: drawing them takes longer than a short run."""

from pathlib import Path
from typing import Any

from seqtasks.files.atomic import write_atomically

__all__ = ["save_dots", "save_study_dots"]

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef924000000"
    "0a49444154789c63f80f0001010100b138f6140000000049454e44ae426082"
)


def save_dots(result: Any, folder: Path) -> None:
    """Write dots where `save_plots` writes the pictures of a run."""
    for name in ("learning.png", "lengths.png"):
        write_atomically(folder / name, DOT)


def save_study_dots(study: Any, folder: Path) -> None:
    """Write dots where `save_plots` of a study writes its pictures."""
    for name in ("seeds.png", "lengths.png"):
        write_atomically(folder / name, DOT)
