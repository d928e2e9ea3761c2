"""A model's predictions, states and every gradient, by an engine and by the plain loop."""

import torch
from cell_specs import BUILT_IN, PUBLISHED
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells import StateReadout

CELLS = [
    *BUILT_IN,
    *PUBLISHED,
    "stack-rnn",
    "stack-rnn:depth=3,nonlinearity=tanh",
    "tape-rnn",
    "tape-rnn:jump=1/3",
    "tape-rnn:places=5,jump=2",
]
FEW = ("concat", "gru-concat", "lstm", "slstm", "delta-net", "lru", "stack-rnn", "tape-rnn")
"""Cells for quick tests, each of another make."""
WIDTH, SYMBOLS, FEATURES = 5, 3, 4


def made(spec, layers=1, symbols=SYMBOLS, width=WIDTH):
    """Return a model in float64 of ids, or of real vectors where there are no symbols."""
    torch.manual_seed(1)
    cells = [st.cell(spec, width, width) for _ in range(layers)]
    embedding = nn.Embedding(symbols, width) if symbols else nn.Linear(FEATURES, width)
    model = st.Model(embedding, cells, StateReadout(width, cells[-1].output_size, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def flat(states):
    """Return the tensors of a state, or of several layers' states, in a row."""
    if isinstance(states, torch.Tensor):
        return [states]
    return [tensor for state in states for tensor in flat(state)]


def drawn(model, batch, steps, mixed=False, given=False):
    """Return inputs, a state to start from and lengths of 0 .. steps, or None for those two."""
    generator = torch.Generator().manual_seed(batch * 100 + steps)
    if isinstance(model.embedding, nn.Embedding):
        symbols = model.embedding.num_embeddings
        inputs = torch.randint(0, symbols, (batch, steps), generator=generator)
    else:
        inputs = torch.randn(batch, steps, FEATURES, dtype=torch.float64, generator=generator)
    lengths = torch.randint(0, steps + 1, (batch,), generator=generator) if mixed else None
    if not given:
        return inputs, None, lengths

    def positive(part):
        return torch.rand(part.shape, dtype=torch.float64, generator=generator) + 0.1

    starts = [cell.initial_state(batch, steps) for cell in model.cells]
    layers = [tuple(map(positive, s)) if isinstance(s, tuple) else positive(s) for s in starts]
    return inputs, layers[0] if len(layers) == 1 else tuple(layers), lengths


def computed(run, model, inputs, state, lengths, histories):
    """Return what a pass forward gives, and the gradients of a weighted sum of all of it."""
    sources = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if inputs.is_floating_point():
        sources["inputs"] = inputs = inputs.clone().requires_grad_()
    for k, part in enumerate(flat(() if state is None else state)):
        sources[f"given {k}"] = part.requires_grad_()
    outputs = flat(run(inputs, state, lengths, return_states=histories))
    generator = torch.Generator().manual_seed(7)
    total = sum(
        (part * torch.randn(part.shape, dtype=part.dtype, generator=generator)).sum()
        for part in outputs
    )
    gradients = torch.autograd.grad(total, list(sources.values()), materialize_grads=True)
    return [part.detach() for part in outputs], dict(zip(sources, gradients, strict=True))


def grows(cell):
    """Say whether the size of a cell's state depends on the number of steps."""
    shapes = [[part.shape for part in flat(cell.initial_state(1, steps))] for steps in (1, 50)]
    return shapes[0] != shapes[1]


def compare(model, batch, steps, mixed=False, given=False, histories=False):
    """Check a batch by the model's engine, which `use_engine` chose, against the plain loop."""
    given = given and not any(map(grows, model.cells))  # in portions it does not do the same
    problem = drawn(model, batch, steps, mixed, given)
    found = computed(model, model, *problem, histories)
    assert model.engines.name == model.engines.wanted, model.engines.reasons
    assert_close(found, computed(model.plain, model, *problem, histories), rtol=1e-10, atol=1e-10)
