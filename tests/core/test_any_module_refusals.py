"""A module whose convention is not clear is refused, with a line that says how to make it clear."""

import re
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.specs.size_parameters import UnclearSizesError, size_parameters


def module(forward):
    """Return a class of modules with a GRU cell `c`, a linear map `o` and this `forward`."""

    def __init__(self, i, h):  # noqa: N807 - it becomes the class's own
        nn.Module.__init__(self)
        self.c, self.o = nn.GRUCell(i, h), nn.Linear(h, h)

    return type("Theirs", (nn.Module,), {"__init__": __init__, "forward": forward})


def state_then_output(self, x, state):
    state = self.c(x, state)
    return state, torch.sigmoid(self.o(state))


def output_then_state(self, x, state):
    state = self.c(x, state)
    return torch.sigmoid(self.o(state)), state


def state_then_small_output(self, x, state):
    state = self.c(x, state)
    return state, self.o(state)[:, :2]


def pair_or_tensor(self, x, state):
    if isinstance(state, tuple):
        state = state[0] + state[1]
    new = self.c(x, state)
    return torch.tanh(new + state), torch.sigmoid(new - state)


def indexed_pair(self, x, state):
    h, c = state[0], state[1]  # one tensor, too, can be indexed, by its rows
    c = 0.5 * c + self.c(x, torch.tanh(h) + torch.zeros(len(x), 1))
    return torch.tanh(c), c


def keeping(self, x, state=None):
    self.calls = getattr(self, "calls", 0) + 1
    return self.c(x, state) + self.calls


def with_its_first_part_twice(self, x, state=None):
    """Returns its output before a state of two, and takes more than it reads."""
    h, c = (x.new_zeros(len(x), 4),) * 2 if state is None else state[:2]
    c = 0.5 * c + self.c(x, h)
    return torch.tanh(c), torch.tanh(c), c


def joined_up(self, x, state=None):
    made = self.c(x)[:, None]
    state = made if state is None else torch.cat([state, made], 1)
    return state.mean(1), state


def stacked_alike(self, x, state=None):
    """Reads its state alike, be it (1, batch, hidden) or what it returns."""
    new = self.c(x, None if state is None else state[0])
    return new, new[None]


def leaky(self, x, state):
    output = self.c(x, state)
    return output, 0.5 * state + 0.5 * output


@pytest.mark.parametrize(
    ("forward", "returns", "reads"),
    [
        (output_then_state, "output and state", None),
        (state_then_small_output, "state and output", None),
        (indexed_pair, "state", 0),
        (leaky, "output and state", None),
        (stacked_alike, "output and state", None),
    ],
)
@pytest.mark.parametrize("sizes", [(4, 4), (3, 7), (2, 5)])
def test_what_is_returned_is_told_apart_by_trial_at_any_size(forward, returns, reads, sizes):
    about = st.cell(module(forward), *sizes).convention
    assert (about.returns, about.reads) == (returns, reads)


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (state_then_output, r"\(output, state\) or \(state, output\)\. Override forward"),
        (pair_or_tensor, r"its whole state or \(output, state\), and it takes either back: say it"),
        (
            lambda self, x: self.o(self.c(x)),
            r"takes no state: a cell is called as module\(x, state\)",
        ),
        (lambda self, h, x, c: h, "needs an argument 'c', which names no time or step"),
        (lambda self, x, h, other: h, "needs an argument 'other', which names no time or step"),
        (lambda self, x, h: self.c(x, h).sum(), "no state was found"),
        (lambda self, x, h: torch.cat([h, x], 1), "no state was found"),
        (lambda self, x, h: None, "no state was found"),
        (lambda self, x, h: 1 / 0, "ZeroDivisionError"),
        (with_its_first_part_twice, r"never reads state\[2\] of them again"),
        (joined_up, "its state has another form after each step"),
        (keeping, "returns other numbers, as if it kept something"),
    ],
)
def test_what_could_be_read_in_two_ways_or_in_none_is_refused(forward, said):
    with pytest.raises(UsageError, match=said):
        st.cell(module(forward), 4, 4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_is_refused_with_what_to_give():
    class Scripted(torch.jit.ScriptModule):
        @torch.jit.script_method
        def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
            return torch.tanh(x + h)

    with pytest.raises(UsageError, match=r"without torch\.jit\.ScriptModule and script_method"):
        st.cell(lambda i, h: Scripted(), 3, 3)


def test_a_module_that_cannot_be_copied_is_refused_in_one_line():
    class Theirs(module(lambda self, x, h: self.c(x, h))):
        def __deepcopy__(self, memo):
            raise TypeError("there is only one")

    with pytest.raises(UsageError, match="cannot be tried as a cell: TypeError: there is only one"):
        st.cell(Theirs, 3, 4)


def test_a_first_state_of_its_own_that_a_call_without_a_state_does_not_use_is_refused():
    class Theirs(module(lambda self, x, state=None: self.c(x, state))):
        def initial_state(self, batch_size):
            return torch.ones(batch_size, self.c.hidden_size)

    with pytest.raises(UsageError, match=r"initial_state\(batch_size\) gives another first state"):
        st.cell(Theirs, 3, 4)


@pytest.mark.parametrize("attribute", [7, "idle", torch.zeros(3), lambda *, trainable: None])
def test_an_attribute_that_only_has_the_name_of_a_first_state_is_left_alone(attribute):
    kind = module(lambda self, x, state=None: self.c(x, state))
    kind.initial_state = attribute
    assert st.cell(kind, 3, 4).convention.start == "zeros"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("torch.nn.GRU", "torch.nn.GRUCell"),
        ("torch.nn:LSTM", "torch.nn.LSTMCell"),
        ("torch.nn.RNN", "torch.nn.RNNCell"),
    ],
)
def test_torchs_layers_are_refused_by_name(name, instead):
    with pytest.raises(UsageError, match=f"as one sequence.*take the cell, {instead}"):
        st.cell(name, 3, 4)


