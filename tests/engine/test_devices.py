"""A tensor program makes all it needs on the device of its model, and asks it for no number.

`meta` stands for a device other than the processor's: it does not tell a number, nor add up tensors
of which one is not on it. Its tensors hold nothing, so only shapes and devices are compared.
"""

import torch
from grids import one_quick_in
from whole_models import CELLS, drawn, flat, made

from seqtasks.engine.pipeline import compile_torch, make_model_graph

BATCH, STEPS = 3, 6
MODELS = [*((spec, 3) for spec in CELLS), ("gru", 0), ("lru", 0), ("tape-rnn", 0)]


def results(model_graph, device, inputs, lengths, given, histories):
    """Return the shapes and devices of what a pass forward and a pass back give."""

    def there(tensor):
        return None if tensor is None else tensor.to(device)

    inputs, lengths = there(inputs), there(lengths)
    given = None if given is None else [there(part) for part in given]
    model_graph.parameters = {leaf: there(p) for leaf, p in model_graph.parameters.items()}
    program = compile_torch(model_graph, device)
    memory = program.memory(BATCH, STEPS)
    predictions, finals, past = program.forward(inputs, lengths, given, memory, histories)
    ones = [[torch.ones_like(part) for part in parts] for parts in ([predictions], finals, past)]
    parameters, of_inputs, of_given = program.backward(
        inputs, lengths, given, memory, ones[0][0], ones[1], ones[2] if histories else None
    )
    made = [predictions, *finals, *past, *parameters, of_inputs, *(of_given or [])]
    return [(tuple(part.shape), part.device.type) for part in made if part is not None]


@one_quick_in(2, **{"spec, symbols": MODELS}, mixed=[False, True])
def test_a_program_lives_on_the_device_of_its_model(spec, symbols, mixed):
    model = made(spec, symbols=symbols)
    inputs, state, lengths = drawn(model, BATCH, STEPS, mixed=mixed, given=mixed)
    model_graph = make_model_graph(
        model.embedding,
        list(model.cells),
        model.readout,
        torch.float64,
        steps=STEPS,
        input_size=0 if symbols else inputs.shape[-1],
        masked=mixed,
        external_states=mixed,
    )
    given = None if state is None else flat(state)
    here = results(model_graph, "cpu", inputs, lengths, given, histories=mixed)
    there = results(model_graph, "meta", inputs, lengths, given, histories=mixed)
    assert there == [(shape, "meta") for shape, _ in here]
