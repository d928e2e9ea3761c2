"""Published cells run by each engine, as a loop in torch with torch's autograd computes them."""

import pytest
import torch
from corpus import CORPUS
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of

STEPS, BATCH, INPUTS, HIDDEN = 13, 5, 3, 8

REFUSED: dict[str, str] = {}
"""The cells that no program runs, each with a word of the reason."""

QUICK = ["MUT3", "LEM", "RWKV5", "SlotAttention", "ComplexGated", "ScaledLegendre"]
QUICK += ["LeastUsedMemory"]
"""The cells that the quick tests compile; `-m slow` compiles all."""

TAKEN = [
    pytest.param(kind, marks=() if kind.__name__ in QUICK else pytest.mark.slow)
    for kind in CORPUS
    if kind.__name__ not in REFUSED
]


MEMORIES = ["StabilisedMLSTM", "DeltaNet", "GatedDeltaNet", "FastWeights", "HebbianTrace"]
MEMORIES += ["RWKV5", "LiquidTimeConstant", "StabilisedSLSTM", "Oscillators"]
MEMORIES += ["RelationalMemory", "SlotAttention", "NestedLSTM", "PhasedLSTM"]
"""Cells of whose values some have a row for each pair of units, or that have many values."""

QUICK_LARGE = ["DeltaNet", "NestedLSTM"]  # a matrix memory; functions that wait for each other

LARGE = [
    pytest.param(kind, marks=() if kind.__name__ in QUICK_LARGE else pytest.mark.slow)
    for kind in CORPUS
    if kind.__name__ in MEMORIES
]


TABLES = ["AssociativeLSTM", "UnitaryRNN", "ExcitationInhibition", "ConvolutionalLSTM"]
TABLES += ["QuaternionRNN", "Reduced", "RelationalMemory", "FoldedHeads"]
"""Cells of whose values some are taken from places that follow no pattern."""

WITHOUT_PATTERN = [
    pytest.param(kind, marks=() if kind.__name__ == "AssociativeLSTM" else pytest.mark.slow)
    for kind in CORPUS
    if kind.__name__ in TABLES
]


def made(kind: type[st.Cell], hidden: int = HIDDEN) -> st.Cell:
    cell = kind(INPUTS, hidden).double()
    with torch.no_grad():
        for parameter in cell.parameters():  # no number is special, as zeros of biases are
            parameter += 0.01 * torch.rand_like(parameter)
    return cell


@pytest.mark.parametrize("kind", CORPUS)
def test_each_is_recorded_or_refused_by_name(kind):
    def record():
        make_model_graph(None, [made(kind)], None, torch.float64, steps=STEPS, input_size=INPUTS)

    if kind.__name__ in REFUSED:
        with pytest.raises(UnsupportedError, match=REFUSED[kind.__name__]):
            record()
    else:
        record()


def by_hand(cell: st.Cell, inputs: torch.Tensor) -> torch.Tensor:
    """Run the cell by a loop that shares nothing with the library."""
    state = cell.initial_state(len(inputs), inputs.shape[1])
    outputs = []
    for x in inputs.unbind(1):
        state = cell(x, state)
        outputs.append(cell.output(x, state))
    return torch.stack(outputs, 1)


def gradients(cell: nn.Module, inputs: torch.Tensor, outputs: torch.Tensor) -> dict:
    weights = torch.linspace(-1, 1, outputs.numel(), dtype=outputs.dtype).sin().view_as(outputs)
    named = dict(cell.named_parameters())
    loss = (outputs * weights).sum()
    found = torch.autograd.grad(loss, [inputs, *named.values()], allow_unused=True)
    return dict(zip(["inputs", *named], found, strict=True))


@pytest.mark.parametrize("engine", ["native", pytest.param("torch", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", TAKEN)
def test_a_program_computes_what_torch_does(kind, engine):
    agree(made(kind), engine, torch.randn(BATCH, STEPS, INPUTS, dtype=torch.float64))


@pytest.mark.parametrize("kind", LARGE)
def test_a_program_of_large_matrices_computes_what_torch_does(kind):
    # 46 x 46 numbers are more rows than go through the loop beside 256 columns, and 37 columns are
    # more than one block of 16 or 32
    agree(made(kind, 46), "native", torch.randn(37, 4, INPUTS, dtype=torch.float64))


@pytest.mark.parametrize("kind", WITHOUT_PATTERN)
def test_a_program_with_tables_of_places_computes_what_torch_does(kind):
    cell = made(kind, 48)
    agree(cell, "native", torch.randn(11, 3, INPUTS, dtype=torch.float64))


def agree(cell: st.Cell, engine: str, inputs: torch.Tensor) -> None:
    inputs.requires_grad_()
    truth = by_hand(cell, inputs)
    outputs, _ = st.unroll(cell, inputs, engine=engine)
    engines = engines_of(cell, engine)
    assert engines.name == engine, engines.reasons
    assert_close(outputs, truth, rtol=1e-9, atol=1e-11)
    expected, found = gradients(cell, inputs, truth), gradients(cell, inputs, outputs)
    for name, gradient in expected.items():
        if gradient is None:
            assert found[name] is None, name
            continue
        scale = float(gradient.abs().max())
        assert_close(found[name], gradient, rtol=1e-8, atol=1e-10 * (1 + scale), msg=name)


def test_a_product_that_moves_into_a_loop_takes_along_what_nobody_reads():
    kind = next(kind for kind in CORPUS if kind.__name__ == "GORU")
    agree(made(kind, 2), "native", torch.randn(3, 4, INPUTS, dtype=torch.float64))
