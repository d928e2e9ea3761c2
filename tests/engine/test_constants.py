"""No number that depends on a parameter, an input or a state is fixed in a program."""

import copy
import warnings

import pytest
import torch
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


def mask_of(w):
    return (w > 0).float()


def sign_of(w):
    return w.sign().clamp(0.0).detach()


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # scripts are still in use
    scripted, scripted_sign = map(torch.jit.script, (mask_of, sign_of))


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return (w > 0).float()

    @staticmethod
    def backward(ctx, g):
        return g


def without_torch_functions(w):
    with torch._C.DisableTorchFunction():
        return (w > 0).float()


def through_numpy_unseen(w):
    with torch._C.DisableTorchFunction():
        return torch.from_numpy((w.detach().numpy() > 0).astype("float32"))


def through_a_list_unseen(w):
    with torch._C.DisableTorchFunction():
        return torch.tensor([[float(v > 0) for v in row] for row in w.tolist()])


def caught(w):
    """A refusal is caught, and another way taken than the plain loop takes."""
    try:
        return torch.tensor((w.detach().numpy() > 0).astype("float32"))
    except Exception:
        return torch.ones_like(w)


def by_hidden_places(w):
    with torch._C.DisableTorchFunction():
        places = w.detach().argsort(-1)[0]
    return torch.arange(w.shape[1], dtype=w.dtype)[places]


MASKS = {
    "type": lambda w: (w > 0).type(w.dtype),
    "tensor type": lambda w: (w > 0).type(torch.FloatTensor),
    "to": lambda w: (w > 0).to(w.dtype),
    "script": scripted,
    "script of a sign": scripted_sign,
    "vmap": torch.vmap(lambda row: (row > 0).float()),
    "vmap of a function of torch": lambda w: torch.func.vmap(torch.gt, (0, None))(
        w, torch.zeros(())
    ).float(),
    "functional call": lambda w: torch.func.functionalize(lambda v: (v > 0).float())(w),
    "operation": lambda w: torch.ops.aten.gt(w, 0).float(),
    "own function": Step.apply,
    "disabled": without_torch_functions,
    "numpy": lambda w: torch.from_numpy((w.detach().numpy() > 0).astype("float32")),
    "unseen numpy": through_numpy_unseen,
    "unseen list": through_a_list_unseen,
    "list": lambda w: torch.tensor(w.detach().sign().clamp(min=0).tolist()),
    "dlpack": lambda w: torch.from_dlpack(w.detach()).gt(0).float(),
    "as tensor": lambda w: torch.as_tensor(w > 0, dtype=w.dtype),
    "copy": lambda w: copy.deepcopy(w.detach()).gt(0).float(),
    "caught": caught,
    "places": by_hidden_places,
    "places of a sort": lambda w: torch.arange(5.0)[scripted(w)[0].long()],
    "no gradient": lambda w: torch.no_grad()(lambda: (w > 0).float())(),
    "text": lambda w: torch.tensor(float(str(w.detach()[0, 0].sign()).split("(")[1].rstrip(".)"))),
}


class Masked(st.Cell):
    def __init__(self, mask):
        super().__init__(3, 5)
        self.linear, self.mask = nn.Linear(3, 5), mask
        self.recurrent = nn.Parameter(0.3 * torch.randn(5, 5))
        self.score = nn.Parameter(0.01 * torch.randn(5, 5))

    def forward(self, x, h):
        return torch.tanh(self.linear(x) + h @ (self.recurrent * self.mask(self.score)))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_mask_of_a_parameter_follows_it(engine, mask):
    cell, inputs = Masked(MASKS[mask]), torch.randn(20, 6, 3)
    before, _ = st.unroll(cell, inputs, engine=engine)
    with torch.no_grad():
        cell.score.neg_()
    found, _ = st.unroll(cell, inputs, engine=engine)
    expected, _ = st.unroll(cell, inputs)
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, before)


