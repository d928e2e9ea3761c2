"""A long table of cells that a program cannot stand in for, each with a word of the reason."""

import random
from fractions import Fraction

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class Linear(st.Cell):
    """What the others share: W [x; h]."""

    def __init__(self, input_size=3, hidden_size=4):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def mixed(self, x, h):
        return self.linear(torch.cat([x, h], -1))


class BatchMean(Linear):
    def forward(self, x, h):
        h = self.mixed(x, h)
        return torch.tanh(h - h.mean(0))


class BatchSoftmax(Linear):
    def forward(self, x, h):
        return torch.softmax(self.mixed(x, h), 0)


class Neighbours(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h.roll(1, 0)))


class BatchProduct(Linear):
    def forward(self, x, h):
        return torch.tanh(h @ h.mT @ self.mixed(x, h))


class FirstRowApart(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h) + torch.cat([h[:1], 0 * h[1:]]))


class BatchNorm(Linear):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x, h):
        return torch.tanh(self.norm(self.mixed(x, h)))


class Branch(Linear):
    def forward(self, x, h):
        h = self.mixed(x, h)
        return torch.tanh(h) if self.linear.bias.sum() > 0 else torch.sigmoid(h)


class Item(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h)) * min(1.0, h[0, 0].item())


class AsNumpy(Linear):
    def forward(self, x, h):
        scale = np.tanh(h.detach().numpy()).mean()
        return torch.tanh(self.mixed(x, h)) * float(scale)


class Until(Linear):
    def forward(self, x, h):
        h = self.mixed(x, h)
        while h[0, 0] > 0.1:
            h = h / 2
        return h


class Noise(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h) + 0.1 * torch.randn_like(h))


class Dropout(Linear):
    def forward(self, x, h):
        return torch.tanh(functional.dropout(self.mixed(x, h), 0.5, self.training))


class DropoutModule(Linear):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.3)

    def forward(self, x, h):
        return torch.tanh(self.dropout(self.mixed(x, h)))


class OwnGenerator(Linear):
    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(1)

    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h) + torch.rand(h.shape, generator=self.generator))


class PythonRandom(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h)) * (0.5 + random.random())


class InPlace(Linear):
    def forward(self, x, h):
        with torch.no_grad():
            self.linear.bias.mul_(1.0)
        return torch.tanh(self.mixed(x, h))


class Buffer(Linear):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x, h):
        self.mean = 0.9 * self.mean + 0.1
        return torch.tanh(self.mixed(x, h) - self.mean)


class StepBuffer(Linear):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, x, h):
        self.steps += 1
        return torch.tanh(self.mixed(x, h)) / float(self.steps)


class Counter(Linear):
    def __init__(self):
        super().__init__()
        self.steps = 0

    def forward(self, x, h):
        self.steps += 1
        return torch.tanh(self.mixed(x, h)) / self.steps


class Remembering(Linear):
    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x, h):
        self.seen.append(h)
        return torch.tanh(self.mixed(x, h)) / len(self.seen)


class WithoutRule(Linear):
    def forward(self, x, h):
        return torch.tanh(torch.lgamma(self.mixed(x, h)))


class Complex(Linear):
    def forward(self, x, h):
        h = self.mixed(x, h)
        return torch.complex(h, 1 - h).acos().real / 4


class CountInState(Linear):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, 4), torch.ones(batch_size, 1, dtype=torch.int64)

    def forward(self, x, state):
        h, count = state
        return torch.tanh(self.mixed(x, h)) / count, 2 * count


class Growing(Linear):
    """Its state grows at every step."""

    def forward(self, x, h):
        return torch.cat([torch.tanh(self.mixed(x, h[:, :4])), h], -1)

    def output(self, x, h):
        return h[:, :4]


class BySizeOfBatch(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h)) / len(x)


class OtherwiseAlone(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h)) if len(x) > 1 else torch.sin(self.mixed(x, h))


class OtherwiseInACrowd(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h)) if len(x) < 50 else torch.sin(self.mixed(x, h))


class StartsBySizeOfBatch(Linear):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size) + batch_size

    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h))


class CountsInList(Linear):
    def __init__(self):
        super().__init__()
        self.steps = [Fraction(0)]

    def forward(self, x, h):
        self.steps[0] += 1
        return torch.tanh(self.mixed(x, h))


class KeepsTensor(Linear):
    def __init__(self):
        super().__init__()
        self.last = torch.zeros(())

    def forward(self, x, h):
        self.last = torch.ones(())
        return torch.tanh(self.mixed(x, h))


class Unregistered(Linear):
    """Its scale is in a list, where a module does not find its parameters."""

    def __init__(self):
        super().__init__()
        self.scales = [torch.nn.Parameter(torch.ones(()))]

    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h)) * self.scales[0]


class Whole(Linear):
    """Runs whole sequences by itself."""

    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h))

    def scan(self, inputs, state, lengths):
        return st.unroll(self, inputs, state, lengths)


ROWS, VALUES, RANDOM, PLACE = "rows", "depends on the values", "random", "in place"
REFUSED = {
    BatchMean: ROWS,
    BatchSoftmax: ROWS,
    Neighbours: ROWS,
    BatchProduct: ROWS,
    FirstRowApart: ROWS,
    BatchNorm: "batch_norm",
    Branch: VALUES,
    Item: ROWS,
    AsNumpy: VALUES,
    Until: ROWS,
    Noise: RANDOM,
    Dropout: RANDOM,
    DropoutModule: RANDOM,
    OwnGenerator: RANDOM,
    PythonRandom: RANDOM,
    BySizeOfBatch: "number of rows",
    StartsBySizeOfBatch: "number of rows",
    InPlace: PLACE,
    Buffer: "buffer",
    StepBuffer: "buffer",
    Counter: "attribute",
    Remembering: "attribute",
    CountsInList: "attribute",
    KeepsTensor: "attribute",
    Unregistered: "not its parameter",
    WithoutRule: "lgamma",
    Complex: "complex",
    CountInState: "grow",
    Growing: "shape",
    Whole: "scan",
}
"""What the recording finds, and a word of its reason."""
BY_SIZE_OF_BATCH = [BySizeOfBatch, OtherwiseAlone, OtherwiseInACrowd, StartsBySizeOfBatch]
FOUND_BY_TRIAL = [OtherwiseAlone, OtherwiseInACrowd]
"""What only a comparison with the plain loop shows."""
