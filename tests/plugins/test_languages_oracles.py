"""Slow and obvious recognisers of the languages, and the strings their papers print."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import pytest

from seqtasks_languages.blocks import AnBn, AnBnCn
from seqtasks_languages.dyck import Dyck
from seqtasks_languages.reber import EmbeddedReber, Reber
from seqtasks_languages.shuffle_dyck import ShuffleDyck
from seqtasks_languages.tomita import Tomita


@dataclass(frozen=True)
class Case:
    """A language and what is known of it without its code.

    `read` is how long the strings are whose every answer is checked; every such string that can
    become a member does so within `complete` symbols. `words`, if given, lists the members up to
    a length, where all strings would be too many. `draw` is a length with not too many members.
    """

    cls: type
    symbols: str
    oracle: Callable[[str], bool]
    read: int
    complete: int
    draw: int
    parameters: dict = field(default_factory=dict)
    words: Callable[[int], set[str]] | None = None
    refused: tuple[int, ...] = ()

    def make(self, mode="predict"):
        return self.cls(mode=mode, **self.parameters)


def runs(text):
    """Return the runs of equal symbols with their lengths."""
    return [(symbol, len(list(group))) for symbol, group in itertools.groupby(text)]


def tomita_3(text):
    """Say whether no odd run of 0s comes after an odd run of 1s."""
    odd_ones = False
    for symbol, length in runs(text):
        if length % 2 and symbol == "0" and odd_ones:
            return False
        odd_ones = odd_ones or (symbol == "1" and length % 2 == 1)
    return True


TOMITA = {
    1: lambda text: "0" not in text,
    2: lambda text: text == "10" * (len(text) // 2),
    3: tomita_3,
    4: lambda text: "000" not in text,
    5: lambda text: text.count("0") % 2 == 0 and text.count("1") % 2 == 0,
    6: lambda text: (text.count("0") - text.count("1")) % 3 == 0,
    7: lambda text: re.fullmatch("0*1*0*1*", text) is not None,
}
TOMITA_REFUSED = {2: (1, 3), 3: (1,), 4: (1, 2), 5: (1, 3), 6: (1,), 7: (1, 2, 3)}

REBER = "B(?:(?:TS*X|PT*VP)(?:XT*VP)*(?:S|XT*VV)|PT*VV)E"
EMBEDDED = f"B(?:T{REBER}T|P{REBER}P)E"


def joined(most, *sets):
    """Return one string of each set after the other, up to a length."""
    found = {""}
    for some in sets:
        found = {a + b for a in found for b in some if len(a + b) <= most}
    return found


def repeated(most, some):
    """Return any number of strings of a set after one another, up to a length."""
    found, new = {""}, {""}
    while new:
        new = joined(most, new, some) - found
        found |= new
    return found


@cache
def reber_words(most):
    """Return the strings of Reber's grammar up to a length."""
    turn = joined(most, repeated(most, {"T"}), {"V"})
    loops = repeated(most, joined(most, {"X"}, turn, {"P"}))
    begin = joined(most, {"T"}, repeated(most, {"S"}), {"X"}) | joined(most, {"P"}, turn, {"P"})
    finish = {"S"} | joined(most, {"X"}, turn, {"V"})
    inner = joined(most, begin, loops, finish) | joined(most, {"P"}, turn, {"V"})
    return joined(most, {"B"}, inner, {"E"})


def embedded_words(most):
    """Return the strings of the embedded Reber grammar up to a length."""
    return {f"B{c}{word}{c}E" for word in reber_words(most - 4) for c in "TP"}


def blocks(letters):
    """Return a recogniser of blocks of equal length, at least 1, of the letters in order."""

    def oracle(text):
        size = len(text) // len(letters)
        return size > 0 and text == "".join(letter * size for letter in letters)

    return oracle


def nested(kinds, depth):
    """Return a recogniser of brackets that nest up to a depth: a recursive parser."""
    closing = dict(zip("([{<"[:kinds], ")]}>"[:kinds], strict=True))

    def after(text, place, room):
        while place < len(text) and text[place] in closing:
            inside = after(text, place + 1, room - 1) if room else None
            if inside is None or text[inside : inside + 1] != closing[text[place]]:
                return None
            place = inside + 1
        return place

    return lambda text: after(text, 0, depth) == len(text)


