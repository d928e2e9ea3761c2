"""Every operation of the table has torch's value and gradient, at special numbers too."""

import math

import pytest
import torch
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.graph.operations import POINTWISE
from seqtasks.engine.unroll import engines_of

MOST_OPERANDS = 3
NAMES = list(POINTWISE)


class EveryOperation(st.Cell):
    """Puts out every operation of the table, each of operands of its own."""

    def __init__(self):
        super().__init__(MOST_OPERANDS * len(NAMES), len(NAMES))
        self.unused = torch.nn.Parameter(torch.zeros(1))  # its type is that of the cell

    def forward(self, x, state):
        return torch.cat([apply(k, x) for k in range(len(NAMES))], -1)


def apply(k, x):
    """Return an operation's result, (batch, 1)."""
    first = MOST_OPERANDS * k
    operands = [x[:, first + n : first + n + 1] for n in range(operands_of(NAMES[k]))]
    return POINTWISE[NAMES[k]].torch(*operands)


def operands_of(name):
    return sum(f"{{{n}}}" in POINTWISE[name].c for n in range(MOST_OPERANDS))


def numbers(dtype):
    """Return operands, (cases, MOST_OPERANDS): all pairs of special numbers, and ordinary ones."""
    about = torch.finfo(dtype)
    denormal = about.smallest_normal / 8
    special = [math.nan, math.inf, -math.inf, 0.0, -0.0, denormal, -denormal]
    special += [about.max, about.min, about.smallest_normal, about.eps, 1.0, -1.0, 0.5, -2.0, 3.0]
    special += [1e-6, -1e-6, 19.9, 20.1, -20.1, 88.0, 89.0, -88.0, -104.0, 700.0, 710.0, -746.0]
    special = torch.tensor(special, dtype=dtype)
    pairs = torch.cartesian_prod(special, special)
    third = special[torch.arange(len(pairs)) % len(special)]
    ordinary = torch.randn(600, MOST_OPERANDS, dtype=dtype)
    ordinary = ordinary * 10.0 ** torch.arange(-3, 3).repeat(100)[:, None]
    return torch.cat([torch.cat([pairs, third[:, None]], 1), ordinary])


def together(function, operands):
    """Return values and gradients, (cases, operations) and (cases, operations, MOST_OPERANDS)."""
    x = operands.repeat(1, len(NAMES)).requires_grad_()
    values = function(x)
    (gradient,) = torch.autograd.grad(values.sum(0).dot(torch.ones_like(values[0])), x)
    return values.detach(), gradient.view(len(x), len(NAMES), MOST_OPERANDS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_operation_has_the_value_and_the_gradient_of_torch(engine, dtype):
    torch.manual_seed(3)
    cell, operands = EveryOperation().to(dtype), numbers(dtype)
    found = together(lambda x: st.unroll(cell, x[:, None], engine=engine)[0][:, 0], operands)
    expected = together(lambda x: cell(x, None), operands)
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    wrong = {}
    for k, name in enumerate(NAMES):
        for what, ours, theirs in zip(("value", "gradient"), found, expected, strict=True):
            saturating = what == "gradient" and name in ("tanh", "sigmoid")
            scale = 4.0 if name == "lerp" else 1.0 if saturating else 0.0
            bad = ~same(ours[:, k], theirs[:, k], scale)
            if name == "divide" and what == "gradient":  # 1 / b overflows, a / b / b does not
                bad &= ((1 / operands[:, 1]).isfinite() | (operands[:, 1] == 0))[:, None]
            if engine == "native":  # such results are zero there
                bad &= ~among_denormals(operands).view(-1, *[1] * (bad.dim() - 1))
            if bad.any():
                cases = bad.nonzero()[:, 0].unique()[:4]
                wrong[name, what] = [
                    (operands[i].tolist(), ours[i, k].tolist(), theirs[i, k].tolist())
                    for i in cases
                ]
    assert not wrong, "\n".join(f"{key}: {value}" for key, value in wrong.items())


def among_denormals(operands):
    """Say in which cases an operand is denormal, or its reciprocal."""
    both = torch.cat([operands, 1 / operands], 1).abs()
    return ((both > 0) & (both < torch.finfo(operands.dtype).smallest_normal)).any(1)


def same(found, expected, scale):
    """Say where numbers agree but for a few roundings, numbers too small to matter left out.

    With a scale the roundings are those of a number of that size: 1 - y², of y near 1, say.
    """
    about = torch.finfo(expected.dtype)
    allowed = 16 * about.eps * expected.abs().clamp(min=scale) + 16 * about.smallest_normal
    near = (found - expected).abs() <= allowed
    return near | (found == expected) | (found.isnan() & expected.isnan())


class RootOfCube(st.Cell):
    """Its step is x^1.5 + h; one number each."""

    def __init__(self) -> None:
        super().__init__(1, 1)
        self.scale = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, x, h):
        return x**1.5 * self.scale + h


