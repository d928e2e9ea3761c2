"""Every cell computes its paper's equations: a long table of them, number by number."""

import cmath
import math
from fractions import Fraction

import pytest
import torch
from torch.testing import assert_close

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks_cells.gated import MGU, UGRNN, MinGRU, MinLSTM
from seqtasks_cells.linear import LRU, DeltaNet
from seqtasks_cells.memory import StackRNN, TapeRNN
from seqtasks_cells.rectified import IRNN, IndRNN
from seqtasks_cells.xlstm import SLSTM

BATCH, STEPS, INPUT, HIDDEN = 2, 6, 3, 4


def affine(p, name, x):
    """Return W x + b, one sum for each row."""
    bias = p.get(f"{name}.bias", [0.0] * len(p[f"{name}.weight"]))
    return [
        b + sum(w * value for w, value in zip(row, x, strict=True))
        for row, b in zip(p[f"{name}.weight"], bias, strict=True)
    ]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def relu(x):
    return x if x > 0 else 0.0


def softmax(x):
    total = sum(math.exp(value) for value in x)
    return [math.exp(value) / total for value in x]


def mgu(p, x, h):
    f = [sigmoid(a) for a in affine(p, "forget", h + x)]
    new = affine(p, "candidate", [f[j] * h[j] for j in range(HIDDEN)] + x)
    h = [(1 - f[j]) * h[j] + f[j] * math.tanh(new[j]) for j in range(HIDDEN)]
    return h, h


def ugrnn(p, x, h):
    c, g = affine(p, "candidate", h + x), affine(p, "gate", h + x)
    h = [sigmoid(g[j]) * h[j] + (1 - sigmoid(g[j])) * math.tanh(c[j]) for j in range(HIDDEN)]
    return h, h


def min_gru(p, x, h):
    z, new = affine(p, "update", x), affine(p, "candidate", x)
    h = [(1 - sigmoid(z[j])) * h[j] + sigmoid(z[j]) * new[j] for j in range(HIDDEN)]
    return h, h


def min_lstm(p, x, h):
    f, i, new = affine(p, "forget", x), affine(p, "input", x), affine(p, "candidate", x)
    after = []
    for j in range(HIDDEN):
        total = sigmoid(f[j]) + sigmoid(i[j])
        after.append(sigmoid(f[j]) / total * h[j] + sigmoid(i[j]) / total * new[j])
    return after, after


def irnn(p, x, h):
    from_x, from_h = affine(p, "from_input", x), affine(p, "from_state", h)
    h = [relu(from_x[j] + from_h[j]) for j in range(HIDDEN)]
    return h, h


def ind_rnn(p, x, h, activation=relu):
    from_x = affine(p, "from_input", x)
    h = [activation(from_x[j] + p["u"][j] * h[j]) for j in range(HIDDEN)]
    return h, h


def slstm(p, x, state, forget_gate="sigmoid"):
    h, c, n, m = state
    after = [[], [], [], []]
    from_x, from_h = affine(p, "from_input", x), affine(p, "from_state", h)
    raw = [a + b for a, b in zip(from_x, from_h, strict=True)]
    for j in range(HIDDEN):
        z, i, f, o = (raw[gate * HIDDEN + j] for gate in range(4))
        log_f = math.log(sigmoid(f)) if forget_gate == "sigmoid" else f
        new_m = max(log_f + m[j], i) if n[j] else i
        new_i, new_f = math.exp(i - new_m), math.exp(log_f + m[j] - new_m)
        new_c = new_f * c[j] + new_i * math.tanh(z)
        new_n = new_f * n[j] + new_i
        numbers = sigmoid(o) * new_c / new_n, new_c, new_n, new_m
        for part, number in zip(after, numbers, strict=True):
            part.append(number)
    return tuple(after), after[0]


def lru(p, x, state):
    after, y = [], []
    for j in range(HIDDEN):
        eigenvalue = cmath.exp(complex(-math.exp(p["nu_log"][j]), math.exp(p["theta_log"][j])))
        driven = sum(complex(p["B_re"][j][k], p["B_im"][j][k]) * x[k] for k in range(INPUT))
        before = complex(state[0][j], state[1][j])
        after.append(eigenvalue * before + math.exp(p["gamma_log"][j]) * driven)
    for k in range(INPUT):
        read = sum(complex(p["C_re"][k][j], p["C_im"][k][j]) * after[j] for j in range(HIDDEN))
        y.append(read.real + p["D"][k] * x[k])
    return ([s.real for s in after], [s.imag for s in after]), y


def unit_silu(p, name, x):
    active = [a * sigmoid(a) for a in affine(p, name, x)]
    norm = math.sqrt(sum(a * a for a in active))
    return [a / norm for a in active]


