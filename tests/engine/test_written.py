"""Functions that are written out have torch's value and gradient, at special numbers too."""

import pytest
import torch
from edge_cases import Edge
from edges import wrong_in
from test_edges import near
from torch import nn
from torch.nn import functional
from torch.testing import assert_close
from truth import ENGINES
from written_cases import WRITTEN_EDGES, finite, places, square

import seqtasks as st
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.record.written.table import WRITTEN
from seqtasks.engine.unroll import engines_of

GROUP = 24
ELSEWHERE = {
    "meshgrid": "`test_what_takes_weights_or_several_masks`",
    "chain_matmul": "linalg.multi_dot is the same function",
    **dict.fromkeys(("_sparse_mm", "spmm", "hspmm", "dsmm", "smm"), "`test_sparse`"),
    "__getitem__": "Numbered in `test_any_module`",
    "gammaln": "lgamma is the same function",
    "psi": "digamma is the same function",
    "msort": "it goes along the first axis, so only weights have it",
    "multi_head_attention_forward": "`test_what_takes_weights_or_several_masks`",
    "addmv": "`test_what_takes_weights_or_several_masks`",
    "_is_all_true": "`test_what_torch_distributions_check_of_values_is_taken_for_right`",
    "addr": "`test_what_takes_weights_or_several_masks`",
    **dict.fromkeys(("gru", "lstm", "rnn_tanh", "rnn_relu"), "`test_layers_within_a_step`"),
}
"""The functions without a line in the table, and where they are tried."""


