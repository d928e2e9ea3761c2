"""The plugin's cells by name, what their parameters may be, and what they start from."""

import itertools
import math
from fractions import Fraction

import pytest
import torch
from torch.testing import assert_close

import seqtasks as st
from seqtasks.registry.discovery import current_registry
from seqtasks_cells import register_cells
from seqtasks_cells.linear import LRU, DeltaNet
from seqtasks_cells.memory import StackRNN, TapeRNN
from seqtasks_cells.rectified import IRNN, IndRNN
from seqtasks_cells.xlstm import SLSTM

NAMES = [
    "delta-net",
    "ind-rnn",
    "irnn",
    "lru",
    "mgu",
    "min-gru",
    "min-lstm",
    "slstm",
    "stack-rnn",
    "tape-rnn",
    "ugrnn",
]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        yield


@pytest.fixture
def registry(site, monkeypatch):
    """A registry in which the plugin is found by an entry point."""
    site.plugin("literature", target="seqtasks_cells")
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    return current_registry()


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_is_made_by_its_name_and_summarised_in_a_line(registry, name):
    summary = registry.entry("cell", name).summary
    assert 20 < len(summary) < 60
    assert "\n" not in summary
    cell = st.cell(name, 3, 5)
    outputs, _ = st.unroll(cell, torch.zeros(2, 4, 3))
    assert outputs.shape == (2, 4, cell.output_size)
    assert type(cell).__doc__.count("Source: ") == 1


def test_no_other_cell_is_registered():
    found = []
    register_cells(lambda name, target, summary: found.append(name))
    assert sorted(found) == NAMES


