"""Every function with a rule has torch's value and gradient at zero, bounds, ties and infinities.

The calls are those of `edge_cases`. A later batch has the special numbers, so that nothing depends
on what the trial of a program sees.
"""

import math

import pytest
import torch
from edge_cases import EDGES, KINDS, OF_WEIGHTS, UNNAMED, Edge
from edges import PLACES, wrong_in
from grids import one_quick_in
from scipy.integrate import quad
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.record.rules.equations import EQUATIONS
from seqtasks.engine.record.rules.rearranging import REARRANGING
from seqtasks.engine.record.rules.table import RULES

GROUP = 30
DTYPES = {"float64": torch.float64, "float32": torch.float32}
ROUNDINGS = 32
SATURATING = (
    "tanh",
    "sigmoid",
    "gelu",
    "softsign",
    "_cell",
    "silu",
    "mish",
    "x ** x",
    "x * log",
    "ndtr",
)
"""What is a difference of numbers near 1: its roundings are those of 1."""
SIZED = ("logsumexp", "logcumsumexp", "_cell", "softmax(20", "mish", "gelu")
"""What takes differences of its operands: its roundings grow with their size."""
NORMALISING = "layer_norm"
"""What divides by a deviation: of numbers that are nearly equal, torch's own is roundings alone.
`test_equal_numbers_deviate_by_nothing` holds those to float64."""
SUMMED_SQUARES = ("_cell", "einsum", "bmm", "matmul", "bilinear", "attention")
"""What sums products of its operands in an order of its own, so that it is not the same numbers for
which this overflows."""
CROSSED = ("cross", "linalg.cross")
"""What subtracts products of two operands: its roundings are those of the products."""
SERIES = ("lgamma", "polygamma", "special.i1")
"""What is a long sum, whose roundings are some of 1."""
UNDERFLOWING = "vector_norm 1.5"
"""What sums powers of its operands, which torch scales before: the smallest ones are zero here."""
DIVIDED = ("prod products",)
"""What torch divides by each factor, unless a row of the batch has a zero. The engines never do."""
CANCELLING = "sinc"
"""What has a slope that torch takes as a difference of nearly equal numbers, or of huge ones.
`test_the_slope_of_sinc_is_exact` holds it to an integral."""
DENORMAL_WITHIN = {"x * log(x)": (), "log(1 + exp(x))": (88.0,)}
"""What the native engine takes for zero: denormal numbers, and 1 / (1 + exp(88)) in float32."""
EXPONENTIAL_DENORMAL = (torch.tensor(88.8).item(),)
"""Of 1 and less beside it a softmax is denormal in float32."""


def groups():
    """Return the calls in groups of one kind."""
    by_kind = [[edge for edge in EDGES if edge.kind == kind] for kind in KINDS]
    return [edges[k : k + GROUP] for edges in by_kind for k in range(0, len(edges), GROUP)]


GROUPS = groups()


def near(edge: Edge, what: str, x: torch.Tensor, found: torch.Tensor, expected: torch.Tensor):
    """Say where numbers agree but for a few roundings.

    Args:
        edge: what was called.
        what: `value` or `gradient`.
        x: the operands, (cases, width).
        found: (cases, results).
        expected: the same by torch.
    """
    about = torch.finfo(expected.dtype)
    most = largest(x)
    scale = expected.abs()
    if edge.kind != "one":
        scale = torch.maximum(scale, largest(expected))
        scale = torch.maximum(scale, most if what == "value" else torch.ones_like(most))
    elif is_one_of(edge, SATURATING):
        scale = scale.clamp(min=1)
    if is_one_of(edge, SIZED):
        scale = scale * (1 + 2 * most)
    if is_one_of(edge, SERIES):
        scale = 4 * scale.clamp(min=1)
    if edge.name in CROSSED:
        scale = torch.maximum(scale, most**2)
    allowed = ROUNDINGS * (about.eps * scale + about.smallest_normal)
    agree = (found - expected).abs() <= allowed
    agree |= (found == expected) | (found.isnan() & expected.isnan())
    if is_one_of(edge, SUMMED_SQUARES) or edge.name in CROSSED:
        agree |= most > 1e18
    if UNDERFLOWING in edge.name:
        agree |= most < 1e-20
    if is_one_of(edge, DIVIDED):
        agree |= x.abs().clamp(min=1).prod(-1, keepdim=True).isinf()
    if CANCELLING in edge.name and what == "gradient":
        agree |= (most < 0.1) | (most > 1e18)
    if NORMALISING in edge.name:
        agree |= (x.amax(-1, True) - x.amin(-1, True)) < 1e-3 * most
    return agree


def largest(x):
    """Return the largest finite size in each row, (cases, 1)."""
    return torch.where(x.isfinite(), x.abs(), 0.0).amax(-1, True)


def is_one_of(edge: Edge, names: tuple[str, ...]) -> bool:
    return any(name in edge.name for name in names)


