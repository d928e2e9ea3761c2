"""Training by an engine leaves every parameter of the model where the plain loop leaves it.

The parameters are those of the model, not those that a program knows of.
"""

import copy

import pytest
import torch
from test_embeddings import LowRank, Scaled, WithPlaces
from torch import nn
from training_runs import LENGTHS, WIDTH, Source, assert_close_runs, model
from whole_models import CELLS

import seqtasks as st
from seqtasks.training import Trainer

STEPS = 15
SLOW = [
    *("tape-rnn", "tape-rnn:jump=1/3", "stack-rnn"),  # they take a program for each length
    # cells like others of the list; `test_exactness` has the gradients of each
    *("ugrnn", "min-gru", "slstm:forget_gate=exp", "irnn", "delta-net", "sum", "gru-concat"),
]


def trained(start, kind, engine, lengths):
    source = Source(kind, torch.float64, lengths)
    return Trainer(copy.deepcopy(start), source, "adamw", 0.01, clip=1.0, engine=engine)


def check(start, kind="symbols", lengths=LENGTHS):
    """Train two copies alike and compare all; return the engine that `auto` came to."""
    made, plain = (trained(start, kind, engine, lengths) for engine in ("auto", "plain"))
    assert_close_runs(made, plain, STEPS)
    parameters = dict(plain.model.named_parameters())
    for name, parameter in made.model.named_parameters():
        torch.testing.assert_close(parameter, parameters[name], rtol=1e-8, atol=1e-8, msg=name)
        before = start.get_parameter(name)
        assert parameter.requires_grad or torch.equal(parameter, before), name
    return made.engine


@pytest.mark.parametrize(
    "cell", [pytest.param(cell, marks=pytest.mark.slow if cell in SLOW else ()) for cell in CELLS]
)
def test_every_cell_is_trained_as_by_the_plain_loop(cell):
    assert check(model("symbols", cell)) == "native"


@pytest.mark.usefixtures("compiled_as_for_users")
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "stack-rnn"])
def test_a_program_compiled_as_for_users_is_right(cell):
    assert check(model("symbols", cell), lengths=(10,)) == "native"


def with_embedding(kind):
    made = model("symbols", "gru")
    made.embedding = kind(4, WIDTH).double()
    return made


def frozen(pattern, cell="lstm"):
    made = model("symbols", cell)
    for name, parameter in made.named_parameters():
        parameter.requires_grad_(pattern not in name)
    return made


def unused():
    made = model("symbols", "gru")
    made.cells[0].register_parameter("nowhere", nn.Parameter(torch.ones(3).double()))
    made.register_parameter("outside", nn.Parameter(torch.ones(2).double()))
    return made


class Tied(st.Readout):
    """A readout by the transposed table of the embedding."""

    def __init__(self, embedding):
        super().__init__(WIDTH, WIDTH, 4)
        self.embedding = embedding

    def forward(self, x, output):
        return output @ self.embedding.weight.mT


def tied_embedding():
    made = model("symbols", "gru")
    made.readout = Tied(made.embedding)
    return made


def tied_layers():
    made = model("symbols", "gru-concat+gru-concat")
    made.cells[1].update.weight = made.cells[0].update.weight
    return made


def same_cell_twice():
    made = model("symbols", "concat+concat")
    made.cells[1] = made.cells[0]
    return made


ODD = {
    "low rank": lambda: with_embedding(LowRank),
    "scaled": lambda: with_embedding(Scaled),
    "places": lambda: with_embedding(WithPlaces),
    "padding": lambda: with_embedding(lambda n, d: nn.Embedding(n, d, padding_idx=0)),
    "frozen table": lambda: frozen("embedding"),
    "frozen cell": lambda: frozen("cells.0"),
    "frozen readout": lambda: frozen("readout"),
    "frozen biases": lambda: frozen("bias"),
    "frozen layer": lambda: frozen("cells.1", "gru+lstm"),
    "unused": unused,
    "tied embedding": tied_embedding,
    "tied layers": tied_layers,
    "one cell twice": same_cell_twice,
    "three layers": lambda: model("symbols", "gru+concat+lstm"),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_models_are_trained_as_by_the_plain_loop(odd):
    check(ODD[odd]())


@pytest.mark.parametrize("kind", ["sets", "reals"])
@pytest.mark.parametrize("cell", ["gru", "lstm+concat"])
def test_real_inputs_and_sets_are_trained_as_by_the_plain_loop(cell, kind):
    assert check(model(kind, cell), kind) == "native"
