"""The tasks reber and embedded-reber."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import AllowedLengths, Array, Settings, Tokens
from seqtasks_languages.automata import Automaton, RegularLanguage
from seqtasks_languages.drawing import coins
from seqtasks_languages.language import USUAL_CHANGES, modes

__all__ = ["EmbeddedReber", "Reber"]

_LETTERS = Tokens("BTPSXVE")
_T, _P = _LETTERS.encode("TP")
_EDGES: list[dict[str, int]] = [
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
    {},
]


def _embedded() -> list[dict[str, int]]:
    """Return the edges of two Reber automata, one after BT and one after BP."""
    size = len(_EDGES)
    edges: list[dict[str, int]] = [{"B": 1}, {"T": 2, "P": 2 + size}]
    last = 2 + 2 * size
    for letter, first in (("T", 2), ("P", 2 + size)):
        edges += [{symbol: first + to for symbol, to in leaving.items()} for leaving in _EDGES]
        edges[-1] = {letter: last}
    return [*edges, {"E": last + 1}, {}]


@dataclass(frozen=True)
class Reber(RegularLanguage):
    """The strings of Reber's grammar: the letters along a path from state 0 to state 7.

    The edges are 0 -B- 1; 1 -T- 2, -P- 3; 2 -S- 2, -X- 4; 3 -T- 3, -V- 5; 4 -X- 3, -S- 6;
    5 -P- 4, -V- 6; 6 -E- 7: so BTXSE, BPVVE and BTSSXXTVVE are members.

    Members of a length are drawn uniformly. Every letter but the first and the last is a choice
    between two, so this equals the usual walk, which takes either edge with probability 1/2, among
    its strings of that length.
    """

    inputs = _LETTERS
    lengths = AllowedLengths(5)
    automaton = Automaton(_LETTERS, _EDGES, [len(_EDGES) - 1])
    settings = Settings(cell="gru", hidden_size=32, length="5..20", steps=3000)
    source = (
        "Reber, Implicit learning of artificial grammars, Journal of Verbal Learning and Verbal "
        "Behavior 6, 1967; as in Cleeremans, Servan-Schreiber & McClelland, Finite state automata "
        "and simple recurrent networks, Neural Computation 1, 1989"
    )


@dataclass(frozen=True)
class EmbeddedReber(RegularLanguage):
    """BTrTE and BPrPE, where r is a string of Reber's grammar (see the task reber).

    The last letter but one must equal the second, however far away. Members of a length are drawn
    uniformly.
    """

    inputs = _LETTERS
    lengths = AllowedLengths(9)
    automaton = Automaton(_LETTERS, _embedded(), [len(_embedded()) - 1])
    settings = Settings(cell="lstm", hidden_size=32, length="9..20", steps=5000)
    source = "Hochreiter & Schmidhuber, Long short-term memory, Neural Computation 9, 1997"
    meanings = modes(
        f"half put T for P, or P for T, in the last place but one; of the others, {USUAL_CHANGES}"
    )

    def near_misses(self, rng: np.random.Generator, members: Array) -> Array:
        """Return members with one or two symbols changed, often the last but one."""
        edited = super().near_misses(rng, members)
        other = coins(rng, len(members))
        edited[other] = members[other]
        edited[other, -2] = _T + _P - members[other, -2]
        return edited
