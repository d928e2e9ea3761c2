"""Torch modules of many conventions, none of which knows seqtasks, and how each is called by hand.

`STEPS` says of each class how its author would call it: a function from a module, x (batch, input),
a state and the number of the step to the output and the next state, and the state to begin with.
The state is the author's own; None if the author begins without one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

Step = Callable[[Any, Tensor, Any, int], tuple[Tensor, Any]]


class LEM(nn.Module):
    """A pair (y, z); T. K. Rusch et al., ICLR 2022."""

    def __init__(self, ninp, nhid, dt=0.5):
        super().__init__()
        self.nhid, self.dt = nhid, dt
        self.from_input, self.from_y = nn.Linear(ninp, 4 * nhid), nn.Linear(nhid, 3 * nhid)
        self.from_z = nn.Linear(nhid, nhid)

    def forward(self, x, state):
        y, z = state
        a, b, c, d = self.from_input(x).chunk(4, 1)
        e, f, g = self.from_y(y).chunk(3, 1)
        slow, fast = self.dt * torch.sigmoid(a + e), self.dt * torch.sigmoid(b + f)
        z = (1 - fast) * z + fast * torch.tanh(c + g)
        y = (1 - slow) * y + slow * torch.tanh(self.from_z(z) + d)
        return y, z


class Clashing(nn.Module):
    """One tensor; what `Cell` calls its own means something else here."""

    def __init__(self, i, h):
        super().__init__()
        self.initial_state = "idle"
        self.output = self.input_size = None
        self.hidden_size, self.convention = "wide", 3
        self.w, self.u = nn.Linear(i, h), nn.Linear(h, h, bias=False)

    @property
    def output_size(self):
        raise RuntimeError("not known yet")

    def zeros(self):
        raise RuntimeError("not for you")

    def forward(self, x, h):
        return 0.9 * h + 0.1 * torch.tanh(self.w(x) + self.u(h))


class Spikes(NamedTuple):
    v: Tensor
    i: Tensor


class NamedState(nn.Module):
    """(output, state) with a NamedTuple, read by its names."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.lin = nn.Linear(in_features, out_features)
        self.rec = nn.Linear(out_features, out_features, bias=False)

    def forward(self, x, state: Spikes | None = None):
        if state is None:
            zeros = torch.zeros(len(x), self.lin.out_features, dtype=x.dtype)
            state = Spikes(v=zeros, i=zeros)
        i = 0.8 * state.i + self.lin(x) + self.rec(torch.sigmoid(state.v))
        v = 0.9 * state.v + 0.1 * i
        return torch.sigmoid(v), Spikes(v, i)


class DictState(nn.Module):
    """A dict, sizes by keyword only, and no way to begin but with a state."""

    def __init__(self, *, input_size, hidden_size):
        super().__init__()
        self.l = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        h = torch.tanh(self.l(torch.cat([x, state["h"]], 1)) + 0.1 * state["m"])
        return {"m": 0.5 * state["m"] + h, "h": h}


class ListState(nn.Module):
    """(output, list), beginning from its own method with other than zeros."""

    def __init__(self, input_dim, hidden_dim, depth=2):
        super().__init__()
        sizes = [input_dim] + [hidden_dim] * (depth - 1)
        self.parts = nn.ModuleList(nn.GRUCell(size, hidden_dim) for size in sizes)
        self.hidden_dim = hidden_dim

    def init_hidden(self, batch_size):
        like = next(self.parameters())
        return [like.new_full((batch_size, self.hidden_dim), 0.1 * k) for k in (1, 2)]

    def forward(self, x, state):
        new = []
        for part, h in zip(self.parts, state, strict=True):
            x = part(x, h)
            new.append(x)
        return x, new


class Counting(nn.Module):
    """A tensor, and a whole number of Python's on which the step decides."""

    def __init__(self, n_in, n_hid):
        super().__init__()
        self.c = nn.GRUCell(n_in, n_hid)

    def forward(self, x, state=None):
        h, n = (x.new_zeros(len(x), self.c.hidden_size), 0) if state is None else state
        h = self.c(x, h)
        if n % 2:
            h = h * math.cos(n)
        return h, n + 1


class BatchSecond(nn.Module):
    """x and state with the batch axis second."""

    def __init__(self, i, h):
        super().__init__()
        self.w, self.u = nn.Parameter(torch.randn(h, i) / 3), nn.Parameter(torch.randn(h, h) / 3)
        self.b = nn.Parameter(torch.zeros(h, 1))

    def forward(self, x, h):
        return torch.tanh(self.w @ x + self.u @ h + self.b)


