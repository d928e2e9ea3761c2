"""Keep what the import of a plugin must not change, for a run would be another one."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

__all__ = ["process_kept", "torch_settings", "warn_of_replaced"]

logger = logging.getLogger("seqtasks")

OWN_VARIABLES = ("SEQTASKS_", "OMP_", "MKL_", "OPENBLAS_", "ATEN_")
"""The beginnings of the names of environment variables that a plugin's import must not change."""


@contextlib.contextmanager
def process_kept(title: str) -> Generator[None, None, None]:
    """Put back what an import must not change: a run would be another one, or not end by a signal.

    These are the current folder, the signals that end us, the settings of Python and torch, and the
    environment variables that decide how we compute and where we keep things.
    """
    folder = None
    with contextlib.suppress(OSError):  # it is gone, or may not be read
        folder = os.open(os.curdir, os.O_RDONLY | os.O_CLOEXEC)
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in signals}
    frames, variables, torch_kept = sys.getrecursionlimit(), _own_variables(), torch_settings()
    try:
        yield
    finally:
        if folder is not None:
            with contextlib.suppress(OSError):
                if not os.path.samestat(os.fstat(folder), Path().stat()):
                    os.fchdir(folder)
                    logger.warning(f"{title} changed the current folder; it is put back")
            os.close(folder)
        for number, handler in handlers.items():
            ignored = signal.getsignal(number) is signal.SIG_IGN is not handler
            if ignored and threading.current_thread() is threading.main_thread():
                signal.signal(number, handler)
                logger.warning(f"{title} ignored {number.name}; it is heeded again")
        if sys.getrecursionlimit() < frames:
            sys.setrecursionlimit(frames)
            logger.warning(f"{title} lowered Python's recursion limit; it is put back")
        _put_back_variables(title, variables)
        _put_back_torch(title, torch_kept)


def _own_variables() -> dict[str, str]:
    """Return the environment variables that decide how we compute and where we keep things."""
    return {name: value for name, value in os.environ.items() if name.startswith(OWN_VARIABLES)}


def _put_back_variables(title: str, before: dict[str, str]) -> None:
    after = _own_variables()
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]
            logger.warning(f"{title} changed the environment variable {name}; it is put back")


def torch_settings() -> dict[str, Any]:
    """Return torch's settings that make tensors other ones; its own defaults if it is not there."""
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "get_default_device"):  # absent, or still being imported
        return {"dtype": "torch.float32", "device": "cpu", "gradients": True}
    return {
        "dtype": str(torch.get_default_dtype()),
        "device": str(torch.get_default_device()),
        "gradients": torch.is_grad_enabled(),
    }


def _put_back_torch(title: str, before: dict[str, Any]) -> None:
    after = torch_settings()
    if after == before:
        return
    torch: Any = sys.modules["torch"]
    if after["dtype"] != before["dtype"]:
        torch.set_default_dtype(getattr(torch, before["dtype"].removeprefix("torch.")))
        logger.warning(f"{title} changed torch's default type; it is put back")
    if after["device"] != before["device"]:
        torch.set_default_device(None if before["device"] == "cpu" else before["device"])
        logger.warning(f"{title} changed torch's default device; it is put back")
    if after["gradients"] != before["gradients"]:
        torch.set_grad_enabled(before["gradients"])
        logger.warning(f"{title} changed whether torch computes gradients; it is put back")


def warn_of_replaced(title: str, package: str) -> None:
    """Warn if a plugin put functions of its own in the place of ours: runs may give other results.

    Args:
        title: the name of the plugin in messages.
        package: the plugin's package; what its modules define is its own.
    """
    for name, module in sorted(sys.modules.copy().items()):
        if not name.startswith("seqtasks."):
            continue
        ours = [value for value in vars(module).values() if isinstance(value, type)]
        places = [(name, vars(module))]
        places += [(f"{c.__module__}.{c.__qualname__}", vars(c)) for c in ours]
        for place, members in places:
            if not place.startswith("seqtasks."):
                continue
            for member, value in list(members.items()):
                origin = getattr(value, "__module__", None) if callable(value) else None
                if isinstance(origin, str) and origin.partition(".")[0] == package:
                    logger.warning(
                        f"{title} replaces {place}.{member}: runs may give other results with it"
                    )
                    return