def delta_net(p, x, memory, most=1):
    q, k, v = unit_silu(p, "query", x), unit_silu(p, "key", x), affine(p, "value", x)
    beta = most * sigmoid(affine(p, "rate", x)[0])
    keys = range(len(k))
    after = [
        [
            sum(((a == b) - beta * k[a] * k[b]) * memory[b][j] for b in keys) + beta * k[a] * v[j]
            for j in range(HIDDEN)
        ]
        for a in keys
    ]
    return after, [sum(q[a] * after[a][j] for a in keys) for j in range(HIDDEN)]


def stack_rnn(p, x, state, activation=relu):
    h, stack = state
    h = [activation(a) for a in affine(p, "controller", x + stack[0] + h)]
    push, pop, no_op = softmax(affine(p, "action", h))
    top, nothing = affine(p, "push", h), [0.0] * len(stack[0])
    after = []
    for i in range(len(stack)):
        above = top if i == 0 else stack[i - 1]
        below = nothing if i == len(stack) - 1 else stack[i + 1]
        numbers = zip(above, below, stack[i], strict=True)
        after.append([push * a + pop * b + no_op * s for a, b, s in numbers])
    return (h, after), h


def tape_rnn(p, x, state, jump=None):
    h, tape = state
    h = [relu(a) for a in affine(p, "controller", x + tape[0] + h)]
    stay, left, right, jump_left, jump_right = softmax(affine(p, "action", h))
    layer = [relu(a) for a in affine(p, "write.0", h)]
    layer = [relu(a) for a in affine(p, "write.2", layer)]
    written = [affine(p, "write.4", layer), *tape[1:]]
    size, jump = len(tape), STEPS if jump is None else jump
    after = [
        [
            stay * written[i][k]
            + left * written[(i + 1) % size][k]
            + right * written[(i - 1) % size][k]
            + jump_left * written[(i + jump) % size][k]
            + jump_right * written[(i - jump) % size][k]
            for k in range(len(tape[0]))
        ]
        for i in range(size)
    ]
    return (h, after), h


