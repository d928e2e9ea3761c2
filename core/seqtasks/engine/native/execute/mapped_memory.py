"""Map memory for programs, in large pages where there are any, and keep it between calls.

The system gives memory page by page when a page is first touched. For 300 MB that takes longer than
to compute with them. So a later call takes over the memory that an earlier call no longer needs.
"""

import ctypes
import mmap
from collections import deque
from contextlib import suppress
from typing import Any

__all__ = ["Memory", "Pool", "Workspace"]

LARGE_PAGE = 2**21
MOST_IDLE, MOST_BYTES = 8, 2**30
"""The most workspaces kept for later, and the most bytes that they may have together."""
LARGEST_WASTE = 2**20
"""A workspace may exceed twice the needed size by at most this many bytes."""


class Workspace:
    """Memory of a size in bytes, aligned to 64 bytes, or to a large page if it exceeds two.

    The rows of a buffer lie far apart. With pages of 4 KiB the small products would spend most of
    their time on finding them.

    Attributes:
        size: the number of usable bytes.
        address: the address of the first byte.
    """

    def __init__(self, size: int) -> None:
        alignment = LARGE_PAGE if size > 2 * LARGE_PAGE else 64
        self.size = size
        # Private memory: a forked process must not write into its parent's memory.
        private: dict[str, Any] = {}
        if hasattr(mmap, "MAP_PRIVATE"):
            private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}
        self._map = mmap.mmap(-1, size + alignment, **private)
        if alignment == LARGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
            with suppress(OSError):  # a kernel without large pages
                self._map.madvise(mmap.MADV_HUGEPAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.address = start + -start % alignment


class Memory:
    """A workspace taken from a pool; it returns to the pool when nobody needs it any longer.

    Attributes:
        workspace: has at least the size that was asked for.
    """

    def __init__(self, pool: "Pool", workspace: Workspace) -> None:
        self.workspace = workspace
        self._pool = pool

    def __del__(self) -> None:
        self._pool.give_back(self.workspace)


class Pool:
    """Idle workspaces, for any program of this process.

    Several threads may use a pool at once: each step is a single operation of a deque, so that only
    one thread receives a workspace.
    """

    def __init__(self) -> None:
        self._idle: deque[Workspace] = deque(maxlen=MOST_IDLE)
        self._most = MOST_BYTES  # a copy, for use when the interpreter ends

    def take(self, size: int) -> Memory:
        """Return memory of at least a size, with arbitrary contents."""
        others: list[Workspace] = []
        found = None
        try:
            while found is None:
                one = self._idle.pop()
                if size <= one.size <= 2 * size + LARGEST_WASTE:
                    found = one
                else:
                    others.append(one)
        except IndexError:
            found = Workspace(size)
        if others:
            self._idle.extend(reversed(others))
        return Memory(self, found)

    def give_back(self, workspace: Workspace) -> None:
        """Keep a workspace for later; drop the oldest ones if there are too many."""
        self._idle.append(workspace)
        try:  # this also runs without globals when the interpreter ends
            while sum([one.size for one in self._idle]) > self._most:
                self._idle.popleft()
        except (IndexError, RuntimeError):  # another thread took some meanwhile
            pass

    def clear(self) -> None:
        """Drop all idle workspaces."""
        self._idle.clear()
