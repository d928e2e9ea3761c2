"""Any torch module that makes one step is a cell, as called by hand: a long list of conventions."""

import copy
import json
import pickle
from functools import cache
from pathlib import Path

import pytest
import torch
from any_module_runs import PLAINLY, run_resume_and_score
from foreign_modules import CASES
from torch import nn

import seqtasks as st
from seqtasks.cells.any_module import ModuleCell
from seqtasks.cli import main
from seqtasks.errors import UsageError
from seqtasks.models.build import build_model

INPUT, HIDDEN, BATCH, STEPS = 6, 9, 4, 5
classes = pytest.mark.parametrize("kind", list(CASES), ids=[kind.__name__ for kind in CASES])


def cell_of(kind):
    return copy.deepcopy(_made(kind))


@cache
def _made(kind):
    torch.manual_seed(0)
    made = st.cell(kind, INPUT, HIDDEN)
    assert isinstance(made, ModuleCell)
    return made


def inputs(steps=STEPS):
    return torch.randn(BATCH, steps, INPUT, generator=torch.Generator().manual_seed(1))


def by_hand(module, kind, values):
    """Call a module step by step, as its author would, and return the outputs."""
    case = CASES[kind]
    state, outputs = case.start(module, len(values)), []
    for step, x in enumerate(values.unbind(1)):
        output, state = case.step(module, x, state, step)
        outputs.append(output)
    return torch.stack(outputs, 1)


@classes
def test_outputs_and_gradients_are_those_of_the_module_called_by_hand(kind):
    cell = cell_of(kind)
    twin = copy.deepcopy(cell.module)
    values = inputs()
    outputs, _ = st.unroll(cell, values)
    expected = by_hand(twin, kind, values)
    torch.testing.assert_close(outputs, expected)
    (outputs**2).sum().backward()
    (expected**2).sum().backward()
    pairs = zip(cell.module.named_parameters(), twin.parameters(), strict=True)
    for (name, parameter), other in pairs:
        assert other.grad.any(), name
        torch.testing.assert_close(parameter.grad, other.grad)


@classes
def test_instances_of_mixed_lengths_and_portions_get_what_they_get_alone(kind):
    cell, values = cell_of(kind), inputs()
    lengths = torch.tensor([5, 3, 1, 2])
    with torch.no_grad():
        outputs, final = st.unroll(cell, values, None, lengths)
        for row, length in enumerate(lengths.tolist()):
            first, state = st.unroll(cell, values[row : row + 1, :1])
            if length > 1:
                rest, state = st.unroll(cell, values[row : row + 1, 1:length], state)
                first = torch.cat([first, rest], 1)
            torch.testing.assert_close(outputs[row : row + 1, :length], first)
            assert not outputs[row, length:].any()
            for own, alone in zip(tensors(final), tensors(state), strict=True):
                torch.testing.assert_close(own[row : row + 1], alone)


def tensors(state):
    return [state] if isinstance(state, torch.Tensor) else list(state)


@classes
def test_what_was_understood_is_said(kind):
    case, said = CASES[kind], cell_of(kind).convention.describe()
    assert said["state"] == case.state
    assert case.says.items() <= said.items()


@classes
def test_a_program_gives_the_plain_loops_numbers_or_says_why_there_is_none(kind):
    cell, values = cell_of(kind), inputs()
    lengths = torch.tensor([5, 3, 1, 2])
    plain, final = st.unroll(cell, values, None, lengths)
    if kind.__name__ in PLAIN:
        with pytest.raises(UsageError, match=PLAIN[kind.__name__]):
            st.unroll(cell, values, None, lengths, engine="torch")
        return
    outputs, state = st.unroll(cell, values, None, lengths, engine="torch")
    torch.testing.assert_close(outputs, plain)
    for own, expected in zip(tensors(state), tensors(final), strict=True):
        torch.testing.assert_close(own, expected)


PLAIN = {
    "Counting": "a number of its state for Python's own use",
}


FEW = {"Counting"}


def file_of(kind):
    return f"{Path(__file__).with_name('foreign_modules.py')}:{kind.__name__}"


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.__name__, marks=[] if kind.__name__ in FEW else pytest.mark.slow)
        for kind in CASES
    ],
)
def test_each_is_run_resumed_scored_and_asked(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "state"))
    run_resume_and_score(file_of(kind), tmp_path)


