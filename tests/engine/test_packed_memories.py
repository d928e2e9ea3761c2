"""A matrix memory lies in one stretch of a program's memory at each step; results do not change.

46 x 46 numbers are a memory, and 37 columns are two blocks of 16 and another one.
"""

import pytest
import torch
from grids import one_quick_in
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.engine.contract import chunked
from seqtasks.engine.graph.node import Columns
from seqtasks.engine.native.execute import portions
from seqtasks.engine.native.plan.plan import make_plan
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of

INPUTS, HIDDEN, STEPS = 3, 46, 5
F32 = {"rtol": 1e-3, "atol": 1e-4}


class Memory(st.Cell):
    """M' = a ∘ M + v kᵀ, h' = tanh(M' q); what it puts out reads the memory once more."""

    def __init__(self, reads_after: bool = False, first: bool = True):
        super().__init__(INPUTS, HIDDEN)
        self.qkv = nn.Linear(INPUTS, 3 * HIDDEN)
        self.decay = nn.Parameter(torch.rand(HIDDEN, HIDDEN))
        first_memory = torch.randn(HIDDEN, HIDDEN) / 3
        self.first = nn.Parameter(first_memory) if first else first_memory.zero_()
        self.reads_after = reads_after

    def initial_state(self, batch_size, steps):
        first = self.first.to(self.decay.dtype)
        return self.zeros(batch_size, HIDDEN), first.expand(batch_size, HIDDEN, HIDDEN)

    def forward(self, x, state):
        h, memory = state
        q, k, v = self.qkv(x).chunk(3, -1)
        memory = self.decay * memory + (v + h).unsqueeze(2) * k.unsqueeze(1)
        return torch.tanh((memory @ q.unsqueeze(2)).squeeze(2)), memory

    def output(self, x, state):
        h, memory = state
        if not self.reads_after:
            return h
        q, _, v = self.qkv(x).chunk(3, -1)
        return h + torch.sigmoid(torch.einsum("bij,bi->bj", memory, v * q))


def results(cell, inputs, state, engine, **further):
    """Return outputs, states and all gradients of a sum of them."""
    leaves = [inputs, *cell.parameters(), *(state or ())]
    leaves = [leaf.detach().requires_grad_() if leaf is inputs else leaf for leaf in leaves]
    made = st.unroll(cell, leaves[0], state, engine=engine, **further)
    if engine != "plain":
        assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    values = [made[0], *(part for states in made[1:] for part in states)]
    total = sum((v * torch.linspace(-1, 1, v.numel()).view_as(v).to(v)).sum() for v in values)
    gradients = torch.autograd.grad(total, leaves, allow_unused=True)
    return values, gradients


@one_quick_in(
    2,
    reads_after=[False, True],
    case=[
        (37, False, {}),
        (16, True, {}),
        (3, True, {"return_states": True}),
        (37, True, {"return_states": True}),
        (19, False, {"lengths": torch.tensor([STEPS, 0, 1] + [STEPS - 2] * 16)}),
    ],
)
def test_values_states_and_gradients_are_those_of_the_plain_loop(case, reads_after):
    batch, given, further = case
    cell = Memory(reads_after, first=not given).double()
    inputs = torch.randn(batch, STEPS, INPUTS, dtype=torch.float64)
    state = None
    if given:
        shapes = (batch, HIDDEN), (batch, HIDDEN, HIDDEN)
        state = tuple(torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes)
    expected, found = (results(cell, inputs, state, by, **further) for by in ("plain", "native"))
    for ours, theirs in zip(found[0], expected[0], strict=True):
        assert_close(ours, theirs, rtol=1e-9, atol=1e-11)
    for ours, theirs in zip(found[1], expected[1], strict=True):
        assert (ours is None) == (theirs is None)
        if theirs is not None:
            scale = float(theirs.abs().max())
            assert_close(ours, theirs, rtol=1e-8, atol=1e-10 * (1 + scale))


@pytest.mark.parametrize(
    "width", [torch.float32, pytest.param(torch.float64, marks=pytest.mark.slow)], ids=str
)
def test_portions_of_steps_and_rows_give_the_results_of_all_at_once(width, monkeypatch):
    monkeypatch.setattr(chunked, "NUMBERS", {"cpu": 1})
    monkeypatch.setattr(portions, "ALONG_NUMBERS", 1)
    cell = Memory(reads_after=True).to(width)
    inputs = torch.randn(37, 4 * portions.LEAST_STEPS + 1, INPUTS, dtype=width)
    with torch.no_grad():
        expected = st.unroll(cell, inputs)
        found = st.unroll(cell, inputs, engine="native")
    tolerance = {"rtol": 1e-9, "atol": 1e-11} if width == torch.float64 else F32
    for ours, theirs in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
        assert_close(ours, theirs, **tolerance)


@pytest.mark.parametrize("reads_after", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_two_layers_train_as_by_the_plain_loop(reads_after):
    models = []
    for engine in ("plain", "native"):
        torch.manual_seed(5)
        cells = [Memory(reads_after), Memory()]
        cells[1].qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
        cells[1].input_size = HIDDEN
        readout = st.readout("state", HIDDEN, HIDDEN, 2)
        model = st.Model(nn.Embedding(2, INPUTS), cells, readout).double()
        model.use_engine(engine)
        ids = torch.arange(18 * STEPS).reshape(18, STEPS) % 7 % 2
        logits, _ = model(ids)
        logits.square().sum().backward()
        models.append(model)
    for ours, theirs in zip(models[1].parameters(), models[0].parameters(), strict=True):
        scale = float(theirs.grad.abs().max())
        assert_close(ours.grad, theirs.grad, rtol=1e-8, atol=1e-10 * (1 + scale))


@pytest.mark.parametrize("reads_after", [False, True])
def test_a_memory_is_packed_and_read_in_its_loop_alone(reads_after):
    cell = Memory(reads_after)
    model = make_model_graph(None, [cell], None, torch.float32, steps=STEPS, input_size=INPUTS)
    plan = make_plan(model, dict.fromkeys(model.leaves, "w"))
    histories = [b for b in plan.storage.buffers.values() if b.kind == "history"]
    assert plan.sums_by_step
    assert max(buffer.rows for buffer in histories) < HIDDEN**2
    loops = (model.phases.loop(0), model.phases.backward_loop(0))
    large = [n for n in plan.storage.live if n.size == HIDDEN**2 and n.columns == Columns.BATCH]
    read = [n for n in large if any(source.operation == "state" for source in n.inputs)]
    assert read
    assert all(n.phase in loops for n in read)
