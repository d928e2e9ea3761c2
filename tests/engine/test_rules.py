"""Every torch function with a rule runs in a program with torch's values and gradients."""

import pytest
import torch
from grids import one_quick_in
from rule_cases import CASES, REARRANGED, WEIGHTS
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.record.rules.rearranging import REARRANGING
from seqtasks.engine.record.rules.table import RULES
from seqtasks.engine.unroll import engines_of

SIZE, GROUP = 4, 30


def uses():
    """Return (name, function of a, b, c) for everything in the tables."""
    found = []
    for function in RULES:
        name = getattr(function, "__name__", str(function))
        home = getattr(function, "__qualname__", name)
        case = CASES.get(name, lambda f, a, b, c: f(a))
        found.append(
            (f"{len(found)} {home}", lambda a, b, c, f=function, case=case: case(f, a, b, c))
        )
    for name, case in REARRANGED.items():
        found.append((f"rearranging {name}", lambda a, b, c, case=case: case(a)))
    return found


USES = uses()


class Group(st.Cell):
    """Puts out the results of some functions, each of numbers of its own."""

    def __init__(self, group):
        super().__init__(3 * SIZE * len(group), 1)
        self.group = group
        self.weights = nn.Parameter(torch.randn(16, 4))

    def results(self, x):
        WEIGHTS[:] = [self.weights]
        pieces = x.view(len(x), len(self.group), 3, SIZE)
        return [
            use(*(pieces[:, k, n] for n in range(3))).to(x.dtype)
            for k, (_, use) in enumerate(self.group)
        ]

    @property
    def output_size(self):
        return sum(result.shape[1] for result in self.results(torch.zeros(2, self.input_size)))

    def output(self, x, state):
        return torch.cat(self.results(x), -1)

    def forward(self, x, state):
        return state


def wrong_in(group, dtype, engine):
    """Return the functions of a group whose value or gradient differs from torch's."""
    cell = Group(group).to(dtype)
    x = torch.randn(11, cell.input_size).to(dtype).requires_grad_()
    sizes = [result.shape[1] for result in cell.results(x)]
    found = {}
    for name in ("plain", engine):
        outputs, _ = st.unroll(cell, x[:, None], engine=name)
        direction = torch.cos(torch.arange(outputs.numel(), dtype=dtype)).view(outputs.shape)
        total = (outputs * direction).sum() + cell.weights.sum()
        gradients = torch.autograd.grad(total, [x, cell.weights])
        found[name] = outputs[:, 0].split(sizes, 1), gradients[0].split(3 * SIZE, 1), gradients[1]
    used = engines_of(cell, engine)
    assert used.name == engine, used.reasons
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-5}[dtype]
    wrong = {}
    for k, (name, _) in enumerate(group):
        for what, part in (("value", 0), ("gradient", 1)):
            ours, theirs = found[engine][part][k], found["plain"][part][k]
            # a constant in torch's pass back of hardsigmoid is rounded to float32
            near = max(tolerance, 1e-7) if "hardsigmoid" in name else tolerance
            if not torch.allclose(ours, theirs, rtol=near, atol=near):
                wrong[name] = what, (ours - theirs).abs().max().item()
    if not torch.allclose(found[engine][2], found["plain"][2], rtol=tolerance, atol=10 * tolerance):
        wrong["the weights"] = "gradient", 0.0
    return wrong


# Quick tests of each function, at special numbers and at others, are in `test_edges`.
@one_quick_in(
    2,
    engine=ENGINES,
    first=[
        pytest.param(first, marks=pytest.mark.slow if first // GROUP % 3 else ())
        for first in range(0, len(USES), GROUP)
    ],
    dtype=["float64", pytest.param("float32", marks=pytest.mark.slow)],
)
def test_every_function_has_the_value_and_the_gradient_of_torch(engine, first, dtype):
    assert not wrong_in(USES[first : first + GROUP], getattr(torch, dtype), engine)


def test_every_rearrangement_has_a_case():
    without = {"_pad", "alias"}
    assert set(REARRANGING) - without <= set(REARRANGED)
