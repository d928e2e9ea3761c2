"""The steps of a sequence: symbols of an alphabet, or real vectors."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError, did_you_mean

__all__ = ["BLANK", "IGNORE", "Reals", "TokenSets", "Tokens"]

IGNORE = -100
"""The target id of a position that is not scored. torch's cross-entropy also skips it."""

BLANK = "_"
"""The character that stands for a blank. An answer after the input is emitted over blanks."""

_SET_MARKS = set("{},'\"")


@dataclass(frozen=True, init=False)
class Tokens:
    """An alphabet. A symbol's id is its position in the alphabet.

    Example:
        >>> from seqtasks import Tokens
        >>> bits = Tokens("01")
        >>> bits.encode("0110")
        array([0, 1, 1, 0])
        >>> bits.decode([1, 0])
        '10'
        >>> Tokens(["0", "1", "POP"]).encode("0 POP")
        array([0, 2])
    """

    symbols: tuple[str, ...]

    def __init__(self, symbols: Iterable[str]) -> None:
        """Take each character of a string, or each string of a sequence, as a symbol.

        Raises:
            ValueError: if there are no symbols, or one is empty, contains a space or occurs twice.
        """
        found = tuple(symbols)
        if not all(isinstance(symbol, str) for symbol in found):
            raise ValueError(f"symbols must be strings, got {found!r}")
        if not found or not all(found) or any(s.split() != [s] for s in found):
            raise ValueError(f"symbols must be non-empty and without spaces, got {found!r}")
        if len(set(found)) != len(found):
            raise ValueError(f"each symbol may come once, got {found!r}")
        object.__setattr__(self, "symbols", found)

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def size(self) -> int:
        """The number of symbols."""
        return len(self.symbols)

    @property
    def single_characters(self) -> bool:
        """Whether every symbol is one character, so that text needs no spaces."""
        return all(len(symbol) == 1 for symbol in self.symbols)

    def split(self, text: str) -> list[str]:
        """Cut a text into symbols: at spaces, or between characters where each symbol is one."""
        return list("".join(text.split())) if self.single_characters else text.split()

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the ids of a text's symbols, (time,) int64.

        Raises:
            UsageError: at the first symbol that is not in the alphabet.
        """
        ids = {symbol: index for index, symbol in enumerate(self.symbols)}
        symbols = self.split(text)
        for position, symbol in enumerate(symbols, start=1):
            if symbol not in ids:
                raise UsageError(
                    f"symbol '{symbol}' (number {position} of '{text.strip()}') is not in the "
                    f"alphabet {' '.join(self.symbols)}.{did_you_mean(symbol, self.symbols)}"
                )
        return np.array([ids[symbol] for symbol in symbols], dtype=np.int64)

    def words(self, ids: Sequence[int] | NDArray[np.integer]) -> list[str]:
        """Return the symbols of ids. An unscored position is '.', a blank is '_'."""
        return [self._word(int(index)) for index in ids]

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """Return ids as text, the inverse of `encode`."""
        return ("" if self.single_characters else " ").join(self.words(ids))

    def _word(self, index: int) -> str:
        if index == IGNORE:
            return "."
        if not 0 <= index <= len(self.symbols):
            raise ValueError(f"there is no symbol with id {index} in {' '.join(self.symbols)}")
        return BLANK if index == len(self.symbols) else self.symbols[index]


@dataclass(frozen=True, init=False)
class TokenSets:
    """Sets of symbols of an alphabet, as targets: each set holds every right symbol of a step.

    A set is a row of bool, one for each symbol. The empty set marks a step that is not scored.

    Example:
        >>> import numpy as np
        >>> from seqtasks import TokenSets
        >>> TokenSets("ab.").words(np.array([[True, False, True], [False, False, False]]))
        ['{a.}', '.']
    """

    symbols: tuple[str, ...]

    def __init__(self, symbols: Iterable[str]) -> None:
        """Take symbols as `Tokens` does.

        Raises:
            ValueError: as `Tokens` does.
        """
        object.__setattr__(self, "symbols", Tokens(symbols).symbols)

    @property
    def size(self) -> int:
        """The number of symbols."""
        return len(self.symbols)

    def words(self, sets: NDArray[np.bool_]) -> list[str]:
        """Return each step's set as text, such as `{01}`. A step that is not scored is '.'.

        A symbol that contains a character of the notation (brace, comma, quote) is quoted.
        """
        between = "" if all(len(symbol) == 1 for symbol in self.symbols) else ","
        written = [repr(s) if _SET_MARKS & set(s) else s for s in self.symbols]
        chosen = [[s for s, inside in zip(written, row, strict=True) if inside] for row in sets]
        return [f"{{{between.join(names)}}}" if names else "." for names in chosen]


@dataclass(frozen=True)
class Reals:
    """Real vectors: each step has `size` numbers.

    Example:
        >>> from seqtasks import Reals
        >>> pairs = Reals(2)
        >>> pairs.encode("0.5,1 -0.25,0").tolist()
        [[0.5, 1.0], [-0.25, 0.0]]
        >>> pairs.decode(pairs.encode("0.5,1 -0.25,0"))
        '0.5,1 -0.25,0'
    """

    size: int = 1

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"a vector has at least one number, got size {self.size}")

    def encode(self, text: str) -> NDArray[np.float64]:
        """Return a text's vectors, (time, size). Spaces separate steps, commas separate numbers.

        Raises:
            UsageError: at the first step with a wrong count of numbers, or a word that is none.
        """
        vectors = [self._vector(step, place) for place, step in enumerate(text.split(), start=1)]
        return np.array(vectors, dtype=np.float64).reshape(-1, self.size)

    def _vector(self, step: str, place: int) -> list[float]:
        words = step.split(",")
        if len(words) != self.size:
            form = ",".join(["0.5"] * min(self.size, 3)) + (",..." if self.size > 3 else "")
            raise UsageError(
                f"step {place}, '{step}', must have {self.size} number(s), as in {form}, got "
                f"{len(words)}; write a space between steps"
            )
        numbers: list[float] = []
        for word in words:
            try:
                numbers.append(float(word))
            except ValueError:
                raise UsageError(f"'{word}' in step {place}, '{step}', is not a number") from None
            if not math.isfinite(numbers[-1]):
                raise UsageError(f"'{word}' in step {place}, '{step}', is not a finite number")
        return numbers

    def words(self, vectors: NDArray[np.floating]) -> list[str]:
        """Return each step's vector as text. A position that is not scored is '.'."""
        return [
            "." if np.isnan(vector).any() else ",".join(f"{number:.3g}" for number in vector)
            for vector in np.asarray(vectors).reshape(-1, self.size)
        ]

    def decode(self, vectors: NDArray[np.floating]) -> str:
        """Return vectors as text, one word a step."""
        return " ".join(self.words(vectors))
