"""How much memory there is, so that what cannot fit is refused before any of it is made."""

import os
import resource

from seqtasks.errors import UsageError, counted

__all__ = ["as_gibibytes", "check_instances_fit", "memory_there"]

BYTES_OF_A_SYMBOL = 16
"""An input and a target as int64."""
BYTES_OF_AN_INSTANCE = 256
"""What Python and NumPy keep of an instance beside its symbols."""


def memory_there() -> int:
    """Return the bytes of memory that this process may use: the machine's, or its share of it."""
    bounds = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        bounds.append(limit)
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path, encoding="ascii") as file:
                bounds.append(int(file.read()))
        except (OSError, ValueError):  # there is no such group, or it has no bound
            continue
    return min(bounds)


def as_gibibytes(number: int) -> str:
    """Return bytes as GiB in a few digits, of however large a number."""
    if number < 10 * 2**30:
        return f"{number / 2**30:.1f}"
    whole = round(number / 2**30) if number < 2**80 else number >> 30
    return f"{whole:,}" if whole < 10**18 else f"10^{len(str(whole)) - 1}"


def check_instances_fit(count: int, length: int, copies: int = 1) -> None:
    """Refuse to draw instances at once, each held in copies, that the memory cannot hold.

    Raises:
        UsageError: with what they would take.
    """
    each = BYTES_OF_AN_INSTANCE + copies * length * BYTES_OF_A_SYMBOL
    needed, there = count * each, memory_there()
    if needed > there:
        raise UsageError(
            f"{counted(count, 'instance')} of length {length} would take more than "
            f"{as_gibibytes(needed)} GiB of memory, there are {as_gibibytes(there)}: choose "
            "fewer or shorter ones"
        )
