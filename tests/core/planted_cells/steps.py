"""Mistakes in a first state, in a step and in an output."""

import torch

from planted_cells.right import Planted

__all__ = ["STEPS"]


class OneRow(Planted):
    def initial_state(self, batch_size, steps):
        return torch.zeros(1, self.hidden_size)


class DoubleStart(Planted):
    def initial_state(self, batch_size, steps):
        return torch.zeros(batch_size, self.hidden_size, dtype=torch.float64)


class NoStart(Planted):
    def initial_state(self, batch_size, steps):
        return None


class FailsToStart(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.size)


class TwiceAsWide(Planted):
    def forward(self, x, state):
        return self.new(x, state).repeat(1, 2)


class Grows(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, 0)

    def forward(self, x, state):
        return self.new(x, state[0]), torch.cat([state[1], x[:, :1]], -1)


class OutputAndState(Planted):
    def forward(self, x, state):
        return self.new(x, state), self.new(x, state)


class ReturnsNothing(Planted):
    def forward(self, x, state):
        self.new(x, state)


class Fails(Planted):
    def forward(self, x, state):
        return self.new(x, state) @ x


class Widens(Planted):
    def forward(self, x, state):
        return self.new(x, state).double()


class WideOutput(Planted):
    def output(self, x, state):
        return torch.cat([x, state], -1)


class AddsInPlace(Planted):
    def forward(self, x, state):
        state += self.new(x, state)
        return state


class ScalesItsInput(Planted):
    def forward(self, x, state):
        return self.new(x.mul_(2), state)


class OutputInPlace(Planted):
    def output(self, x, state):
        return state.mul_(2)


STEPS = [
    (OneRow, "starts-with-a-state", "initial_state returns shape (1, 8) for a batch of 3"),
    (DoubleStart, "starts-with-a-state", "initial_state returns torch.float64"),
    (NoStart, "starts-with-a-state", "initial_state returns an object of type NoneType"),
    (
        FailsToStart,
        "starts-with-a-state",
        "'FailsToStart' object has no attribute 'size' (steps.py",
    ),
    (TwiceAsWide, "state-keeps-its-shape", "forward returns a state of shape (batch, 16)"),
    (Grows, "state-keeps-its-shape", "forward returns a state of shape (batch, 1)"),
    (OutputAndState, "state-keeps-its-shape", "define `output` for what a step puts out"),
    (ReturnsNothing, "state-keeps-its-shape", "forward returns None"),
    (Fails, "state-keeps-its-shape", "a step fails: RuntimeError: mat1 and mat2 shapes"),
    (Widens, "state-keeps-its-shape", "forward returns a state of torch.float64"),
    (WideOutput, "output-has-its-size", "output returns shape (batch, 13)"),
    (AddsInPlace, "changes-nothing-in-place", "it changes the state that it is given in place"),
    (OutputInPlace, "changes-nothing-in-place", "changes the state in place in its output"),
    (ScalesItsInput, "changes-nothing-in-place", "it changes the input that it is given"),
]
