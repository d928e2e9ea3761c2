"""Build two tasks for each language: prediction and recognition, from how to draw and read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, Layout, PublishedProtocol, Task, Tokens, TokenSets, UsageError
from seqtasks_languages.drawing import coins, whole_numbers
from seqtasks_languages.negatives import (
    MEANINGS,
    Negatives,
    check_negatives,
    edited,
    uniform_strings,
)

__all__ = ["END", "USUAL_CHANGES", "Language", "Mode", "modes"]

Mode = Literal["recognise", "predict"]

END = "END"
"""The symbol for the end of a string, among the symbols that may come next."""

RECOGNISERS = (
    "Butoi, Khalighinejad, Svete, Valvoda, Cotterell & DuSell, Training neural networks as "
    "recognizers of formal languages, ICLR 2025"
)
"""The source that trains recognisers of many languages in one way."""

_IN_WORDS = {"near": "near misses", "random": "random strings", "mixed": "strings"}
_ROUNDS = 1000
_SPARE = 64
_USUAL_SHARE, _LEAST_SHARE = 2 / 3, 0.05


USUAL_CHANGES = (
    "half put another symbol, drawn uniformly, at a uniform place, and half exchange the "
    "symbols of two independent uniform places"
)
"""The changes that `Language.near_misses` makes to members, as `modes` words them."""

_PREDICT = """
    The inputs are whole members of the language, of exactly `length` symbols. After each symbol the
    target is the set of all symbols with which the string read so far can go on to some member, of
    any length; END is in the set if the string read so far is a member. The first symbol is not
    predicted. If a given string is no member, the answer is the same up to the first symbol that
    no member could have there. From that symbol on, nothing is scored.
"""
_RECOGNISE = """
    After the last symbol the target is yes if the whole string is a member of the language, and no
    if not. An instance is a member with probability 1/2. Otherwise it is a near miss: a member with
    one or two symbols changed. Member and change are drawn again until the string lies outside the
    language. Of the changes tried, {changes}.
