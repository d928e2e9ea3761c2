"""Mistakes in what a task says of itself."""

from dataclasses import dataclass

import seqtasks as st
from planted_tasks.right import Right

__all__ = ["ITSELF"]


class NoDocstring(Right):
    __doc__ = None


@dataclass(frozen=True)
class NoDocstringOfItsOwn(Right):  # dataclass writes one
    shift: int = 3


class NoSource(Right):
    """Say it without a source."""

    source = " "


class UnknownLayout(Right):
    """Stand nowhere."""

    layout = "last"


class RealAccuracy(Right):
    """Score reals by equality."""

    inputs = targets = st.Reals(1)


class UnknownCell(Right):
    """Recommend a cell that there is not."""

    settings = st.Settings(cell="grru")


class RecommendsARefusedLength(Right):
    """Recommend a length that it does not have."""

    lengths = st.AllowedLengths(minimum=2, step=2)
    settings = st.Settings(length="4", evaluation_lengths=(5,))


ITSELF = {
    NoDocstring: ("has-docstring", "has no docstring: say below `class NoDocstring`"),
    NoDocstringOfItsOwn: ("has-docstring", "has no docstring"),
    NoSource: ("names-its-source", 'write `source = "A. Author, Title, Year"`'),
    UnknownLayout: ("says-what-it-is", "must be each, end or after, got 'last'"),
    RealAccuracy: ("says-what-it-is", "real targets, which accuracy cannot score"),
    UnknownCell: ("settings-can-be-used", "Did you mean 'gru'?"),
    RecommendsARefusedLength: ("settings-can-be-used", "cannot have length 5"),
}
