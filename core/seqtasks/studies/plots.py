"""Pictures of a study: the share of seeds that solved the task over steps, accuracy over length."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["save_plots"]


def save_plots(study: "Study", folder: Path) -> None:
    """Write `seeds.png` and `lengths.png`."""
