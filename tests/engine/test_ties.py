"""A value equals its own maximum, and the difference is zero, where a compiler joins operations."""

import pytest
import torch
from passes.small_graphs import new_graph, real_inputs, weight
from torch import nn
from truth import Subject, check, problem

import seqtasks as st
from seqtasks.engine.native.plan.ties import tied

SIZE = 4


def greatest(a):
    return a.max(-1, keepdim=True)[0]


COMPARED = {
    "a product": lambda b, x, h: (b * x, greatest),
    "a negative": lambda b, x, h: (-(b * x), greatest),
    "parts": lambda b, x, h: (torch.cat([x[:, :2] * b[:2], h[:, 2:] * x[:, 2:]], -1), greatest),
    "a sum": lambda b, x, h: (b * h + x, greatest),
    "a choice": lambda b, x, h: (torch.where(x > 0, b * x, h * x), greatest),
    "a sorted one": lambda b, x, h: (b * x, lambda a: a.sort(-1)[0]),
    "the first of a sum": lambda b, x, h: (b * x, lambda a: a.cumsum(-1)[:, :1]),
    "a place": lambda b, x, h: (b * x, lambda a: a.gather(1, a.argmax(-1, keepdim=True))),
}


class Winning(st.Cell):
    """Puts out a number where it is its own extreme, and another one elsewhere."""

    def __init__(self):
        super().__init__(SIZE, SIZE)
        self.enter, self.b = nn.Linear(SIZE, SIZE), nn.Parameter(torch.randn(SIZE))

    @property
    def output_size(self):
        return SIZE * len(COMPARED)

    def forward(self, x, h):
        return torch.tanh(0.5 * torch.stack(self.results(x, h)).sum(0) + self.enter(x))

    def results(self, x, h):
        found = []
        for made in COMPARED.values():
            a, extreme = made(self.b, x, h)
            found.append(
                torch.where(a - extreme(a) >= 0, a, -x) * torch.sign(a - extreme(a) + 1e-9)
            )
        return found

    def output(self, x, h):
        return torch.cat(self.results(x, h), -1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_difference_from_an_own_extreme_is_zero(dtype, compiled_as_for_users):
    check(problem(Subject(Winning()), 33, 7, mixed=True), "native", [dtype])


def test_a_product_is_kept_where_it_meets_its_own_numbers():
    graph, phases = new_graph()
    x, w = real_inputs(graph, phases, SIZE), weight(graph, 0, SIZE)
    product, other = graph.multiply(w, x), graph.multiply(x, x)
    largest = graph.maximum_of(product, 0)
    wide = graph.broadcast(graph.reshape(largest, (1,)), (SIZE,))
    own, foreign = graph.subtract(product, wide), graph.subtract(other, wide)
    through = graph.subtract(product, graph.pointwise("tanh", wide))
    assert tied([*graph.nodes]) == {product}
    assert tied([n for n in graph.nodes if n not in (own,)]) == set()
    assert {own, foreign, through} < set(graph.nodes)


def test_what_must_be_rounded_is_known_when_values_are_moved_to_other_phases():
    graph, phases = new_graph()
    x, w = real_inputs(graph, phases, SIZE), weight(graph, 0, SIZE)
    product = graph.multiply(w, x)
    graph.maximum_of(product, 0)
    moved, copies = graph.with_phases({product: phases.backward})
    (kept,) = moved.rounded
    assert kept is copies[product]
