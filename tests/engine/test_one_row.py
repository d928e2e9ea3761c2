"""Steps that go through the rows of their batch, or fold them behind features: recorded on one."""

import pytest
import torch
from torch import distributions, nn
from torch.nn import functional

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of


class Rows(st.Cell):
    """Calls a function of (cell, x, h); the weights serve all of them."""

    def __init__(self, function, draws=False):
        super().__init__(4, 6)
        self.function = function
        self.enter, self.turn = nn.Linear(4, 6), nn.Linear(6, 6, bias=False)
        self.gru, self.kernel = nn.GRUCell(4, 6), nn.Conv1d(1, 1, 3, padding=1)
        self.register_buffer("graph", torch.rand(3, 3))
        self.places = torch.tensor([2, 0, 1])

    def forward(self, x, h):
        return self.function(self, x, h)


def each_alone(cell, x, h):
    new = torch.empty(0, 6, dtype=h.dtype)
    for row in range(x.size(0)):
        one = torch.tanh(cell.enter(x[row]) + cell.turn(h[row]) * h[row].softmax(0))
        new = torch.cat([new, one[None]])
    return new


def put_back(cell, x, h):
    new = torch.zeros_like(h)
    for row, (one, state) in enumerate(zip(x, h, strict=True)):
        outer = torch.outer(state[:3], one[:2]) + torch.einsum("i,j->ij", one[:3], state[4:])
        new[row] = torch.tanh(outer.flatten() + 0.1 * state.norm())
    return new


def behind_features(cell, x, h):
    nodes = torch.cat([h.view(-1, 3, 2), x[:, :3, None]], 2)
    folded = nodes.permute(1, 2, 0).reshape(3, 3 * len(x))
    mixed = torch.stack([folded, cell.graph @ folded]).view(2, 3, 3, len(x))
    mixed = mixed.permute(3, 1, 2, 0).reshape(len(x) * 3, 6)
    return torch.tanh(cell.turn(mixed)[:, :2].reshape(len(x), 6)) + cell.enter(x)


def in_columns(cell, x, h):
    columns = cell.enter.weight @ x.t() + cell.turn.weight.mm(h.t())
    return torch.tanh(columns + cell.enter.bias[:, None]).t()


def sampled(cell, x, h):
    """In torch a place that is no number ends the process on the way back."""
    images = h.view(-1, 1, 2, 3)
    options = {"padding_mode": "border", "align_corners": False}
    made = [
        functional.grid_sample(image[None], row.view(1, 1, 2, 2), **options)
        for image, row in zip(images, x, strict=True)
    ]
    return torch.tanh(cell.enter(x) + torch.cat(made).sum((2, 3)))


def by_layers(cell, x, h):
    new = cell.gru(x, cell.kernel(h.unsqueeze(1)).squeeze(1))
    return torch.stack([functional.group_norm(row[None], 2)[0] for row in new])


def chosen(cell, x, h):
    places = h.topk(2, 1).indices
    marks = torch.zeros_like(h)
    marks[torch.arange(len(h)).repeat_interleave(2), places.view(-1)] = 1
    best = h[torch.arange(len(h)), h.argmax(1)]
    row = torch.stack([torch.gather(h[k], 0, places[k]).sum() for k in range(len(h))])
    turned = h.gather(1, cell.places.expand_as(x[:, :3].sigmoid())).sum(1)
    return torch.tanh(cell.enter(x) * marks + (best + row - turned)[:, None] + h)


def drawn(cell, x, h):
    noise = torch.randn_like(h)
    return torch.stack(
        [torch.tanh(cell.enter(a) + b * n) for a, b, n in zip(x, h, noise, strict=True)]
    )


def distributed(cell, x, h):
    groups = (cell.enter(x) + h).view(-1, 2, 3)
    one_hot = distributions.OneHotCategoricalStraightThrough(logits=groups)
    return (
        distributions.Independent(one_hot, 1).rsample().flatten(1)
        + torch.rand(2, dtype=x.dtype).sum()
    )


