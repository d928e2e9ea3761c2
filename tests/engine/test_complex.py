"""Complex numbers run in programs as pairs: parameters, states, and functions of them."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.record.complex.calls import COMPLEX
from seqtasks.engine.unroll import engines_of

SIZE = 4


def both(z):
    """Return the parts of complex numbers, or real numbers, flat."""
    z = z.to(torch.float64) if not z.is_complex() else torch.view_as_real(z)
    return z.flatten(1)


CALLS = {
    "add": lambda z, w, x, m: both(torch.add(z, w, alpha=2)),
    "__add__": lambda z, w, x, m: both((z + x) + 1j),
    "__radd__": lambda z, w, x, m: both(2 + z),
    "sub": lambda z, w, x, m: both(torch.sub(x, z)),
    "subtract": lambda z, w, x, m: both(torch.subtract(z, x)),
    "__sub__": lambda z, w, x, m: both(z - w),
    "rsub": lambda z, w, x, m: both(torch.rsub(z, x)),
    "__rsub__": lambda z, w, x, m: both(1 - z),
    "mul": lambda z, w, x, m: both(torch.mul(z, w)),
    "multiply": lambda z, w, x, m: both(z.multiply(x)),
    "__mul__": lambda z, w, x, m: both(z * (1 + 2j)),
    "__rmul__": lambda z, w, x, m: both(1j * x),
    "div": lambda z, w, x, m: both(torch.div(z, 1 + w * w.conj())),
    "divide": lambda z, w, x, m: both(z.divide(2.0)),
    "true_divide": lambda z, w, x, m: both(torch.true_divide(z, 1.5 + x.abs())),
    "__truediv__": lambda z, w, x, m: both(z / (w + 3)),
    "__rtruediv__": lambda z, w, x, m: both(1 / (z + 3)),
    "__rdiv__": lambda z, w, x, m: both((z + 3).__rdiv__(2)),
    "neg": lambda z, w, x, m: both(-z),
    "negative": lambda z, w, x, m: both(torch.negative(z)),
    "__neg__": lambda z, w, x, m: both(-w),
    "conj": lambda z, w, x, m: both(z.conj() * w),
    "conj_physical": lambda z, w, x, m: both(torch.conj_physical(z)),
    "abs": lambda z, w, x, m: torch.abs(z),
    "absolute": lambda z, w, x, m: (z * functional.relu(x)).absolute(),
    "__abs__": lambda z, w, x, m: abs(w),
    "pow": lambda z, w, x, m: both(torch.pow(z, 3)),
    "__pow__": lambda z, w, x, m: both(torch.cat([z**2, z**1, z**4, z**0.5, z ** (1 + 1j)], 1)),
    "__rpow__": lambda z, w, x, m: both(2.0**z),
    "eq": lambda z, w, x, m: (z == z.real.to(z.dtype)).double(),
    "__eq__": lambda z, w, x, m: (z == z).double(),
    "ne": lambda z, w, x, m: torch.ne(z, w).double(),
    "not_equal": lambda z, w, x, m: torch.not_equal(z, z).double(),
    "__ne__": lambda z, w, x, m: (z != w).double(),
    "resolve_conj": lambda z, w, x, m: both(z.conj().resolve_conj()),
    "resolve_neg": lambda z, w, x, m: both(z.resolve_neg()),
    "positive": lambda z, w, x, m: both(torch.positive(z)),
    "angle": lambda z, w, x, m: z.angle(),
    "exp": lambda z, w, x, m: both(torch.exp(z)),
    "log": lambda z, w, x, m: both(torch.log(z)),
    "sqrt": lambda z, w, x, m: both(torch.sqrt(z)),
    "square": lambda z, w, x, m: both(torch.square(z)),
    "sgn": lambda z, w, x, m: both(torch.sgn(z * functional.relu(x))),
    "sin": lambda z, w, x, m: both(torch.sin(z)),
    "cos": lambda z, w, x, m: both(torch.cos(z)),
    "tanh": lambda z, w, x, m: both(torch.tanh(z)),
    "sigmoid": lambda z, w, x, m: both(torch.sigmoid(z)),
    "reciprocal": lambda z, w, x, m: both(torch.reciprocal(z + 3)),
    "real": lambda z, w, x, m: z.real * torch.real(w),
    "imag": lambda z, w, x, m: z.imag * torch.imag(w),
    "view_as_real": lambda z, w, x, m: torch.view_as_real(z).flatten(1),
    "where": lambda z, w, x, m: both(torch.where(x > 0, z, w)),
    "masked_fill": lambda z, w, x, m: both(z.masked_fill(x > 0, 2.0)),
    "lerp": lambda z, w, x, m: both(torch.lerp(z, w, 0.3)),
    "addcmul": lambda z, w, x, m: both(torch.addcmul(z, w, z, value=0.5)),
    "zeros_like": lambda z, w, x, m: both(torch.zeros_like(z) + w),
    "ones_like": lambda z, w, x, m: both(torch.ones_like(z) * w),
    "mean": lambda z, w, x, m: both(z.mean(1, keepdim=True)),
    "linalg_vector_norm": lambda z, w, x, m: torch.linalg.vector_norm(z, dim=1, keepdim=True),
    "norm": lambda z, w, x, m: z.norm(dim=1, keepdim=True),
    "linalg_norm": lambda z, w, x, m: torch.linalg.norm(z, dim=1, keepdim=True),
    "isnan": lambda z, w, x, m: z.isnan().double() + x,
    "detach": lambda z, w, x, m: both(z.detach() * w),
    "data": lambda z, w, x, m: both(z.data * w),
    "complex": lambda z, w, x, m: both(torch.complex(x, 2 * x) * w),
    "polar": lambda z, w, x, m: both(torch.polar(x.abs(), 3 * x)),
    "view_as_complex": lambda z, w, x, m: both(torch.view_as_complex(x.view(-1, 2, 2))),
    "to": lambda z, w, x, m: both(x.to(torch.complex128) + z.to(torch.complex128)),
    "type": lambda z, w, x, m: both(x.type(torch.complex128) * z),
    "type_as": lambda z, w, x, m: both(x.type_as(z) * z),
    "cdouble": lambda z, w, x, m: both(x.cdouble() * z),
    "cfloat": None,  # of another type than the cell's
    "matmul": lambda z, w, x, m: both(torch.matmul(z, m)),
    "linalg_matmul": lambda z, w, x, m: both(torch.linalg.matmul(x.cdouble(), m)),
    "mm": lambda z, w, x, m: both(torch.mm(z, m)),
    "bmm": lambda z, w, x, m: both(torch.bmm(z.view(-1, 2, 2), w.view(-1, 2, 2))),
    "mv": lambda z, w, x, m: both(z * torch.mv(m, m[0])),
    "__matmul__": lambda z, w, x, m: both(z @ m),
    "__rmatmul__": lambda z, w, x, m: both(m.__rmatmul__(z)),
    "dot": lambda z, w, x, m: both(z * torch.dot(m[0], m[1])),
    "vdot": lambda z, w, x, m: both(z * torch.vdot(m[0], m[1])),
    "linalg_vecdot": lambda z, w, x, m: both(torch.linalg.vecdot(z, w)[:, None]),
    "outer": lambda z, w, x, m: both(z @ torch.outer(m[0], m[1])),
    "ger": lambda z, w, x, m: both(z @ torch.ger(m[0], m[1])),
    "einsum": lambda z, w, x, m: both(torch.einsum("bi,ij,bj->bi", z, m, w)),
    "linear": lambda z, w, x, m: both(functional.linear(z, m, m[0])),
    "addmm": lambda z, w, x, m: both(torch.addmm(m[0], z, m, alpha=2)),
    "baddbmm": lambda z, w, x, m: both(torch.baddbmm(*(v.view(-1, 2, 2) for v in (z, w, z)))),
    "prod": lambda z, w, x, m: both(z.prod(1, keepdim=True)),
    "fft_fft": lambda z, w, x, m: both(torch.cat([torch.fft.fft(z), torch.fft.fft(x, 3)], 1)),
    "fft_ifft": lambda z, w, x, m: both(torch.fft.ifft(torch.fft.fft(x) * w, norm="ortho")),
    "fft_rfft": lambda z, w, x, m: both(torch.fft.rfft(x)),
    "fft_irfft": lambda z, w, x, m: torch.cat(
        [torch.fft.irfft(z, 6), torch.fft.irfft(w, 5), torch.fft.irfft(w, norm="forward")], 1
    ),
    "fft_fft2": lambda z, w, x, m: both(torch.fft.fft2(z.view(-1, 2, 2))),
    "fft_ifft2": lambda z, w, x, m: both(torch.fft.ifft2(x.view(-1, 2, 2))),
    "moves": lambda z, w, x, m: both(
        torch.cat([z.roll(1, 1), torch.stack([z, w], 1).flip(2)[:, 0], z[:, 1:3], z.cumsum(1)], 1)
    ),
    "of parameters": lambda z, w, x, m: both(z @ torch.linalg.matrix_exp(m - m.mH)),
}


class Complex(st.Cell):
    """Puts out what each call makes of complex states, of an input, and of complex weights."""

    def __init__(self, calls):
        super().__init__(SIZE, SIZE)
        self.calls = calls
        self.m = nn.Parameter(torch.randn(SIZE, SIZE, dtype=torch.complex128) / 3)
        self.decay = nn.Parameter(torch.rand(SIZE, dtype=torch.float64))

    def initial_state(self, batch_size, steps):
        halves = torch.full((2, batch_size, SIZE), 0.5, dtype=self.m.dtype)
        return tuple(halves.unbind(0))

    def forward(self, x, state):
        z, w = state
        turned = torch.exp(torch.complex(-self.decay, self.decay))
        return turned * z + x @ self.m.real, w * (0.4 + 0.7j) + torch.polar(x.abs(), x)

    @property
    def output_size(self):
        return self.output(torch.ones(2, SIZE).double(), self.initial_state(2, 1)).shape[1]

    def output(self, x, state):
        return torch.cat([call(*state, x, self.m) for call in self.calls], -1)


def test_every_function_of_complex_numbers_has_a_line():
    assert COMPLEX.keys() <= CALLS.keys()


@pytest.mark.parametrize("engine", [ENGINES[0], pytest.param(ENGINES[1], marks=pytest.mark.slow)])
@pytest.mark.parametrize("part", range(3))
def test_functions_of_complex_numbers_are_those_of_torch(engine, part):
    calls = [call for call in CALLS.values() if call is not None][part::3]
    cell = Complex(calls)
    x = torch.randn(5, 3, SIZE, dtype=torch.float64, requires_grad=True)
    start = tuple(torch.randn(2, 5, SIZE, dtype=torch.complex128).requires_grad_().unbind(0))
    found = {}
    for name in ("plain", engine):
        outputs, final = st.unroll(cell, x, start, engine=name)
        direction = torch.cos(torch.arange(outputs.numel()).double()).view(outputs.shape)
        total = (outputs * direction).sum() + sum(part.abs().sum() for part in final)
        found[name] = (outputs, final, torch.autograd.grad(total, [x, *start, *cell.parameters()]))
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(found[engine], found["plain"], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_complex_state_is_given_and_padded(engine):
    cell = Complex([CALLS["abs"]])
    x = torch.randn(4, 6, SIZE, dtype=torch.float64)
    lengths = torch.tensor([6, 2, 4, 1])
    ours, theirs = (st.unroll(cell, x, lengths=lengths, engine=by) for by in (engine, "plain"))
    assert_close(ours, theirs)
    assert ours[1][0].dtype == torch.complex128


def test_a_number_of_zero_size_has_no_gradient_there():
    cell = Complex([CALLS["abs"], CALLS["angle"], CALLS["sgn"]])
    start = tuple(torch.zeros(2, 3, SIZE, dtype=torch.complex128).requires_grad_().unbind(0))
    x = torch.zeros(3, 1, SIZE, dtype=torch.float64)
    found = []
    for by in ("plain", "native"):
        outputs, _ = st.unroll(cell, x, start, engine=by)
        found.append((outputs, torch.autograd.grad(outputs.sum(), start, allow_unused=True)))
    assert_close(*found)


class Odd(st.Cell):
    """An LRU as published, whose real parameters have an odd number of numbers."""

    def __init__(self):
        super().__init__(3, 3)
        self.decay = nn.Parameter(torch.rand(3, dtype=torch.float64))
        self.into = nn.Parameter(torch.randn(3, 3, dtype=torch.complex128))

    def initial_state(self, batch_size, steps):
        return torch.zeros(batch_size, 3, dtype=self.into.dtype)

    def forward(self, x, z):
        turned = torch.complex(-self.decay.exp().neg().exp(), self.decay)
        return turned * z + x.to(z.dtype) @ (self.into * self.decay.exp().unsqueeze(-1)).mT

    def output(self, x, z):
        return z.real


@pytest.mark.parametrize("engine", ENGINES)
def test_a_complex_weight_learns_wherever_its_gradient_lies(engine):
    cell, x = Odd(), torch.randn(5, 4, 3, dtype=torch.float64)
    found = {}
    for name in ("plain", engine):
        outputs, _ = st.unroll(cell, x, engine=name)
        found[name] = outputs, torch.autograd.grad(outputs.sin().sum(), list(cell.parameters()))
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(found[engine], found["plain"], rtol=1e-9, atol=1e-10)


class Cut(Complex):
    def forward(self, x, state):
        z, w = state
        return torch.linalg.inv(z.view(-1, 2, 2)).flatten(1), w


def test_a_function_without_a_form_for_pairs_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="linalg_inv with complex numbers"):
        make_model_graph(None, [Cut([CALLS["abs"]])], None, torch.float64, steps=2, input_size=SIZE)
