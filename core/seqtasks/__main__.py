"""`python -m seqtasks` is the command `seqtasks`."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; an interrupt before it has begun, or at its very end, is no fault."""
    try:
        _leave_current_folder()
        from seqtasks.cli import main as run

        run()
    except KeyboardInterrupt:
        os._exit(130)


def _leave_current_folder() -> None:
    """Take the current folder, which `python -m` puts first, off the module path.

    One of runs may hold a numpy.py.
    """
    try:
        current = os.getcwd()  # noqa: PTH109 - pathlib is not needed yet
    except OSError:
        return  # it is gone, of which the command line tells
    if not sys.flags.safe_path and sys.path and sys.path[0] == current:
        del sys.path[0]


if __name__ == "__main__":
    main()
