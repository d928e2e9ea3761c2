"""Native programs count numbers below the smallest normal one as zero, and nobody else notices."""

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.engine.contract.optimizer_values import OptimizerValues
from seqtasks.engine.engines import Engines
from seqtasks.engine.native.execute.parameter_table import Trained

SMALLEST = torch.finfo(torch.float32).smallest_normal


class Decay(st.Cell):
    """A state that halves at each step."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size)
        self.rate = torch.nn.Parameter(torch.full((hidden_size,), 0.5))

    def forward(self, x, state):
        return self.rate * state + x


def decayed(engine, gradients=False):
    inputs = torch.zeros(3, 8, 4)
    inputs[:, 0] = 4 * SMALLEST
    with torch.set_grad_enabled(gradients):
        outputs, _ = st.unroll(Decay(4, 4), inputs, engine=engine)
    return outputs.detach()[0, :, 0]


@pytest.mark.parametrize("gradients", [False, True])
def test_a_state_that_decays_ends_at_zero(gradients):
    exact = 4 * SMALLEST * 0.5 ** torch.arange(8)
    assert torch.equal(decayed("plain"), exact)
    assert torch.equal(decayed("torch", gradients), exact)
    flushed = torch.where(exact < SMALLEST, 0.0, exact)  # numbers that are normal keep their bits
    assert torch.equal(decayed("native", gradients), flushed)
    assert flushed.count_nonzero() == 3


def is_flushing() -> bool:
    return not bool(torch.tensor(SMALLEST) * 0.5)


def test_the_callers_setting_is_neither_changed_nor_felt():
    usual = decayed("native")
    assert not is_flushing()
    if not torch.set_flush_denormal(True):
        pytest.skip("torch cannot flush here")
    try:
        assert torch.equal(decayed("native"), usual)
        decayed("native", gradients=True)
        assert is_flushing()
    finally:
        torch.set_flush_denormal(False)
    assert not is_flushing()


@pytest.mark.parametrize("threads", [1, 2])
def test_what_an_optimiser_keeps_decays_to_zero_in_every_thread(threads):
    model = st.Model(
        torch.nn.Embedding(64, 16), st.cell("elman", 16, 16), st.readout("state", 16, 16, 2)
    )
    engines: Engines = model.use_engine("native")
    program = engines.program(3)
    batch = torch.zeros(32, 3, dtype=torch.int64)  # the other symbols have no gradient
    kept = {id(p): Trained(torch.zeros_like(p), torch.zeros_like(p)) for p in model.parameters()}
    table = kept[id(model.embedding.weight)]
    table.first.fill_(SMALLEST)
    table.second.fill_(SMALLEST)
    steps = 2
    program.train(
        np.full(steps, 3),
        np.full(steps, 32),
        np.full(steps, batch.data_ptr(), dtype=np.uint64),
        np.full(steps, batch.data_ptr(), dtype=np.uint64),
        np.full(steps, 1e-3),
        optimizer=OptimizerValues("adam", 1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8),
        states=kept,
        loss="symbols",
        reduction="mean",
        clip=None,
        threads=threads,
    )
    for moment in (table.first[1:], table.second[1:]):
        assert bool(((moment == 0) | (moment >= SMALLEST)).all())
    assert not is_flushing()
