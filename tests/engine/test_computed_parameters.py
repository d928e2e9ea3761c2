"""Functions of parameters alone: torch computes them, and its autograd carries their gradients."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.testing import assert_close
from training_runs import WIDTH, assert_close_runs, model, trainer
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.contract import computed_values
from seqtasks.engine.graph.describe import described
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of


def eye(w):
    return torch.eye(len(w), dtype=w.dtype)


MATRICES = {
    "matrix_exp": lambda w, u, v: torch.matrix_exp(w - w.T),
    "linalg.matrix_exp of a block": lambda w, u, v: torch.linalg.matrix_exp(w.tril(-1) - u.triu(1)),
    "inverse": lambda w, u, v: torch.inverse(3 * eye(w) + w),
    "linalg.inv": lambda w, u, v: torch.linalg.inv(3 * eye(w) + w @ w.T),
    "lstsq": lambda w, u, v: torch.linalg.lstsq(3 * eye(w) + w, u).solution,
    "pinv": lambda w, u, v: torch.linalg.pinv(w),
    "solve": lambda w, u, v: torch.linalg.solve(eye(w) + w - w.T, eye(w) - w + w.T),
    "solve_triangular": lambda w, u, v: torch.linalg.solve_triangular(
        w.tril(-1) + 2 * eye(w), u, upper=False
    ),
    "svd, rebuilt": lambda w, u, v: (lambda s: s.U @ torch.diag(s.S.clamp(max=1)) @ s.Vh)(
        torch.linalg.svd(w)
    ),
    "the largest singular value": lambda w, u, v: w / torch.linalg.svdvals(w)[0],
    "spectral norm": lambda w, u, v: w / torch.linalg.matrix_norm(w, ord=2),
    "qr": lambda w, u, v: torch.linalg.qr(w)[0],
    "R of qr alone": lambda w, u, v: torch.linalg.qr(w).R,
    "Q and R": lambda w, u, v: (lambda q, r: q * r.diagonal().sign())(*torch.linalg.qr(w)),
    "householder": lambda w, u, v: torch.linalg.householder_product(
        w.tril(-1) + eye(w), v.sigmoid()
    ),
    "eigh": lambda w, u, v: torch.linalg.eigh(w + w.T).eigenvalues * u,
    "cholesky": lambda w, u, v: torch.linalg.cholesky(w @ w.T + eye(w)),
    "matrix_power": lambda w, u, v: torch.linalg.matrix_power(w, 3),
    "det": lambda w, u, v: torch.linalg.det(eye(w) + w / 3) * u,
    "multi_dot": lambda w, u, v: torch.linalg.multi_dot([w, u, w.T]),
    "three in an einsum": lambda w, u, v: torch.einsum("ij,jk,k->ik", w, u, v),
    "einsum with a diagonal": lambda w, u, v: u * torch.einsum("ii->i", w),
    "sorted": lambda w, u, v: w.sort(dim=1).values,
    "the largest of each row": lambda w, u, v: w * w.topk(2, dim=1)[0].sum(1, keepdim=True),
    "gathered": lambda w, u, v: torch.gather(w, 1, torch.arange(len(w)).flip(0).repeat(len(w), 1)),
    "cumprod": lambda w, u, v: torch.sigmoid(w).cumprod(1),
    "complex": lambda w, u, v: (torch.polar(v.exp(), w) * torch.complex(u, w)).real,
    "fft": lambda w, u, v: torch.fft.irfft(torch.fft.rfft(w) * torch.fft.rfft(u), n=len(w)),
    "in float64 and back": lambda w, u, v: torch.matrix_exp(w.double() - w.double().T).to(w.dtype),
    "weight_norm": lambda w, u, v: torch._weight_norm(w, v[:, None], 0),
    "without gradient": lambda w, u, v: torch.matrix_exp(w).detach() * u,
    "under no_grad": lambda w, u, v: without_gradient(w) * u,
    "of a product": lambda w, u, v: torch.matrix_exp(torch.tanh(w @ u) - v),
    "twice": lambda w, u, v: torch.matrix_exp(w) @ torch.matrix_exp(-w.T) + torch.matrix_exp(w),
    "and itself": lambda w, u, v: torch.matrix_exp(w) + w,
}


def without_gradient(w):
    with torch.no_grad():
        return torch.inverse(w + 4 * eye(w))


class ByMatrix(st.Cell):
    """h' = tanh(h M / 2 + V x), where M is a function of parameters that has no rule."""

    def __init__(self, make, size=5):
        super().__init__(3, size)
        self.make = make
        self.enter = nn.Linear(3, size)
        self.w, self.u = (nn.Parameter(torch.randn(size, size) / 2) for _ in range(2))
        self.v = nn.Parameter(torch.randn(size) / 2)

    def forward(self, x, h):
        return torch.tanh(0.5 * (h @ self.make(self.w, self.u, self.v)) + self.enter(x))


