"""Import matplotlib in two thirds of the time, for commands that draw and end."""

import sys
from importlib import import_module
from typing import Any

__all__ = ["import_matplotlib"]


def import_matplotlib() -> None:
    """Import what pictures need, without the lists of properties in the documentation of artists.

    matplotlib writes them anew for a hundred classes at each import. Nobody can ask for them in a
    process of the command line. Nothing happens if matplotlib is imported already.
    """
    if "matplotlib.artist" in sys.modules:
        return
    from matplotlib import _docstring
    from matplotlib.artist import Artist

    written = (
        (Artist, "_update_set_signature_and_docstring", classmethod(_nothing)),
        (getattr(_docstring, "_ArtistKwdocLoader", None), "__missing__", _no_list),
    )
    before = [(owner, name, vars(owner)[name]) for owner, name, _ in written if _has(owner, name)]
    if len(before) < len(written):  # another version of matplotlib
        return
    try:
        for owner, name, instead in written:
            setattr(owner, name, instead)
        import_module("matplotlib.backends.backend_agg")
        import_module("matplotlib.figure")
    finally:
        for owner, name, own in before:
            setattr(owner, name, own)


def _has(owner: Any, name: str) -> bool:
    return owner is not None and name in vars(owner)


def _nothing(kind: type) -> None:
    """Write no documentation."""


def _no_list(loader: dict[str, str], name: str) -> str:
    """Return no list of properties, and keep none: matplotlib may still write it later."""
    return ""
