"""The task group-word."""

from dataclasses import dataclass

from seqtasks.tasks import Array, Settings, Tokens, UsageError
from seqtasks_groups.following import STATE_TRACKING_PROTOCOL, FollowingTask, follow
from seqtasks_groups.groups import GroupName, group

__all__ = ["GroupWord"]


@dataclass(frozen=True)
class GroupWord(FollowingTask):
    """Multiply elements of a group; say at each step the product so far, in order of arrival.

    Each symbol of the input is a uniformly drawn element; `generators` restricts them, for example
    `group-word:group=S5,generators=[(12),(12345)]`. The answers are all elements of the group.
    Length counts the elements, from 1.

    Z is the whole numbers below its size with addition. S is all permutations of n points, n the
    number in the name, and A the even ones, in cycle notation, multiplied left to right: (12)(23)
    is first (12), then (23). D4 is the symmetries of a square, r a quarter turn, s a reflection,
    s r = r3 s. Q8 is the quaternions 1, i, j, k and their opposites, with i j = k. A4xZ5 is pairs
    of A4 and Z5, as in (123)z2. The identity is the first element of each: 0, e or 1. Merrill et
    al. compare the three groups of 60 elements: Z60, A4xZ5 and A5.
    """

    group: GroupName = "A5"
    generators: tuple[str, ...] = ()

    layout = "each"
    settings = Settings(
        cell="lstm",
        hidden_size=128,
        length="1..10",
        curriculum="increasing:every=500",
        steps=20_000,
        batch_size=256,
        clip=0.1,
        solved_after=5,
        evaluation_lengths=(10, 20, 40, 100, 500),
    )
    source = (
        "Merrill, Petty & Sabharwal 2024, The illusion of state in state-space models; Grazzi et "
        "al. 2024, Unlocking state-tracking in linear RNNs through negative eigenvalues"
    )
    published = STATE_TRACKING_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameters and set the alphabets."""
        if isinstance(self.generators, str):
            raise UsageError(f"generators must be a list of elements, got '{self.generators}'")
        object.__setattr__(self, "generators", tuple(self.generators))
        symbols, chosen = group(self.group).symbols, self._chosen()
        if len(set(chosen)) < len(chosen):
            raise UsageError(
                f"each generator may come once, got {', '.join(self.generators)}, that is "
                f"{', '.join(symbols[element] for element in chosen)}"
            )
        self._set_alphabets(Tokens(symbols[element] for element in chosen), Tokens(symbols))

    def encode(self, inputs: Array) -> Array:
        """Return the ids of the products so far, (batch, length)."""
        return follow(group(self.group).table[:, self._chosen()], inputs)

    def _chosen(self) -> list[int]:
        """Return the ids of the elements that are the input alphabet."""
        found = group(self.group)
        if not self.generators:
            return list(range(len(found.symbols)))
        return [found.element(text) for text in self.generators]