def folded(cell, x, h):
    shares = (cell.enter(x) + h).view(-1, 2, 3).softmax(-1)
    places = torch.multinomial(shares.view(-1, 3), 1).squeeze(-1)
    hard = functional.one_hot(places, 3).to(x.dtype).view(-1, 2, 3)
    return (hard - shares.detach() + shares).flatten(1)


TAKEN = [each_alone, put_back, behind_features, in_columns, by_layers, sampled, chosen]


def gradients_of(cell, outputs, inputs):
    weights = torch.linspace(-1, 1, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    named = dict(cell.named_parameters())
    found = torch.autograd.grad(
        (weights.mul(31).sin() * outputs).sum(), [inputs, *named.values()], allow_unused=True
    )
    return {
        name: one for name, one in zip(["inputs", *named], found, strict=True) if one is not None
    }


@pytest.mark.parametrize(
    ("engine", "function"),
    [*(("native", one) for one in TAKEN), ("torch", put_back), ("torch", behind_features)],
)
def test_a_step_that_treats_each_row_alone_is_recorded_on_one(engine, function):
    torch.manual_seed(0)
    cell = Rows(function).double()
    for batch, steps in ((5, 7), (1, 3), (3, 19)):
        inputs = torch.randn(batch, steps, 4, dtype=torch.float64, requires_grad=True)
        truth, last = st.unroll(cell, inputs, engine="plain")
        outputs, state = st.unroll(cell, inputs, engine=engine)
        assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
        torch.testing.assert_close((outputs, state), (truth, last))
        torch.testing.assert_close(
            gradients_of(cell, outputs, inputs), gradients_of(cell, truth, inputs)
        )


@pytest.mark.parametrize("function", [drawn, distributed, folded])
def test_draws_of_rows_and_of_places_folded_into_them_are_the_plain_loops(function):
    ids = torch.randint(4, (6, 5))
    found = []
    for engine, rows in (("native", 6), ("plain", 6), ("plain", 2)):
        torch.manual_seed(0)
        readout = st.readout("state", 4, 6, 4)
        model = st.Model(nn.Embedding(4, 4), Rows(function), readout).double()
        engines = model.use_engine(engine, seed=1)
        model(ids[:rows])
        logits, _ = model(ids[:rows])  # of the second call's draws
        logits.sin().sum().backward()
        assert engines.name == engine
        found.append((logits, [p.grad for p in model.parameters()]))
    torch.testing.assert_close(found[0], found[1])
    torch.testing.assert_close(found[1][0][:2], found[2][0])  # a row draws the same among others


class Mixing(torch.autograd.Function):
    """Halves the gradient of all rows if it is large in one."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return torch.where(g.abs().amax() > 1e3, g / 2, g)


def clipped(cell, x, h):
    norm = h.norm()
    return torch.stack([cell.enter(row) for row in x]) + torch.where(norm > 1e4, h / norm, h)


def counted(cell, x, h):
    return torch.stack([cell.enter(row) for row in x]) + h / len(h)


def centred(cell, x, h):
    return torch.stack([cell.enter(row) for row in x - x.mean(0)]) + h


def shifted(cell, x, h):
    return torch.stack([cell.enter(x[row]) + h[row - 1] for row in range(len(x))])


def large_batch(cell, x, h):
    return torch.stack([cell.enter(row) + (row.sum() if len(x) > 9 else 0) for row in x]) + h


def mixing_gradient(cell, x, h):
    return torch.stack([cell.enter(row) for row in Mixing.apply(x)]) + h


@pytest.mark.parametrize("function", [clipped, counted, centred, shifted, mixing_gradient])
def test_a_step_whose_rows_depend_on_each_other_is_refused(function):
    with pytest.raises(UnsupportedError, match=r"rows mix|treats the rows|over the batch"):
        make_model_graph(
            None, [Rows(function).double()], None, torch.float64, steps=3, input_size=4
        )


def test_a_step_that_does_something_else_for_many_rows_runs_plainly_at_once():
    cell = Rows(large_batch).double()
    inputs = torch.randn(4, 3, 4, dtype=torch.float64)
    outputs, _ = st.unroll(cell, inputs, engine="auto")
    assert engines_of(cell, "auto").name == "plain"
    torch.testing.assert_close(outputs, st.unroll(cell, inputs, engine="plain")[0])