class OneInstance(nn.Module):
    """x and state of one instance, without a batch axis."""

    def __init__(self, i, h):
        super().__init__()
        self.w, self.u = nn.Parameter(torch.randn(h, i) / 3), nn.Parameter(torch.randn(h, h) / 3)
        self.b = nn.Parameter(torch.zeros(h))

    def forward(self, x, h):
        return torch.softmax(self.w @ x + self.u @ h + self.b, 0)


class SmallOutput(nn.Module):
    """(output, state) with an output of another size, and the sizes in another order."""

    def __init__(self, units, input_size, k: int = 3):
        super().__init__()
        self.c, self.o = nn.RNNCell(input_size, units), nn.Linear(units, k)

    def forward(self, x, h=None):
        h = self.c(x, h)
        return self.o(h), h


class Elapsed(nn.Module):
    """A third argument, the time since the last step."""

    def __init__(self, i, h):
        super().__init__()
        self.w = nn.Linear(i, h)

    def forward(self, x, state, dt):
        return state + 0.3 * dt * (torch.tanh(self.w(x)) - state)


class Numbered(nn.Module):
    """A third argument, the number of the step, used as an index."""

    def __init__(self, i, h):
        super().__init__()
        self.w, self.table = nn.Linear(i, h), nn.Parameter(torch.randn(5, h))

    def forward(self, x, state, t):
        return torch.tanh(self.w(x) + state) + self.table[t % 5]


class TableOfSteps(nn.Module):
    """A third argument, the number of the step as a tensor without axes."""

    def __init__(self, i, h):
        super().__init__()
        self.w, self.table = nn.Linear(i, h), nn.Embedding(20, h)

    def forward(self, x, state, timestep):
        return torch.tanh(self.w(x) + state + self.table(timestep))


class LearnedStart(nn.Module):
    """Begins, without a state, from a parameter."""

    def __init__(self, i, h):
        super().__init__()
        self.c, self.h0 = nn.GRUCell(i, h), nn.Parameter(torch.randn(h))

    def forward(self, x, state=None):
        return self.c(x, self.h0.expand(len(x), -1) if state is None else state)


class InPlace(nn.Module):
    """Changes its state in place."""

    def __init__(self, i, h):
        super().__init__()
        self.w = nn.Linear(i, h)

    def forward(self, x, state):
        state *= 0.9
        state += self.w(x)
        return state


class Matrix(nn.Module):
    """(output, state) with a matrix, and an `initial_state` that takes other arguments."""

    def __init__(self, i, h):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(i, h), nn.Linear(i, h), nn.Linear(i, h)
        self.n = h

    def initial_state(self, batch_size, trainable=False):
        assert trainable is False
        return torch.eye(self.n, dtype=self.q.bias.dtype).expand(batch_size, -1, -1)

    def forward(self, x, state):
        state = 0.9 * state + self.k(x)[:, :, None] * self.v(x)[:, None]
        return (self.q(x)[:, None] @ state)[:, 0], state


class Nested(nn.Module):
    """A dict of a tuple and of a list with None in it."""

    def __init__(self, i, h):
        super().__init__()
        self.a, self.b = nn.LSTMCell(i, h), nn.GRUCell(h, h)

    def forward(self, x, state=None):
        if state is None:
            zeros = x.new_zeros(len(x), self.b.hidden_size)
            state = {"slow": [zeros, None], "fast": (zeros, zeros)}
        h, c = self.a(x, state["fast"])
        slow = self.b(h, state["slow"][0])
        return {"fast": (h + slow, c), "slow": [slow, None]}


class SharedNumber(nn.Module):
    """A tensor, and a tensor without a batch axis that begins at one."""

    def __init__(self, i, h):
        super().__init__()
        self.c = nn.GRUCell(i, h)

    def forward(self, x, state=None):
        if state is None:
            state = x.new_zeros(len(x), self.c.hidden_size), torch.tensor(1)
        h, n = state
        return self.c(x, h) / n, n + 1


