"""Read the seeds of a study: `5` for the first five, `5,` for one seed, `0..999`, `3,5,8`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from numbers import Integral
from typing import overload

from seqtasks.errors import UsageError

__all__ = ["Seeds"]

LARGEST = 2**63 - 1
"""The largest seed, so that an array of seeds holds whole numbers of 64 bits."""

MOST = 100_000_000
"""The most seeds of a study."""

_HOW = "write a number (5 for the seeds 0 to 4), a range (0..999) or a list (3,5,8; 5, for one)"
_PART = re.compile(r"([0-9]{1,19})(?:\.\.([0-9]{1,19}))?")


class Seeds(Sequence[int]):
    """Different seeds, in the order in which they were written; held as ranges.

    Args:
        ranges: ranges of consecutive seeds, which do not overlap.

    Example:
        >>> from seqtasks.specs.seeds import Seeds
        >>> [list(Seeds.read(text)) for text in ("5", "5,", "2..4", "3,5,8")]
        [[0, 1, 2, 3, 4], [5], [2, 3, 4], [3, 5, 8]]
        >>> str(Seeds.read(range(1000)))
        '0..999'
    """

    def __init__(self, ranges: Iterable[range]) -> None:
        self.ranges = tuple(one for one in ranges if one)
        self._count = sum(map(len, self.ranges))

    @classmethod
    def read(cls, seeds: "str | Iterable[int]") -> "Seeds":
        """Return the seeds of a text, or of whole numbers such as `range(1000)`.

        Raises:
            UsageError: for no seed, a seed twice, a backwards range, a negative seed, or text that
                says no seeds.
        """
        if isinstance(seeds, Seeds):
            return seeds
        if isinstance(seeds, str):
            return _from_text(seeds)
        if isinstance(seeds, Integral):
            raise UsageError(
                f"seeds must be a range or a list of seeds, got the number {seeds!r:.40}: range(5) "
                "holds the seeds 0 to 4, [5] the seed 5"
            )
        if isinstance(seeds, bytes) or not isinstance(seeds, Iterable):
            raise UsageError(f"seeds must be a range, a list or text, got {seeds!r:.60}")
        if isinstance(seeds, range) and seeds.step == 1:
            return _checked([seeds])
        return _checked(_runs_of(seeds))

    def __str__(self) -> str:
        """Return the seeds in a form that `read` reads."""
        parts = [f"{one[0]}..{one[-1]}" if len(one) > 1 else str(one[0]) for one in self.ranges]
        return f"{parts[0]}," if self._count == 1 else ",".join(parts)

    def __repr__(self) -> str:
        return f"Seeds.read({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seeds) and self.ranges == other.ranges

    def __hash__(self) -> int:
        return hash(self.ranges)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        for one in self.ranges:
            yield from one

    def __contains__(self, seed: object) -> bool:
        return any(seed in one for one in self.ranges)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> "Seeds": ...
    def __getitem__(self, index: "int | slice") -> "int | Seeds":
        if isinstance(index, slice):
            return Seeds(_runs_of(map(self.__getitem__, range(self._count)[index])))
        place = range(self._count)[index]
        for one in self.ranges:
            if place < len(one):
                return one[place]
            place -= len(one)
        raise IndexError(index)

    def without(self, other: "Seeds") -> "Seeds":
        """Return the seeds that another set of seeds lacks, in this order."""
        taken = sorted(other.ranges, key=lambda one: one.start)
        left: list[range] = []
        for one in self.ranges:
            start = one.start
            for gone in taken:
                if gone.stop > start and gone.start < one.stop:
                    left.append(range(start, gone.start))
                    start = gone.stop
            left.append(range(start, one.stop))
        return Seeds(_joined(one for one in left if len(one)))

    def following(self, count: int) -> "Seeds":
        """Return the `count` seeds after the largest of these.

        Raises:
            UsageError: if there are not as many.
        """
        first = max(one.stop for one in self.ranges) if self.ranges else 0
        return _checked([range(first, first + count)])


def _from_text(text: str) -> Seeds:
    """Read the seeds of a text; see `Seeds.read`."""
    written = text.strip()
    if re.fullmatch("[0-9]{1,19}", written):
        if int(written) == 0:
            raise UsageError(f"0 seeds are none; {_HOW}")
        return _checked([range(int(written))])
    parts = [part.strip() for part in written.split(",")]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    ranges: list[range] = []
    for part in parts:
        if not part:
            empty = "a seed is missing between two commas" if "," in written else "there is no seed"
            raise UsageError(f"{empty} in '{text:.60}'; {_HOW}")
        match = _PART.fullmatch(part)
        if match is None:
            what = "a seed must not be negative" if part.startswith("-") else "that is no seed"
            if re.fullmatch(r"[0-9]+(?:\.\.[0-9]+)?", part):
                what = f"a seed is at most {LARGEST}, and a study has at most {MOST:,} seeds"
            raise UsageError(f"'{part:.60}' in the seeds: {what}; {_HOW}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise UsageError(f"the range of seeds {part} is backwards; write {last}..{first}")
        ranges.append(range(first, last + 1))
    return _checked(ranges)


def _runs_of(seeds: Iterable[int]) -> list[range]:
    """Return whole numbers as ranges of consecutive ones."""
    ranges: list[range] = []
    for number, seed in enumerate(islice(seeds, MOST + 1)):
        if isinstance(seed, bool) or not isinstance(seed, Integral):
            raise UsageError(f"a seed must be a whole number, got {seed!r:.60}")
        if number == MOST:
            raise UsageError(f"a study has at most {MOST:,} seeds")
        value = int(seed)
        if ranges and value == ranges[-1].stop:
            ranges[-1] = range(ranges[-1].start, value + 1)
        else:
            ranges.append(range(value, value + 1))
    return ranges


def _checked(ranges: Sequence[range]) -> Seeds:
    """Return the seeds of ranges, after checking them.

    Raises:
        UsageError: for no seed, too many, one twice, or one out of bounds.
    """
    # Slices of a huge range have no len(), so the ends say how many seeds there are.
    count = sum(max(0, one.stop - one.start) for one in ranges)
    if count == 0:
        raise UsageError(f"a study needs at least one seed; {_HOW}")
    if count > MOST:
        raise UsageError(f"{count:,} seeds are too many: a study has at most {MOST:,}")
    for one in ranges:
        if one.start < 0 or one.stop - 1 > LARGEST:
            wrong = one.start if one.start < 0 else one.stop - 1
            raise UsageError(f"a seed must be from 0 to {LARGEST}, got {wrong}")
    for one, next_one in pairwise(sorted(ranges, key=lambda one: (one.start, one.stop))):
        if next_one.start < one.stop:
            raise UsageError(f"the seed {next_one.start} is given twice")
    return Seeds(_joined(ranges))


def _joined(ranges: Iterable[range]) -> list[range]:
    """Join ranges that follow one another."""
    joined: list[range] = []
    for one in ranges:
        if joined and joined[-1].stop == one.start:
            joined[-1] = range(joined[-1].start, one.stop)
        else:
            joined.append(one)
    return joined
