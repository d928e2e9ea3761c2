"""Import a plugin: check its requirements and its hooks, and name it if it is slow."""

import contextlib
import logging
import sys
import threading
from collections.abc import Generator
from importlib.metadata import Distribution
from typing import Any

from seqtasks import __version__, hookspecs
from seqtasks.errors import UsageError
from seqtasks.registry.process_settings import process_kept
from seqtasks.registry.replaced_functions import functions_kept

__all__ = [
    "NEEDS",
    "OWN_DISTRIBUTION",
    "check_marked",
    "check_required_version",
    "importing",
]

logger = logging.getLogger("seqtasks")

OWN_DISTRIBUTION = "seqtasks"
NEEDS = "it needs"
"""The start of the reason for which a plugin of another version is set aside."""
SLOW = 3.0
"""Name a plugin if its import takes longer than this many seconds."""

_one_at_a_time = threading.RLock()
"""What is set aside belongs to the process: of two threads, one would put back the other's."""


@contextlib.contextmanager
def importing(
    title: str, name: str, slow: float = SLOW, *, ours: bool = False
) -> Generator[None, None, None]:
    """Import something of a plugin. The import may print, take long or be interrupted.

    Its output goes to stderr: stdout is for the command's result, such as JSON.

    Args:
        title: the name of the import in messages, such as `plugin example of seqtasks-example`.
        name: the plugin's name, for the advice to leave it out.
        slow: the number of seconds after which the plugin is named.
        ours: whether the plugin is the core's own, which must never be left out.

    Raises:
        KeyboardInterrupt: with a text that names the interrupted import.
    """
    said = f"{title} takes long to import; to leave it out: --no-plugin {name}"
    ended, torch_was_there = threading.Event(), "torch" in sys.modules

    def watch() -> None:
        over = ended.wait(slow)
        if not over and not torch_was_there and "torch" in sys.modules:
            over = ended.wait(
                slow
            )  # torch takes long on a busy machine; the plugin is not to blame
        if not over:
            logger.warning(said)

    _one_at_a_time.acquire()
    try:
        if not ours:
            threading.Thread(target=watch, daemon=True).start()
        functions = contextlib.nullcontext() if ours else functions_kept(title)
        with contextlib.redirect_stdout(sys.stderr), process_kept(title), functions:
            yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted while {title} was being imported; to leave it out: --no-plugin {name}"
        ) from None
    finally:
        ended.set()
        _one_at_a_time.release()


def check_marked(module: Any, marked: list[str]) -> None:
    """Refuse a module without marked hooks, or with an unmarked one: it would give nothing."""
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, "seqtasks_spec")]
    forgotten = [
        name
        for name in hooks
        if name not in marked
        and getattr(getattr(module, name, None), "__module__", None)
        == getattr(module, "__name__", "")
    ]
    if forgotten:
        raise UsageError(f"it defines {forgotten[0]} without @seqtasks.hookimpl above it")
    if not marked:
        raise UsageError(
            "it gives nothing: no function in it is marked with @seqtasks.hookimpl "
            f"({', '.join(hooks)})"
        )


def check_required_version(distribution: Distribution) -> None:
    """Raise if a distribution's metadata requires another seqtasks than this one."""
    wanted = [text for text in distribution.requires or () if text.lower().startswith("seqtasks")]
    if not wanted:
        return  # packaging takes a while to import
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for requirement in map(Requirement, wanted):
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        fits = requirement.specifier.contains(__version__, prereleases=True)
        if canonicalize_name(requirement.name) == OWN_DISTRIBUTION and applies and not fits:
            raise UsageError(f"{NEEDS} {requirement}, this is seqtasks {__version__}")