class Tied(st.Cell):
    """Its recurrent weights are the input's, without a gradient; `tie` says in which way."""

    def __init__(self, input_size, hidden_size, tie=lambda w: w.detach()):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
        self.tied = tie(self.linear.weight)

    def forward(self, x, h):
        tied = self.tied if isinstance(self.tied, torch.Tensor) else torch.from_numpy(self.tied)
        return torch.tanh(self.linear(x) + h @ tied)


TIES = {
    "detached": lambda w: w.detach(),
    "transposed": lambda w: w.detach().t(),
    "data": lambda w: w.data,
    "view": lambda w: w.detach().view(-1)[: len(w) ** 2].view(len(w), -1),
    "numpy": lambda w: w.detach().numpy(),
    "of numpy": lambda w: torch.from_numpy(w.detach().numpy()),
}


@pytest.mark.parametrize("tie", TIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_attribute_that_shares_a_parameters_memory_follows_it(engine, tie):
    cell, inputs = Tied(5, 5, TIES[tie]), torch.randn(20, 6, 5)
    before, _ = st.unroll(cell, inputs, engine=engine)
    with torch.no_grad():
        cell.linear.weight.neg_()
    found, _ = st.unroll(cell, inputs, engine=engine)
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    assert not torch.allclose(found, before)


def test_training_with_an_attribute_that_shares_memory_is_that_of_the_plain_loop():
    losses = []
    for engine in ("plain", "auto"):
        result = st.run(
            "parity",
            cell=Tied,
            hidden_size=8,
            steps=100,
            learning_rate=0.03,
            engine=engine,
            evaluation_lengths=(5,),
            solved_after=0,
        )
        losses.append([line["loss"] for line in result.history if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


class Reads(st.Cell):
    """Reads a tensor that is neither a parameter nor a buffer of whole numbers."""

    def __init__(self, tensor, read):
        super().__init__(3, 5)
        self.linear, self.tensor, self.read = nn.Linear(8, 5), tensor, read

    def forward(self, x, h):
        return torch.tanh(self.linear(torch.cat([x, h], 1))) * self.read(self.tensor)


def by_data(tensor):
    tensor.data = 2 * torch.ones_like(tensor)


def by_numpy(tensor):
    tensor.numpy().fill(2)


READS = {
    "tensor": lambda t: t,
    "comparison": lambda t: torch.where(t > 1, 3.0, 1.0),
    "number": lambda t: t.max().item(),
    "numpy": lambda t: float(t.numpy().max()),
    "list": lambda t: t.tolist()[0],
}


@pytest.mark.parametrize("change", [by_data, by_numpy])
@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_tensor_written_unseen_is_noticed(engine, read, change):
    cell, inputs = Reads(torch.ones(5), READS[read]), torch.randn(4, 6, 3)
    st.unroll(cell, inputs, engine=engine)
    assert engines_of(cell, engine).name == engine
    change(cell.tensor)
    found, _ = st.unroll(cell, inputs, engine=engine)
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    assert engines_of(cell, engine).name == engine


def by_none(state):
    return 1.0 if state == None else 2.0  # noqa: E711  # as people write it


def test_a_comparison_with_none_is_no_decision_by_a_value():
    class Compares(Reads):
        def forward(self, x, h):
            return torch.tanh(self.linear(torch.cat([x, h], 1))) * by_none(h)

    cell, inputs = Compares(None, None), torch.randn(4, 6, 3)
    found, _ = st.unroll(cell, inputs, engine="torch")
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    assert engines_of(cell, "torch").name == "torch"


class AsksForGradient(Reads):
    def forward(self, x, h):
        return super().forward(x, h) * (2.0 if x.requires_grad or h.grad_fn else 1.0)


def test_a_cell_that_asks_whether_its_input_has_a_gradient_is_refused():
    cell, inputs = AsksForGradient(torch.ones(5), READS["tensor"]), torch.randn(4, 6, 3)
    found, _ = st.unroll(cell, inputs, engine="torch")
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    assert engines_of(cell, "torch").name == "plain"