def cases():
    """Return all combinations; the quick ones run each group once, by one engine."""
    found = []
    for k, group in enumerate(GROUPS):
        for place in PLACES:
            if place == "beside" and group[0].kind == "one":  # no number stands beside another
                continue
            for dtype in DTYPES:
                few = group[0].kind in ("two", "three")  # of four numbers there are many cases
                often = "beside" if k % 3 == 0 and few else PLACES[k % 2]
                quick = place == often and dtype == list(DTYPES)[k // 2 % 2]
                for engine in ENGINES:
                    by = ENGINES[k // 4 % len(ENGINES)]
                    marks = () if quick and engine == by else (pytest.mark.slow,)
                    name = f"{engine} {k} {group[0].kind} {place} {dtype}"
                    found.append(pytest.param(engine, k, place, dtype, id=name, marks=marks))
    return found


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize(("engine", "group", "place", "dtype"), cases())
def test_functions_are_those_of_torch_at_their_edges(engine, group, place, dtype):
    edges = GROUPS[group]
    if place == "weights":
        edges = [edge for edge in edges if "_cell" not in edge.name]
    if place == "beside" and engine == "torch":
        # refused by the trial: of 0 / 0 beside other rows, its sum is inf where torch's is NaN
        edges = [edge for edge in edges if "quotients" not in edge.name]
    wrong = wrong_in(edges, engine, DTYPES[dtype], place, near)
    if engine == "torch" and place in ("loop", "beside"):
        # a loop back multiplies by the reciprocal of a divisor, which overflows for the smallest
        wrong = without_denormals(wrong, DTYPES[dtype])
    if engine == "native" and dtype == "float32":
        within = {name: some for name, some in wrong.items() if name[0] in DENORMAL_WITHIN}
        normal = without_denormals(within, torch.float32)
        for name in within:
            some = [x for x in normal.get(name, []) if x[0][0] not in DENORMAL_WITHIN[name[0]]]
            wrong = {**wrong, name: some} if some else {k: v for k, v in wrong.items() if k != name}
    assert not wrong, "\n".join(f"{name}: {some}" for name, some in wrong.items())


def without_denormals(wrong, dtype):
    smallest = torch.finfo(dtype).smallest_normal

    def counts(x):
        denormal = any(0 < abs(number) < smallest for number in x)
        return not denormal and not (dtype == torch.float32 and x[0] in EXPONENTIAL_DENORMAL)

    kept = {name: [case for case in some if counts(case[0])] for name, some in wrong.items()}
    return {name: some for name, some in kept.items() if some}


def test_every_function_with_a_rule_has_a_row():
    names = [edge.name for edge in EDGES]
    for function in RULES.keys() - EQUATIONS.keys():
        name = getattr(function, "__qualname__", function.__name__)
        assert any(n.startswith(name) for n in names), name
    for name in REARRANGING - OF_WEIGHTS - UNNAMED:
        assert name in names, name


class CardinalSine(st.Cell):
    def forward(self, x, state):
        return torch.sinc(x)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_slope_of_sinc_is_exact(engine):
    points = torch.tensor(
        [1e-30, 1e-6, 1e-3, 0.1, 0.3, 0.318, 0.319, 0.5, 2.2], dtype=torch.float64
    )
    for dtype in DTYPES.values():
        x = torch.cat([points, -points]).to(dtype)
        cell = CardinalSine(len(x), len(x))
        cell.unused = torch.nn.Parameter(torch.zeros(1, dtype=dtype))  # its type is the cell's
        given = x[None, None].clone().requires_grad_()
        st.unroll(cell, given, engine=engine)[0].sum().backward()
        slopes = [-math.pi * quad(lambda t, a=a: t * math.sin(math.pi * a * t), 0, 1)[0] for a in x]
        exact = torch.tensor(slopes, dtype=torch.float64)
        torch.testing.assert_close(
            given.grad[0, 0].double(), exact, rtol=16 * torch.finfo(dtype).eps, atol=0
        )


ALIKE = {
    "std": lambda x: x.std(-1, keepdim=True).expand_as(x),
    "var": lambda x: (0.7 * x).var(-1, keepdim=True).expand_as(x),
    "layer_norm": lambda x: torch.nn.functional.layer_norm(0.3 * x, (x.shape[1],)),
    "softmax": lambda x: (20 * x).softmax(-1),
    "log_softmax": lambda x: (20 * x).log_softmax(-1),
    "exp(x - amax)": lambda x: ((20 * x) - (20 * x).amax(-1, True)).exp(),
}


class Alike(st.Cell):
    """Puts out a function of its input."""

    def __init__(self, size, function):
        super().__init__(size, size)
        self.function = function
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x, state):
        return state

    def output(self, x, state):
        return self.function(x)


@one_quick_in(2, engine=ENGINES, size=[3, 7, 8])
def test_equal_numbers_deviate_by_nothing(engine, size):
    numbers = torch.tensor([0.1, 1 / 3, 0.7, 2e4]).repeat_interleave(2)
    equal = numbers[:, None].repeat(1, size)
    equal[::2] = torch.linspace(-1, 1, size)
    for name, function in ALIKE.items():
        cell = Alike(size, function)
        st.unroll(cell, torch.randn(9, 1, size, requires_grad=True), engine=engine)  # the trial
        found, true = (
            _value_and_gradient(cell, equal.to(dtype), by)
            for by, dtype in ((engine, torch.float32), ("plain", torch.float64))
        )
        for ours, theirs in zip(found, true, strict=True):
            torch.testing.assert_close(ours.double(), theirs, rtol=2e-3, atol=2e-3, msg=name)


def _value_and_gradient(cell, rows, engine):
    x = rows[:, None].clone().requires_grad_()
    made, _ = st.unroll(cell if engine != "plain" else cell.double(), x, engine=engine)
    direction = torch.sin(torch.arange(made.numel(), dtype=torch.float64)).view(made.shape)
    (gradient,) = torch.autograd.grad(made, x, direction.to(made.dtype))
    cell.float()
    return made.detach(), gradient
