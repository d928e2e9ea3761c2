"""The torch engine computes what the plain loop computes, forward and back, in whatever setting."""

import copy
import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.engine.analysing import analyse
from seqtasks.engine.tensors import TensorProgram, workspace

BUILT_IN = ["concat", "sum", "elman", "elman:nonlinearity=relu", "gru", "gru-concat", "lstm"]
PLUGINS = [
    "stack-rnn",
    "stack-rnn:depth=3,nonlinearity=tanh",
    "tape-rnn",
    "tape-rnn:places=5,jump=2",
    "mgu",
    "ugrnn",
    "min-gru",
    "min-lstm",
    "slstm",
    "slstm:forget_gate=exp",
    "irnn",
    "ind-rnn",
    "lru",
    "delta-net",
    "delta-net:key_size=2,negative_eigenvalues=true",
]
CELLS = [*BUILT_IN, *PLUGINS]
WIDTH, SYMBOLS = 5, 3


@dataclass
class Outcome:
    """What a pass forward and back gives, however it is computed."""

    predictions: Tensor
    finals: list[Tensor]
    histories: list[Tensor]
    parameters: dict[str, Tensor | None] = field(default_factory=dict)
    inputs: Tensor | None = None
    given: list[Tensor] | None = None


def flat(states: Any) -> list[Tensor]:
    """Return the tensors of a state, or of several layers' states, in a row."""
    if isinstance(states, Tensor):
        return [states]
    return [tensor for state in states for tensor in flat(state)]


