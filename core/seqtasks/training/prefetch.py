"""Draw the next item in a thread while the present one is used, where a thread pays."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

__all__ = ["Prefetch"]

Item = TypeVar("Item")

WORTH_A_THREAD = 0.1
"""The next item is drawn ahead if drawing takes more than this share of the time it is used for."""


class Prefetch(Generic[Item]):
    """Items counted from 0, each of which depends on its number alone.

    The clock decides which thread draws an item, never what is drawn. An error in the thread is
    raised where the item is asked for, as if it had been drawn there.

    Args:
        draw: makes an item of its number.
    """

    def __init__(self, draw: Callable[[int], Item]) -> None:
        self._draw = draw
        self._executor: ThreadPoolExecutor | None = None
        self._ahead: tuple[int, Future[tuple[Item, float]]] | None = None
        self._given = (-1, 0.0)
        """The number of the last item given, and when."""

    def get(self, number: int) -> Item:
        """Return an item; that after it may be begun on."""
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
        """Wait for the thread, if there is one, to end; what it draws is dropped."""
        self._ahead = None
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def _awaited(self, number: int) -> tuple[Item, float]:
        assert self._ahead is not None
        (expected, future), self._ahead = self._ahead, None
        if expected == number:
            return future.result()
        future.exception()  # two draws at once are more than a task must bear
        return self._timed(number)

    def _timed(self, number: int) -> tuple[Item, float]:
        began = time.perf_counter()
        item = self._draw(number)
        return item, time.perf_counter() - began
