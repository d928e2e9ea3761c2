"""Cells made of a few operations drawn at random, whose recurrence does not amplify."""

from dataclasses import dataclass
from types import SimpleNamespace

import torch
from hypothesis import strategies as some
from random_operations import FEW, OPERATIONS, Weights, first_few
from torch import nn

import seqtasks as st

COUPLING = 0.1
"""So much of a new value goes into the next state; half of the old one stays."""


@dataclass(frozen=True)
class Recipe:
    """What a cell does.

    Attributes:
        steps: (operation, places of three operands among the values so far).
        states: of each state whether it is a matrix.
        nexts: the value each state goes towards.
        manners: how it goes there; see `MANNERS`.
        output: the value put out; None for the first state.
        counts: whether the state ends with a counter and with flags, (batch, 1) and (batch, width).
    """

    steps: tuple[tuple[str, tuple[int, int, int]], ...]
    states: tuple[bool, ...]
    nexts: tuple[int, ...]
    manners: tuple[str, ...]
    output: int | None
    counts: bool


MANNERS = {
    "eases": lambda old, new, x, other: 0.5 * old + COUPLING * new,
    "forgets": lambda old, new, x, other: COUPLING * new,
    "takes the input": lambda old, new, x, other: x if old.dim() == 2 else x[..., None] + 0 * new,
    "takes another's": lambda old, new, x, other: other if other.shape == old.shape else 0.9 * old,
}
"""From a state, what it goes towards, the input and the next state of the cell to what follows."""


class RandomCell(st.Cell):
    """The cell of a recipe; inputs and vectors have one width."""

    def __init__(self, recipe, width):
        super().__init__(width, width)
        self.recipe = recipe
        self.enter = nn.Linear(width, width)
        self.weights = nn.ModuleList(Weights(width) for _ in recipe.steps)

    def initial_state(self, batch_size, steps):
        width, few = self.hidden_size, min(FEW, self.hidden_size)
        states = tuple(
            self.zeros(batch_size, width, few) if is_matrix else self.zeros(batch_size, width)
            for is_matrix in self.recipe.states
        )
        if self.recipe.counts:
            count = torch.zeros(batch_size, 1, dtype=torch.int64)
            states = (*states, count, torch.zeros(batch_size, width, dtype=torch.bool))
        return states if len(states) > 1 else states[0]

    def values(self, x, state):
        """Return the states, what stands for whole numbers, and everything computed on the way."""
        states = state if isinstance(state, tuple) else (state,)
        whole = SimpleNamespace(count=torch.ones_like(x[:, :1]), flags=x > 0)
        if self.recipe.counts:
            *states, whole.count, whole.flags = states
        found = [x, *(s.mean(-1) if s.dim() == 3 else s for s in states)]
        for weights, (operation, places) in zip(self.weights, self.recipe.steps, strict=True):
            operands = (found[place % len(found)] for place in places)
            found.append(OPERATIONS[operation](weights, whole, *operands))
        return states, whole, found

    def forward(self, x, state):
        states, whole, found = self.values(x, state)
        following = []
        others = (*states[1:], states[0])
        recipe = self.recipe
        for old, other, place, manner in zip(
            states, others, recipe.nexts, recipe.manners, strict=True
        ):
            new = torch.tanh(found[-1 - place % len(found)] + self.enter(x))
            if old.dim() == 3:
                new = new[:, :, None] * first_few(found[place % len(found)]).sigmoid()[:, None]
            following.append(MANNERS[manner](old, new, x, other))
        if recipe.counts:
            following += [whole.count + 1, (found[-1] > 0.1) ^ whole.flags]
        return tuple(following) if len(following) > 1 else following[0]

    def output(self, x, state):
        if self.recipe.output is None:
            first = state[0] if isinstance(state, tuple) else state
            return first.mean(-1) if first.dim() == 3 else first
        *_, found = self.values(x, state)
        return found[self.recipe.output % len(found)]


@some.composite
def recipes(draw):
    """Draw a recipe."""
    place = some.integers(0, 20)
    step = some.tuples(some.sampled_from(sorted(OPERATIONS)), some.tuples(place, place, place))
    steps = draw(some.lists(step, min_size=1, max_size=6))
    states = draw(some.lists(some.booleans(), min_size=1, max_size=3))
    nexts = draw(some.lists(place, min_size=len(states), max_size=len(states)))
    manner = some.sampled_from(sorted(MANNERS))
    manners = draw(some.lists(manner, min_size=len(states), max_size=len(states)))
    output = draw(some.none() | place)
    counts = draw(some.booleans())
    return Recipe(tuple(steps), tuple(states), tuple(nexts), tuple(manners), output, counts)
