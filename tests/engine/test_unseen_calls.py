"""Scripts, traces and vmap run by each engine: the recorder follows torch's own operations."""

import copy
import itertools
import warnings

import pytest
import torch
from torch import nn
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph

SIZE = 4


class Part(nn.Module):
    """A module to be compiled: a gate, with a constant and an attribute."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(SIZE, 2 * SIZE)
        self.norm = nn.LayerNorm(SIZE)
        self.scale = 0.7

    def forward(self, h):
        gate, candidate = self.linear(self.norm(h)).chunk(2, dim=-1)
        return self.scale * torch.sigmoid(gate) * torch.tanh(candidate)


def gated(a: torch.Tensor, b: torch.Tensor):
    parts = torch.cat([torch.sigmoid(a)[:, :2], b[:, 2:]], dim=1)
    return torch.softmax(parts, dim=-1) * torch.where(b > 0, b, 0.1 * b), (a - b).sum(1)


def with_a_loop(a: torch.Tensor, times: int):
    for k in range(times):
        a = torch.tanh(a) + 0.1 * float(k)
    return a


def grown(a: torch.Tensor):
    a += 1
    return a


def decided(a: torch.Tensor):
    if bool(a.sum() > 0):
        return a
    return -a


def noisy(a: torch.Tensor):
    return a + torch.randn_like(a)


def rowwise(h):
    return torch.softmax(h, 0) * h.sum()


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # scripts are still in use
    scripted, looped, growing, deciding, drawing = map(
        torch.jit.script, (gated, with_a_loop, grown, decided, noisy)
    )
    tracing = torch.jit.trace(lambda a: torch.tanh(a) * a.softmax(-1), torch.randn(2, SIZE))
    compiled = torch.jit.script(Part())
    traced = torch.jit.trace(Part(), torch.randn(2, SIZE))


class Calling(st.Cell):
    """h' = tanh(part(V x + W h, h)), where no call of the part is seen."""

    def __init__(self, part):
        super().__init__(3, SIZE)
        self.enter = nn.Linear(3 + SIZE, SIZE)
        self.part = part

    def forward(self, x, h):
        return torch.tanh(self.part(self.enter(torch.cat([x, h], 1)), h))


class Scripted(Calling):
    """The script is an attribute of the cell itself."""

    def forward(self, x, h):
        return torch.tanh(self.part(self.enter(torch.cat([x, h], 1)), 2) * h)


class WithModule(Calling):
    """The part is a module of its own, compiled."""

    def __init__(self, part):
        super().__init__(lambda a, h: a)
        self.module = part

    def forward(self, x, h):
        return self.module(super().forward(x, h)) + 0.5 * h


CELLS = {
    "script": lambda: Calling(lambda a, h: sum(p.view(len(a), -1) for p in scripted(a, h))),
    "script with a loop": lambda: Calling(lambda a, h: looped(a, 3) * h),
    "vmap": lambda: Calling(lambda a, h: torch.vmap(rowwise)(a) + h),
    "traced function": lambda: Calling(lambda a, h: tracing(a) + h),
    "operations": lambda: Calling(lambda a, h: torch.ops.aten.mul(torch.ops.aten.sin(a), h)),
    "without functions": lambda: Calling(without_functions),
}


def without_functions(a, h):
    with torch._C.DisableTorchFunction():
        both = a.sigmoid() * h
    return both + a


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "name",
    [n if n in ("script", "vmap") else pytest.param(n, marks=pytest.mark.slow) for n in CELLS],
)
def test_it_runs_as_the_plain_loop(engine, name):
    check(problem(Subject(CELLS[name]()), 5, 4), engine, [torch.float64])


@pytest.mark.parametrize("name", CELLS)
def test_it_is_recorded(name):
    make_model_graph(None, [CELLS[name]()], None, torch.float32, steps=3, input_size=3)


def test_a_script_that_the_cell_holds_is_recorded():
    make_model_graph(None, [Scripted(looped)], None, torch.float32, steps=3, input_size=3)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (lambda a, h: growing(h * 1) + a, "in place|computed"),
        (lambda a, h: deciding(a), "depends on the values"),
        (lambda a, h: drawing(a), "random"),
        (lambda a, h: torch.from_numpy(h.detach().numpy()) + a, "depends on the values"),
    ],
)
def test_it_is_refused_with_its_reason(part, reason):
    with pytest.raises(UnsupportedError, match=reason):
        make_model_graph(None, [Calling(part)], None, torch.float32, steps=3, input_size=3)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("part", [compiled, traced])
def test_a_compiled_module_runs_as_the_plain_loop(engine, part):
    check(problem(Subject(WithModule(part)), 5, 4), engine, [torch.float64])


class Counting(Part):
    calls: int

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, h):
        self.calls += 1
        return torch.tanh(h) * self.calls


class Averaging(Part):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(SIZE))

    def forward(self, h):
        self.mean += 0.1 * (h.detach().mean(0) - self.mean)
        return h - self.mean


class Dropping(Part):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, h):
        return self.dropout(h)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Counting, "changes its attribute cells.0.module.calls"),
        (Averaging, "changes its buffer cells.0.module.mean"),
        (Dropping, "draws random numbers"),
    ],
)
def test_a_compiled_module_that_keeps_something_is_refused(kind, reason):
    cell = WithModule(torch.jit.script(kind()))
    with pytest.raises(UnsupportedError, match=reason):
        make_model_graph(None, [cell], None, torch.float32, steps=3, input_size=3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_change_of_a_compiled_module_is_seen_by_its_program():
    cell = WithModule(torch.jit.script(Part())).double()
    inputs = torch.randn(3, 4, 3).double()

    def check_again():
        plain, fast = (st.unroll(cell, inputs, engine=name)[0] for name in ("plain", "torch"))
        torch.testing.assert_close(fast, plain)
        return plain

    outputs = [check_again()]
    cell.module.scale = 1.9
    outputs.append(check_again())
    with torch.no_grad():
        cell.module.linear.bias.add_(1.0)
    outputs.append(check_again())
    cell.module.linear.weight = nn.Parameter(torch.randn(2 * SIZE, SIZE).double())
    outputs.append(check_again())
    assert all((a - b).abs().max() > 1e-3 for a, b in itertools.pairwise(outputs))


def test_a_copy_of_a_cell_has_parameters_where_the_compiled_module_has():
    cell = WithModule(traced)
    cell.tied = cell.module.linear.bias
    copied = copy.deepcopy(cell)
    assert all(isinstance(p, nn.Parameter) and p.is_leaf for p in copied.parameters())
    assert copied.tied is dict(copied.module.named_parameters())["linear.bias"]
    for one, other in zip(cell.parameters(), copied.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()


def test_a_value_without_gradient_has_none():
    class Stopped(Calling):
        def forward(self, x, h):
            with torch.no_grad():
                gate = looped(h, 2)
            return torch.tanh(self.enter(torch.cat([x, h], 1)) * gate)

    check(problem(Subject(Stopped(None)), 3, 4), "torch", [torch.float64])
