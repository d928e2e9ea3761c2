"""Import matplotlib in two thirds of the time, for commands that draw and end."""

import sys
from importlib import import_module

__all__ = ["import_matplotlib"]


def import_matplotlib() -> None:
    """Import what pictures need, without the documentation of each artist's `set` method.

    matplotlib writes it anew for a hundred classes at each import. Nobody can ask for it in a
    process of the command line. Nothing happens if matplotlib is imported already.
    """
    if "matplotlib.artist" in sys.modules:
        return
    from matplotlib.artist import Artist

    name = "_update_set_signature_and_docstring"
    before = vars(Artist).get(name)
    if before is None:  # another version of matplotlib
        return
    setattr(Artist, name, classmethod(_nothing))
    try:
        import_module("matplotlib.backends.backend_agg")
        import_module("matplotlib.figure")
    finally:
        setattr(Artist, name, before)


def _nothing(kind: type) -> None:
    """Write no documentation."""
