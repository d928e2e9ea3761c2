"""End the process of a command soon: to take torch down takes a third of a second, for nothing.

At an ordinary end, Python destroys all modules and objects one by one. Code of others may rely on
that: a file that it left open is written then. So only a process of our own code ends without.
"""

import atexit
import os
import sys
import sysconfig
import threading
from contextlib import suppress
from typing import NoReturn

from seqtasks.registry.discovery import OWN_DISTRIBUTION, current_registry

__all__ = ["leave"]


def leave(code: int) -> NoReturn:
    """End this process with an exit code, after all that was registered for its end.

    Raises:
        SystemExit: if Python must end in the ordinary way.
    """
    if "torch" not in sys.modules or _is_watched() or not _is_ours():
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # it is none, full or closed
            stream.flush()
    os._exit(code)


def _is_watched() -> bool:
    """Say whether somebody measures this process, looks into it, or has threads in it."""
    threads = [one for one in threading.enumerate() if not one.daemon]
    looked_into = sys.flags.inspect or sys.flags.dev_mode
    traced = sys.gettrace() is not None or sys.getprofile() is not None
    return bool(looked_into) or traced or threads != [threading.main_thread()]


def _is_ours() -> bool:
    """Say whether all code comes from seqtasks, from Python, or from installed libraries."""
    plugins = current_registry().plugins
    if any(plugin.distribution != OWN_DISTRIBUTION for plugin in plugins):
        return False
    # The modules below `seqtasks_files` are a user's own.
    ours = {getattr(plugin.module, "__name__", "").partition(".")[0] for plugin in plugins}
    ours |= {"seqtasks", "__main__", "__mp_main__"}
    paths = sysconfig.get_paths()
    known = tuple(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    for name, module in sys.modules.copy().items():
        file = getattr(module, "__file__", None) or ""
        of_us = name == "seqtasks_files" or name.partition(".")[0] in ours
        of_others = not of_us and not file.startswith(known)
        if of_others and os.path.isabs(file):  # noqa: PTH117 - called for each module
            return False
    return True