def test_a_plugin_may_register_a_module_under_a_name(site, tmp_path, monkeypatch):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    site.plugin(
        "mine",
        "\n@hookimpl\ndef register_cells(register):\n    register('theirs', 'torch.nn:GRUCell')\n",
    )
    assert isinstance(st.cell("theirs:bias=false", 3, 4).module, nn.GRUCell)
    path = st.run("parity", cell="theirs", out=tmp_path, **PLAINLY).path
    assert json.loads((path / "experiment.json").read_text())["experiment"]["cell"] == "theirs"
    assert st.load(path).step == 2


def test_a_class_of_a_program_is_given_again_to_go_on(tmp_path):
    class Theirs(nn.GRUCell):
        pass

    done = st.run("parity", cell=Theirs, out=tmp_path, **PLAINLY)
    with pytest.raises(UsageError, match="Theirs of this run was made in a Python program"):
        st.load(done.path)
    assert isinstance(st.load(done.path, cell=Theirs).model.cells[0].module, Theirs)


@pytest.mark.slow
@classes
def test_each_is_run_resumed_scored_asked_and_shown_in_the_shell(kind, tmp_path, capsys):
    name = file_of(kind)
    options = ["--hidden-size", "4", "--length", "2..4", "--eval-length", "4", "--quiet"]
    run = tmp_path / f"parity-{kind.__name__.lower()}-1"
    for command in (
        ["run", "parity", "--cell", name, "--steps", "2", "--out", tmp_path, *options],
        ["resume", run, "--steps", "4", "--quiet"],
        ["eval", run, "--length", "5"],
        ["predict", run, "0110"],
        ["show", name],
    ):
        code, said = in_the_shell(capsys, *command)
        assert code == 0, said.err
    assert "readout reads" in said.out
    whole = st.run("parity", cell=name, out=tmp_path, **PLAINLY | {"steps": 4})
    plain = st.run("parity", cell=name, out=tmp_path, **PLAINLY)
    again = st.resume(plain.path, steps=4)
    for key, tensor in whole.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[key], tensor), key