QUICK = "matrix_exp", "Q and R"


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in MATRICES]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_it_runs_as_the_plain_loop(engine, name):
    check(problem(Subject(ByMatrix(MATRICES[name])), 7, 5), engine, [torch.float64])


@pytest.mark.parametrize("name", ["matrix_exp", "svd, rebuilt", "Q and R", "twice"])
def test_each_value_that_torch_computes_is_read_once(name):
    cell = ByMatrix(MATRICES[name]).double()
    graph = make_model_graph(None, [cell], None, torch.float64, steps=3, input_size=3)
    used = {"matrix_exp": 1, "svd, rebuilt": 3, "Q and R": 2, "twice": 2}
    assert len(graph.computed) == used[name]


def test_what_torch_computes_is_named_in_the_description():
    cell = ByMatrix(MATRICES["svd, rebuilt"])
    graph = make_model_graph(None, [cell], None, torch.float32, steps=3, input_size=3)
    assert described(graph)[0] == ("by torch, once a call", "3 svd")


class Parametrized(st.Cell):
    """A linear map with one of torch's parametrizations."""

    def __init__(self, parametrize, hidden_size=5):
        super().__init__(3, hidden_size)
        self.enter = nn.Linear(3, hidden_size)
        self.R = parametrize(nn.Linear(hidden_size, hidden_size, bias=False))

    def forward(self, x, h):
        return torch.tanh(self.enter(x) + self.R(h))


PARAMETRIZATIONS = {
    "weight_norm": parametrizations.weight_norm,
    "orthogonal": parametrizations.orthogonal,
    "orthogonal by cayley": lambda m: parametrizations.orthogonal(m, orthogonal_map="cayley"),
    "orthogonal by householder": lambda m: parametrizations.orthogonal(
        m, orthogonal_map="householder"
    ),
    "spectral_norm in eval": lambda m: parametrizations.spectral_norm(m).eval(),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "name",
    [
        n if n == "orthogonal by cayley" else pytest.param(n, marks=pytest.mark.slow)
        for n in PARAMETRIZATIONS
    ],
)
def test_torchs_parametrizations_run_as_the_plain_loop(engine, name):
    check(problem(Subject(Parametrized(PARAMETRIZATIONS[name])), 4, 6), engine, [torch.float64])


SIZED_BY_VALUES = {
    "a mask": lambda w, u, v: u * w[w != 0].square().sum(),
    "masked_select": lambda w, u, v: u * torch.masked_select(w, w.abs() > 1e-3)[:5],
    "nonzero": lambda w, u, v: u * w.nonzero().to(w.dtype).mean(),
    "repeats": lambda w, u, v: u * v.repeat_interleave((v == v).long()),
}


@pytest.mark.parametrize("name", SIZED_BY_VALUES)
def test_a_value_whose_shape_depends_on_parameters_is_refused(name):
    with pytest.raises(UnsupportedError, match="depends on the values"):
        make_model_graph(
            *(None, [ByMatrix(SIZED_BY_VALUES[name])], None, torch.float32), steps=3, input_size=3
        )


def test_a_value_that_comes_in_another_shape_is_an_error(monkeypatch):
    made = ByMatrix(MATRICES["matrix_exp"])
    inputs = torch.randn(2, 4, 3)
    st.unroll(made, inputs, engine="torch")
    evaluated = computed_values.evaluated
    monkeypatch.setattr(computed_values, "evaluated", lambda *a: [v[1:] for v in evaluated(*a)])
    with pytest.raises(RuntimeError, match=r"now has the shape \(4, 5\)"):
        st.unroll(made, inputs, engine="torch")


