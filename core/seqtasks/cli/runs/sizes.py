"""Sizes in words, and the question before something goes for good."""

import sys
from collections.abc import Sequence

import click

from seqtasks.cli.output import say
from seqtasks.errors import RunError, UsageError
from seqtasks.runs.owned_folders import Owned

__all__ = ["ask", "kinds_in_words", "size_text"]

_MOST_NAMED = 20


def size_text(number: int) -> str:
    """Return a number of bytes in words.

    Example:
        >>> size_text(999), size_text(1_500), size_text(2_000_000)
        ('999 bytes', '1.5 kB', '2.0 MB')
    """
    if number < 1000:
        return "1 byte" if number == 1 else f"{number} bytes"
    size = float(number)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def kinds_in_words(owned: Sequence[Owned]) -> str:
    """Return how many runs and studies there are: `2 runs and 1 study`."""
    parts: list[str] = []
    for kind in dict.fromkeys(one.kind for one in owned):
        number = sum(one.kind == kind for one in owned)
        plural = "studies" if kind == "study" else "runs"
        parts.append(f"{number:,} {kind if number == 1 else plural}")
    return " and ".join(parts)


def ask(question: str, told: Sequence[str], yes: bool) -> None:
    """Ask whether to do something, unless `--yes` has said so.

    Args:
        question: the question.
        told: lines to show before it; of many, the first.
        yes: whether the answer is known to be yes.

    Raises:
        UsageError: if nobody can be asked.
        RunError: if the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is nobody to ask: say so with --yes")
    for line in told[:_MOST_NAMED]:
        say(line, err=True)
    if len(told) > _MOST_NAMED:
        say(f"... and {len(told) - _MOST_NAMED:,} more", err=True)
    if not click.confirm(question, err=True):
        raise RunError("nothing was changed")