def in_the_shell(capsys, *arguments):
    """Run a command and return its exit code and what it wrote."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code or 0, capsys.readouterr()


def test_a_cells_weights_are_those_of_the_module_alone_and_nobodys_draws_are_touched():
    torch.manual_seed(3)
    cell = st.cell(nn.GRUCell, INPUT, HIDDEN)
    state = torch.get_rng_state()
    torch.manual_seed(3)
    module = nn.GRUCell(INPUT, HIDDEN)
    assert torch.equal(torch.get_rng_state(), state)
    for key, tensor in module.state_dict().items():
        assert torch.equal(cell.module.state_dict()[key], tensor)


@pytest.mark.parametrize("kind", [nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_torchs_cells_give_what_torchs_layers_give(kind):
    layer = {nn.RNNCell: nn.RNN, nn.GRUCell: nn.GRU, nn.LSTMCell: nn.LSTM}[kind]
    cell, layer = st.cell(f"torch.nn.{kind.__name__}", INPUT, HIDDEN), layer(INPUT, HIDDEN)
    layer.load_state_dict({f"{k}_l0": v for k, v in cell.module.state_dict().items()})
    outputs, _ = st.unroll(cell, inputs())
    torch.testing.assert_close(outputs, layer(inputs().transpose(0, 1))[0].transpose(0, 1))


def test_a_cell_of_a_module_pickles_copies_and_stacks():
    cell, values = cell_of(CASES_BY_NAME["NamedState"]), inputs()
    expected, _ = st.unroll(cell, values)
    for other in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):
        assert torch.equal(st.unroll(other, values)[0], expected)
    model = build_model(st.task("parity"), CASES_BY_NAME["SmallOutput"], "concat", 4, layers=2)
    assert [one.input_size for one in model.cells] == [4, 3]
    assert model(torch.tensor([[0, 1]]))[0].shape == (1, 2, 2)


@pytest.mark.parametrize("by_method", [True, False])
def test_a_first_state_that_is_trained_is_no_zeros_though_it_begins_as_zeros(by_method):
    class Theirs(nn.Module):
        def __init__(self, i, h):
            super().__init__()
            self.c, self.h0 = nn.GRUCell(i, h), nn.Parameter(torch.zeros(h))

        def forward(self, x, state=None):
            return self.c(x, self.h0.expand(len(x), -1) if state is None else state)

    class Required(Theirs):
        def init_hidden(self, batch_size, device, dtype=None):
            return self.h0.to(device).expand(batch_size, -1)

        def forward(self, x, state):
            return self.c(x, state)

    cell = st.cell(Required if by_method else Theirs, INPUT, HIDDEN)
    assert cell.convention.start == ("method" if by_method else "itself")
    st.unroll(cell, inputs())[0].sum().backward()
    assert cell.module.h0.grad.any()


class Started(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.c, self.b = nn.GRUCell(i, h), nn.Linear(i, h)

    def forward(self, x, state):
        return (self.c(x, state[0]),)


class StartedByCount(Started):
    def create_new_state(self, B):  # noqa: N803  # as many programs write it
        return (self.b.bias.expand(B, -1),)


class StartedLikeInput(Started):
    def initial_state(self, x):
        return (self.b.bias.expand(x.shape[0], -1),)


class StartedByInput(Started):
    def initial_state(self, x):
        return (self.b(x),)


@pytest.mark.parametrize("kind", [StartedByCount, StartedLikeInput])
def test_a_method_of_another_name_or_that_takes_an_input_makes_the_first_state(kind):
    cell = st.cell(kind, INPUT, HIDDEN)
    assert cell.convention.start == "method"
    assert torch.equal(cell.initial_state(2, 1), cell.module.b.bias.expand(2, -1))


def test_a_module_that_takes_a_gradient_in_its_step_is_a_cell():
    class Descending(Started):
        def init_hidden(self, batch_size):
            return self.b.weight.expand(batch_size, -1, -1)

        def forward(self, x, weights):
            made = torch.einsum("bi,bhi->bh", x, weights)
            loss = (made - self.b(x).tanh()).square().sum()
            (slope,) = torch.autograd.grad(loss, weights, create_graph=True)
            return made, weights - 0.1 * slope

    cell, values = st.cell(Descending, INPUT, HIDDEN), inputs().requires_grad_()
    assert cell.convention.start == "method"

    def called(engine):
        outputs, _ = st.unroll(cell, values, engine=engine)
        return outputs, torch.autograd.grad(outputs.sum(), [values, *cell.module.b.parameters()])

    torch.testing.assert_close(called("torch"), called("plain"))


def test_a_first_state_that_depends_on_the_first_input_is_refused():
    with pytest.raises(UsageError, match=r"initial_state\(x\) makes its first state from the numb"):
        st.cell(StartedByInput, INPUT, HIDDEN)


def test_a_function_that_makes_a_module_is_a_cell():
    cell = st.cell(lambda i, h: nn.GRUCell(i, h, bias=False), INPUT, HIDDEN)
    assert cell.module.bias is False


def test_a_lazy_module_is_made_whole_before_it_is_trained():
    class Lazy(nn.Module):
        def __init__(self, units):
            super().__init__()
            self.w, self.u = nn.LazyLinear(units), nn.Linear(units, units)

        def forward(self, x, h):
            return torch.tanh(self.w(x) + self.u(h))

    cell = st.cell(Lazy, 3, 5)
    assert cell.module.w.weight.shape == (5, 3)
    assert cell.output_size == 5


def test_a_module_that_draws_is_understood_without_a_draw_of_anyone_elses():
    class Noisy(nn.Module):
        def __init__(self, i, h):
            super().__init__()
            self.w = nn.Linear(i, h)

        def forward(self, x, h):
            return torch.tanh(self.w(x) + h + 0.1 * torch.randn_like(h))

    before = torch.get_rng_state()
    models = [build_model(st.task("parity"), Noisy, "concat", 4) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*(one.cells[0].module.w.weight for one in models))
    assert models[0].cells[0].convention.returns == "state"


@pytest.mark.slow
def test_rows_that_mix_are_understood_and_warned_of(caplog):
    class Normed(nn.Module):
        def __init__(self, i, h):
            super().__init__()
            self.c, self.n = nn.GRUCell(i, h), nn.BatchNorm1d(h)

        def forward(self, x, h):
            return self.n(self.c(x, h))

    st.run("parity", cell=Normed, **PLAINLY)
    assert "rows" in caplog.text


CASES_BY_NAME = {kind.__name__: kind for kind in CASES}
