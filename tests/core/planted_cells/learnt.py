"""Mistakes in parameters and gradients."""

import warnings

import numpy as np
import torch
from torch import nn
from torch.autograd import Function

import seqtasks as st
from planted_cells.right import Planted

__all__ = ["LEARNT", "Detached", "NewEachStep", "ThroughNumPy", "Unused"]


class InAList(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.maps = [nn.Linear(hidden_size, hidden_size)]

    def forward(self, x, state):
        return self.new(x, self.maps[0](state))


class PlainTensor(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.mix = torch.randn(hidden_size, hidden_size)

    def forward(self, x, state):
        return self.new(x, state @ self.mix)


class NewEachStep(st.Cell):
    """A cell. Source: our own."""

    def forward(self, x, state):
        linear = nn.Linear(x.shape[-1] + state.shape[-1], self.hidden_size)
        return torch.tanh(linear(torch.cat([x, state], -1)))


class MadeLazily(st.Cell):
    """A cell. Source: our own."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that lazy modules may change
            self.linear = nn.LazyLinear(hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1)))


class MadeLate(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.second = None

    def forward(self, x, state):
        new = self.new(x, state)
        if self.second is None:
            self.__dict__.pop("second", None)
            self.second = nn.Linear(self.hidden_size, self.hidden_size)
        return torch.tanh(self._modules["second"](new))

    def __getattr__(self, name):
        return None if name == "second" else super().__getattr__(name)


class Unused(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.unused = nn.Linear(input_size, hidden_size)


class ThroughNumPy(Planted):
    def forward(self, x, state):
        return torch.from_numpy(np.tanh(self.new(x, state).detach().numpy()))


class IgnoresItsInput(Planted):
    def forward(self, x, state):
        return self.new(x.detach(), state)


class Detached(Planted):
    def forward(self, x, state):
        return self.new(x, state.detach())


class Tripled(Function):
    """A function whose backward is wrong: 3 x goes back as 2."""

    @staticmethod
    def forward(ctx, x):
        return 3 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


class WrongBackward(Planted):
    def forward(self, x, state):
        return self.new(x, torch.tanh(Tripled.apply(state)))


class OneWrongEntry(Function):
    """A map whose backward is wrong in one entry of its matrix."""

    @staticmethod
    def forward(ctx, state, matrix):
        ctx.save_for_backward(state, matrix)
        return state @ matrix

    @staticmethod
    def backward(ctx, gradient):
        state, matrix = ctx.saved_tensors
        of_matrix = state.t() @ gradient
        of_matrix[0, 1] *= 1.01
        return gradient @ matrix.t(), of_matrix


class WrongInOneEntry(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.matrix = nn.Parameter(torch.eye(hidden_size))

    def forward(self, x, state):
        return self.new(x, OneWrongEntry.apply(state, self.matrix))


class FloatConstant(Planted):
    def forward(self, x, state):
        return self.new(x, state @ torch.eye(self.hidden_size))


class FloatInside(Planted):
    def forward(self, x, state):
        new = self.linear(torch.cat([x, state], -1))
        return torch.tanh(new.float()).to(x.dtype)


class FloatOutput(Planted):
    def output(self, x, state):
        return state.float()


LEARNT = [
    (InAList, "tensors-are-registered", "its attribute maps holds tensors"),
    (PlainTensor, "tensors-are-registered", "its attribute mix holds tensors"),
    (NewEachStep, "makes-parameters-in-init", "it makes 12 tensors with a gradient in its steps"),
    (MadeLazily, "makes-parameters-in-init", "linear.bias have no size before the first step"),
    (MadeLate, "makes-parameters-in-init", "it makes parameters second.weight, second.bias while"),
    (Unused, "gradients-reach-the-parameters", "parameters unused.weight, unused.bias in its"),
    (ThroughNumPy, "gradients-reach-the-parameters", "no gradient reaches"),
    (IgnoresItsInput, "gradients-reach-the-parameters", "embedding.weight (it gives the input)"),
    (Detached, "gradients-reach-the-state", "no gradient goes back to that state"),
    (WrongBackward, "gradients-agree-with-differences", "the gradient of"),
    (WrongInOneEntry, "gradients-agree-with-differences", "the gradient of matrix does not agree"),
    (FloatConstant, "runs-in-float32-and-float64", "it fails in torch.float64: RuntimeError"),
    (FloatInside, "runs-in-float32-and-float64", "float64 results have the precision of float32"),
    (FloatOutput, "runs-in-float32-and-float64", "makes numbers of torch.float32"),
]