class ItsState(nn.Module):
    """nn.LSTMCell's (h, c)."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.cell = nn.LSTMCell(input_size, hidden_size)

    def forward(self, x, state=None):
        return self.cell(x, state)


@dataclass(frozen=True)
class ByHand:
    """How the author of a class calls it.

    Attributes:
        step: the output and the next state of a step.
        start: the state to begin with.
        state: what is said of the state, for a hidden size of 9.
        says: what else is said.
    """

    step: Step
    start: Callable[[Any, int], Any]
    state: str
    says: dict[str, str]


def _one(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
    s = m(x, s)
    return s, s


def _pair(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
    s = m(x, s)
    return s[0], s


def _both(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
    return m(x, s)


def _zeros(*shapes: int) -> Callable[[Any, int], Any]:
    def start(m: Any, n: int) -> Any:
        made = tuple(torch.zeros(n, k) for k in shapes)
        return made if len(made) > 1 else made[0]

    return start


def _none(m: Any, n: int) -> None:
    return None


def _key(*keys: Any) -> Step:
    def step(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
        output = s = m(x, s)
        for key in keys:
            output = output[key]
        return output, s

    return step


def _of_one(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
    s = torch.stack([m(x[row], s[row]) for row in range(len(x))])
    return s, s


def _second(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
    s = m(x.t(), s)
    return s.t(), s


def _in_place(m: Any, x: Tensor, s: Any, t: int) -> tuple[Tensor, Any]:
    s = m(x, s.clone())
    return s, s


ONE, PAIR = "state (batch, 9)", "state[0] (batch, 9), state[1] (batch, 9)"
CASES: dict[type[nn.Module], ByHand] = {
    LEM: ByHand(_pair, _zeros(9, 9), PAIR, {"readout reads": "state[0]"}),
    Clashing: ByHand(_one, _zeros(9), ONE, {"starts from": "zeros"}),
    NamedState: ByHand(
        _both, _none, "state.v (batch, 9), state.i (batch, 9)", {"readout reads": "the output"}
    ),
    DictState: ByHand(
        _key("h"),
        lambda m, n: {"h": torch.zeros(n, 9), "m": torch.zeros(n, 9)},
        "state['m'] (batch, 9), state['h'] (batch, 9)",
        {"readout reads": "state['h']"},
    ),
    ListState: ByHand(
        _both,
        lambda m, n: [torch.full((n, 9), 0.1), torch.full((n, 9), 0.2)],
        PAIR,
        {"starts from": "its own init_hidden(batch_size)"},
    ),
    Counting: ByHand(_pair, _none, "state[0] (batch, 9), state[1] a whole number", {}),
    BatchSecond: ByHand(
        _second,
        lambda m, n: torch.zeros(9, n),
        "state (9, batch)",
        {"called as": "module(x, state), x of (input, batch)"},
    ),
    OneInstance: ByHand(_of_one, _zeros(9), "state (9,)", {}),
    SmallOutput: ByHand(
        _both, _none, ONE, {"returns": "(output, state), the output of (batch, 3)"}
    ),
    Elapsed: ByHand(
        lambda m, x, s, t: (m(x, s, 1.0),) * 2,
        _zeros(9),
        ONE,
        {"third argument": "dt is 1.0, the time from one step to the next"},
    ),
    Numbered: ByHand(
        lambda m, x, s, t: (m(x, s, t),) * 2,
        _zeros(9),
        ONE,
        {"third argument": "t is the number of the step, from 0"},
    ),
    TableOfSteps: ByHand(
        lambda m, x, s, t: (m(x, s, torch.tensor(t)),) * 2,
        _zeros(9),
        ONE,
        {"third argument": "timestep is the number of the step, from 0"},
    ),
    LearnedStart: ByHand(
        _one,
        _none,
        ONE,
        {"starts from": "a call without a state, which starts from other than zeros"},
    ),
    InPlace: ByHand(_in_place, _zeros(9), ONE, {}),
    Matrix: ByHand(
        _both,
        lambda m, n: torch.eye(9).repeat(n, 1, 1),
        "state (batch, 9, 9)",
        {"starts from": "its own initial_state(batch_size)"},
    ),
    Nested: ByHand(
        _key("fast", 0),
        _none,
        "state['fast'][0] (batch, 9), state['fast'][1] (batch, 9), state['slow'][0] (batch, 9)",
        {"starts from": "zeros"},
    ),
    SharedNumber: ByHand(
        _pair, _none, "state[0] (batch, 9), state[1] () of int64, shared by the batch", {}
    ),
    ItsState: ByHand(_pair, _none, PAIR, {"readout reads": "state[0]"}),
}
