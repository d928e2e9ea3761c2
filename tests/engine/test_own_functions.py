"""A program uses the gradients that a cell's own autograd.Functions define."""

import re
import warnings

import pytest
import torch
from torch import nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of

inf, nan = float("inf"), float("nan")


class FastSigmoid(Function):
    """A spike whose gradient is that of a fast sigmoid."""

    @staticmethod
    def forward(ctx, x, slope=25.0):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g / (ctx.slope * x.abs() + 1.0) ** 2, None


class Triangle(Function):
    """A spike by heaviside, in the form with `setup_context`."""

    @staticmethod
    def forward(x, width):
        return torch.heaviside(x, torch.zeros_like(x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.width = inputs
        ctx.save_for_backward(x, output)

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        x, spike = ctx.saved_tensors
        return g * (1 - x.abs() / ctx.width).clamp(min=0) + 0.1 * g * spike, None


class Reversed(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.scale * g, None


class ReversedItself(Function):
    """Returns the very tensor that it is given."""

    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, g):
        return g.neg()


class Clipped(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g.clamp(-0.02, 0.01)


class ClippedNorm(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g * (0.01 / g.norm(dim=-1, keepdim=True).clamp(min=0.01))


class Sign(Function):
    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return w.sign()

    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        return g * (w.abs() <= 1)


class Blocked(Function):
    """Passes no gradient to its second argument."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None


class Threshold(Function):
    """Has a trained threshold, whose gradient torch sums over the batch."""

    @staticmethod
    def forward(ctx, x, threshold):
        away = x - threshold
        ctx.save_for_backward(away)
        return (away > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        (away,) = ctx.saved_tensors
        steep = g / (1 + (3 * away) ** 2)
        return steep, -steep


class Leaky(Function):
    """Returns a spike, a flag without a gradient, and the membrane."""

    @staticmethod
    def forward(ctx, mem, x, decay):
        new = decay * mem + x
        spike = (new > 0.5).to(x.dtype)
        flag = new > 0
        ctx.mark_non_differentiable(flag)
        ctx.save_for_backward(new, mem)
        ctx.decay = decay
        return spike, flag, new - spike

    @staticmethod
    def backward(ctx, of_spike, of_flag, of_new):
        new, _ = ctx.saved_tensors
        total = of_new + (of_spike - of_new) * torch.exp(-new * new)
        return total * ctx.decay, total, None


class Chained(Function):
    """Calls another function in its forward pass, and saves what it made itself."""

    @staticmethod
    def forward(ctx, x):
        ctx.half = torch.sigmoid(FastSigmoid.apply(x, 2.0) + x)
        return ctx.half * 2

    @staticmethod
    def backward(ctx, g):
        return torch.where(ctx.half > 0.5, g, 0.5 * g)


class Narrow(FastSigmoid):
    """Returns float32 of any type, as of `.float()`."""

    @staticmethod
    def forward(ctx, x):
        return FastSigmoid.forward(ctx, x).float()


class Hidden(Clipped):
    """Computes where no call is seen."""

    @staticmethod
    def backward(ctx, g):
        with torch._C.DisableTorchFunction():
            return g * 2


def slope_of(g: torch.Tensor, x: torch.Tensor, alpha: float) -> torch.Tensor:
    return alpha / 2 / (1 + (alpha * x).pow_(2)) * g


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # scripts are still in use
    scripted_slope = torch.jit.script(slope_of)


class Scripted(Function):
    """A surrogate gradient by a script that changes a tensor in place, as SpikingJelly has them."""

    @staticmethod
    def forward(ctx, x, alpha):
        ctx.save_for_backward(x)
        ctx.alpha = alpha
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx, g):
        return scripted_slope(g, ctx.saved_tensors[0], ctx.alpha), None


def spike_of_float32(cell, x):
    return Narrow.apply(x).to(x.dtype)


spike = FastSigmoid.apply  # as people hold it
FUNCTIONS = {
    "fast sigmoid": lambda cell, x: spike(x),
    "slope": lambda cell, x: FastSigmoid.apply(x, 3.0),
    "setup context": lambda cell, x: Triangle.apply(x, 2.0),
    "reversal": lambda cell, x: Reversed.apply(x.tanh(), 0.5),
    "reversal of itself": lambda cell, x: ReversedItself.apply(x.tanh()) * 0.5,
    "clipped": lambda cell, x: Clipped.apply(x) + 0.1 * x,
    "clipped twice": lambda cell, x: Clipped.apply(Clipped.apply(x) * 0.7),
    "clipped norm": lambda cell, x: ClippedNorm.apply(x.sin()),
    "signs of weights": lambda cell, x: torch.tanh(x @ Sign.apply(3 * cell.weight)),
    "no gradient for weights": lambda cell, x: Blocked.apply(x, cell.scale),
    "threshold": lambda cell, x: Threshold.apply(x, cell.scale),
    "one threshold": lambda cell, x: Threshold.apply(x, cell.one) + Threshold.apply(x, cell.scale),
    "several results": lambda cell, x: sum(Leaky.apply(x, 2 * x, 0.9)[::2]),
    "one of several": lambda cell, x: Leaky.apply(x, x.tanh(), 0.9)[2],
    "flag": lambda cell, x: torch.where(Leaky.apply(x, x, 0.9)[1], x, 0.1 * x),
    "chained": lambda cell, x: Chained.apply(x),
    "function of a function": lambda cell, x: Reversed.apply(spike(x, 1.0), 2.0),
    "the same value without": lambda cell, x: Clipped.apply(x * 2) + (x * 2).clone(),
    "straight through": lambda cell, x: x + (torch.sign(x) - x).detach(),
    "straight through sigmoid": lambda cell, x: (
        (x > 0).to(x.dtype) + x.sigmoid() - x.sigmoid().detach()
    ),
    "hidden backward": lambda cell, x: Hidden.apply(x).tanh() + x,
    "scripted backward": lambda cell, x: Scripted.apply(x, 2.0) + 0.5 * x,
    "no grad": lambda cell, x: x.tanh() + torch.no_grad()(torch.sign)(x),
}


class Own(st.Cell):
    def __init__(self, function, size=6):
        super().__init__(size, size)
        self.function, self.linear = function, nn.Linear(size, size)
        self.weight = nn.Parameter(0.4 * torch.randn(size, size))
        self.scale, self.one = nn.Parameter(torch.randn(size)), nn.Parameter(torch.randn(1))

    def forward(self, x, h):
        return 0.5 * h + self.function(self, self.linear(x) + h @ self.weight)


def results_of(cell, x, engine, lengths=None):
    x = x.clone().requires_grad_()
    outputs, state = st.unroll(cell, x, lengths=lengths, engine=engine)
    direction = torch.cos(torch.arange(outputs.numel(), dtype=x.dtype)).view(outputs.shape)
    total = (outputs * direction).sum() + (state * state).sum()
    given = [x, *cell.parameters()]
    gradients = torch.autograd.grad(total, given, allow_unused=True)
    return outputs, state, dict(zip(["x", *dict(cell.named_parameters())], gradients, strict=True))


def check_same(cell, x, engine, lengths=None):
    outputs, state, gradients = results_of(cell, x, engine, lengths)
    used = engines_of(cell, engine)
    assert used.name == engine, used.reasons
    expected = results_of(cell, x, "plain", lengths)
    torch.testing.assert_close(outputs, expected[0])
    torch.testing.assert_close(state, expected[1])
    for name, gradient in expected[2].items():
        if gradient is None:
            assert gradients[name] is None, name
        else:
            torch.testing.assert_close(gradients[name], gradient, msg=name)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_own_gradients_are_those_of_the_plain_loop(engine, function):
    cell = Own(FUNCTIONS[function]).double()
    check_same(cell, torch.randn(7, 5, 6, dtype=torch.float64), engine)
    check_same(
        cell, torch.randn(7, 5, 6, dtype=torch.float64), engine, torch.tensor([5, 1, 2, 5, 3, 4, 1])
    )


class Decides(Clipped):
    """Decides by a value in its backward pass."""

    @staticmethod
    def backward(ctx, g):
        return g if g.sum() > 0 else -g


class Mixes(Clipped):
    """Scales by a norm over the whole batch."""

    @staticmethod
    def backward(ctx, g):
        return g / g.norm()


class Pushes(Clipped):
    """Returns a gradient where none arrives."""

    @staticmethod
    def backward(ctx, g):
        return g + 0.1


class Draws(Clipped):
    @staticmethod
    def backward(ctx, g):
        return g * torch.rand_like(g)


class Wrong(Clipped):
    @staticmethod
    def backward(ctx, g):
        raise ValueError("not to be differentiated")


class Catches(Clipped):
    @staticmethod
    def backward(ctx, g):
        try:
            return g.sum().item() * g
        except Exception:
            return g


class Product(Function):
    """Is not linear in two gradients together, though it is in each."""

    @staticmethod
    def forward(ctx, x):
        return x.sin(), x.cos()

    @staticmethod
    def backward(ctx, g, h):
        return g * h


class Asks(Leaky):
    """Wants to know which gradients arrive."""

    @staticmethod
    def forward(ctx, mem, x, decay):
        ctx.set_materialize_grads(False)
        return Leaky.forward(ctx, mem, x, decay)

    @staticmethod
    def backward(ctx, of_spike, of_flag, of_new):
        return (of_new if of_spike is None else of_spike + of_new), None, None


REFUSED = {
    "Decides": (lambda cell, x: Decides.apply(x), "its rows mix"),
    "Mixes": (lambda cell, x: Mixes.apply(x), "its rows mix"),
    "Pushes": (lambda cell, x: Pushes.apply(x), "where none arrives"),
    "Draws": (lambda cell, x: Draws.apply(x), "random"),
    "Wrong": (lambda cell, x: Wrong.apply(x), "ValueError: not to be differentiated"),
    "Catches": (lambda cell, x: Catches.apply(x), "its rows mix"),
    "Product": (lambda cell, x: sum(Product.apply(x)), "not linear in several"),
    "Asks": (lambda cell, x: sum(Asks.apply(x, x, 0.9)[::2]), "which gradients arrive"),
    "Clipped": (lambda cell, x: x * Clipped.apply(cell.scale), "not linear in the gradient of w"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_backward_pass_that_cannot_be_recorded_is_refused_by_name(name):
    function, reason = REFUSED[name]
    cell = Own(function)
    st.unroll(cell, torch.randn(4, 3, 6), engine="torch")
    engines = engines_of(cell, "torch")
    assert engines.name == "plain"
    said = f"the backward pass of its autograd.Function {name} cannot be recorded: "
    assert re.match(f"{said}.*{reason}", engines.reasons["torch"]), engines.reasons


class Sloped(Clipped):
    slope = 2.0

    @staticmethod
    def backward(ctx, g):
        return g * Sloped.slope


def test_a_change_of_what_a_backward_pass_reads_is_noticed(monkeypatch):
    cell = Own(lambda cell, x: Sloped.apply(x)).double()
    x = torch.randn(7, 5, 6, dtype=torch.float64)
    check_same(cell, x, "torch")
    monkeypatch.setattr(Sloped, "slope", 3.0)
    check_same(cell, x, "torch")


@pytest.mark.parametrize("engine", ENGINES)
def test_truths_of_a_narrower_type_are_exact(engine):
    cell = Own(
        lambda cell, x: x * (x > 0).float() + x * ((x > 1) & (x < 2)).float()[:, :1]
    ).double()
    check_same(cell, torch.randn(7, 5, 6, dtype=torch.float64), engine)


def test_numbers_of_a_narrower_type_are_refused():
    cell = Own(spike_of_float32).double()
    st.unroll(cell, torch.randn(4, 3, 6, dtype=torch.float64), engine="torch")
    assert "numbers of type torch.float32" in engines_of(cell, "torch").reasons["torch"]


class Spiking(st.Cell):
    """A layer of leaky integrate-and-fire neurons with a surrogate gradient and a soft reset."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, 2 * hidden_size)
        self.inputs, self.recurrent = (
            nn.Linear(input_size, hidden_size),
            nn.Linear(hidden_size, hidden_size),
        )
        self.decay = nn.Parameter(torch.full((hidden_size,), 2.0))

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size // 2), self.zeros(
            batch_size, self.hidden_size // 2
        )

    def forward(self, x, state):
        membrane, spikes = state
        membrane = self.decay.sigmoid() * membrane + self.inputs(x) + self.recurrent(spikes)
        spikes = FastSigmoid.apply(membrane - 1.0, 5.0)
        return membrane - spikes.detach(), spikes


@pytest.mark.parametrize("engine", ENGINES)
def test_a_spiking_network_is_equal_to_the_plain_loop_over_many_steps(engine):
    class Reads(Spiking):
        output_size = 12

        def output(self, x, state):
            return torch.cat(state, -1)

    cell = Reads(3, 6).double()
    x = 2 * torch.randn(5, 60, 3, dtype=torch.float64)
    found = {}
    for name in ("plain", engine):
        outputs, _ = st.unroll(cell, x, engine=name)
        found[name] = [outputs, *torch.autograd.grad(outputs.sin().sum(), cell.parameters())]
    assert engines_of(cell, engine).name == engine
    assert 0.02 < found["plain"][0][..., 6:].mean() < 0.98  # some neurons spike
    for ours, theirs in zip(found[engine], found["plain"], strict=True):
        torch.testing.assert_close(ours, theirs)
