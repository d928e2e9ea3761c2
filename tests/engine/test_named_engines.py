"""An engine that was named runs the model, or an error says why; `auto` may take another."""

import copy

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.engine.tensors.execute.torch_program import TensorProgram
from seqtasks.engine.unroll import engines_of
from seqtasks.errors import UsageError

NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True

NAMED = ["torch", "native"]
IDS = torch.zeros(2, 4, dtype=torch.int64)


class Sudden(st.Cell):
    """A cell that the engines understand up to five steps, unless it decides by a value."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)
        self.decides = False

    def initial_state(self, batch_size, steps):
        zeros = self.zeros(batch_size, self.hidden_size)
        return zeros if steps <= 5 else torch.poisson(self.linear.bias[:1].expand_as(zeros) * 0)

    def forward(self, x, state):
        if self.decides and state.sum() > 100:
            return state
        return torch.tanh(self.linear(torch.cat([x, state], -1)))


def model(cell=None):
    torch.manual_seed(0)
    cell = Sudden(3, 4) if cell is None else cell
    return st.Model(nn.Embedding(3, 3), cell, StateReadout(3, 4, 2))


def without_compiler(monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent")
    monkeypatch.setenv("SEQTASKS_CACHE", "")


@pytest.mark.parametrize("engine", NAMED)
def test_a_cell_that_is_not_understood_is_an_error_in_a_loop_of_ones_own(engine):
    made = model()
    made.cells[0].decides = True
    engines = made.use_engine(engine)
    for _ in range(5):  # at each call, and for good
        with pytest.raises(UsageError, match=f"the engine '{engine}' cannot run Sudden: "):
            made(IDS)
        assert engines.name == "plain"
        assert "its rows mix" in engines.reasons[engine]
    made.cells[0].decides = False
    made(IDS)
    assert engines.name == engine
    assert not engines.reasons


@pytest.mark.parametrize("engine", NAMED)
def test_it_is_an_error_when_it_is_found_out_at_a_later_length(engine):
    made = model()
    engines = made.use_engine(engine)
    made(IDS)
    assert engines.name == engine
    with pytest.raises(UsageError, match=f"the engine '{engine}' cannot run Sudden: "):
        made(torch.zeros(2, 6, dtype=torch.int64))
    assert engines.name == "plain"
    assert "random" in engines.reasons[engine]


@pytest.mark.parametrize("engine", NAMED)
def test_a_cell_unrolled_by_a_named_engine_is_an_error_too(engine):
    cell = Sudden(3, 4)
    st.unroll(cell, torch.zeros(2, 4, 3), engine=engine)
    cell.linear.register_forward_hook(lambda *_: None)
    with pytest.raises(UsageError, match="hook"):
        st.unroll(cell, torch.zeros(2, 4, 3), engine=engine)
    st.unroll(cell, torch.zeros(2, 4, 3), engine="auto")
    assert engines_of(cell, "auto").name == "plain"


def test_native_without_a_compiler_is_an_error_and_not_the_torch_engine(monkeypatch):
    without_compiler(monkeypatch)
    made = model(st.cell("gru", 3, 4))
    engines = made.use_engine("native")
    with pytest.raises(UsageError, match="the engine 'native' cannot run GRU: CC is set to"):
        made(IDS)
    assert "compiler" in engines.reasons["native"]
    engines = made.use_engine("auto")
    made(IDS)
    assert engines.name == "torch"
    assert "compiler" in engines.reasons["native"]


@pytest.mark.parametrize("engine", NAMED)
def test_a_program_found_wrong_is_an_error(engine, monkeypatch):
    def failing(self, *args):
        raise RuntimeError("no room on the device")

    for program in (Program, TensorProgram):
        monkeypatch.setattr(program, "backward", failing)
    made = model()
    made.use_engine(engine)
    with pytest.raises(UsageError, match="it failed: RuntimeError: no room on the device"):
        made(IDS)


@pytest.mark.parametrize("engine", NAMED)
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda made: made(IDS.to(torch.int32)), "its inputs are torch.int32"),
        (lambda made: made(IDS, torch.zeros(1, 4)), "the given states do not match its own"),
    ],
)
def test_a_batch_that_only_the_plain_loop_takes_is_an_error(engine, call, message):
    made = model(st.cell("elman", 3, 4))
    plain = call(made)
    engines = made.use_engine(engine)
    with pytest.raises(UsageError, match=message):
        call(made)
    engines = made.use_engine("auto")
    torch.testing.assert_close(call(made), plain)
    assert engines.name == "plain"
    assert message in engines.reasons["native"]
    made(IDS)
    assert engines.name != "plain"


@pytest.mark.parametrize("engine", NAMED)
def test_autocast_is_an_error(engine):
    made = model()
    made.use_engine(engine)
    with torch.autocast("cpu", torch.bfloat16), pytest.raises(UsageError, match="autocast is on"):
        made(IDS)


@pytest.mark.parametrize("engine", NAMED)
def test_what_is_wrong_with_a_batch_is_said_as_by_the_plain_loop(engine):
    made = model()
    made.use_engine(engine)
    with pytest.raises(ValueError, match="lengths must"):
        made(IDS, lengths=torch.tensor([9, 1]))


@pytest.mark.parametrize("engine", NAMED)
def test_a_run_by_a_named_engine_ends_in_an_error_once_it_cannot_go_on(engine, tmp_path):
    options = {"cell": Sudden, "steps": 20, "evaluation_lengths": (3,), "out": tmp_path}
    with pytest.raises(UsageError, match=f"the engine '{engine}' cannot run Sudden"):
        st.run("parity", engine=engine, length="6", **options)
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match=f"the engine '{engine}' cannot run Sudden"):
        st.run("parity", engine=engine, length="1..8", **options)


def test_a_hook_that_an_observer_adds_is_an_error_for_native_and_none_for_auto():
    class Hooking:
        @st.hookimpl
        def run_advanced(self, run, steps):
            run.model.readout.register_forward_hook(lambda *_: None)

    options = {
        "cell": "gru",
        "hidden_size": 4,
        "steps": 60,
        "observers": [Hooking()],
        "evaluation_lengths": (3,),
    }
    with pytest.raises(UsageError, match="the engine 'native' cannot run GRU: it has hooks"):
        st.run("parity", engine="native", **options)
    result = st.run("parity", engine="auto", **options)
    assert result.model.engines.name == "plain"
    assert "hooks" in result.model.engines.reasons["native"]


def test_a_run_begun_with_auto_is_resumed_though_its_engine_does_not_take_every_batch(tmp_path):
    options = {"cell": Sudden, "hidden_size": 4, "evaluation_lengths": (3,), "solved_after": 0}
    begun = st.run("parity", steps=10, length="5", out=tmp_path, engine="auto", **options)
    assert begun.model.engines.name == "native"
    resumed = st.resume(begun.path, steps=20, cell=Sudden)
    assert resumed.step == 20
    resumed.model(torch.zeros(2, 6, dtype=torch.int64))
    assert resumed.model.engines.name == "plain"


def test_a_copy_of_a_model_keeps_the_name_of_its_engine():
    made = model()
    made.use_engine("torch")
    twin = copy.deepcopy(made)
    with pytest.raises(UsageError, match="the engine 'torch' cannot run"):
        twin(torch.zeros(2, 6, dtype=torch.int64))