def crossing(kinds):
    """Return a recogniser of brackets that match within each kind: cross pairs out."""

    def oracle(text):
        for pair in ("()", "[]", "{}", "<>")[:kinds]:
            left = "".join(symbol for symbol in text if symbol in pair)
            while pair in left:
                left = left.replace(pair, "")
            if left:
                return False
        return True

    return oracle


CASES = {
    **{
        f"tomita-{n}": Case(
            Tomita, "01", TOMITA[n], 7, 11, 8, {"number": n}, refused=TOMITA_REFUSED.get(n, ())
        )
        for n in TOMITA
    },
    "reber": Case(
        Reber, "BTPSXVE", lambda t: re.fullmatch(REBER, t) is not None, 4, 14, 11, {}, reber_words,
        (1, 4),
    ),
    "embedded-reber": Case(
        EmbeddedReber, "BTPSXVE", lambda t: re.fullmatch(EMBEDDED, t) is not None, 4, 18, 13, {},
        embedded_words, (1, 8),
    ),
    "anbn": Case(AnBn, "ab", blocks("ab"), 6, 14, 8, refused=(1, 7)),
    "anbncn": Case(AnBnCn, "abc", blocks("abc"), 2, 9, 9, refused=(1, 2, 10)),
    "dyck": Case(Dyck, "()[]", nested(2, 8), 3, 8, 8, refused=(1, 7)),
    "dyck-2-deep": Case(
        Dyck, "()[]", nested(2, 2), 5, 8, 6, {"kinds": 2, "depth": 2}, refused=(1, 7)
    ),
    "dyck-1-kind": Case(
        Dyck, "()", nested(1, 3), 9, 13, 10, {"kinds": 1, "depth": 3}, refused=(1, 7)
    ),
    "shuffle-dyck": Case(ShuffleDyck, "()[]", crossing(2), 3, 8, 6, refused=(1, 7)),
    "shuffle-dyck-3-kinds": Case(
        ShuffleDyck, "()[]{}", crossing(3), 2, 6, 4, {"kinds": 3}, refused=(1, 7)
    ),
}  # fmt: skip


@cache
def all_words(name, most):
    """Return the members of a language of 1 to `most` symbols: all strings, tried one by one."""
    case = CASES[name]
    if case.words is not None:
        return case.words(most)
    strings = (t for n in range(1, most + 1) for t in itertools.product(case.symbols, repeat=n))
    return {text for text in map("".join, strings) if case.oracle(text)}


def words_of_length(name, length):
    """Return the members of a length, sorted."""
    return sorted(word for word in all_words(name, length) if len(word) == length)


PRINTED = {
    "reber": (
        ["BTSSXXTVVE", "BPVVE", "BTXXVPSE", "BPVPXVPXVPXVVE", "BTSXXVPSE"],
        ["BTSSPXSE", "BPTVVB", "BTXXVVSE", "BPVSPSE", "BTSSSE"],
    ),
    "embedded-reber": (["BPBTSXXVPSEPE", "BTBPVVETE"], ["BPBTSXXVPSETE", "BTBPVVEPE"]),
    "tomita-3": (
        ["1", "0", "01", "11", "110", "110000011100001", "111101100010011100"],
        ["10", "101", "1110", "1001000", "11111000", "0111001101", "11011100110"],
    ),
    "dyck": (["([])()"], ["([)]"]),
    "shuffle-dyck": (["([)]"], ["([)"]),
    "anbncn": (["aabbcc"], ["aabbc", "abcabc"]),
}


@pytest.mark.parametrize("name", PRINTED)
def test_strings_that_are_printed_as_members_and_not_are_told_apart(name):
    case = CASES[name]
    task = case.make("recognise")
    for answer, texts in zip((True, False), PRINTED[name], strict=True):
        for text in texts:
            assert case.oracle(text) == answer
            assert task.contains(task.inputs.encode(text)[None]).tolist() == [answer]


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].words])
def test_words_built_from_parts_are_those_the_expression_matches(name):
    case = CASES[name]
    found = all_words(name, case.complete)
    assert all(case.oracle(word) for word in found)
    task = case.make()
    for length in range(1, case.complete + 1):
        assert sum(len(word) == length for word in found) == task.automaton.count(length)
