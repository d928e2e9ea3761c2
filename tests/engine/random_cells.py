"""Cells made of a few operations drawn at random, whose recurrence does not amplify."""

from dataclasses import dataclass

import torch
from hypothesis import strategies as some
from torch import nn
from torch.nn import functional

import seqtasks as st

COUPLING = 0.1
"""So much of a new value goes into the next state; half of the old one stays."""
FEW = 3
"""Columns of a state that is a matrix, and features that outer products are formed of."""


@dataclass(frozen=True)
class Recipe:
    """What a cell does.

    Attributes:
        steps: (operation, places of three operands among the values so far).
        states: of each state whether it is a matrix.
        nexts: the value each state goes towards.
        manners: how it goes there; see `MANNERS`.
        output: the value put out; None for the first state.
    """

    steps: tuple[tuple[str, tuple[int, int, int]], ...]
    states: tuple[bool, ...]
    nexts: tuple[int, ...]
    manners: tuple[str, ...]
    output: int | None


def first_few(a):
    return a[:, :FEW]


def rotated(a):
    return torch.cat(a.chunk(2, -1)[::-1], -1)


OPERATIONS = {
    "add": lambda cell, k, a, b, c: 0.5 * (a + b),
    "subtract": lambda cell, k, a, b, c: 1 - a,
    "multiply": lambda cell, k, a, b, c: a * torch.tanh(b),
    "tanh": lambda cell, k, a, b, c: torch.tanh(a),
    "sigmoid": lambda cell, k, a, b, c: a.sigmoid(),
    "relu": lambda cell, k, a, b, c: functional.relu(a),
    "softmax": lambda cell, k, a, b, c: torch.softmax(a, -1),
    "layer_norm": lambda cell, k, a, b, c: functional.layer_norm(a, a.shape[1:], eps=0.1),
    "linear": lambda cell, k, a, b, c: cell.single[k](a),
    "joined": lambda cell, k, a, b, c: cell.double_[k](torch.cat([a, b], -1)),
    "chunk": lambda cell, k, a, b, c: rotated(a),
    "where": lambda cell, k, a, b, c: torch.where(a > 0.1, b, c),
    "slice": lambda cell, k, a, b, c: torch.cat([a[:, 1:], b[:, :1]], -1),
    "stack": lambda cell, k, a, b, c: torch.stack([a, b, a * c.tanh()], 1).mean(1),
    "greatest": lambda cell, k, a, b, c: torch.stack([a, b], 1).amax(1),
    "outer": lambda cell, k, a, b, c: (
        (a[:, :, None] * first_few(b)[:, None]).tanh() @ first_few(c)[:, :, None]
    ).squeeze(-1),
    "shift": lambda cell, k, a, b, c: functional.pad(a, (1, 0))[:, :-1],
    "roll": lambda cell, k, a, b, c: a.roll(-1, -1),
    "sum": lambda cell, k, a, b, c: a.sum(-1, keepdim=True) / a.shape[-1] * b,
    "mean": lambda cell, k, a, b, c: a - a.mean(-1, keepdim=True),
}

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
        count = len(recipe.steps)
        self.single = nn.ModuleList(nn.Linear(width, width) for _ in range(count))
        self.double_ = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(count))

    def initial_state(self, batch_size, steps):
        width, few = self.hidden_size, min(FEW, self.hidden_size)
        states = tuple(
            self.zeros(batch_size, width, few) if is_matrix else self.zeros(batch_size, width)
            for is_matrix in self.recipe.states
        )
        return states if len(states) > 1 else states[0]

    def values(self, x, state):
        """Return everything computed on the way, each (batch, width)."""
        states = state if isinstance(state, tuple) else (state,)
        found = [x, *(s.mean(-1) if s.dim() == 3 else s for s in states)]
        for k, (operation, places) in enumerate(self.recipe.steps):
            operands = (found[place % len(found)] for place in places)
            found.append(OPERATIONS[operation](self, k, *operands))
        return states, found

    def forward(self, x, state):
        states, found = self.values(x, state)
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
        return tuple(following) if len(following) > 1 else following[0]

    def output(self, x, state):
        if self.recipe.output is None:
            first = state[0] if isinstance(state, tuple) else state
            return first.mean(-1) if first.dim() == 3 else first
        _, found = self.values(x, state)
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
    return Recipe(tuple(steps), tuple(states), tuple(nexts), tuple(manners), output)
