"""What may come next in strings of each language up to 500 symbols, against slow readers.

A reader goes through a text and gives, after each symbol, all that may come next as a text in which
`.` is the end. It stops at the first symbol that no member could have there. The readers are first
held to the definition: all short strings are tried for what can still become a member.
"""

import itertools

import numpy as np
import pytest
from grids import first_part_quick
from test_languages_oracles import CASES, all_words

from seqtasks.randomness.streams import stream

NAMES = list(CASES)
LENGTHS = (
    *range(1, 13),
    *range(20, 500, 24),
    63,
    64,
    65,
    127,
    128,
    129,
    255,
    256,
    257,
    498,
    499,
    500,
)


def by_prefix(after):
    """Return a reader from what may come after a text, which is nothing if none may begin so.

    It is asked about a text only if it said that one symbol less may be read.
    """

    def read(text):
        for end in range(1, len(text) + 1):
            may = after(text[:end])
            if not may:
                return
            yield may

    return read


def tomita_2(read):
    """Go on with what 10 repeated has in this place."""
    whole = "10" * len(read)
    if not whole.startswith(read):
        return ""
    return "0" if len(read) % 2 else "1."


def tomita_3(text):
    """Note whether an odd run of 1s is over; then an odd run of 0s must go on."""
    odd_ones, run = False, ""
    for symbol in text:
        if run and run[0] != symbol:
            odd = len(run) % 2 == 1
            if odd_ones and odd and run[0] == "0":
                return
            odd_ones = odd_ones or (odd and run[0] == "1")
            run = ""
        run += symbol
        yield "0" if odd_ones and run[0] == "0" and len(run) % 2 else "01."


def tomita_4(read):
    """Look for 000 and 00 at the end."""
    if read.endswith("000"):
        return ""
    return "1." if read.endswith("00") else "01."


def tomita_5(read):
    """Count both symbols."""
    return "01" if read.count("0") % 2 or read.count("1") % 2 else "01."


def tomita_6(read):
    """Count both symbols."""
    return "01" if (read.count("0") - read.count("1")) % 3 else "01."


def tomita_7(text):
    """Go along the runs that there may be, over those that are left out."""
    runs = "0101"
    for symbol in text:
        while not runs.startswith(symbol):
            if not runs:
                return
            runs = runs[1:]
        yield "1." if runs == "1" else "01."


WAYS = "0B1 1T2 1P3 2S2 2X4 3T3 3V5 4X3 4S6 5P4 5V6 6E7"
"""The edges of Reber's drawing: from, letter, to."""
REACHED = {(way[0], way[1]): way[2] for way in WAYS.split()}
LEAVING = {place: "".join(s for p, s in REACHED if p == place) for place in "0123456"}


def reber(text):
    """Walk along the edges."""
    place = "0"
    for symbol in text:
        place = REACHED.get((place, symbol))
        if place is None:
            return
        yield LEAVING.get(place, ".")


def embedded_reber(text):
    """Read the letters around, and what stands between them by the reader of Reber's strings."""
    if text[:1] != "B":
        return
    yield "TP"
    way, inside = text[1:2], text[2:]
    if way not in ("T", "P"):
        return
    yield "B"
    places = 0
    for may in reber(inside):
        places += 1
        yield way if may == "." else may
        if may == ".":
            break
    else:
        return
    for expected, may in ((way, "E"), ("E", ".")):
        if inside[places : places + 1] != expected:
            return
        places += 1
        yield may


def blocks(letters):
    """Return a reader of blocks of equal length of the letters in order."""

    def after(read):
        size = read.count(letters[0])
        if read == letters[0] * size:
            return letters[:2]
        whole = "".join(letter * size for letter in letters)
        if not whole.startswith(read):
            return ""
        return (whole + ".")[len(read)]

    return by_prefix(after)


def nested(symbols, depth):
    """Return a reader of brackets that nest up to a depth: a stack of those still to close."""
    closing = dict(zip(symbols[::2], symbols[1::2], strict=True))

    def read(text):
        stack = []
        for symbol in text:
            if symbol in closing:
                if len(stack) == depth:
                    return
                stack.append(closing[symbol])
            elif not stack or stack.pop() != symbol:
                return
            openings = "" if len(stack) == depth else symbols[::2]
            yield openings + (stack[-1] if stack else ".")

    return read


