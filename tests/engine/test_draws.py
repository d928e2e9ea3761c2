"""A draw in a step is seen, however small its effect; a recording leaves generators alone."""

import random
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


def noise():
    return torch.rand(5)


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # scripts are still in use
    scripted_noise = torch.jit.script(noise)


class Draws(st.Cell):
    """Adds a little noise, less than what a trial would find."""

    def __init__(self, draw, **held):
        super().__init__(3, 5)
        self.linear, self.draw = nn.Linear(8, 5), draw
        for name, value in held.items():
            setattr(self, name, value)

    def forward(self, x, h):
        return torch.tanh(self.linear(torch.cat([x, h], 1))) + 1e-5 * self.draw(self)


OWN = np.random.default_rng(0)


SETTINGS = SimpleNamespace(inner=SimpleNamespace(own=random.Random(0)))


def from_closure():
    own = random.Random(0)
    return lambda cell: 1.0 if own.random() < 0.02 else 0.0


DRAWS = {
    "random": (lambda cell: random.gauss(0, 1), {}),
    "now and then": (lambda cell: 1.0 if random.random() < 0.02 else 0.0, {}),
    "numpy": (lambda cell: float(np.random.randn()), {}),
    "own generator of torch": (
        lambda cell: torch.randn(5, generator=cell.own),
        {"own": torch.Generator().manual_seed(0)},
    ),
    "own generator of numpy": (lambda cell: cell.own.normal(), {"own": np.random.default_rng(0)}),
    "own state of numpy": (lambda cell: cell.own.randn(), {"own": np.random.RandomState(0)}),
    "own random": (lambda cell: cell.own.random(), {"own": random.Random(0)}),
    "in a list": (lambda cell: cell.own[0].random(), {"own": [random.Random(0)]}),
    "global generator, now and then": (lambda cell: 1.0 if OWN.random() < 0.02 else 0.0, {}),
    "generator of a closure, now and then": (from_closure(), {}),
    "in an object": (lambda cell: cell.own.inner.own.random() < 0.02, {"own": SETTINGS}),
    "in a global object": (lambda cell: SETTINGS.inner.own.random() < 0.02, {}),
    "iterator": (lambda cell: next(cell.own), {"own": iter([0.0] * 100 + [9.0] * 100)}),
    "script": (lambda cell: scripted_noise(), {}),
    "clock": (lambda cell: time.time() % 1, {}),
}


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_draw_however_small_is_refused(engine, draw):
    function, held = DRAWS[draw]
    cell = Draws(function, **held)
    st.unroll(cell, torch.randn(20, 6, 3), engine=engine)
    assert engines_of(cell, engine).name == "plain"


def test_a_draw_is_seen_whatever_numpy_prints_of_its_generators():
    with np.printoptions(threshold=4, edgeitems=1):
        own = np.random.Generator(np.random.MT19937(0))
        for held in (own, np.random.RandomState(0)):
            cell = Draws(lambda cell: 1.0 if cell.own.random(3)[0] < 0 else 0.0, own=held)
            st.unroll(cell, torch.randn(20, 6, 3), engine="torch")
            assert engines_of(cell, "torch").name == "plain"


def test_a_draw_that_only_the_trial_meets_is_refused():
    class Sees(Draws):
        def forward(self, x, h):
            if len(x) == 20:  # the rows of a trial
                random.random()
            return torch.tanh(self.linear(torch.cat([x, h], 1)))

    cell = Sees(None)
    st.unroll(cell, torch.randn(20, 6, 3), engine="torch")
    engines = engines_of(cell, "torch")
    assert engines.name == "plain"
    assert "random" in engines.unsupported


def test_a_recording_leaves_the_generators_as_they_were():
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    cell = Draws(lambda cell: random.random() + np.random.rand() + torch.rand(5))
    states = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    engines = engines_of(cell, "torch")
    assert engines.program(6, input_size=3) is None
    assert (random.getstate(), repr(np.random.get_state())) == states[:2]
    assert torch.equal(torch.get_rng_state(), states[2])
