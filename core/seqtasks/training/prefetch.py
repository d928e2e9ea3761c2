"""Draw the next item in a thread while the present one is used, where a thread pays."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

__all__ = ["Prefetch"]

Item = TypeVar("Item")

WORTH_A_THREAD = 0.1
"""Draw ahead if drawing an item takes more than this share of the time until the next."""


class Prefetch(Generic[Item]):
    """Items counted from 0. Each item depends on its number alone.

    The clock decides which thread draws an item, never the item itself. An error in the thread is
    raised where the item is requested, as if it had been drawn there.

    Args:
        draw: makes the item of a number.
    """

    def __init__(self, draw: Callable[[int], Item]) -> None:
        self._draw = draw
        self._executor: ThreadPoolExecutor | None = None
        self._ahead: tuple[int, Future[tuple[Item, float]]] | None = None
        self._given = (-1, 0.0)
        """The number of the last item returned, and the time."""

    def get(self, number: int) -> Item:
        """Return an item, and perhaps begin to draw the next one."""
        before, since = self._given
        used = time.perf_counter() - since
        item, drawing = self._timed(number) if self._ahead is None else self._awaited(number)
        if number == before + 1 and number > 0 and drawing > WORTH_A_THREAD * used:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(1, thread_name_prefix="seqtasks-data")
            self._ahead = number + 1, self._executor.submit(self._timed, number + 1)
        self._given = number, time.perf_counter()
        return item

    def close(self) -> None:
        """Wait for the thread to end, if there is one, and drop the item that it draws."""
        self._ahead = None
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def _awaited(self, number: int) -> tuple[Item, float]:
        assert self._ahead is not None
        (expected, future), self._ahead = self._ahead, None
        if expected == number:
            return future.result()
        future.exception()  # wait: a task need not support two draws at once
        return self._timed(number)

    def _timed(self, number: int) -> tuple[Item, float]:
        began = time.perf_counter()
        item = self._draw(number)
        return item, time.perf_counter() - began
