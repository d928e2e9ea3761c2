"""A step that returns or changes what it must not is refused by name."""

import pytest
import torch
from test_model_mistakes import Module, Right

import seqtasks as st


class NoRow(Right):
    def initial_state(self, batch_size, steps):
        return torch.zeros(1, self.hidden_size)


class Wider(Right):
    def forward(self, x, state):
        new = self.new(x, state)
        return torch.cat([new, new], -1)


class Both(Right):
    def forward(self, x, state):
        new = self.new(x, state)
        return new, new


class Nothing(Right):
    def forward(self, x, state):
        self.new(x, state)


class TypeChanged(Right):
    def forward(self, x, state):
        return self.new(x, state).double()


class WideOutput(Right):
    def output(self, x, state):
        return torch.cat([x, state], -1)


STEPS = {
    NoRow: r"initial_state returns shape \(1, 5\) for a batch of 3",
    Wider: r"forward returns a state of shape \(batch, 10\), where .* has \(batch, 5\)",
    Both: "forward returns a tuple of 2, where the initial state is one tensor",
    Nothing: "forward returns None: it must return the next state",
    TypeChanged: "forward returns a state of torch.float64, where the one before is torch.float32",
    WideOutput: r"output returns shape \(batch, 10\), where \(batch, 5\) is due",
}


@pytest.mark.parametrize(("cell", "message"), STEPS.items())
@pytest.mark.parametrize("engine", ["plain", "auto"])
def test_a_step_that_returns_what_it_must_not_is_refused_by_name(cell, message, engine):
    with pytest.raises(st.UsageError, match=f"^cell {cell.__name__.lower()}: {message}"):
        st.run("bitflip", cell=cell, steps=1, hidden_size=5, engine=engine)


class AddsTo(Right):
    def forward(self, x, state):
        state += self.new(x, state)
        return state


class AddsToPart(Right):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, 1)

    def forward(self, x, state):
        state[1][:] += 1
        return self.new(x, state[0]), state[1]


class AddsToInput(Right):
    def forward(self, x, state):
        return self.new(x.mul_(2), state)


@pytest.mark.parametrize("cell", [AddsTo, AddsToPart, AddsToInput])
def test_a_change_of_the_state_or_the_input_in_place_is_refused(cell):
    """All outputs of a sequence would be its last state."""
    what = "input" if cell is AddsToInput else "state"
    with pytest.raises(st.UsageError, match=f"changes the {what} that it is given in place"):
        st.run("bitflip", cell=cell, steps=1, engine="plain")


def test_predictions_without_a_gradient_are_refused():
    with pytest.raises(st.UsageError, match="the model Module: its predictions have no gradient"):
        st.run("bitflip", model=Module(detached=True), steps=1)
