"""Memory for a program, in large pages where the system has them."""

import ctypes
import mmap

__all__ = ["Workspace"]

LARGE_PAGE = 2**21


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
        self._map = mmap.mmap(-1, size + alignment)
        if alignment == LARGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.address = start + -start % alignment
