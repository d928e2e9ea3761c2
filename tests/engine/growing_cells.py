"""Cells whose initial state depends on the number of steps, each in another way."""

from types import SimpleNamespace

import torch

import seqtasks as st


class Queue(st.Cell):
    """Puts what it computes in front of a queue and looks at all of it; the last falls off."""

    def __init__(self, input_size=3, hidden_size=4):
        super().__init__(input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)

    def places(self, steps):
        return 3

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.places(steps), self.hidden_size)

    def forward(self, x, queue):
        new = torch.tanh(self.linear(torch.cat([x, queue.sum(1)], -1)))
        return torch.cat([new[:, None], queue[:, :-1]], 1)

    def output(self, x, queue):
        return queue[:, 0]


class Always(Queue):
    """The same for every number of steps."""


class EveryStep(Queue):
    """Has as many places as there are steps."""

    def places(self, steps):
        return steps


class EveryFour(Queue):
    """Has a place more for every four steps."""

    def places(self, steps):
        return 1 + steps // 4


class OddAndEven(Queue):
    """Has a place more where the number of steps is odd."""

    def places(self, steps):
        return 2 + steps % 2


class Value(Queue):
    """Starts with the number of steps, in a state of one shape."""

    def initial_state(self, batch_size, steps):
        return super().initial_state(batch_size, steps) + steps / 10


class Learnt(Queue):
    """Starts with something learnt times the number of steps, zero before it is trained."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Parameter(torch.zeros(3, 4))

    def initial_state(self, batch_size, steps):
        return (self.first * (steps / 10)).expand(batch_size, 3, 4)


class Attribute(Queue):
    """Keeps the number of steps in an attribute, for its step."""

    scale = 1

    def initial_state(self, batch_size, steps):
        self.scale = steps
        return super().initial_state(batch_size, steps)

    def forward(self, x, queue):
        return super().forward(x, queue) / self.scale


class Noted(Queue):
    """Keeps the number of steps in an attribute of an attribute."""

    def __init__(self):
        super().__init__()
        self.notes = SimpleNamespace(scale=1)

    def initial_state(self, batch_size, steps):
        self.notes.scale = steps
        return super().initial_state(batch_size, steps)

    def forward(self, x, queue):
        return super().forward(x, queue) / self.notes.scale


NOTES = {"scale": 1}


class Hidden(Queue):
    """Keeps the number of steps where a recording does not look, for its step."""

    def initial_state(self, batch_size, steps):
        NOTES["scale"] = steps
        return super().initial_state(batch_size, steps)

    def forward(self, x, queue):
        return super().forward(x, queue) / NOTES["scale"]