@pytest.mark.parametrize("engine", ["torch", "native"])
def test_a_power_of_one_and_a_half_has_torchs_gradient_at_minus_infinity(engine):
    numbers = torch.tensor([-torch.inf, 0.0, 4.0, torch.inf], dtype=torch.float64)
    inputs = [numbers.reshape(4, 1, 1).clone().requires_grad_() for _ in range(2)]
    for given, name in zip(inputs, ("plain", engine), strict=True):
        st.unroll(RootOfCube(), given, engine=name)[0].sum().backward()
    plain, found = (given.grad.flatten().tolist() for given in inputs)
    assert str(found) == str(plain) == str([torch.nan, 0.0, 3.0, torch.inf])


def multiples(dtype):
    """Return multiples of numbers and their neighbours, with signs, and the numbers: (cases, 2)."""
    divisors = torch.cat([torch.rand(40, dtype=dtype) + 0.1, torch.arange(1, 9).to(dtype)])
    times = torch.arange(1, 49).to(dtype)[:, None]
    product = (times * divisors).flatten()
    infinity = torch.full_like(product, math.inf)
    near = torch.cat([product, product.nextafter(infinity), product.nextafter(-infinity)])
    divisors = divisors.expand(48, -1).flatten().repeat(3)
    signs = torch.tensor([1.0, -1.0], dtype=dtype)
    places = torch.arange(len(near))
    return torch.stack([near * signs[places % 2], divisors * signs[places // 2 % 2]], 1)


class Remainders(st.Cell):
    """Puts out both remainders of a division."""

    def __init__(self):
        super().__init__(2, 2)
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x, state):
        a, b = x[:, 0], x[:, 1]
        return torch.stack([torch.remainder(a, b), torch.fmod(a, b)], 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_remainders_beside_a_multiple_are_torchs(dtype):
    torch.manual_seed(3)
    cell, x = Remainders().to(dtype), multiples(dtype)
    found, _ = st.unroll(cell, x[:, None], engine="native")
    expected = cell(x, None)
    assert torch.equal(found[:, 0], expected)
    assert torch.equal(found[:, 0].signbit(), expected.signbit())


class Angles(st.Cell):
    """Puts out a sine and a cosine."""

    def __init__(self):
        super().__init__(1, 2)
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x, state):
        return torch.cat([torch.sin(x), torch.cos(x)], 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_sines_beside_a_quarter_of_a_turn_are_torchs(dtype):
    torch.manual_seed(3)
    turns = torch.cat([torch.arange(6000), torch.randint(0, 800_000, (2000,))])
    angles = (turns.double() * math.pi / 2).to(dtype)
    infinity = torch.full_like(angles, math.inf)
    x = torch.cat([angles, angles.nextafter(infinity), -angles.nextafter(-infinity), -0.0 * angles])
    cell, x = Angles().to(dtype), x[:, None]
    found, _ = st.unroll(cell, x[:, None], engine="native")
    expected = cell(x, None)
    wrong = ~same(found[:, 0], expected, 0.0)
    wrong &= ~among_denormals(x)[:, None]
    assert not wrong.any(), (x[wrong.any(1)][:4], found[:, 0][wrong][:4], expected[wrong][:4])
    assert torch.equal(found[:, 0].signbit(), expected.signbit())
