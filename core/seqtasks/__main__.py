"""`python -m seqtasks` is the command `seqtasks`."""

import os
import sys

# `python -m` puts the current folder first on the module path; one of runs may hold a numpy.py.
if not sys.flags.safe_path and sys.path and sys.path[0] == os.getcwd():  # noqa: PTH109
    del sys.path[0]

from seqtasks.cli import main

if __name__ == "__main__":
    main()
