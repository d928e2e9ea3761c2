"""A parameter whose gradient torch makes zeros has zeros, not none, so that it still decays."""

import torch
from grids import one_quick_in
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of

FLAT = {
    "round": torch.round,
    "sign": torch.sign,
    "sgn": torch.sgn,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "trunc": torch.trunc,
    "fix": torch.fix,
    "quarters": lambda x: (4 * x).round() / 4,
    "x ** 0": lambda x: x**0,
    "clamped away": lambda x: x.clamp(5, 6),
    "hardtanh": lambda x: nn.functional.hardtanh(x, -6, -5),
    "relu of what is negative": lambda x: torch.relu(-x),
    "zero of an empty slice": lambda x: x + x[:0].sum(),
    "an empty slice alone": lambda x: 1 + x[:0].sum().expand(4),
    "a part that nobody reads": lambda x: torch.cat([x, torch.ones(4)]).chunk(2)[1],
    "what was pushed out": lambda x: nn.functional.pad(x, (4, 0))[:4],
    "a matrix times zeros": lambda x: nn.functional.linear(torch.zeros(1), x[:, None]),
    "joined empty": lambda x: torch.cat([torch.ones(4), x[:0]]),
}
NONE = {
    "comparison": lambda x: (x > 0).to(x.dtype),
    "detached": lambda x: x.detach(),
    "isnan": lambda x: torch.isnan(x).to(x.dtype),
}


class Through(st.Cell):
    """Reads one parameter through a function alone."""

    def __init__(self, input_size, hidden_size, function=torch.round):
        super().__init__(input_size, hidden_size)
        self.function = function
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)
        self.scale = nn.Parameter(torch.full((hidden_size,), 1.3))

    def forward(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1))) * self.function(self.scale)


def gradients(cell, engine):
    x = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(1))
    outputs, _ = st.unroll(cell, x, engine=engine)
    found = torch.autograd.grad(outputs.sum(), list(cell.parameters()), allow_unused=True)
    if engine != "plain":
        assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    return found


@one_quick_in(2, engine=ENGINES, name=[*FLAT, *NONE])
def test_a_parameter_has_zeros_where_torch_gives_zeros_and_none_where_it_gives_none(engine, name):
    cell = Through(3, 4, {**FLAT, **NONE}[name])
    expected, found = gradients(cell, "plain"), gradients(cell, engine)
    assert [g is None for g in found] == [g is None for g in expected]
    assert (expected[0] is None) == (name in NONE)
    if name in FLAT:
        torch.testing.assert_close(found[0], expected[0])


@one_quick_in(2, engine=ENGINES, optimizer=["adamw:weight_decay=0.5", "sgd:weight_decay=0.5"])
def test_a_rounded_parameter_decays_in_training_by_every_engine(engine, optimizer):
    def trained(by):
        settings = {
            "steps": 30,
            "hidden_size": 4,
            "learning_rate": 0.05,
            "evaluation_lengths": (5,),
        }
        result = st.run("parity", cell=Through, engine=by, optimizer=optimizer, seed=3, **settings)
        return result.model.cells[0].scale.detach()

    expected = trained("plain")
    assert (expected < 1.25).all()
    torch.testing.assert_close(trained(engine), expected, rtol=1e-4, atol=1e-4)
