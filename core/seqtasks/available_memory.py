"""How much memory there is, so that what cannot fit is refused before any of it is made."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

from seqtasks.errors import UsageError, counted

__all__ = ["as_gibibytes", "check_instances_fit", "memory_there"]

BYTES_OF_A_SYMBOL = 16
"""An input and a target as int64."""
BYTES_OF_AN_INSTANCE = 256
"""Bytes that Python and NumPy need per instance, besides its symbols."""


def memory_there() -> int:
    """Return the bytes of memory that this process may still take.

    That is what the machine has free or can free, and no more than what the limits of the process
    (`ulimit -v`, `ulimit -d`) and of its control groups, such as a container's, leave to it.
    """
    return max(0, min(_of_machine(), *_under_limits(), *_in_groups()))


def _of_machine() -> int:
    known = _numbers(Path("/proc/meminfo"))
    if "MemAvailable:" in known:
        return 1024 * (known["MemAvailable:"] + known.get("SwapFree:", 0))
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _under_limits() -> Iterator[int]:
    """Yield what each limit of the process leaves of the addresses, and of the data."""
    try:
        pages = [int(part) for part in Path("/proc/self/statm").read_text().split()]
    except (OSError, ValueError):
        pages = [0] * 7
    for limit, used in ((resource.RLIMIT_AS, pages[0]), (resource.RLIMIT_DATA, pages[5])):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            yield most - used * os.sysconf("SC_PAGE_SIZE")


def _in_groups(
    groups: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")
) -> Iterator[int]:
    """Yield what the control groups of the process leave, each with all that it lies in.

    Cached files do not count: they give way.
    """
    try:
        lines = groups.read_text().splitlines()
    except (OSError, ValueError):
        lines = []
    for number, controllers, path in (line.split(":", 2) for line in lines if line.count(":") > 1):
        if number == "0":
            root, names = mounted, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = mounted / "memory"
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        # In a container the group's own folder may be mounted as the root.
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents) if inner.is_relative_to(root) else (root,):
            try:
                most = int((folder / names[0]).read_text())
                used = int((folder / names[1]).read_text())
            except (OSError, ValueError):  # the group does not exist, or it has no limit
                pass
            else:
                yield most - used + _numbers(folder / "memory.stat").get(names[2], 0)
            if folder == root:
                break


def _numbers(file: Path) -> dict[str, int]:
    """Return the numbers of a file of the kernel's by the words before them; none without one."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except (OSError, ValueError):
        return {}
    return {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdecimal()}


def as_gibibytes(number: int) -> str:
    """Return a number of bytes as GiB in a few digits, however large the number is."""
    if number < 10 * 2**30:
        return f"{number / 2**30:.1f}"
    whole = round(number / 2**30) if number < 2**80 else number >> 30
    return f"{whole:,}" if whole < 10**18 else f"10^{len(str(whole)) - 1}"


def check_instances_fit(count: int, length: int, copies: int = 1) -> None:
    """Refuse to draw instances at once if their copies do not fit in the memory.

    Raises:
        UsageError: saying how much memory they would take.
    """
    each = BYTES_OF_AN_INSTANCE + copies * length * BYTES_OF_A_SYMBOL
    needed, there = count * each, memory_there()
    if needed > there:
        raise UsageError(
            f"{counted(count, 'instance')} of length {length} would take more than "
            f"{as_gibibytes(needed)} GiB of memory, and {as_gibibytes(there)} are available: "
            "choose fewer or shorter ones"
        )