def groups():
    by_kind = [[e for e in WRITTEN_EDGES if e.kind == kind] for kind in ("one", "two", "four")]
    *few, four = by_kind  # those of four numbers are made of more operations
    parts = [*few, *(four[k::4] for k in range(4))]
    return [edges[k : k + GROUP] for edges in parts for k in range(0, len(edges), GROUP)]


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("place", ["outside", pytest.param("loop", marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", [ENGINES[0], pytest.param(ENGINES[1], marks=pytest.mark.slow)])
@pytest.mark.parametrize("group", range(len(groups())))
def test_written_functions_are_those_of_torch(group, engine, place, dtype):
    wrong = wrong_in(groups()[group], engine, getattr(torch, dtype), place, near)
    assert not wrong, "\n".join(f"{name}: {some}" for name, some in wrong.items())


MIRRORED = {
    "by reflection": lambda x, mode, corners: functional.grid_sample(
        square(finite(x))[:, None], places(x), mode, "reflection", corners
    ),
    "in volumes": lambda x, mode, corners: functional.grid_sample(
        square(finite(x))[:, None, None].expand(-1, 1, 2, -1, -1),
        torch.cat([places(x), places(x)[..., :1].flip(1)], -1)[:, None],
        *(mode, "reflection" if corners else "zeros"),
        align_corners=corners,
    ),
}


@pytest.mark.parametrize("place", ["outside", pytest.param("loop", marks=pytest.mark.slow)])
@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("name", MIRRORED)
@pytest.mark.parametrize("engine", ENGINES)
def test_images_are_sampled(engine, name, mode, corners, place):
    edge = Edge(name, "four", lambda x: MIRRORED[name](x, mode, corners).flatten(1))
    assert not wrong_in([edge], engine, torch.float64, place, near)


def test_every_written_function_has_a_line():
    names = [edge.name.rpartition(".")[2] for edge in WRITTEN_EDGES]
    for function in WRITTEN:
        name = function.__name__.removeprefix("linalg_").removeprefix("special_")
        assert name in names or name in ELSEWHERE, name


class Attending(st.Cell):
    """Attends with masks of each kind, and adds products of weights with a state."""

    def __init__(self):
        super().__init__(4, 8)
        self.plain = nn.MultiheadAttention(4, 2, batch_first=True)
        self.other = nn.MultiheadAttention(4, 2, add_bias_kv=True, kdim=4, vdim=4, bias=False)
        self.W = nn.Parameter(torch.randn(8, 8) / 3)

    def forward(self, x, h):
        slots = torch.cat([h, x], 1).view(-1, 3, 4)
        before = torch.ones(3, 3, dtype=torch.bool).triu(1)
        hidden = (slots[:, :, 0] > 0.5) & (slots[:, :, 1] > 0.5)
        one, shares = self.plain(slots, slots, slots, attn_mask=before)
        two, _ = self.plain(slots, slots, slots, key_padding_mask=hidden, need_weights=False)
        turned = slots.transpose(0, 1)
        three, _ = self.other(turned, turned, turned, attn_mask=torch.eye(3, dtype=x.dtype))
        made = (one + two + three.transpose(0, 1)).flatten(1)[:, :8] + shares.sum(1)[:, :1]
        rows, columns = torch.meshgrid(self.W[0], self.W[1], indexing="xy")
        made = made + torch.addmv(self.W[0], self.W, self.W[1])
        return torch.tanh(made @ (rows * columns) + h @ torch.addr(self.W, self.W[0], self.W[1]))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_takes_weights_or_several_masks(engine):
    cell = Attending().double()
    x = torch.randn(3, 4, 4, dtype=torch.float64, requires_grad=True)
    found = []
    for by in ("plain", engine):
        outputs, _ = st.unroll(cell, x, engine=by)
        total = (outputs * torch.cos(torch.arange(outputs.numel())).view_as(outputs)).sum()
        found.append((outputs, torch.autograd.grad(total, [x, *cell.parameters()])))
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(*found)


def test_functions_of_parameters_alone_are_left_to_torch():
    class Inverted(st.Cell):
        def __init__(self):
            super().__init__(2, 20)
            self.W = nn.Parameter(torch.randn(20, 20))

        def forward(self, x, h):  # larger than what is written out takes
            return torch.tanh(functional.linear(h, torch.linalg.inv(self.W)))

    model = make_model_graph(None, [Inverted()], None, torch.float32, steps=2, input_size=2)
    assert len(model.computed) == 1


class Latent(st.Cell):
    """A mean of what torch.distributions describe, and how far two of them are apart."""

    def __init__(self):
        super().__init__(4, 8)
        self.prior, self.posterior = nn.Linear(8, 6), nn.Linear(12, 6)
        self.linear = nn.Linear(7, 8)

    def forward(self, x, h):
        made = (self.prior(h), self.posterior(torch.cat([x, h], 1)))
        p, q = (
            torch.distributions.Normal(mean, functional.softplus(scale))
            for mean, scale in (one.chunk(2, 1) for one in made)
        )
        apart = torch.distributions.kl_divergence(q, p).sum(1, keepdim=True)
        seen = torch.distributions.Bernoulli(logits=h[:, :3]).log_prob(q.mean.sigmoid().round())
        return torch.tanh(self.linear(torch.cat([q.mean, apart, seen], 1)))


def test_what_torch_distributions_check_of_values_is_taken_for_right():
    cell = Latent().double()
    x = torch.randn(3, 4, 4, dtype=torch.float64)
    expected, _ = st.unroll(cell, x)
    outputs, _ = st.unroll(cell, x, engine="native")
    assert engines_of(cell, "native").name == "native", engines_of(cell, "native").reasons
    assert_close(outputs, expected)


def turned_by(norm):
    generator = torch.randn(4, 3, 3, dtype=torch.float64)
    turning = generator - generator.mT
    return norm * turning / torch.linalg.matrix_norm(turning, 1)[:, None, None]


class Turning(st.Cell):
    def forward(self, x, h):
        return torch.matrix_exp(x.view(-1, 3, 3)).flatten(1)


@pytest.mark.parametrize(("norm", "right"), [(0.0, True), (40.0, True), (70.0, False)])
def test_an_exponential_is_exact_or_no_number_at_all(norm, right):
    cell = Turning(9, 9)
    x = turned_by(norm).flatten(1)[None].requires_grad_()
    cell.unused = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    outputs, _ = st.unroll(cell, torch.zeros_like(x), engine="native")  # which the trial takes
    outputs, _ = st.unroll(cell, x, engine="native")
    assert engines_of(cell, "native").name == "native", engines_of(cell, "native").reasons
    if right:
        assert_close(outputs, st.unroll(cell, x)[0], rtol=0, atol=1e-12)
    else:
        assert outputs.isnan().all()


class Layered(st.Cell):
    """Runs each of torch's recurrent layers, over one step and over several, in a step."""

    def __init__(self):
        super().__init__(6, 4)
        self.gru = nn.GRU(6, 4, num_layers=2, batch_first=True)
        self.lstm = nn.LSTM(2, 3, bidirectional=True, batch_first=True, proj_size=2)
        self.bare = nn.LSTM(4, 4, bias=False)
        self.relu, self.tanh = nn.RNN(4, 4, nonlinearity="relu"), nn.RNN(4, 4)

    def initial_state(self, batch_size, steps):
        zeros = self.gru.weight_hh_l0.new_zeros
        return zeros(batch_size, 2, 4), zeros(batch_size, 4)

    def forward(self, x, state):
        h, c = state
        one, h = self.gru(x.unsqueeze(1), h.transpose(0, 1).contiguous())
        both, _ = self.lstm(x.view(-1, 3, 2))
        relu, last = self.relu(both.transpose(0, 1).contiguous())
        tanh, _ = self.tanh(relu, last)
        _, (_, c) = self.bare(one.transpose(0, 1), (tanh[-1:], c[None]))
        return h.transpose(0, 1), c[0]

    def output(self, x, state):
        return state[0].sum(1) + state[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_layers_within_a_step(engine):
    cell = Layered().double()
    x = torch.randn(3, 4, 6, dtype=torch.float64, requires_grad=True)
    found = []
    for by in ("plain", engine):
        outputs, state = st.unroll(cell, x, engine=by)
        gradients = torch.autograd.grad(outputs.sin().sum(), [x, *cell.parameters()])
        found.append((outputs, state, gradients))
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(*found)