def test_a_layer_that_takes_two_axes_for_one_sequence_is_refused_with_its_cell(monkeypatch):
    class CfCCell(nn.GRUCell):
        pass

    class CfC(nn.Module):
        """Like the layer of the package ncps: without a state it begins by itself."""

        def __init__(self, input_size, units):
            super().__init__()
            self.layer = nn.GRU(input_size, units)

        def forward(self, x, hx=None, timespans=None):
            return self.layer(x, hx)

    CfC.__module__ = CfCCell.__module__ = "ncps_like.torch"
    home = SimpleNamespace(CfC=CfC, CfCCell=CfCCell)
    monkeypatch.setitem(sys.modules, "ncps_like.torch", home)
    with pytest.raises(
        UsageError, match=r"as one sequence.*take the cell, ncps_like\.torch\.CfCCell"
    ):
        st.cell(CfC, 3, 4)
    assert st.cell(CfCCell, 3, 4).output_size == 4


# ---- sizes


def takes(signature):
    return type("Theirs", (), {"__init__": eval(f"lambda self, {signature}: None")})


@pytest.mark.parametrize(
    ("signature", "given", "arguments"),
    [
        ("i, h", (), {"i": 2, "h": 3}),
        ("h, i", (), {"h": 2, "i": 3}),  # nothing but the place tells
        ("hidden_size, input_size", (), {"hidden_size": 3, "input_size": 2}),
        ("n_in, n_hid, dt=0.1", (), {"n_in": 2, "n_hid": 3}),
        ("*, in_features, out_features, bias=True", (), {"in_features": 2, "out_features": 3}),
        ("activation, input_dim, hidden_dim", ("activation",), {"input_dim": 2, "hidden_dim": 3}),
        (
            "input_size, hidden_size, output_size",
            ("output_size",),
            {"input_size": 2, "hidden_size": 3},
        ),
        ("units", (), {"units": 3}),
        ("units, x_dim", ("units",), {"x_dim": 2}),
        ("i, h", ("h",), {"i": 2}),
        ("p, *, q", ("p", "q"), {}),
        ("d_model, heads=2", (), {"d_model": 3}),
        ("d_model, d_state=16", (), {"d_model": 3}),
        ("n_in, d_model, d_state=16", (), {"n_in": 2, "d_model": 3}),
        ("n_in, n_code, memory_size=16", (), {"n_in": 2, "n_code": 3}),
        ("dim, hidden_dim=16", (), {"dim": 2, "hidden_dim": 3}),
        ("beta, threshold=1.0", ("beta",), {}),
    ],
)
def test_sizes_are_given_by_the_usual_names_or_by_place(signature, given, arguments):
    assert size_parameters(takes(signature), given).arguments(2, 3) == ((), arguments)


def test_sizes_are_given_by_place_where_there_are_no_names():
    for signature in ("*sizes, **more", "i, h, /", "input_size, hidden_size, /"):
        assert size_parameters(takes(signature)).arguments(2, 3) == ((2, 3), {})


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("hidden_size, n", "which takes the input size; give n=..."),
        ("beta, threshold=1.0", "which takes the input and the hidden size; give beta=..."),
        ("*, p, q", "which takes the input and the hidden size; give p=..., q=..."),
        ("config: dict, h", "which takes the input size; give config=..."),
    ],
)
def test_sizes_that_nothing_tells_are_asked_for(signature, said):
    kind = takes(signature.replace(": dict", ""))
    if "dict" in signature:
        kind.__init__.__annotations__ = {"config": dict}
    with pytest.raises(UnclearSizesError, match=re.escape(said)):
        size_parameters(kind)


def test_a_size_that_the_spec_sets_is_not_given_again(tmp_path):
    (tmp_path / "theirs.py").write_text(
        "from torch import nn\n"
        "class Theirs(nn.Module):\n"
        "    def __init__(self, units, input_size, rate=None):\n"
        "        super().__init__()\n"
        "        self.rate, self.c = rate, nn.GRUCell(input_size, units)\n"
        "    def forward(self, x, h):\n"
        "        return self.c(x, h)\n"
    )
    cell = st.cell(f"{tmp_path}/theirs.py:units=6,rate=0.5", 3, 4)
    assert (cell.output_size, cell.module.rate) == (6, 0.5)
    assert st.cell(f"{tmp_path}/theirs.py", 3, 4).output_size == 4
    with pytest.raises(UsageError, match=r"has no parameter 'unit'.*Did you mean 'units'"):
        st.cell(f"{tmp_path}/theirs.py:unit=6", 3, 4)


def test_one_size_for_input_and_state_must_fit_both():
    class Square(nn.Module):
        def __init__(self, d_model):
            super().__init__()
            self.u = nn.Linear(d_model, d_model)

        def forward(self, x, h):
            return torch.tanh(x + self.u(h))

    assert st.cell(Square, 4, 4).output_size == 4
    with pytest.raises(UsageError, match="takes one size for input and state, d_model"):
        st.cell(Square, 3, 4)
