"""Pictures of a study for a reader whose browser runs no scripts."""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqtasks.studies.study import Study

__all__ = ["StillPicture", "still_pictures"]

DOTS_PER_INCH = 100
"""A picture then has 720 pixels in width, and some 40 kB."""


@dataclass(frozen=True)
class StillPicture:
    """A picture inside a page.

    Attributes:
        address: the picture itself, as an address of the scheme `data`.
        words: what it shows, and where its numbers stand.
    """

    address: str
    words: str


def still_pictures(study: "Study") -> list[StillPicture]:
    """Return the pictures that the study keeps beside its runs; none before a run has ended."""
    from seqtasks.studies.plots import lengths_figure, seeds_figure

    if study.unfinished == study.runs:
        return []
    return [
        StillPicture(
            _address(seeds_figure(study)),
            "Share of the seeds that solved the task, over the training steps, with its 95 % "
            "band. The table of steps to solve has its numbers.",
        ),
        StillPicture(
            _address(lengths_figure(study)),
            "Score over length: the median of the seeds, half of them, and nine tenths of them. "
            "The table of scores has its numbers.",
        ),
    ]


def _address(figure: "Figure") -> str:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