SPECS = {
    "stack-rnn:cell_size=4,depth=10": {"cell_size": 4, "depth": 10},
    "stack-rnn:depth=none,nonlinearity=tanh": {"depth": None, "nonlinearity": "tanh"},
    "tape-rnn:places=9,jump=4,write_size=5": {"tape_places": 9, "jump": 4},
    "tape-rnn:jump=1/3": {"jump": Fraction(1, 3)},
    "irnn:scale=0.5": {},
    "ind-rnn:nonlinearity=tanh": {"nonlinearity": "tanh"},
    "lru:r_min=0.5,r_max=0.9,max_phase=1": {},
    "slstm:forget_gate=exp": {"forget_gate": "exp"},
    "delta-net:key_size=2,negative_eigenvalues=true": {
        "key_size": 2,
        "negative_eigenvalues": True,
    },
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_sets_a_cells_parameters(registry, spec):
    cell = st.cell(spec, 3, 5)
    assert {name: getattr(cell, name) for name in SPECS[spec]} == SPECS[spec]
    outputs, _ = st.unroll(cell, torch.zeros(2, 4, 3))
    assert outputs.shape == (2, 4, cell.output_size)


def test_a_parameter_a_cell_has_not_is_answered_with_those_it_has(registry):
    with pytest.raises(st.UsageError, match=r"cell_size \(a whole number, default 8\)"):
        st.cell("stack-rnn:cellsize=4", 3, 5)


def test_listing_the_plugins_cells_imports_no_torch(python):
    code = """
import sys, seqtasks_cells
seqtasks_cells.register_cells(lambda name, target, summary: print(name))
assert "torch" not in sys.modules
"""
    run = python("-c", code)
    assert run.returncode == 0, run.stderr
    assert sorted(run.stdout.split()) == NAMES


REFUSED = [
    (StackRNN, {"cell_size": 0}, "cell_size must be a whole number from 1 up, got 0"),
    (StackRNN, {"cell_size": 2.0}, "cell_size must be a whole number from 1 up, got 2.0"),
    (StackRNN, {"cell_size": True}, "cell_size must be a whole number from 1 up, got True"),
    (StackRNN, {"depth": -1}, "depth must be a whole number from 1 up, got -1"),
    (StackRNN, {"nonlinearity": "gelu"}, "nonlinearity must be relu or tanh, got 'gelu'"),
    (TapeRNN, {"cell_size": -3}, "cell_size must be a whole number from 1 up, got -3"),
    (TapeRNN, {"places": 0}, "places must be a whole number from 1 up, got 0"),
    (TapeRNN, {"jump": 0}, "jump must be a whole number from 1 up, got 0"),
    (
        TapeRNN,
        {"jump": 0.5},
        "jump must be a whole number or a Fraction, as Fraction(1, 2), got 0.5",
    ),
    (TapeRNN, {"jump": Fraction(0)}, "jump must be a fraction above 0 and at most 1, got 0"),
    (TapeRNN, {"jump": Fraction(3, 2)}, "jump must be a fraction above 0 and at most 1, got 3/2"),
    (TapeRNN, {"jump": Fraction(1, 2), "places": 9}, "leave out places, got jump=1/2 and places=9"),
    (TapeRNN, {"write_size": 0}, "write_size must be a whole number from 1 up, got 0"),
    (IRNN, {"scale": 0.0}, "scale must be above 0 and at most 1, got 0.0"),
    (IRNN, {"scale": math.nan}, "scale must be above 0 and at most 1, got nan"),
    (IndRNN, {"nonlinearity": "elu"}, "nonlinearity must be relu or tanh, got 'elu'"),
    (LRU, {"r_min": -0.1}, "0 <= r_min < r_max <= 1, got -0.1 and 1.0"),
    (LRU, {"r_max": 1.1}, "0 <= r_min < r_max <= 1, got 0.0 and 1.1"),
    (LRU, {"r_min": 0.9, "r_max": 0.5}, "0 <= r_min < r_max <= 1, got 0.9 and 0.5"),
    (LRU, {"max_phase": 0.0}, "max_phase must be above 0 and at most 2π, got 0.0"),
    (LRU, {"max_phase": 7.0}, "max_phase must be above 0 and at most 2π, got 7.0"),
    (SLSTM, {"forget_gate": "tanh"}, "forget_gate must be sigmoid or exp, got 'tanh'"),
    (DeltaNet, {"key_size": 0}, "key_size must be a whole number from 1 up, got 0"),
]


@pytest.mark.parametrize(("cell_class", "options", "text"), REFUSED)
def test_a_value_that_makes_no_cell_is_refused_with_what_is_expected(cell_class, options, text):
    with pytest.raises(st.UsageError) as error:
        cell_class(3, 5, **options)
    assert text in str(error.value)


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_an_irnn_starts_from_the_identity_times_its_scale_and_small_input_weights(scale):
    cell = IRNN(50, 40, scale)
    assert torch.equal(cell.from_state.weight, scale * torch.eye(40))
    assert not cell.from_input.bias.any()
    assert cell.from_input.weight.std().item() == pytest.approx(0.001, rel=0.1)
    state = torch.rand(2, 40)
    assert_close(cell(torch.zeros(2, 50), state), scale * state)


def test_an_ind_rnn_starts_with_recurrent_weights_that_let_nothing_grow():
    u = IndRNN(3, 2000).u
    assert 0 <= u.min() < 0.01
    assert 0.99 < u.max() <= 1


def eigenvalues(cell):
    """Return the moduli and the phases of an LRU's eigenvalues."""
    return torch.exp(-torch.exp(cell.nu_log)), torch.exp(cell.theta_log)


@pytest.mark.parametrize(("r_min", "r_max", "phase"), [(0.0, 1.0, 6.28), (0.9, 0.99, 0.3)])
def test_an_lru_starts_uniformly_within_its_ring_and_normalised(r_min, r_max, phase):
    cell = LRU(3, 5000, r_min, r_max, phase).double()
    moduli, phases = eigenvalues(cell)
    assert ((r_min <= moduli) & (moduli < r_max)).all()
    assert ((phases > 0) & (phases <= phase)).all()
    area = (moduli**2 - r_min**2) / (r_max**2 - r_min**2)
    for share in (area, phases / phase):
        quartiles = torch.quantile(share, torch.tensor([0.25, 0.5, 0.75]).double())
        assert_close(quartiles, torch.tensor([0.25, 0.5, 0.75]).double(), rtol=0, atol=0.03)
    assert_close(cell.gamma_log.exp(), torch.sqrt(1 - moduli**2), rtol=0, atol=1e-4)


def test_an_lrus_state_neither_grows_nor_stops_being_a_number():
    cell = LRU(2, 1000)
    state = torch.randn(1, 1000), torch.randn(1, 1000)
    moduli = [torch.hypot(*state)]
    for _ in range(3):
        state = cell(torch.zeros(1, 2), state)
        moduli.append(torch.hypot(*state))
    for before, after in itertools.pairwise(moduli):
        assert (after <= before * (1 + 1e-6)).all()
    assert all(parameter.isfinite().all() for parameter in cell.parameters())


@pytest.mark.parametrize("negative", [False, True])
def test_a_delta_nets_eigenvalues_lie_in_the_range_it_says(negative):
    cell = DeltaNet(3, 4, negative_eigenvalues=negative).double()
    with torch.no_grad():
        cell.value.weight.zero_()  # so that a step from the identity is the transition itself
        cell.rate.weight.mul_(100)
    x = torch.randn(200, 3, dtype=torch.float64)
    transitions = cell(x, torch.eye(4).double().expand(200, 4, 4))
    assert_close(transitions, transitions.mT, rtol=0, atol=1e-14)
    found = torch.linalg.eigvalsh(transitions)
    assert_close(found[:, 1:], torch.ones(200, 3).double(), rtol=0, atol=1e-12)
    assert_close(found[:, 0], 1 - cell.beta(x)[:, 0], rtol=0, atol=1e-12)
    least = -1 if negative else 0
    assert least <= found.min() + 1e-12 < least + 0.01


def test_a_delta_net_with_a_rate_of_one_reads_back_what_it_wrote_last():
    cell = DeltaNet(3, 4, negative_eigenvalues=True).double()
    with torch.no_grad():
        cell.rate.weight.zero_()  # β = 2 σ(0) = 1
        cell.query.weight.copy_(cell.key.weight)
    x = torch.randn(2, 3, dtype=torch.float64)
    state = cell(x, torch.randn(2, 4, 4, dtype=torch.float64))
    assert_close(cell.output(x, state), cell.value(x), rtol=0, atol=1e-12)
