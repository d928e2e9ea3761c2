"""Draws outside torch: a cell that draws is found, and another thread that draws is left alone."""

import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.authoring.model_mistakes import model_mistakes
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.record.outside_draws import without_draws


class Noisy(st.Cell):
    def __init__(self, draw):
        super().__init__(3, 5)
        self.linear, self.draw = nn.Linear(8, 5), draw

    def forward(self, x, h):
        return torch.tanh(self.linear(torch.cat([x, h], 1))) + self.draw()


def nothing():
    return 0.0


def seldom():
    return 1.0 if random.random() < 0.02 else 0.0


def seldom_by_numpy():
    return 1.0 if np.random.rand() < 0.02 else 0.0


def drawing_elsewhere(x=[]):  # noqa: B006
    return float(sum(x)) if x else random.gauss(0, 1)


SYSTEM = random.SystemRandom()
OWN = np.random.default_rng(0)


def own():
    return float(OWN.random() < 0.02)


DRAWS = [seldom, seldom_by_numpy, drawing_elsewhere, own]


def is_recorded(cell):
    try:
        make_model_graph(None, [cell], None, torch.float32, steps=5, input_size=3)
    except UnsupportedError as error:
        reason = str(error)
    else:
        return True
    assert "draws random numbers" in reason
    return False


@contextmanager
def thread(work):
    """Run a function again and again beside the test; yield what it returned."""
    made, ended = [], threading.Event()

    def run():
        while not ended.is_set():
            made.append(work())

    beside = threading.Thread(target=run)
    beside.start()
    try:
        yield made
    finally:
        ended.set()
        beside.join()


def states():
    return random.getstate(), repr(np.random.get_state()), repr(OWN.bit_generator.state)


def test_another_thread_that_draws_is_neither_refused_nor_set_back():
    random.seed(3)
    np.random.seed(3)
    with thread(lambda: (random.random(), np.random.rand())) as made:
        while not made:
            time.sleep(0.001)
        assert is_recorded(Noisy(nothing))
        assert without_draws(lambda: 5, []) == 5
    pairs = random.Random(3), np.random.RandomState(3)
    assert made == [(pairs[0].random(), pairs[1].rand()) for _ in made]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_cell_that_draws_is_refused_beside_a_thread_that_draws(draw):
    random.seed(3)
    with thread(lambda: (time.sleep(0.0005), random.random())) as made:
        assert not is_recorded(Noisy(draw))
    numbers = [number for _, number in made]
    assert len(set(numbers)) == len(numbers)  # none was drawn a second time


@pytest.mark.parametrize("draw", DRAWS)
def test_the_states_are_put_back_if_no_thread_draws(draw):
    with thread(lambda: time.sleep(0.01)):
        before = states()
        assert not is_recorded(Noisy(draw))
        assert states() == before


def test_a_thread_that_seldom_draws_does_not_matter_to_a_cell_that_might():
    def never():
        return random.random() if torch.get_num_threads() > 1000 else 0.0

    with thread(lambda: (time.sleep(0.3), random.random())):
        assert is_recorded(Noisy(never))


def test_a_generator_of_the_system_is_refused():
    cell = Noisy(lambda: SYSTEM.random())
    with pytest.raises(UnsupportedError, match="SystemRandom"):
        make_model_graph(None, [cell], None, torch.float32, steps=5, input_size=3)


def test_mistakes_are_not_made_up_because_another_thread_draws():
    model = st.Model(nn.Linear(2, 3), Noisy(nothing), st.readout("state", 3, 5, 2))
    with thread(random.random):
        assert model_mistakes(model, torch.randn(8, 6, 2)) == []
    model = st.Model(nn.Linear(2, 3), Noisy(seldom), st.readout("state", 3, 5, 2))
    with thread(random.random):
        assert "outside torch" in model_mistakes(model, torch.randn(8, 6, 2))[0]


ALONE = """
import random, torch, seqtasks as st
from seqtasks.authoring.model_mistakes import model_mistakes
from seqtasks.engine.pipeline import make_model_graph

class Noisy(st.Cell):
    def forward(self, x, h):
        return torch.tanh(x @ torch.ones(3, 5) + h) * random.random()

random.seed(3)
before = random.getstate()
try:
    make_model_graph(None, [Noisy(3, 5)], None, torch.float32, steps=5, input_size=3)
except Exception as error:
    print(error)
model_mistakes(st.Model(torch.nn.Linear(2, 3), Noisy(3, 5), st.readout("state", 3, 5, 2)),
               torch.randn(8, 6, 2))
print(random.getstate() == before)
"""


def test_the_states_are_put_back_where_there_is_one_thread():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["it draws random numbers", "True"], done.stderr
