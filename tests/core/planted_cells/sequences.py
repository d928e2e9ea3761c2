"""Mistakes that sizes, extreme inputs, scans and copies show."""

import random
import threading

import torch
from torch import nn

import seqtasks as st
from planted_cells.right import Planted

__all__ = ["REST", "RefusesOddSizes"]


class NeedsEvenSize(Planted):
    def forward(self, x, state):
        first, second = self.new(x, state).chunk(2, -1)
        return torch.cat([first + second, first - second], -1)


class GatedBySecondUnit(Planted):
    def forward(self, x, state):
        new = self.new(x, state)
        return torch.sigmoid(new[:, 1:2]) * new


class DividesBySpread(Planted):
    def forward(self, x, state):
        new = self.new(x, state)
        away = new - new.mean(-1, keepdim=True)
        return away / (away.square().sum(-1, keepdim=True) / (self.hidden_size - 1 + 0 * new) + 1)


class RefusesOddSizes(Planted):
    def __init__(self, input_size, hidden_size):
        if hidden_size % 2:
            raise ValueError(f"hidden_size must be even, got {hidden_size}")
        super().__init__(input_size, hidden_size)


class HalvesItsSize(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = 1 / (hidden_size // 2)

    def forward(self, x, state):
        return self.scale * self.new(x, state)


class DividesByNorm(Planted):
    def forward(self, x, state):
        return self.new(x / x.norm(dim=-1, keepdim=True), state)


class RootAtZero(Planted):
    def forward(self, x, state):
        return self.new((x * x).sum(-1, keepdim=True).sqrt() * torch.ones_like(x), state)


class Exponential(Planted):
    def forward(self, x, state):
        return torch.exp(self.linear(torch.cat([x, torch.log1p(state)], -1)))


class KnowsTheStep(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, 1) + steps

    def forward(self, x, state):
        return self.new(x, state[0]) * state[1] / 10, state[1]

    def continued(self, state, steps):
        return state[0], torch.full_like(state[1], steps)


class WrongScan(Planted):
    def scan(self, inputs, state=None, lengths=None):
        outputs, final = st.unroll(self, inputs, state, lengths)
        return outputs, final * 0.99


class RandomNumber(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = random.random()

    def forward(self, x, state):
        return self.scale * self.new(x, state)


class LosesABuffer(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("mask", torch.randn(hidden_size, hidden_size), persistent=False)

    def forward(self, x, state):
        return self.new(x, state @ self.mask)


class SavesUnderOtherNames(Planted):
    def state_dict(self, *arguments, **options):
        found = super().state_dict(*arguments, **options)
        return {name.removeprefix("linear."): value for name, value in found.items()}


class SharesInCopies(Planted):
    def __deepcopy__(self, memo):
        made = type(self)(self.input_size, self.hidden_size)
        made.linear = self.linear
        return made


class InTheOrderOfASet(Planted):
    made = 0

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        type(self).made += 1
        for name in ("first", "second")[:: 1 if self.made % 2 else -1]:
            setattr(self, name, nn.Linear(hidden_size, hidden_size))

    def forward(self, x, state):
        return self.new(x, self.first(self.second(state)))


class HoldsALock(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.lock = threading.Lock()


class Lambda(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.activation = lambda x: torch.tanh(x)

    def forward(self, x, state):
        return self.activation(self.linear(torch.cat([x, state], -1)))


REST = [
    (NeedsEvenSize, "works-at-any-size", "with input size 1 and hidden size 1"),
    (GatedBySecondUnit, "works-at-any-size", "with input size 1 and hidden size 1"),
    (DividesBySpread, "works-at-any-size", "step(s) its outputs are not finite"),
    (HalvesItsSize, "works-at-any-size", "cannot be made with input size 1 and hidden size 1"),
    (DividesByNorm, "is-finite", "for inputs of zeros its outputs are not finite"),
    (RootAtZero, "is-finite", "for inputs of zeros the gradient of x is not finite"),
    (Exponential, "is-finite", "is there an exponential without a bound?"),
    (WrongScan, "scan-equals-the-steps", "the final state of scan is not the one of forward"),
    (RandomNumber, "state-dict-restores", "gives other results: scale of it differs"),
    (LosesABuffer, "state-dict-restores", "gives other results: mask of it differs"),
    (SavesUnderOtherNames, "state-dict-restores", "cannot be loaded into a new one"),
    (InTheOrderOfASet, "state-dict-restores", "its state dict has the order linear.weight"),
    (HoldsALock, "deep-copies", "copy.deepcopy fails: TypeError: cannot pickle '_thread.lock'"),
    (SharesInCopies, "deep-copies", "its deep copy shares linear.weight, linear.bias"),
    (Lambda, "pickles", "it cannot be pickled"),
]
