"""Every function with a rule has torch's value and gradient at zero, bounds, ties and infinities.

The calls are those of `edge_cases`. A later batch has the special numbers, so that nothing depends
on what the trial of a program sees.
"""

import pytest
import torch
from edge_cases import EDGES, KINDS, Edge
from edges import PLACES, wrong_in
from truth import ENGINES

GROUP = 30
DTYPES = {"float64": torch.float64, "float32": torch.float32}
ROUNDINGS = 16
SATURATING = ("tanh", "sigmoid", "gelu", "softsign", "_cell", "silu", "mish", "x ** x", "x * log")
"""What is a difference of numbers near 1: its roundings are those of 1."""
SIZED = ("logsumexp", "layer_norm", "_cell", "softmax(20", "mish", "gelu")
"""What takes differences of its operands: its roundings grow with their size."""
SQUARED = ("layer_norm", "std", "var", "norm", "_cell")
"""What squares its operands, or sums products of them, in an order of its own, so that it is not
the same numbers for which this overflows."""
EXPONENTIAL_DENORMAL = (torch.tensor(88.8).item(),)
"""Of 1 and less beside it a softmax is denormal in float32."""
NORMALISING = ("layer_norm",)
"""What divides by a deviation of roundings alone, where all numbers are equal."""


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
        scale = scale * (1 + 2 * most) * (1000 if is_one_of(edge, NORMALISING) else 1)
    allowed = ROUNDINGS * (about.eps * scale + about.smallest_normal)
    agree = (found - expected).abs() <= allowed
    agree |= (found == expected) | (found.isnan() & expected.isnan())
    if is_one_of(edge, SQUARED):
        agree |= (most > 1e18) | ((most < 1e-18) & (most > 0))
    return agree


def largest(x):
    """Return the largest finite size in each row, (cases, 1)."""
    return torch.where(x.isfinite(), x.abs(), 0.0).amax(-1, True)


def is_one_of(edge: Edge, names: tuple[str, ...]) -> bool:
    return any(name in edge.name for name in names)


def cases():
    """Return all combinations, of which the quick ones run each group once for each engine."""
    found = []
    for k, group in enumerate(GROUPS):
        for place in PLACES:
            for dtype in DTYPES:
                quick = place == PLACES[k % 2] and dtype == list(DTYPES)[k // 2 % 2]
                name = f"{k} {group[0].kind} {place} {dtype}"
                marks = () if quick else (pytest.mark.slow,)
                found.append(pytest.param(k, place, dtype, id=name, marks=marks))
    return found


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize(("group", "place", "dtype"), cases())
@pytest.mark.parametrize("engine", ENGINES)
def test_functions_are_those_of_torch_at_their_edges(engine, group, place, dtype):
    edges = GROUPS[group]
    if place == "weights":
        edges = [edge for edge in edges if "_cell" not in edge.name]
    wrong = wrong_in(edges, engine, DTYPES[dtype], place, near)
    if engine == "torch" and place == "loop":
        # a loop back multiplies by the reciprocal of a divisor, which overflows for the smallest
        wrong = without_denormals(wrong, DTYPES[dtype])
    assert not wrong, "\n".join(f"{name}: {some}" for name, some in wrong.items())


def without_denormals(wrong, dtype):
    smallest = torch.finfo(dtype).smallest_normal

    def counts(x):
        denormal = any(0 < abs(number) < smallest for number in x)
        return not denormal and not (dtype == torch.float32 and x[0] in EXPONENTIAL_DENORMAL)

    kept = {name: [case for case in some if counts(case[0])] for name, some in wrong.items()}
    return {name: some for name, some in kept.items() if some}
