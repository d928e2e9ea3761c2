"""Models of float64 that compute masks, counts and constants in float32, as torch rounds them."""

import numpy as np
import pytest
import torch
from small_cell import compare, numbers
from torch import nn

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph


class Mixing(st.Cell):
    """Scales its state by numbers of float32."""

    def __init__(self, scale):
        super().__init__(3, 4)
        self.enter, self.scale = nn.Linear(3, 4), scale
        self.table = torch.linspace(0.1, 0.7, 4)  # an attribute stays in float32
        self.double()

    def forward(self, x, h):
        return torch.tanh(self.enter(x) + h * self.scale(self, h))


class Slope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h)
        return h.gt(0).to(h)

    @staticmethod
    def backward(ctx, g):
        (h,) = ctx.saved_tensors
        return g * ((h.abs() < 0.5) * 1 / 0.3)


TAKEN = {
    "a flag over a number": lambda cell, h: (h > 0) * 1 / 0.3,
    "a flag times a number": lambda cell, h: (h > 0).float() * 0.3 + 0.1,
    "a count": lambda cell, h: (h > 0).sum(-1, keepdim=True) / 3,
    "rounded numbers": lambda cell, h: h.detach().float() - 0.7,
    "a table": lambda cell, h: cell.table.expand_as(h),
    "numpy's number": lambda cell, h: np.float32(0.3) * h * np.float64(0.3) + np.int64(3),
    "a gradient of one's own": lambda cell, h: Slope.apply(h),
}
REFUSED = {
    "a gradient": lambda cell, h: h.float(),
    "many roundings": lambda cell, h: (h.detach().float() + 0.1).sum(-1, keepdim=True),
    "a rounding of torch's own": lambda cell, h: h.detach().float().exp(),
    "a smaller type": lambda cell, h: h.detach().to(torch.float16),
}


@pytest.mark.parametrize("name", TAKEN)
def test_float32_within_float64_is_rounded_as_torch_rounds_it(name):
    cell, inputs = Mixing(TAKEN[name]), numbers(5, 6, 3).requires_grad_()

    def run(engine):
        outputs, _ = st.unroll(cell, inputs, engine=engine)
        return outputs, torch.autograd.grad(outputs.sin().sum(), [inputs, *cell.parameters()])

    for engine in ("native", "torch"):
        compare(run, cell, engine)


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_alone_rounds_so_is_refused(name):
    cell = Mixing(REFUSED[name])
    with pytest.raises(UnsupportedError, match=r"in float32, and its parameters are|of type"):
        make_model_graph(None, [cell], None, torch.float64, steps=3, input_size=3)
    if name != "a smaller type":  # a model of float32 rounds to it anyway
        make_model_graph(None, [cell.float()], None, torch.float32, steps=3, input_size=3)