def make(spec: Any, layers: int = 1, symbols: int = SYMBOLS, width: int = WIDTH) -> st.Model:
    torch.manual_seed(1)
    cells = [st.cell(spec, width, width) for _ in range(layers)]
    embedding = nn.Embedding(symbols, width) if symbols else nn.Linear(4, width)
    model = st.Model(embedding, cells, StateReadout(width, cells[-1].output_size, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def directions(tensors: list[Tensor]) -> list[Tensor]:
    """Return fixed numbers of the tensors' shapes: gradients from outside."""
    generator = torch.Generator().manual_seed(7)
    return [torch.randn(t.shape, dtype=t.dtype, generator=generator) for t in tensors]


def plain(model: Any, inputs: Tensor, lengths: Any, state: Any, histories: bool) -> Outcome:
    if inputs.is_floating_point():
        inputs = inputs.clone().requires_grad_()
    given = None if state is None else [t.requires_grad_() for t in flat(state)]
    predictions, final, *past = model(inputs, state, lengths, return_states=histories)
    outputs = [predictions, *flat(final), *(flat(past[0]) if histories else [])]
    total = sum((o * d).sum() for o, d in zip(outputs, directions(outputs), strict=True))
    names = {name: p for name, p in model.named_parameters() if p.requires_grad}
    sources = [*names.values(), *([inputs] if inputs.is_floating_point() else []), *(given or [])]
    found = list(torch.autograd.grad(total, sources, allow_unused=True))
    outcome = Outcome(predictions.detach(), *_states(outputs, len(flat(final))))
    outcome.parameters = {name: found.pop(0) for name in names}
    outcome.inputs = found.pop(0) if inputs.is_floating_point() else None
    outcome.given = found if given is not None else None
    return outcome


def _states(outputs: list[Tensor], count: int) -> tuple[list[Tensor], list[Tensor]]:
    tensors = [t.detach() for t in outputs[1:]]
    return tensors[:count], tensors[count:]


def program_for(model: Any, inputs: Tensor, lengths: Any, histories: bool) -> TensorProgram:
    options = {
        "input_size": inputs.shape[-1] if inputs.is_floating_point() else 0,
        "masked": lengths is not None,
        "external_states": histories,
    }
    dtype = next(model.parameters()).dtype
    parts = model.embedding, list(model.cells), model.readout
    return TensorProgram(analyse(*parts, dtype, steps=inputs.shape[1], **options))


def by_program(
    program: TensorProgram,
    model: Any,
    inputs: Tensor,
    lengths: Any,
    state: Any,
    histories: bool,
    memory: Any = None,
) -> Outcome:
    memory = memory or program.memory(*inputs.shape[:2])
    given = None if state is None else [t.detach() for t in flat(state)]
    results = program.forward(inputs, lengths, given, memory, histories)
    outputs = [results[0], *results[1], *results[2]]
    back = directions(outputs)
    count = 1 + len(results[1])
    gradients, inputs_back, given_back = program.backward(
        inputs, lengths, given, memory, back[0], back[1:count], back[count:] if histories else None
    )
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    outcome = Outcome(results[0], results[1], results[2])
    outcome.parameters = {
        names[id(t)]: g for t, g in zip(program.tensors(), gradients, strict=True) if id(t) in names
    }
    outcome.inputs, outcome.given = inputs_back, given_back
    return outcome


def agree(found: Outcome, expected: Outcome, tolerance: float = 1e-10) -> None:
    pairs = [
        (found.predictions, expected.predictions),
        *zip(found.finals, expected.finals, strict=True),
        *zip(found.histories, expected.histories, strict=True),
    ]
    for name, gradient in expected.parameters.items():
        pairs.append((found.parameters.get(name), gradient))
    if expected.inputs is not None:
        pairs.append((found.inputs, expected.inputs))
    if expected.given is not None:
        pairs += zip(found.given or [], expected.given, strict=True)
    for one, other in pairs:
        if other is None or one is None:
            assert one is other or not (one if other is None else other).any()
            continue
        assert one.shape == other.shape
        scale = max(1.0, float(other.abs().max()))
        assert float((one - other).abs().max()) <= tolerance * scale


def compare(
    model: Any,
    batch: int,
    steps: int,
    *,
    real: bool = False,
    mixed: bool = False,
    given: bool = False,
    histories: bool = False,
) -> TensorProgram:
    generator = torch.Generator().manual_seed(batch * 100 + steps)
    if real:
        inputs = torch.randn(batch, steps, 4, dtype=torch.float64, generator=generator)
    else:
        symbols = model.embedding.num_embeddings
        inputs = torch.randint(0, symbols, (batch, steps), generator=generator)
    lengths = torch.randint(0, steps + 1, (batch,), generator=generator) if mixed else None
    state = None
    if given:
        shapes = [flat(cell.initial_state(batch, steps)) for cell in model.cells]
        drawn = [
            [torch.rand(t.shape, dtype=torch.float64, generator=generator) + 0.1 for t in tensors]
            for tensors in shapes
        ]
        layers = [tuple(tensors) if len(tensors) > 1 else tensors[0] for tensors in drawn]
        state = layers[0] if len(layers) == 1 else tuple(layers)
    program = program_for(model, inputs, lengths, histories)
    found = by_program(program, model, inputs, lengths, state, histories)
    agree(found, plain(model, inputs, lengths, state, histories))
    return program


@pytest.mark.parametrize("spec", CELLS)
def test_every_cell_gives_the_plain_loops_outputs_and_gradients(spec):
    for batch, steps in itertools.product((1, 3, 17), (1, 2, 7)):
        compare(make(spec), batch, steps)


@pytest.mark.parametrize("spec", CELLS)
def test_mixed_lengths_given_states_and_histories(spec):
    for mixed, given, histories in itertools.product((False, True), repeat=3):
        compare(make(spec), 3, 4, mixed=mixed, given=given, histories=histories)


@pytest.mark.parametrize("spec", CELLS)
def test_stretches_of_the_pass_back_and_memory_that_holds_anything_at_first(spec, monkeypatch):
    empty = torch.empty

    def rubbish(*size: Any, **options: Any) -> Tensor:
        made = empty(*size, **options)
        return made.fill_(float("nan")) if made.is_floating_point() else made.zero_()

    monkeypatch.setattr(torch, "empty", rubbish)
    for numbers, mixed in ((1, False), (2 * 3 * WIDTH, True), (3 * 3 * WIDTH, False)):
        monkeypatch.setattr(workspace, "STRETCH_NUMBERS", numbers)
        compare(make(spec), 3, 7, mixed=mixed, given=mixed, histories=not mixed)


@pytest.mark.parametrize("spec", ["concat", "gru", "lstm", "lru", "stack-rnn"])
def test_real_inputs_get_their_gradient_and_nothing_past_a_length(spec, monkeypatch):
    for mixed, histories in itertools.product((False, True), repeat=2):
        monkeypatch.setattr(workspace, "STRETCH_NUMBERS", 2**18 if mixed else 2 * 3 * WIDTH)
        compare(make(spec, symbols=0), 3, 5, real=True, mixed=mixed, histories=histories)


@pytest.mark.parametrize("spec", ["concat", "gru-concat", "lstm", "min-gru", "slstm"])
def test_several_layers(spec, monkeypatch):
    monkeypatch.setattr(workspace, "STRETCH_NUMBERS", 3 * WIDTH * 2)
    for mixed, given in itertools.product((False, True), repeat=2):
        compare(make(spec, layers=3), 3, 4, mixed=mixed, given=given, histories=True)


def test_a_vocabulary_too_large_for_a_product_with_which_row_has_which_symbol():
    compare(make("gru", symbols=100), 5, 7)


def test_frozen_parameters_have_no_gradient_and_leave_the_others_theirs():
    for spec in ("concat", "gru", "lstm"):
        model = make(spec)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_("weight" not in name or "embedding" in name)
        program = compare(model, 3, 4)
        memory = program.memory(3, 4)
        inputs = torch.zeros(3, 4, dtype=torch.int64)
        predictions, finals, _ = program.forward(inputs, None, None, memory)
        zeros = [torch.zeros_like(f) for f in finals]
        gradients, _, _ = program.backward(inputs, None, None, memory, predictions, zeros, None)
        for tensor, gradient in zip(program.tensors(), gradients, strict=True):
            assert (gradient is None) == (not tensor.requires_grad)


def test_parameters_shared_by_layers_and_within_a_cell():
    model = make("concat", layers=2)
    model.cells[1] = model.cells[0]
    compare(model, 3, 5)
    tied = make("gru-concat")
    tied.cells[0].update.weight = tied.cells[0].reset.weight
    tied.cells[0].candidate.bias = tied.cells[0].reset.bias
    compare(tied, 3, 5)


class Peephole(st.Cell):
    """An LSTM whose gates see the memory, with a trained initial state."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.gates = nn.Linear(input_size + hidden_size, 3 * hidden_size)
        self.value = nn.Linear(input_size + hidden_size, hidden_size)
        self.peep = nn.Parameter(torch.randn(3, hidden_size))
        self.start = nn.Parameter(torch.randn(hidden_size))

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor]:
        return self.start.tanh().expand(batch_size, -1), self.zeros(batch_size, self.hidden_size)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        hidden, memory = state
        both = torch.cat([x, hidden], -1)
        i, f, o = self.gates(both).chunk(3, -1)
        i = torch.sigmoid(i + self.peep[0] * memory)
        f = torch.sigmoid(f + self.peep[1] * memory)
        memory = f * memory + i * torch.tanh(self.value(both))
        return torch.sigmoid(o + self.peep[2] * memory) * torch.tanh(memory), memory


class Normalised(st.Cell):
    """A tanh cell with layer normalisation and two matrices in sequence."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.first = nn.Linear(input_size + hidden_size, 7)
        self.second = nn.Linear(7, hidden_size)
        self.norm = nn.LayerNorm(hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        inner = nn.functional.gelu(self.first(torch.cat([x, state], -1)))
        return torch.tanh(self.norm(self.second(inner) + state))


class Rearranged(st.Cell):
    """Flips, rolls and takes parts of its state, and remembers the input before."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor, Tensor]:
        size = self.hidden_size
        return (
            self.zeros(batch_size, size),
            self.zeros(batch_size, self.input_size),
            self.zeros(batch_size, 2, size),
        )

    def forward(self, x: Tensor, state: Any) -> Any:
        hidden, before, rows = state
        mixed = torch.sin(hidden.flip(-1) + before) * hidden[:, torch.tensor([0, 2, 2, 1, 0])]
        hidden = torch.tanh(self.linear(x) + mixed + rows.roll(1, 1).sum(1))
        hidden = torch.where(hidden > 0.2, hidden, 0.5 * hidden.roll(2, -1))
        rows = torch.softmax(torch.stack([hidden, rows[:, 0]], 1), -1)
        return hidden, x, rows / torch.linalg.vector_norm(rows, dim=-1, keepdim=True)


class Memoryless(st.Cell):
    """Its next state is a function of the input alone."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        return torch.tanh(self.linear(x))


class Exchanged(st.Cell):
    """Two states that change places, and one that is the same as another."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.scale = nn.Parameter(torch.rand(hidden_size))

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor, Tensor]:
        first = torch.ones(batch_size, self.hidden_size, dtype=self.scale.dtype)
        return first, 2 * first, 3 * first

    def forward(self, x: Tensor, state: Any) -> Any:
        one, other, third = state
        total = torch.cos(x * self.scale + one - third)
        return other, total, total


OWN = [Peephole, Normalised, Rearranged, Memoryless, Exchanged]


@pytest.mark.parametrize("cell", OWN)
def test_cells_unknown_to_the_engine(cell, monkeypatch):
    monkeypatch.setattr(workspace, "STRETCH_NUMBERS", 60)
    for batch, steps in ((1, 1), (3, 2), (17, 7)):
        compare(make(cell), batch, steps, histories=True)
    for mixed, given in itertools.product((False, True), repeat=2):
        compare(make(cell, layers=2), 3, 4, mixed=mixed, given=given)


@pytest.mark.parametrize("spec", ["gru", "lstm", "tape-rnn:places=5", "delta-net"])
def test_float32_is_as_near_the_truth_as_the_plain_loop(spec):
    truth = make(spec)
    single = copy.deepcopy(truth).float()
    inputs = torch.randint(0, SYMBOLS, (17, 7), generator=torch.Generator().manual_seed(3))
    exact = plain(truth, inputs, None, None, False)
    expected = plain(single, inputs, None, None, False)
    program = program_for(single, inputs, None, False)
    found = by_program(program, single, inputs, None, None, False)
    for name, true in exact.parameters.items():
        assert true is not None
        rounding = 8 * torch.finfo(torch.float32).eps * float(true.abs().max())
        own = float((expected.parameters[name] - true).abs().max())
        assert float((found.parameters[name] - true).abs().max()) <= 4 * own + rounding
    assert torch.allclose(found.predictions.double(), exact.predictions, atol=1e-5)


def test_memory_serves_again_for_other_batches_other_sizes_and_changed_parameters():
    model = make("stack-rnn:depth=3")
    inputs = torch.zeros(3, 4, dtype=torch.int64)
    program = program_for(model, inputs, None, False)
    generator = torch.Generator().manual_seed(5)
    for batch, steps in ((3, 4), (3, 4), (8, 9), (2, 3), (3, 4), (1, 1), (8, 9)):
        inputs = torch.randint(0, SYMBOLS, (batch, steps), generator=generator)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.01)
        found = by_program(program, model, inputs, None, None, False)
        agree(found, plain(model, inputs, None, None, False))
    model.readout.linear.weight.data = model.readout.linear.weight.data * 2
    found = by_program(program, model, inputs, None, None, False)
    agree(found, plain(model, inputs, None, None, False))


def test_a_pass_back_can_be_made_again_and_passes_do_not_disturb_each_other():
    model = make("gru")
    first = torch.randint(0, SYMBOLS, (3, 4), generator=torch.Generator().manual_seed(1))
    second = (first + 1) % SYMBOLS
    program = program_for(model, first, None, False)
    memories = [program.memory(3, 4), program.memory(3, 4)]
    outcomes = [
        by_program(program, model, inputs, None, None, False, memory)
        for inputs, memory in zip((first, second), memories, strict=True)
    ]
    kept = copy.deepcopy(outcomes[0])
    again = program.backward(
        first,
        None,
        None,
        memories[0],
        directions([kept.predictions, *kept.finals])[0],
        directions([kept.predictions, *kept.finals])[1:],
        None,
    )[0]
    agree(outcomes[0], kept, 0.0)
    for tensor, gradient in zip(program.tensors(), again, strict=True):
        name = next(n for n, p in model.named_parameters() if p is tensor)
        assert torch.equal(gradient, kept.parameters[name])


def test_infinite_and_undefined_numbers_come_through():
    model = make("concat")
    with torch.no_grad():
        model.readout.linear.bias.fill_(float("nan"))
    inputs = torch.zeros(3, 4, dtype=torch.int64)
    program = program_for(model, inputs, None, False)
    predictions, _, _ = program.forward(inputs, None, None, program.memory(3, 4))
    assert predictions.isnan().all()


def test_what_is_asked_wrongly_is_said():
    model = make("concat")
    inputs = torch.full((2, 3), SYMBOLS)
    program = program_for(model, inputs, None, False)
    memory = program.memory(2, 3)
    with pytest.raises(IndexError):
        program.forward(inputs, None, None, memory)
    unused = program.memory(2, 3)
    with pytest.raises(ValueError, match="no pass forward"):
        program.backward(inputs, None, None, unused, torch.zeros(2, 3, 2), [], None)
    inputs = torch.zeros(2, 3, dtype=torch.int64)
    predictions, finals, _ = program.forward(inputs, None, None, memory)
    with pytest.raises(ValueError, match="states of every step"):
        program.backward(inputs, None, None, memory, predictions, finals, finals)


def test_a_loop_holds_only_what_the_state_needs():
    """These many calls of torch a step, forward and back, and no weight's gradient among them."""
    calls = {"concat": (2, 2), "gru": (5, 3), "lstm": (7, 5), "min-gru": (1, 1)}
    for spec, wanted in calls.items():
        program = program_for(make(spec), torch.zeros(2, 3, dtype=torch.int64), None, False)
        lines = program.source.splitlines()
        loops = [k for k, line in enumerate(lines) if " in zip(" in line]
        found: list[int] = []
        for k in loops:
            depth = len(lines[k]) - len(lines[k].lstrip())
            inside = [len(line) - len(line.lstrip()) > depth for line in lines[k + 1 :]]
            found.append(inside.index(False))
        assert tuple(found) == wanted, spec
