"""Set the caller's torch settings aside, so that a run is the same under any of them.

During a call, a thread's settings (gradients, autocast, modes, NumPy's reaction to errors) are the
defaults of torch and NumPy. Settings of the whole process (the default type, the precision of
products, deterministic algorithms) are set aside when the first of several calls in threads begins.
They are restored when the last call ends.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils import _python_dispatch

__all__ = ["own_settings"]

_USUAL_REACTIONS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


@contextmanager
def own_settings() -> Generator[None, None, None]:
    """Compute under default settings of torch and NumPy, and restore the caller's settings after.

    With a GPU, the precision of products and deterministic algorithms stay as the caller set them.
    They are a choice between speed and accuracy, or a promise, which only the caller can make.

    Example:
        >>> import torch
        >>> from seqtasks.models.caller_settings import own_settings
        >>> with torch.no_grad(), own_settings():
        ...     torch.is_grad_enabled()
        True
    """
    with ExitStack() as settings:
        settings.enter_context(_function_modes_aside())
        settings.enter_context(_python_dispatch._disable_current_modes())
        settings.enter_context(torch.inference_mode(False))
        settings.enter_context(torch.enable_grad())
        for device in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
            if torch.is_autocast_enabled(device):
                settings.enter_context(torch.autocast(device, enabled=False))
        settings.enter_context(
            np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
        )
        settings.enter_context(_of_process.aside())
        settings.enter_context(_small_numbers_kept())
        yield


@contextmanager
def _function_modes_aside() -> Generator[None, None, None]:
    """Take away this thread's torch function modes, including the mode of a default device."""
    stack: Any = torch._C
    modes = [stack._pop_torch_function_stack() for _ in range(stack._len_torch_function_stack())]
    try:
        yield
    finally:
        for mode in reversed(modes):
            stack._push_on_torch_function_stack(mode)


@contextmanager
def _small_numbers_kept() -> Generator[None, None, None]:
    """Compute with subnormal numbers, which torch can be set to treat as zero."""
    flushed = float(torch.tensor(1e-42) * 1) == 0 and torch.set_flush_denormal(False)
    try:
        yield
    finally:
        if flushed:
            torch.set_flush_denormal(True)


class _ProcessSettings:
    """Settings of the process, exchanged while at least one call is in progress."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._put_back: list[Callable[[], None]] = []

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        """Exchange the settings for the time of a call."""
        with self._lock:
            self._calls += 1
            self._exchange()
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    while self._put_back:
                        self._put_back.pop()()

    def _exchange(self) -> None:
        self._set(torch.get_default_dtype(), torch.float32, torch.set_default_dtype)
        if torch.cuda.is_available():
            return
        precision = torch.get_float32_matmul_precision()
        self._set(precision, "highest", torch.set_float32_matmul_precision)
        self._set(torch._C._get_mkldnn_enabled(), True, torch._C._set_mkldnn_enabled)
        strict = torch.are_deterministic_algorithms_enabled()
        only_warn = torch.is_deterministic_algorithms_warn_only_enabled()
        self._set(
            (strict, only_warn),
            (False, False),
            lambda wanted: torch.use_deterministic_algorithms(wanted[0], warn_only=wanted[1]),
        )

    def _set(self, found: Any, wanted: Any, change: Callable[[Any], None]) -> None:
        if found != wanted:
            change(wanted)
            self._put_back.append(lambda: change(found))


_of_process = _ProcessSettings()
