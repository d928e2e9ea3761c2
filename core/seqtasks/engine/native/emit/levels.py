"""Part the body of a loop over columns where costly functions wait for each other.

A processor has a few hundred instructions under way. A body that takes a tanh of what a sigmoid
gave has as many, so while one vector of columns waits for its sigmoid, no other one is worked on.
In loops of their own, first the sigmoids of a row's vectors are under way side by side, then their
tanhs. Meanwhile the values that a later loop reads lie in the row, in memory near the core.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Level", "Store", "parted"]

_DEFINED = re.compile(r"const vec (\w+) = ")


@dataclass(frozen=True)
class Store:
    """A statement that stores a value.

    Attributes:
        value: the name of the value.
        pointer: where it goes, as C.
        buffer: the name of the buffer.
    """

    value: str
    pointer: str
    buffer: str

    @property
    def text(self) -> str:
        """The statement."""
        return f"v_store({self.pointer} + j, {self.value});"


@dataclass
class Level:
    """The body of one of the loops.

    Attributes:
        reads: the values that an earlier loop computed, and where they lie, as C.
        statements: what it computes.
        rows: the values that it leaves in rows of their own.
        stores: what it stores.
    """

    reads: dict[str, str] = field(default_factory=dict[str, str])
    statements: list[str] = field(default_factory=list[str])
    rows: list[str] = field(default_factory=list[str])
    stores: list[Store] = field(default_factory=list[Store])


def parted(statements: Sequence[str], stores: Sequence[Store], dear: set[str]) -> list[Level]:
    """Return the loops into which a body is parted; one if no costly function waits for another.

    Args:
        statements: the body, each value after the values that it reads.
        stores: what the body stores at its end.
        dear: the names of the values that are costly functions.
    """
    wholes = _with_names(statements)
    reads = {name: _names_in(text.split(" = ", 1)[1], wholes) for name, text in wholes.items()}
    level = _levels(reads, dear)
    last = max((level[name] for name in wholes if name in dear), default=0)
    loops = [Level() for _ in range(last + 1)]
    for name, text in wholes.items():
        loops[min(level[name], last)].statements.append(text)
    at = {name: min(level[name], last) for name in wholes}
    loaded = " ".join(statements)
    kept: dict[str, str] = {}
    for store in stores:
        # what the body reads may not be overwritten before it has been read
        early = re.search(rf"\b{store.buffer}\b", loaded) is None
        loops[at.get(store.value, last) if early else last].stores.append(store)
        if early:
            kept.setdefault(store.value, f"{store.pointer} + j")
    for number, loop in enumerate(loops):
        needed = [source for text in loop.statements for source in reads[_name(text)]]
        needed += [store.value for store in loop.stores if store.value in at]
        for name in dict.fromkeys(needed):
            if at[name] == number:
                continue
            if name not in kept:
                kept[name] = f"row_{name} + j"
                loops[at[name]].rows.append(name)
            loop.reads[name] = kept[name]
    return loops


def _levels(reads: dict[str, list[str]], dear: set[str]) -> dict[str, int]:
    """Return how many costly functions each value waits for, one after the other.

    A value that waits for none, and is not costly, is computed where it is first read.
    """
    level: dict[str, int] = {}
    for name, sources in reads.items():
        level[name] = max((level[s] + (s in dear) for s in sources), default=0)
    first: dict[str, int] = {}
    for name in reversed(reads):
        if level[name] == 0 and name not in dear:
            level[name] = first.get(name, 0)
        for source in reads[name]:
            first[source] = min(first.get(source, level[name]), level[name])
    return level


def _with_names(statements: Sequence[str]) -> dict[str, str]:
    """Return the statements by the names they define; what defines none goes with the next."""
    found: dict[str, str] = {}
    before = ""
    for text in statements:
        if _DEFINED.match(text) is None:
            before += f"{text}\n"
            continue
        found[_name(text)] = before + text
        before = ""
    return found


def _name(text: str) -> str:
    match = _DEFINED.search(text)
    assert match is not None, text
    return match[1]


def _names_in(text: str, known: dict[str, str]) -> list[str]:
    return [word for word in dict.fromkeys(re.findall(r"\w+", text)) if word in known]
