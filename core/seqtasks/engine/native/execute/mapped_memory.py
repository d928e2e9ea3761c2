"""Map memory for programs, in large pages where there are any, and keep it between calls.

The system gives memory page by page, each when it is first touched: of 300 MB that takes longer
than to compute with them. So what a call no longer needs, a later one takes over.
"""

import ctypes
import mmap
from collections import deque
from contextlib import suppress
from typing import Any

__all__ = ["Memory", "Pool", "Workspace"]

LARGE_PAGE = 2**21
MOST_IDLE, MOST_BYTES = 8, 2**30
"""Workspaces kept for later, and the bytes that they may have together."""
LARGEST_WASTE = 2**20
"""Bytes that a workspace may be larger than twice what is needed."""


class Workspace:
    """Memory of a size in bytes, aligned to 64 bytes, or to a large page if it is larger than two.

    The rows of a buffer lie far from each other, so that with pages of 4 KiB most of the time of
    the small products goes into finding them.

    Attributes:
        size: usable bytes.
        address: of the first one.
    """

    def __init__(self, size: int) -> None:
        alignment = LARGE_PAGE if size > 2 * LARGE_PAGE else 64
        self.size = size
        # Private memory: a process that is forked off must not write into its parent's.
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
    """A workspace taken from a pool, to which it goes back when nobody needs it any longer.

    Attributes:
        workspace: of at least the size that was asked for.
    """

    def __init__(self, pool: "Pool", workspace: Workspace) -> None:
        self.workspace = workspace
        self._pool = pool

    def __del__(self) -> None:
        self._pool.give_back(self.workspace)


class Pool:
    """Workspaces that nobody uses, for any program of this process.

    Several threads may use a pool at once: each step is a single operation of a deque, so that a
    workspace is given to one of them alone.
    """

    def __init__(self) -> None:
        self._idle: deque[Workspace] = deque(maxlen=MOST_IDLE)
        self._most = MOST_BYTES  # its own, for what goes when the interpreter ends

    def take(self, size: int) -> Memory:
        """Return memory of at least a size, whose content is arbitrary."""
        others: list[Workspace] = []
        found = None
        with suppress(IndexError):
            while found is None:
                one = self._idle.pop()
                if size <= one.size <= 2 * size + LARGEST_WASTE:
                    found = one
                else:
                    others.append(one)
        self._idle.extend(reversed(others))
        return Memory(self, Workspace(size) if found is None else found)

    def give_back(self, workspace: Workspace) -> None:
        """Keep a workspace for later; let the oldest ones go if there are too many."""
        self._idle.append(workspace)
        try:  # this also runs when the interpreter ends, and has no globals left
            while sum(one.size for one in self._idle) > self._most:
                self._idle.popleft()
        except (IndexError, RuntimeError):  # another thread takes some meanwhile
            pass

    def clear(self) -> None:
        """Let all workspaces go that nobody uses."""
        self._idle.clear()
