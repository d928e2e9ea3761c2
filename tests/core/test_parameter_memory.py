"""Training changes a parameter's numbers and no others, however they lie in memory."""

import copy

import pytest
import torch
from grids import one_quick_in
from torch import nn

import seqtasks as st
from seqtasks.engine.contract.optimizer_values import OptimizerValues
from seqtasks.errors import UsageError
from seqtasks.training import build_optimizer

OPTIMIZERS = ["adam", "adamw", "rmsprop:momentum=0.5", "sgd:momentum=0.9"]
SHORT = {"hidden_size": 6, "learning_rate": 0.02, "evaluation_lengths": (3,), "solved_after": 0}


def laid_out(how, values):
    """Return a tensor of these numbers, laid out in memory in some way, and all of that memory."""
    rows, columns = values.shape
    if how == "contiguous":
        memory = values.clone()
        return memory, memory
    if how == "transposed":
        memory = values.t().contiguous()
        return memory.t(), memory
    if how == "left half":
        memory = torch.full((rows, 2 * columns), 7.0, dtype=values.dtype)
        part = memory[:, :columns]
    elif how == "every other row":
        memory = torch.full((2 * rows, columns), 7.0, dtype=values.dtype)
        part = memory[::2]
    else:
        assert how == "a slice of three axes"
        memory = torch.full((rows, 3, columns), 7.0, dtype=values.dtype)
        part = memory[:, 1]
    part.copy_(values)
    return part, memory


AROUND = []
"""The whole memory in which each cell's parameter lies, which the engines do not see."""
LAYOUTS = ["transposed", "left half", "every other row", "a slice of three axes"]


class Laid(st.Cell):
    """tanh(W x + A h), the numbers of A laid out in memory in some way."""

    how = "contiguous"

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
        values = torch.randn(hidden_size, hidden_size)
        part, memory = laid_out(self.how, values)
        AROUND.append(memory)
        self.a = nn.Parameter(part)

    def forward(self, x, state):
        return torch.tanh(self.linear(x) + state @ self.a)


def cell_laid_out(how):
    return type("Laid", (Laid,), {"how": how})


@one_quick_in(4, optimizer=OPTIMIZERS, how=LAYOUTS)
def test_a_parameter_is_trained_alike_however_it_lies_in_memory(how, optimizer):
    slow = {**SHORT, "learning_rate": 0.002}  # so that roundings do not grow
    runs = [
        st.run("parity", cell=cell_laid_out(layout), steps=20, optimizer=optimizer, **slow)
        for layout in (how, "contiguous")
    ]
    losses = [[line["loss"] for line in run.history if "loss" in line] for run in runs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    cell, other = (run.model.cells[0] for run in runs)
    assert not cell.a.is_contiguous()
    torch.testing.assert_close(cell.a, other.a, rtol=1e-3, atol=1e-3)
    memory = AROUND[-2]  # of the first run
    with torch.no_grad():
        cell.a.fill_(7.0)  # it still lies in that memory, and nothing round it was changed
    if how != "transposed":
        assert (memory == 7.0).all()


@one_quick_in(4, optimizer=OPTIMIZERS, how=LAYOUTS)
def test_a_resumed_run_goes_on_to_the_same_bits_however_a_parameter_lies(how, optimizer, tmp_path):
    cell = cell_laid_out(how)
    options = {"cell": cell, "optimizer": optimizer, **SHORT}
    whole = st.run("parity", steps=20, **options)
    begun = st.run("parity", steps=10, out=tmp_path, **options)
    resumed = st.resume(begun.path, steps=20, cell=cell)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


@pytest.mark.parametrize("how", LAYOUTS)
def test_a_module_of_ones_own_is_trained_alike_however_its_parameters_lie(how):
    class Own(nn.Module):
        def __init__(self, how):
            super().__init__()
            torch.manual_seed(0)
            self.embedding = nn.Embedding(2, 6)
            part, self.memory = laid_out(how, torch.randn(6, 2))
            self.weight = nn.Parameter(part)

        def forward(self, ids):
            return self.embedding(ids).cumsum(1) @ self.weight

    task = st.task("parity")
    options = {"steps": 20, "learning_rate": 0.02, "evaluation_lengths": (3,), "solved_after": 0}
    runs = [st.run(task, model=Own(layout), **options) for layout in (how, "contiguous")]
    weights = [run.model.weight for run in runs]
    torch.testing.assert_close(*weights, rtol=1e-3, atol=1e-3)


class Overlapping(st.Cell):
    """A cell whose parameters overlap in memory in some way."""

    how = "expanded"

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
        memory = torch.randn(2 * hidden_size, hidden_size)
        if self.how == "expanded":
            tensors = [torch.randn(1, hidden_size).expand(hidden_size, -1)]
        elif self.how == "windows":
            tensors = [torch.randn(2 * hidden_size - 1).unfold(0, hidden_size, 1)]
        elif self.how == "one memory":
            tensors = [memory[:hidden_size], memory[:hidden_size]]
        elif self.how == "partly":
            tensors = [memory[:hidden_size], memory[hidden_size - 1 : 2 * hidden_size - 1]]
        else:
            assert self.how == "crossed"
            tensors = [memory[:hidden_size], memory[:hidden_size].t()]
        self.a, self.b = nn.Parameter(tensors[0]), nn.Parameter(tensors[-1])
        if len(tensors) == 1:
            self.b = self.a

    def forward(self, x, state):
        return torch.tanh(self.linear(x) + state @ self.a + state @ self.b)


@pytest.mark.parametrize("engine", ["plain", "torch", "native", "auto"])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("expanded", "several entries of the parameter cells.0.a are one number in memory"),
        ("windows", "several entries of the parameter cells.0.a are one number in memory"),
        ("one memory", "the parameters cells.0.a and cells.0.b share memory"),
        ("partly", "the parameters cells.0.a and cells.0.b share memory"),
        ("crossed", "the parameters cells.0.a and cells.0.b share memory"),
    ],
)
def test_parameters_that_overlap_in_memory_are_refused_before_training(
    how, message, engine, tmp_path
):
    cell = type("Overlapping", (Overlapping,), {"how": how})
    for dtype in ("float32", "float64"):
        with pytest.raises(UsageError, match=message):
            st.run("parity", cell=cell, engine=engine, dtype=dtype, out=tmp_path, steps=1)
    assert not list(tmp_path.iterdir())


