"""Changes in place of what a step made itself run by each engine; of what it is given, by none."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph

SIZE = 4


def added(a, h, w):
    a += h
    return a


def several(a, h, w):
    a *= 0.5
    a -= w
    a /= 1 + h.abs()
    return a


def chained(a, h, w):
    return a.mul_(h).add_(w, alpha=0.3).clamp_(-0.5, 0.9).tanh_()


def a_column(a, h, w):
    a[:, 1] = h[:, 2] * w[0]
    return a


def several_columns(a, h, w):
    a[:, 1:3] += h[:, :2]
    a[:, ::2] *= w[:2]
    a[..., -1] = 0.25
    return a


def by_indices(a, h, w):
    a[:, torch.tensor([2, 0])] = h[:, :2]
    a[:, torch.tensor([True, False, False, True])] *= 2.0
    return a


def a_mask(a, h, w):
    a[a > 0.3] = 0.3
    a[h < 0] = w[1]
    return a


def masked_fill(a, h, w):
    return a.masked_fill_(h > 0.1, -0.5)


def copied(a, h, w):
    made = torch.empty_like(a)
    made.copy_(h)
    made[:, :2].copy_(w[:2])
    return made + a


def zeros_filled(a, h, w):
    made = torch.zeros(a.shape, dtype=a.dtype)
    made[:, 0] = h[:, 0]
    made[:, 1:] += a[:, 1:] * w[1:]
    return made


def zeros_like_filled(a, h, w):
    made = torch.zeros_like(a)
    for k in range(SIZE):
        made[:, k] = a[:, k] * (made.sum(1) if k else h[:, 0])
    return made


def empty_filled(a, h, w):
    made, other = torch.empty(a.shape, dtype=a.dtype), a.new_empty(a.shape)
    made[:, :3] = h[:, :3]
    made[:, 3] = 0.5
    other[:] = a
    return made * other


def filled_and_zeroed(a, h, w):
    a[:, :2].fill_(0.5)
    a[:, 3].zero_()
    a[:, 2].fill_(w[1])
    return a * h


def a_view_sees_it(a, h, w):
    first = a[:, :2]
    a += h
    return torch.cat([first, first * a[:, 2:]], 1)


def the_base_sees_it(a, h, w):
    a[:, 1:3].mul_(h[:, :2])
    a.view(-1, 2, 2)[:, 1] += w[:2]
    a.t()[0] = w[2]
    return a


def a_read_before_does_not(a, h, w):
    before = a * 2
    a *= h
    return before + a


def a_view_of_a_view(a, h, w):
    two = a.view(-1, 2, 2)
    one = two[:, 0]
    one *= w[:2]
    two[:, :, 1] -= h[:, :2]
    return a + 0


def a_clone_of_the_state(a, h, w):
    h = h.clone()
    h[:, 0] *= 0.5
    h += a
    return h


def inplace_option(a, h, w):
    functional.relu(a, inplace=True)
    return nn.functional.leaky_relu(a - 0.2, 0.1, inplace=True) + h


def one_less_axis(a, h, w):
    made = (h * w).unsqueeze(1)
    made.squeeze_(1)
    return made.mul_(a)


def weights_first(a, h, w):
    matrix = torch.zeros(SIZE, SIZE, dtype=w.dtype)
    matrix[0, 1:] = w[1:]
    matrix[1:, 0] -= w[1:]
    matrix[2, 3] = -0.4
    return h @ matrix + a


def weights_by_torch(a, h, w):
    matrix = torch.zeros(SIZE, SIZE, dtype=w.dtype)
    matrix[torch.triu_indices(SIZE, SIZE, 1)[0][:4], torch.tensor([1, 2, 3, 3])] = w
    return h @ torch.matrix_exp(matrix - matrix.t()) + a


def a_diagonal(a, h, w):
    outer = torch.outer(w, w + 1)
    outer.fill_diagonal_(0.25)
    return h @ outer + a @ outer[:3].clone().fill_diagonal_(0).t() @ outer[1:]


def without_gradient(a, h, w):
    with torch.no_grad():
        made = h * 2
        made += w
        made[:, 0] = 1.0
    return a * made


CHANGES = [
    added,
    several,
    chained,
    a_column,
    several_columns,
    by_indices,
    a_mask,
    masked_fill,
    copied,
    zeros_filled,
    zeros_like_filled,
    empty_filled,
    filled_and_zeroed,
    a_view_sees_it,
    the_base_sees_it,
    a_read_before_does_not,
    a_view_of_a_view,
    a_clone_of_the_state,
    inplace_option,
    one_less_axis,
    weights_first,
    weights_by_torch,
    a_diagonal,
    without_gradient,
]


class Changing(st.Cell):
    """h' = tanh(change(V x + b, h, w)), where the change is made in place."""

    def __init__(self, change):
        super().__init__(3, SIZE)
        self.change = change
        self.enter = nn.Linear(3, SIZE)
        self.w = nn.Parameter(torch.randn(SIZE))

    def forward(self, x, h):
        return torch.tanh(self.change(self.enter(x), h, self.w))


QUICK = several_columns, the_base_sees_it


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "change", [c if c in QUICK else pytest.param(c, marks=pytest.mark.slow) for c in CHANGES]
)
def test_it_runs_as_the_plain_loop(engine, change):
    check(problem(Subject(Changing(change)), 5, 4, given=True), engine, [torch.float64])


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_recorded(change):
    make_model_graph(None, [Changing(change)], None, torch.float32, steps=3, input_size=3)


def the_state(a, h, w):
    h += a
    return h


def a_part_of_the_state(a, h, w):
    h[:, 1] = 0
    return h + a


def a_detached_state(a, h, w):
    h.detach().mul_(2)
    return h + a


def a_parameter(a, h, w):
    with torch.no_grad():
        w.mul_(0.9)
    return h * w + a


def a_result_without_gradient(a, h, w):
    with torch.no_grad():
        a *= 2
    return a + h


def by_its_data(a, h, w):
    a.data.mul_(2)
    return a + h


def a_row(a, h, w):
    a[0] = 0
    return a + h


def by_the_rows_before(a, h, w):
    a[1:] += h[:-1]
    return a


def places_by_values(a, h, w):
    a[h.argmax(1)] = 0
    return a


REFUSED = {
    the_state: r"did not make in this step.*state = state \+ x",
    a_part_of_the_state: "did not make in this step",
    a_detached_state: "did not make in this step",
    a_parameter: "did not make in this step",
    a_result_without_gradient: "without gradients",
    by_its_data: "detached",
    a_row: "rows",
    by_the_rows_before: "rows",
    places_by_values: "argmax|values",
}


@pytest.mark.parametrize("change", REFUSED)
def test_it_is_refused_with_its_reason(change):
    with pytest.raises(UnsupportedError, match=REFUSED[change]):
        make_model_graph(None, [Changing(change)], None, torch.float32, steps=3, input_size=3)