class Factored(ByMatrix):
    """Its parameter is positive definite, which the altered parameters of a recording are not."""

    def __init__(self):
        super().__init__(lambda w, u, v: torch.linalg.cholesky(w))
        self.w = nn.Parameter(self.w.detach() @ self.w.detach().T + torch.eye(5))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_that_takes_few_matrices_runs_on_those(engine):
    check(problem(Subject(Factored()), 3, 4), engine, [torch.float64])


class FirstStateByInverse(ByMatrix):
    """Its initial state, and nothing else, is computed by torch."""

    def __init__(self):
        super().__init__(lambda w, u, v: u)

    def initial_state(self, batch_size, steps):
        return torch.inverse(self.w + 4 * eye(self.w))[0].expand(batch_size, -1)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_initial_state_may_be_computed_by_torch(engine):
    check(problem(Subject(FirstStateByInverse()), 3, 4), engine, [torch.float64])


def test_a_value_by_the_number_of_rows_is_no_function_of_parameters_alone():
    class ByRows(ByMatrix):
        def __init__(self):
            super().__init__(None)

        def forward(self, x, h):
            return torch.tanh(h @ torch.linalg.matrix_power(self.w, len(x)) + self.enter(x))

    with pytest.raises(UnsupportedError, match="number of rows"):
        make_model_graph(None, [ByRows()], None, torch.float32, steps=3, input_size=3)


class Turned(st.Cell):
    def __init__(self, turn):
        super().__init__(3, 5)
        self.turn = turn
        self.w = nn.Parameter(torch.randn(5, 5, dtype=torch.float64) / 3)
        self.enter = nn.Linear(3, 5).double()

    def forward(self, x, h):
        return torch.tanh(h @ torch.matrix_exp(self.w * self.turn) + self.enter(x))


def test_a_constant_of_a_call_that_changes_makes_another_program():
    made = Turned(torch.ones(5, dtype=torch.float64))
    inputs = torch.randn(2, 4, 3, dtype=torch.float64)
    for factor in (1.0, -2.0):
        made.turn.fill_(factor)
        found, _ = st.unroll(made, inputs, engine="torch")
        assert_close(found, st.unroll(made, inputs)[0])


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("sgd", marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_trained_as_by_the_plain_loop(engine, optimizer):
    start = model("symbols", ByMatrix(MATRICES["solve"], WIDTH))
    options = {"optimizer": optimizer, "clip": 0.5}
    plain = trainer(start, "symbols", "plain", **options)
    assert_close_runs(trainer(start, "symbols", engine, **options), plain, 9)


def test_training_goes_on_from_a_checkpoint_to_the_bit():
    start = model("symbols", ByMatrix(MATRICES["matrix_exp"], WIDTH))
    whole, first, second = (trainer(start, "symbols", "native") for _ in range(3))
    losses = whole.advance(6)
    first.advance(3)
    second.restore(first.state(), 3)
    assert losses[3:] == second.advance(3)
    assert_close(second.state(), whole.state(), rtol=0, atol=0)


class NormedByHook(st.Cell):
    """Linear maps under the hooks of `torch.nn.utils`, as older code has them."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        both = input_size + hidden_size
        self.gate = nn.utils.weight_norm(nn.Linear(both, hidden_size))
        self.new = nn.utils.spectral_norm(nn.Linear(both, hidden_size)).eval()

    def forward(self, x, h):
        both = torch.cat([x, h], 1)
        return h + self.gate(both).sigmoid() * (self.new(both).tanh() - h)


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated")
def test_the_hooks_of_old_norms_are_followed_and_others_beside_them_are_noticed():
    cell, inputs = NormedByHook(3, 4).double(), torch.randn(2, 5, 3, dtype=torch.float64)

    def agrees():
        found, _ = st.unroll(cell, inputs, engine="native")
        expected, _ = st.unroll(cell, inputs)
        assert_close(found, expected)
        parameters = list(cell.parameters())
        slopes = [torch.autograd.grad(o.square().sum(), parameters) for o in (found, expected)]
        assert_close(*slopes)
        return engines_of(cell, "native")

    assert agrees().name == "native"
    handle = cell.gate.register_forward_pre_hook(lambda module, args: (2 * args[0],))
    assert agrees().name == "plain"
    handle.remove()
    assert agrees().name == "native"
    cell.new.train()  # now each call gives other numbers
    st.unroll(cell, inputs, engine="native")
    engines = engines_of(cell, "native")
    assert engines.name == "plain"
    assert "the spectral norm of cells.0.new" in str(engines.reasons)