def test_overlapping_parameters_of_a_module_of_ones_own_are_refused():
    model = nn.Sequential(nn.Embedding(2, 2))
    model[0].weight = nn.Parameter(torch.randn(1, 2).expand(2, 2))
    with pytest.raises(UsageError, match=r"several entries of the parameter 0\.weight"):
        st.run("parity", model=model, steps=1)


class Halves(st.Cell):
    """Two parameters that are interleaved in memory, and no number in both; one of them tied."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
        memory = torch.randn(hidden_size, 2 * hidden_size)
        self.a = nn.Parameter(memory[:, :hidden_size])
        self.b = nn.Parameter(memory[:, hidden_size:])
        self.tied = self.a
        self.frozen = nn.Parameter(torch.ones(1).expand(hidden_size), requires_grad=False)

    def forward(self, x, state):
        return torch.tanh(self.linear(x) + state @ self.a + state @ self.b.t() * self.frozen)


def test_parameters_that_interleave_without_overlapping_are_trained():
    result = st.run("parity", cell=Halves, steps=5, **SHORT)
    assert result.step == 5


def test_a_conversion_that_would_part_tied_tensors_is_refused():
    class Tied(Laid):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.register_buffer("seen", self.a.detach())

    st.run("parity", cell=Tied, steps=2, **SHORT)
    with pytest.raises(UsageError, match=r"share memory, which a conversion to torch\.float64"):
        st.run("parity", cell=Tied, steps=2, dtype="float64", **SHORT)


class Rotated(st.Cell):
    """A state turned in the complex plane by trained complex numbers."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, 2 * hidden_size)
        self.turn = nn.Parameter(
            torch.polar(torch.full((hidden_size,), 0.9), torch.rand(hidden_size))
        )
        self.register_buffer("shift", torch.full((hidden_size,), 0.1 + 0.2j))

    def initial_state(self, batch_size, steps):
        return torch.zeros(batch_size, self.hidden_size, dtype=self.turn.dtype)

    def forward(self, x, state):
        return (
            self.turn * state
            + torch.view_as_complex(self.linear(x).unflatten(-1, (-1, 2)).contiguous()) * self.shift
        )

    def output(self, x, state):
        return state.real + state.imag


@one_quick_in(
    2, optimizer=["adam", "adamw", "rmsprop", "sgd:momentum=0.9"], dtype=["float32", "float64"]
)
def test_complex_parameters_stay_complex_and_are_trained_and_kept(dtype, optimizer, tmp_path):
    wanted = {"float32": torch.complex64, "float64": torch.complex128}[dtype]
    options = {"cell": Rotated, "dtype": dtype, "optimizer": optimizer, **SHORT}
    whole = st.run("parity", steps=20, **options)
    turn = whole.model.cells[0].turn
    assert turn.dtype == whole.model.cells[0].shift.dtype == wanted
    untrained = st.run("parity", steps=1, **{**options, "learning_rate": 1e-12}).model.cells[0].turn
    assert (turn.imag != untrained.imag).all()
    assert (turn.real != untrained.real).all()
    begun = st.run("parity", steps=10, out=tmp_path, **options)
    resumed = st.resume(begun.path, steps=20, cell=Rotated)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
    loaded = st.load(begun.path, cell=Rotated)
    assert torch.equal(loaded.model.cells[0].turn, turn)


def test_training_of_complex_parameters_is_the_hand_written_loop():
    made = st.run("parity", cell=Rotated, steps=1, **{**SHORT, "learning_rate": 1e-12}).model
    assert made.cells[0].turn.is_complex()
    twin = copy.deepcopy(made)
    values = OptimizerValues("adam", 0.01, beta1=0.9, beta2=0.999, epsilon=1e-8)
    ids = torch.randint(0, 2, (8, 5), generator=torch.Generator().manual_seed(0))
    ours = build_optimizer(values, made.parameters())
    theirs = torch.optim.Adam(twin.parameters(), 0.01)
    for model, optimizer in ((made, ours), (twin, theirs)):
        for _ in range(3):
            optimizer.zero_grad()
            model.loss(ids, ids).backward()
            optimizer.step()
    for one, other in zip(made.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one, other)
