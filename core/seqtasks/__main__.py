"""`python -m seqtasks` is the command `seqtasks`."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line. An interrupt before it begins or as it ends is not an error."""
    try:
        _leave_current_folder()
        from seqtasks.cli import main as run

        run()
    except KeyboardInterrupt:
        os._exit(130)


def _leave_current_folder() -> None:
    """Take the current folder, which `python -m` puts first, off the module path.

    A folder of runs may contain a file named numpy.py.
    """
    try:
        current = os.getcwd()  # noqa: PTH109 - pathlib is not needed yet
    except OSError:
        return  # the folder is gone; the command line reports it
    if not sys.flags.safe_path and sys.path and sys.path[0] == current:
        del sys.path[0]


if __name__ == "__main__":
    main()
