"""A batch moved behind an axis of blocks and back runs by each engine; its rows never mix."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph

BLOCKS, EACH = 2, 3

CALLS = {
    "softmax of blocks": lambda s, b: torch.softmax(b, 0),
    "softmax within": lambda s, b: functional.softmax(b, dim=-1),
    "log_softmax": lambda s, b: functional.log_softmax(b, 2),
    "sum of blocks": lambda s, b: b + b.sum(0),
    "sum within": lambda s, b: b * b.sum(-1, keepdim=True),
    "sum of both": lambda s, b: b + b.sum((0, 2))[:, None],
    "mean": lambda s, b: b - b.mean(2, keepdim=True),
    "std": lambda s, b: b / (1 + b.std(0, keepdim=True)),
    "amax": lambda s, b: b - b.amax(0),
    "max": lambda s, b: b - b.max(-1, keepdim=True)[0],
    "logsumexp": lambda s, b: b - b.logsumexp(-1, keepdim=True),
    "cumsum": lambda s, b: b.cumsum(0),
    "norm": lambda s, b: b / (1 + b.norm(2, -1, keepdim=True)),
    "normalize": lambda s, b: functional.normalize(b, dim=-1),
    "topk": lambda s, b: b * b.topk(1, dim=-1)[0],
    "layer_norm": lambda s, b: s.norm(b),
    "linear": lambda s, b: s.linear(b),
    "bmm": lambda s, b: torch.bmm(b, s.weights),
    "baddbmm": lambda s, b: torch.baddbmm(b, b.tanh(), s.weights),
    "a cell for each block": lambda s, b: torch.stack(
        [c(p, p) for c, p in zip(s.cells, b, strict=True)]
    ),
    "in place": lambda s, b: b.clone().mul_(2).add_(s.weights[:, :1]),
}


class Blocks(st.Cell):
    """The state's blocks come first, (blocks, batch, each), for one call."""

    def __init__(self, call):
        super().__init__(3, BLOCKS * EACH)
        self.call = call
        self.enter = nn.Linear(3, BLOCKS * EACH)
        self.norm, self.linear = nn.LayerNorm(EACH), nn.Linear(EACH, EACH)
        self.weights = nn.Parameter(torch.randn(BLOCKS, EACH, EACH) / 2)
        self.cells = nn.ModuleList(nn.GRUCell(EACH, EACH) for _ in range(BLOCKS))

    def forward(self, x, h):
        blocks = (h + self.enter(x)).view(len(h), BLOCKS, EACH).permute(1, 0, 2)
        return torch.tanh(self.call(self, blocks)).permute(1, 0, 2).reshape(len(h), -1)


QUICK = "softmax of blocks", "layer_norm"


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        pytest.param(e, n, marks=() if n in QUICK else pytest.mark.slow)
        for e in ENGINES
        for n in CALLS
    ],
)
def test_it_runs_as_the_plain_loop(engine, name):
    check(problem(Subject(Blocks(CALLS[name])), 5, 4), engine, [torch.float64])


@pytest.mark.parametrize("name", CALLS)
def test_it_is_recorded(name):
    make_model_graph(None, [Blocks(CALLS[name])], None, torch.float32, steps=3, input_size=3)


@pytest.mark.parametrize(
    "call",
    [
        lambda s, b: torch.softmax(b, 1),
        lambda s, b: b - b.mean(-2, keepdim=True),
        lambda s, b: b - b.sum(),
        lambda s, b: b - b.amax((0, 1)),
        lambda s, b: functional.normalize(b),
        lambda s, b: functional.layer_norm(b, b.shape[1:]),
        lambda s, b: functional.linear(b.mT, torch.eye(b.shape[1])).mT,
    ],
)
def test_rows_that_mix_are_refused(call):
    with pytest.raises(UnsupportedError, match=r"rows|batch"):
        make_model_graph(None, [Blocks(call)], None, torch.float32, steps=3, input_size=3)