"""


def modes(changes: str = USUAL_CHANGES) -> dict[str, dict[str, str]]:
    """Return the meanings of a language's modes, for its `meanings`.

    Args:
        changes: the changes that turn members into near misses, worded to follow "of the changes
            tried"; a language that defines `near_misses` words them here.
    """
    return {
        "mode": {"predict": _PREDICT, "recognise": _RECOGNISE.format(changes=changes)},
        "negatives": MEANINGS,
    }


@dataclass(frozen=True, kw_only=True)
class Language(Task):
    """A formal language, as one of two tasks on strings of exactly `length` symbols.

    `predict`: the inputs are members; after each symbol, say all symbols that may come next.
    `recognise`: after the last symbol, say whether the string is a member; half of the inputs are
    near misses. `modes` has the exact definitions, and `seqtasks show` prints them for each
    language. Lengths without near misses are not allowed.

    A language is a subclass that defines `inputs` (its alphabet), `lengths`, and four methods that
    treat many strings at once, with the state of each string in a row of one array: `members`,
    `start`, `legal` and `advance`.

    Attributes:
        mode: which of the two tasks it is.
        negatives: the non-members among strings to recognise: `near` misses, `random` strings, or
            a `mixed` half of random strings and half of edited members.

    Example:
        >>> import numpy as np, seqtasks as st
        >>> from seqtasks_languages.language import Language
        >>> class Alternating(Language):
        ...     "abab...: an a at odd places, a b at even places, of any length."
        ...     inputs = st.Tokens("ab")
        ...     def members(self, rng, batch_size, length):
        ...         return np.tile(np.arange(length) % 2, (batch_size, 1))
        ...     def start(self, batch_size):
        ...         return np.zeros(batch_size, dtype=np.int64)
        ...     def legal(self, state):
        ...         return np.stack([state == 0, state == 1, state >= 0], axis=-1)
        ...     def advance(self, state, symbols):
        ...         return 1 - symbols
        >>> task = Alternating()
        >>> task.targets.words(task.encode(task.inputs.encode("aba")[None])[0])
        ['{b,END}', '{a,END}', '{b,END}']
        >>> Alternating(mode="recognise").encode(np.array([[0, 1, 0], [0, 0, 0]]))
        array([1, 0])
    """

    mode: Mode = "predict"
    negatives: Negatives = "near"

    published = PublishedProtocol(
        source=RECOGNISERS,
        missing=(
            "Its strings have lengths from 0, and a batch mixes several lengths.",
            "Its loss can add the losses of the next symbol and of the set of next symbols.",
            "It halves the rate and stops by the validation loss.",
            "The rest can be set: to recognise with negatives=mixed, and --training-inputs 10000.",
        ),
    )

    meanings: ClassVar[Mapping[str, Mapping[str, str]]] = modes()

    def __post_init__(self) -> None:
        """Check the mode.

        Raises:
            UsageError: for an unknown mode.
        """
        if self.mode not in get_args(Mode):
            raise UsageError(f"mode must be one of recognise, predict, got {self.mode!r}")
        check_negatives(self.negatives, self.mode)
        if self.mode == "predict":  # every string is a member
            object.__setattr__(self, "meanings", {"mode": self.meanings["mode"]})

    # The base class declares plain attributes. Here, and in subclasses with parameters, they depend
    # on the parameters, so they are properties, and the checker is told to accept that.
    @property
    def layout(self) -> Layout:  # pyright: ignore[reportIncompatibleVariableOverride]
        """One answer per step to predict, one at the end to recognise."""
        return "each" if self.mode == "predict" else "end"

    @property
    def targets(self) -> Tokens | TokenSets:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Sets of the alphabet's symbols and END to predict, `no` and `yes` to recognise."""
        if self.mode == "predict":
            return TokenSets([*cast(Tokens, self.inputs).symbols, END])
        return Tokens(["no", "yes"])

    @property
    def counts_baseline(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether symbol counts may tell much, as for strings to recognise."""
        return self.mode == "recognise"

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw strings of the language, (batch, length) ids of any integer type.

        It is only called for allowed lengths; the batch may be empty.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define members")

    def start(self, batch_size: int) -> Array:
        """Return the state of a string before its first symbol, (batch, ...)."""
        raise NotImplementedError(f"{type(self).__name__} does not define start")

    def legal(self, state: Array) -> NDArray[np.bool_]:
        """Return which symbols may come next and, last, END, (batch, symbols + 1).

        A symbol may come next if the string can then still become a member.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define legal")

    def advance(self, state: Array, symbols: NDArray[np.integer]) -> Array:
        """Return the state after one more symbol, (batch,) ids; it may change the given state.

        After an illegal symbol, it may return any state on which `legal` and `advance` can be
        called: their results for that string are ignored.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define advance")

    def near_misses(self, rng: np.random.Generator, members: Array) -> Array:
        """Return members, (batch, length), with one or two symbols changed.

        With probability 1/2, the symbol at a uniform place becomes a uniformly drawn other symbol.
        Otherwise the symbols of two independent uniform places are exchanged. The caller discards
        a result that is still a member. A language that defines this method describes its changes
        in its `meanings`, with the help of `modes`.
        """
        count, length = members.shape
        rows = np.arange(count)
        first, second = whole_numbers(rng, length, 2, count)
        others = self.inputs.size - 1
        symbols = (members[rows, first] + 1 + whole_numbers(rng, others, count)) % (others + 1)
        exchanged = coins(rng, count)
        edited = members.copy(order="K")
        edited[rows, first] = np.where(exchanged, members[rows, second], symbols)
        edited[rows[exchanged], second[exchanged]] = members[rows, first][exchanged]
        return edited

    def read(self, strings: Array) -> NDArray[np.bool_]:
        """Return the symbols that may come after each symbol and, last, END.

        The shape is (length, batch, symbols + 1). After an illegal symbol the set is empty. It
        follows from `start`, `legal` and `advance`; a language that can treat whole strings at once
        may define this method in their place.
        """
        count, length = strings.shape
        found = np.empty((length, count, self.inputs.size + 1), dtype=np.bool_)
        rows = np.arange(count)
        state = self.start(count)
        legal = self.legal(state)
        for step, symbols in enumerate(np.ascontiguousarray(strings.T)):
            alive = legal[rows, symbols]
            state = self.advance(state, symbols)
            legal = np.logical_and(self.legal(state), alive[:, None], out=found[step])
        return found

    def contains(self, strings: Array) -> NDArray[np.bool_]:
        """Return which strings, (batch, length) ids, are members, (batch,).

        A language that can decide this without all legal next symbols may define this method too.
        """
        return self.read(strings)[-1, :, -1]

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members to predict; to recognise, members and near misses."""
        if self.mode == "predict":
            return self.members(rng, batch_size, length)
        inside = coins(rng, batch_size)
        count = int(inside.sum())
        missing = batch_size - count
        # One call for all: members to keep, and members to turn into near misses.
        drawn = self.members(rng, count + _tries(missing, _USUAL_SHARE), length)
        inputs = np.empty((batch_size, length), dtype=drawn.dtype)
        inputs[inside] = drawn[:count]
        inputs[~inside] = self._non_members(rng, drawn[count:], missing)
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the legal next symbols at each step, or whether each string is a member."""
        if self.mode == "recognise":
            return self.contains(inputs).astype(np.int64)
        return self.read(inputs).transpose(1, 0, 2)

    def _candidates(self, rng: np.random.Generator, members: Array) -> Array:
        """Return strings that may lie outside, as many as the given members."""
        if self.negatives == "near":
            return self.near_misses(rng, members)
        count, length = members.shape
        symbols = self.inputs.size
        drawn = uniform_strings(rng, symbols, count, length).astype(members.dtype)
        if self.negatives == "mixed":
            chosen = coins(rng, count)
            drawn[chosen] = edited(rng, members[chosen], symbols)
        return drawn

    def _non_members(self, rng: np.random.Generator, members: Array, count: int) -> Array:
        """Return non-members made from the given members and from more, (count, length)."""
        length = members.shape[1]
        found = np.empty((count, length), dtype=members.dtype)
        filled = tries = 0
        for _ in range(_ROUNDS):
            tried = self._candidates(rng, members)
            outside = tried[~self.contains(tried)][: count - filled]
            found[filled : filled + len(outside)] = outside
            filled += len(outside)
            if filled == count:  # even drawing no members takes a pass over the length
                return found
            tries += len(members)
            members = self.members(rng, _tries(count - filled, (filled + 1) / tries), length)
        raise UsageError(
            f"{self.known_as} has next to no {_IN_WORDS[self.negatives]} of length {length} "
            "outside it; "
            "allow only lengths at which it has some, or define its near_misses"
        )


def _tries(missing: int, share: float) -> int:
    """Return how many members to turn into near misses, when a share of them leave the language.

    Another round costs more than a few spare members.
    """
    return int(missing / max(share, _LEAST_SHARE)) + _SPARE if missing else 0
