"""A tensor program's own: a pass back in stretches, memory taken over, loops of few calls."""

import itertools

import pytest
import torch
from whole_models import CELLS, FEW, WIDTH, compare, made

from seqtasks.engine.pipeline import compile_torch, make_model_graph
from seqtasks.engine.tensors.execute import buffer_pool


def by_tensors(*args, **options):
    model = made(*args, **options)
    model.use_engine("torch")
    return model


def program_of(model):
    """Return the program of a model in training, and a batch for it."""
    parts = model.embedding, list(model.cells), model.readout
    program = compile_torch(make_model_graph(*parts, torch.float64, steps=3), torch.device("cpu"))
    return program, torch.zeros(2, 3, dtype=torch.int64)


@pytest.mark.parametrize(
    "spec", [pytest.param(spec, marks=() if spec in FEW else pytest.mark.slow) for spec in CELLS]
)
def test_stretches_of_the_pass_back_and_memory_that_holds_anything_at_first(spec, monkeypatch):
    empty = torch.empty

    def rubbish(*size, **options):
        made = empty(*size, **options)
        return made.fill_(float("nan")) if made.is_floating_point() else made.zero_()

    monkeypatch.setattr(torch, "empty", rubbish)
    for numbers, mixed in ((1, False), (2 * 3 * WIDTH, True), (3 * 3 * WIDTH, False)):
        monkeypatch.setattr(buffer_pool, "STRETCH_NUMBERS", numbers)
        compare(by_tensors(spec), 3, 7, mixed=mixed, given=mixed, histories=not mixed)


@pytest.mark.parametrize("spec", ["concat", "gru", "lstm", "lru", "stack-rnn"])
def test_real_inputs_get_their_gradient_in_stretches_too(spec, monkeypatch):
    for mixed, histories in itertools.product((False, True), repeat=2):
        monkeypatch.setattr(buffer_pool, "STRETCH_NUMBERS", 2**18 if mixed else 2 * 3 * WIDTH)
        compare(by_tensors(spec, symbols=0), 3, 5, mixed=mixed, histories=histories)


@pytest.mark.parametrize("spec", ["concat", "gru-concat", "lstm", "min-gru", "slstm"])
def test_several_layers_in_stretches(spec, monkeypatch):
    monkeypatch.setattr(buffer_pool, "STRETCH_NUMBERS", 3 * WIDTH * 2)
    model = by_tensors(spec, layers=3)
    for mixed, given in itertools.product((False, True), repeat=2):
        compare(model, 3, 4, mixed=mixed, given=given, histories=True)


def test_memory_serves_again_for_batches_of_other_sizes_and_for_changed_parameters():
    model = by_tensors("stack-rnn:depth=3")
    for batch, steps in ((3, 4), (3, 4), (8, 9), (2, 3), (3, 4), (1, 1), (8, 9)):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.01)
        compare(model, batch, steps)
    model.readout.linear.weight.data = model.readout.linear.weight.data * 2
    compare(model, 8, 9)


def test_a_pass_back_without_its_pass_forward_is_refused():
    program, inputs = program_of(made("concat"))
    zeros = torch.zeros(2, 3, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="needs a forward pass first"):
        program.backward(inputs, None, None, program.memory(2, 3), zeros, [], None)
    memory = program.memory(2, 3)
    _, finals, _ = program.forward(inputs, None, None, memory)
    with pytest.raises(ValueError, match="states of every step"):
        program.backward(inputs, None, None, memory, zeros, finals, finals)


@pytest.mark.parametrize(
    ("spec", "calls"), [("concat", (2, 2)), ("gru", (5, 3)), ("lstm", (7, 5)), ("min-gru", (1, 1))]
)
def test_a_loop_holds_only_what_the_state_needs(spec, calls):
    """These many calls of torch a step, forward and back, and no weight's gradient among them."""
    program, _ = program_of(made(spec))
    lines = program.source.splitlines()
    found = []
    for k in (k for k, line in enumerate(lines) if " in zip(" in line):
        depth = len(lines[k]) - len(lines[k].lstrip())
        inside = [len(line) - len(line.lstrip()) > depth for line in lines[k + 1 :]]
        found.append(inside.index(False))
    assert tuple(found) == calls