def crossing(symbols):
    """Return a reader of brackets that match within each kind: count what is open of each."""
    closing = dict(zip(symbols[::2], symbols[1::2], strict=True))

    def read(text):
        still = dict.fromkeys(closing.values(), 0)
        for symbol in text:
            if symbol in closing:
                still[closing[symbol]] += 1
            elif still[symbol]:
                still[symbol] -= 1
            else:
                return
            closings = "".join([symbol for symbol in still if still[symbol]])
            yield symbols[::2] + (closings or ".")

    return read


READERS = {
    "tomita-1": by_prefix(lambda read: "" if read.endswith("0") else "1."),
    "tomita-2": by_prefix(tomita_2),
    "tomita-3": tomita_3,
    "tomita-4": by_prefix(tomita_4),
    "tomita-5": by_prefix(tomita_5),
    "tomita-6": by_prefix(tomita_6),
    "tomita-7": tomita_7,
    "reber": reber,
    "embedded-reber": embedded_reber,
    "anbn": blocks("ab"),
    "anbncn": blocks("abc"),
    "dyck": nested("()[]", 8),
    "dyck-2-deep": nested("()[]", 2),
    "dyck-1-kind": nested("()", 3),
    "shuffle-dyck": crossing("()[]"),
    "shuffle-dyck-3-kinds": crossing("()[]{}"),
}


def expected_sets(name, text):
    """Return a reader's sets after each symbol as rows of bool, empty from where it stops."""
    symbols = CASES[name].symbols + "."
    said = list(READERS[name](text))
    row_of = {may: row for row, may in enumerate(["", *set(said)])}
    rows = np.array([[symbol in may for symbol in symbols] for may in row_of])
    return rows[[row_of[may] for may in said] + [row_of[""]] * (len(text) - len(said))]


@pytest.mark.parametrize("name", NAMES)
def test_the_readers_say_of_every_short_string_what_can_still_become_a_member(name):
    case = CASES[name]
    words = all_words(name, case.complete)
    prefixes = {word[:end] for word in words for end in range(len(word) + 1)}
    for text in map("".join, itertools.product(case.symbols, repeat=case.read)):
        said = list(READERS[name](text))
        alive = [end for end in range(1, len(text) + 1) if text[:end] in prefixes]
        assert len(said) == len(alive), text
        for end, may in zip(alive, said, strict=True):
            read = text[:end]
            legal = {symbol for symbol in case.symbols if read + symbol in prefixes}
            assert set(may) == (legal | {"."} if read in words else legal), read


def strings_of(task, recogniser, rng, length):
    """Return strings of a length, 80 of several kinds, no matter whether there are members.

    They are members and near misses or, at a length that has none, what such begin with; members
    with one symbol changed, or with one put before the next, as often among the last few as before
    them; beginnings of longer members; random symbols, as they come and sorted.
    """
    size = task.inputs.size
    mixed = recogniser.generate(rng, 20, recogniser.lengths.at_least(length))
    changed = np.array(task.generate(rng, 30, task.lengths.at_least(length)))
    places = length - (length ** rng.random(30)).astype(int)
    for row, place in zip(changed[:20], places[:20], strict=True):
        row[place] = (row[place] + rng.integers(1, size)) % size
    for row, place in zip(changed[20:], places[20:], strict=True):
        row[[place - 1, place]] = row[[place, place - 1]]
    longer = length + 1 + int(rng.integers(length))
    begun = task.generate(rng, 15, task.lengths.at_least(longer))
    free = rng.integers(size, size=(10, length))
    ordered = np.sort(rng.integers(size, size=(5, length)), axis=1)
    return np.concatenate([part[:, :length] for part in (mixed, changed, begun, free, ordered)])


@first_part_quick(4)
@pytest.mark.parametrize("name", NAMES)
def test_sets_and_membership_of_thousands_of_strings_are_those_of_slow_readers(name, part):
    case = CASES[name]
    task, recogniser, rng = case.make(), case.make("recognise"), stream(8, "test")
    for length in LENGTHS[part::4]:
        strings = strings_of(task, recogniser, rng, length)
        sets, answers = task.encode(strings), recogniser.encode(strings).tolist()
        for row, found, answer in zip(strings, sets, answers, strict=True):
            text = "".join(map(case.symbols.__getitem__, row.tolist()))
            assert np.array_equal(found, expected_sets(name, text)), text
            assert case.oracle(text) == bool(answer), text