EQUATIONS = {
    "mgu": (MGU, {}, mgu, {}),
    "ugrnn": (UGRNN, {}, ugrnn, {}),
    "min-gru": (MinGRU, {}, min_gru, {}),
    "min-lstm": (MinLSTM, {}, min_lstm, {}),
    "irnn": (IRNN, {"scale": 0.5}, irnn, {}),
    "ind-rnn": (IndRNN, {}, ind_rnn, {}),
    "ind-rnn tanh": (IndRNN, {"nonlinearity": "tanh"}, ind_rnn, {"activation": math.tanh}),
    "slstm": (SLSTM, {}, slstm, {}),
    "slstm exp": (SLSTM, {"forget_gate": "exp"}, slstm, {"forget_gate": "exp"}),
    "lru": (LRU, {"r_min": 0.3, "max_phase": 3.0}, lru, {}),
    "delta-net": (DeltaNet, {"key_size": 5}, delta_net, {}),
    "delta-net negative": (DeltaNet, {"negative_eigenvalues": True}, delta_net, {"most": 2}),
    "stack-rnn": (StackRNN, {"cell_size": 2}, stack_rnn, {}),
    "stack-rnn shallow": (StackRNN, {"depth": 1}, stack_rnn, {}),
    "stack-rnn tanh": (StackRNN, {"nonlinearity": "tanh"}, stack_rnn, {"activation": math.tanh}),
    "tape-rnn": (TapeRNN, {"cell_size": 2, "write_size": 5}, tape_rnn, {}),
    "tape-rnn part": (TapeRNN, {"jump": Fraction(2, 5)}, tape_rnn, {"jump": STEPS * 2 // 5}),
    "tape-rnn short": (TapeRNN, {"places": 4, "jump": 6}, tape_rnn, {"jump": 6}),
}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        yield


def parts(state):
    """Return a state's tensors, whether it is one tensor or a tuple."""
    return state if isinstance(state, tuple) else (state,)


def random_start(cell):
    """Return a random state, not negative, in the shape of the cell's initial one."""
    drawn = tuple(torch.rand_like(part) for part in parts(cell.initial_state(BATCH, STEPS)))
    return drawn if len(drawn) > 1 else drawn[0]


def written_out(equation, options, cell, instance, state):
    """Return the outputs and the states of one instance, as tensors with a time axis."""
    p = {name: parameter.tolist() for name, parameter in cell.named_parameters()}
    state = tuple(part.tolist() for part in state) if len(state) > 1 else state[0].tolist()
    outputs, states = [], []
    for x in instance.tolist():
        state, output = equation(p, x, state, **options)
        outputs.append(output)
        states.append(parts(state))
    stacked = [torch.tensor(part, dtype=torch.float64) for part in zip(*states, strict=True)]
    return torch.tensor(outputs, dtype=torch.float64), stacked


@pytest.mark.parametrize("start", ["from its initial state", "from any state"])
@pytest.mark.parametrize("name", EQUATIONS)
def test_a_cell_computes_its_equations_over_a_sequence(name, start):
    cell_class, options, equation, equation_options = EQUATIONS[name]
    cell = cell_class(INPUT, HIDDEN, **options).double()
    inputs = torch.randn(BATCH, STEPS, INPUT, dtype=torch.float64)
    given = None
    state = cell.initial_state(BATCH, STEPS)
    if start == "from any state":
        given = random_start(cell)
        if isinstance(cell, TapeRNN) and cell.tape_places is None:
            with pytest.raises(UsageError, match="cannot go on from a state"):
                st.unroll(cell, inputs, given)
            return
        state = cell.continued(given, STEPS)  # a stack gets room for what is pushed
    outputs, _, states = st.unroll(cell, inputs, given, return_states=True)
    for row in range(BATCH):
        alone = [part[row] for part in parts(state)]
        expected = written_out(equation, equation_options, cell, inputs[row], alone)
        assert_close(outputs[row], expected[0], rtol=0, atol=1e-12)
        for got, its_states in zip(parts(states), expected[1], strict=True):
            assert_close(got[row], its_states, rtol=0, atol=1e-12)


@pytest.mark.parametrize("forget_gate", ["sigmoid", "exp"])
def test_the_stabilised_slstm_is_the_one_without_a_stabiliser(forget_gate):
    cell = SLSTM(INPUT, HIDDEN, forget_gate).double()
    inputs = torch.randn(1, STEPS, INPUT, dtype=torch.float64)
    outputs, _, (_, c, n, m) = st.unroll(cell, inputs, return_states=True)
    hidden = plain_c = plain_n = torch.zeros(HIDDEN, dtype=torch.float64)
    for step in range(STEPS):
        z, i, f, o = (cell.from_input(inputs[0, step]) + cell.from_state(hidden)).chunk(4)
        forget = torch.sigmoid(f) if forget_gate == "sigmoid" else torch.exp(f)
        plain_c = forget * plain_c + torch.exp(i) * torch.tanh(z)
        plain_n = forget * plain_n + torch.exp(i)
        hidden = torch.sigmoid(o) * plain_c / plain_n
        assert_close(outputs[0, step], hidden, rtol=1e-12, atol=0)
        assert_close(c[0, step] * m[0, step].exp(), plain_c, rtol=1e-12, atol=0)
        assert_close(n[0, step] * m[0, step].exp(), plain_n, rtol=1e-12, atol=0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("gate", [1, 2])
def test_the_slstm_stays_finite_with_gates_that_overflow_an_exponential(gate, sign):
    cell = SLSTM(INPUT, HIDDEN, "exp")
    with torch.no_grad():
        cell.from_input.bias.view(4, HIDDEN)[gate] = sign * 1000.0
    outputs, final = st.unroll(cell, torch.randn(2, 50, INPUT))
    outputs.sum().backward()
    assert all(part.isfinite().all() for part in (outputs, *final))
    assert all(parameter.grad.isfinite().all() for parameter in cell.parameters())


def forced(cell, action):
    """Make a controller choose an action always, and what it stores be its last input."""
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.controller.weight[: cell.input_size, : cell.input_size] = torch.eye(cell.input_size)
        cell.action.bias[action] = 1000.0
        layers = [cell.push] if isinstance(cell, StackRNN) else list(cell.write)[::2]
        for layer in layers:
            layer.weight.copy_(torch.eye(*layer.weight.shape))
    return cell


def test_a_stack_gives_back_last_what_was_pushed_first():
    cell = StackRNN(2, 2, cell_size=2)
    items = torch.tensor([[[1.0, 2], [3, 4], [5, 6]]])
    _, (hidden, stack) = st.unroll(forced(cell, 0), items)
    assert_close(stack[0], items[0].flip(0))
    for expected in ([[3.0, 4], [1, 2], [0, 0]], [[1.0, 2], [0, 0], [0, 0]]):
        hidden, stack = forced(cell, 1)(torch.zeros(1, 2), (hidden, stack))
        assert stack[0].tolist() == expected
    _, kept = forced(cell, 2)(torch.zeros(1, 2), (hidden, stack))
    assert_close(kept, stack)


def test_a_tape_keeps_what_was_written_while_its_head_is_elsewhere():
    cell = TapeRNN(2, 2, cell_size=2, write_size=2)
    state = cell.initial_state(1, 3)
    journey = [(1, [1.0, 2.0]), (4, [3.0, 4.0]), (2, [5.0, 6.0]), (0, [7.0, 8.0])]
    for action, item in journey:  # left 1, jump right 3, right 1: the tape has 7 cells
        state = forced(cell, action)(torch.tensor([item]), state)
    expected = {0: [7.0, 8.0], 1: [5.0, 6.0], 3: [1.0, 2.0], 4: [3.0, 4.0]}
    assert state[1][0].tolist() == [expected.get(place, [0.0, 0.0]) for place in range(7)]
