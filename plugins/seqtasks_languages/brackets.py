"""The alphabet of brackets of several kinds."""

from seqtasks.tasks import Tokens, UsageError

__all__ = ["brackets", "check_at_least_one", "check_kinds"]

_WRITTEN = "()[]{}<>"
_MOST_KINDS = 1000


def brackets(kinds: int) -> Tokens:
    """Return the opening (even ids) and closing (odd ids) brackets of kinds 0, 1, ...

    Four kinds are written `()[]{}<>`; with more kinds, kind 7 is written `(7` and `)7`.
    """
    if 2 * kinds <= len(_WRITTEN):
        return Tokens(_WRITTEN[: 2 * kinds])
    return Tokens([f"{side}{kind}" for kind in range(kinds) for side in "()"])


def check_kinds(kinds: int) -> None:
    """Raise a UsageError for 0 kinds of brackets, or for more than an alphabet may have."""
    check_at_least_one(kinds=kinds)
    if kinds > _MOST_KINDS:
        raise UsageError(f"kinds must be at most {_MOST_KINDS}, got {kinds}")


def check_at_least_one(**parameters: int) -> None:
    """Raise a UsageError for a parameter below 1."""
    for name, value in parameters.items():
        if value < 1:
            raise UsageError(f"{name} must be at least 1, got {value}")
