"""The task tomita."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from seqtasks.tasks import AllowedLengths, Settings, Tokens, UsageError
from seqtasks_languages.automata import Automaton, RegularLanguage

__all__ = ["Tomita"]

Number = Literal[1, 2, 3, 4, 5, 6, 7]

_BITS = Tokens("01")
_AUTOMATA: dict[int, Automaton] = {
    1: Automaton(_BITS, [{"1": 0}], [0]),
    2: Automaton(_BITS, [{"1": 1}, {"0": 0}], [0]),
    # No odd run of 1s has ended; one may be in progress; a later run of 0s is odd; it is not.
    3: Automaton(
        _BITS, [{"0": 0, "1": 1}, {"0": 2, "1": 0}, {"0": 3}, {"0": 2, "1": 3}], [0, 1, 3]
    ),
    4: Automaton(_BITS, [{"0": 1, "1": 0}, {"0": 2, "1": 0}, {"1": 0}], [0, 1, 2]),
    # State 2 z + o: z is the number of zeros and o the number of ones, mod 2.
    5: Automaton(
        _BITS, [{"0": 2, "1": 1}, {"0": 3, "1": 0}, {"0": 0, "1": 3}, {"0": 1, "1": 2}], [0]
    ),
    6: Automaton(_BITS, [{"0": 1, "1": 2}, {"0": 2, "1": 0}, {"0": 0, "1": 1}], [0]),
    7: Automaton(
        _BITS, [{"0": 0, "1": 1}, {"0": 2, "1": 1}, {"0": 2, "1": 3}, {"1": 3}], [0, 1, 2, 3]
    ),
}
# Among shorter strings, all are members, or none.
_SHORTEST_TO_RECOGNISE = {3: 2, 4: 3, 7: 4}


@dataclass(frozen=True)
class Tomita(RegularLanguage):
    """One of Tomita's seven regular languages over 0 and 1.

    1: 1*. 2: (10)*. 3: no odd run of 0s anywhere after an odd run of 1s. 4: no 000. 5: an even
    number of 0s and an even number of 1s. 6: the number of 0s minus the number of 1s is a multiple
    of 3. 7: 0*1*0*1*. A run extends as far as it can: 1100 has no odd run. Members of a length are
    drawn uniformly.
    """

    number: Number = 5

    inputs = _BITS
    settings = Settings(cell="gru", hidden_size=32, length="2..20", steps=3000)
    source = (
        "Tomita, Dynamic construction of finite automata from examples using hill-climbing, "
        "Proceedings of the Fourth Annual Conference of the Cognitive Science Society, 1982"
    )

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            UsageError: for a number without a language.
        """
        super().__post_init__()
        if self.number not in get_args(Number):
            raise UsageError(f"number must be one of 1 to 7, got {self.number!r}")
        if self.number == 6 and self.mode == "recognise":
            # One answer at the end is too little to learn counting from, unless strings are short.
            settings = replace(self.settings, curriculum="increasing:every=100")
            object.__setattr__(self, "settings", settings)

    @property
    def automaton(self) -> Automaton:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The language's automaton."""
        return _AUTOMATA[self.number]

    @property
    def lengths(self) -> AllowedLengths:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The lengths with a member and, to recognise, with a non-member."""
        if self.number in (2, 5):
            return AllowedLengths(2, 2)
        if self.number == 6:
            return AllowedLengths(2)
        recognise = self.mode == "recognise"
        return AllowedLengths(_SHORTEST_TO_RECOGNISE.get(self.number, 1) if recognise else 1)
