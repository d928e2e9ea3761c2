"""The package of the user's own files, so that a new process can import a class by its module.

seqtasks executes a user's file as the module `seqtasks_files.file:DIGEST:PATH`. A pickled class
names this module, and a process that unpickles the class finds the file here, even if it has not
imported seqtasks before. The package has a name of its own because the code below it is the user's.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

__path__: list[str] = []


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the files by the names of their modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the loader of a user's file, or None for any other module."""
        if not fullname.startswith(f"{__name__}.") or fullname.count(".") != 1:
            return None
        # Imported here, because a process that only lists this package needs nothing of it.
        from seqtasks.registry.user_files import module_spec

        return module_spec(fullname)


sys.meta_path.append(_Finder())
