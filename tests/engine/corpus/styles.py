"""Cells as public code writes them: containers of parts, states by name, inner gradients."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.nn import functional

import seqtasks as st


class Boundary(torch.autograd.Function):
    """A step at one half, straight through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return (x > 0.5).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return g


class HierarchicalLSTM(st.Cell):
    """J. Chung et al., "Hierarchical Multiscale Recurrent Neural Networks", 2017, eq. 1 to 9.

    Two layers that copy, update or flush by the boundaries they find.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        rows = 4 * hidden_size + 1
        self.below = nn.ModuleList(nn.Linear(n, rows) for n in (input_size, hidden_size))
        self.own = nn.ModuleList(nn.Linear(hidden_size, rows, bias=False) for _ in range(2))
        self.above = nn.Linear(hidden_size, rows, bias=False)

    def initial_state(self, batch_size: int, steps: int) -> Any:
        zeros = self.zeros(batch_size, self.hidden_size)
        return [{"h": zeros, "c": zeros, "z": self.zeros(batch_size, 1)} for _ in range(2)]

    def forward(self, x: Tensor, state: Any) -> Any:
        made = []
        below, found = x, torch.ones_like(x[:, :1])
        for k, held in enumerate(state):
            h, c, z = held["h"], held["c"], held["z"]
            sums = self.own[k](h) + found * self.below[k](below)
            if k == 0:
                sums = sums + z * self.above(state[1]["h"])
            f, i, o, g, edge = sums.split([self.hidden_size] * 4 + [1], -1)
            f, i, o, g = f.sigmoid(), i.sigmoid(), o.sigmoid(), g.tanh()
            copied = (1 - z) * (1 - found)
            c = z * i * g + copied * c + (1 - z) * found * (f * c + i * g)
            h = copied * h + (1 - copied) * o * c.tanh()
            below, found = h, Boundary.apply(((edge + 1) / 2).clamp(0, 1))
            made.append({"h": h, "c": c, "z": found})
        return made

    def output(self, x: Tensor, state: Any) -> Tensor:
        return state[0]["h"] + state[1]["h"]


class MassConserving(st.Cell):
    """P.-J. Hoedt et al., "MC-LSTM: Mass-Conserving LSTM", 2021, eq. 4 to 9."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        both = input_size - 1 + hidden_size
        self.parts = nn.ModuleDict(
            {
                "junction": nn.Sequential(nn.Linear(both, hidden_size), nn.Softmax(-1)),
                "moved": nn.Sequential(nn.Linear(both, hidden_size**2), nn.ReLU()),
                "out": nn.Sequential(nn.Linear(both, hidden_size), nn.Sigmoid()),
            }
        )

    def initial_state(self, batch_size: int, steps: int) -> Any:
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x: Tensor, state: Any) -> Any:
        _, c = state
        mass, rest = x.split([1, x.size(-1) - 1], -1)
        seen = torch.cat([rest, c / (c.abs().sum(-1, keepdim=True) + 1e-5)], -1)
        moved = self.parts["moved"](seen).view(-1, self.hidden_size, self.hidden_size).softmax(-1)
        total = mass * self.parts["junction"](seen) + (c.unsqueeze(-2) @ moved).squeeze(-2)
        share = self.parts["out"](seen)
        return share * total, (1 - share) * total


class GatedFeedback(st.Cell):
    """J. Chung et al., "Gated Feedback Recurrent Neural Networks", 2015, eq. 11 and 12."""

    def __init__(self, input_size: int, hidden_size: int, layers: int = 3) -> None:
        super().__init__(input_size, hidden_size)
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.layers = layers
        self.new = nn.ModuleList(nn.Linear(n, hidden_size) for n in sizes)
        self.gates = nn.ModuleList(nn.Linear(n + layers * hidden_size, layers) for n in sizes)
        self.between = nn.ModuleDict(
            {
                f"{i}_{j}": nn.Linear(hidden_size, hidden_size, bias=False)
                for i in range(layers)
                for j in range(layers)
            }
        )

    def initial_state(self, batch_size: int, steps: int) -> Any:
        return [self.zeros(batch_size, self.hidden_size) for _ in range(self.layers)]

    def forward(self, x: Tensor, hs: Any) -> Any:
        every, made = torch.cat(hs, -1), []
        for j in range(self.layers):
            g = torch.sigmoid(self.gates[j](torch.cat([x, every], -1)))
            back = sum(g[:, i : i + 1] * self.between[f"{i}_{j}"](h) for i, h in enumerate(hs))
            x = torch.tanh(self.new[j](x) + back)
            made.append(x)
        return made

    def output(self, x: Tensor, state: Any) -> Tensor:
        return state[-1]


class LeastUsedMemory(st.Cell):
    """A. Santoro et al., "Meta-Learning with Memory-Augmented Networks", 2016, eq. 5 to 8."""

    def __init__(self, input_size: int, hidden_size: int, slots: int = 5, width: int = 3) -> None:
        super().__init__(input_size, hidden_size)
        self.slots, self.width = slots, width
        self.control = nn.GRUCell(input_size + 2 * width, hidden_size)
        self.key = nn.Linear(hidden_size, 2 * width)
        self.mixed = nn.Parameter(torch.zeros(1))

    def initial_state(self, batch_size: int, steps: int) -> Any:
        weights = self.zeros(batch_size, 2, self.slots)
        weights[:, :, 0] = 1.0
        return {
            "h": self.zeros(batch_size, self.hidden_size),
            "memory": self.zeros(batch_size, self.slots, self.width) + 1e-6,
            "weights": weights,
            "usage": self.zeros(batch_size, self.slots),
            "read": self.zeros(batch_size, 2 * self.width),
        }

    def forward(self, x: Tensor, s: Any) -> Any:
        h = self.control(torch.cat([x, s["read"]], -1), s["h"])
        k = self.key(h).tanh().view(-1, 2, self.width)
        least = torch.topk(s["usage"], 2, dim=-1, largest=False).indices
        free = torch.zeros_like(s["usage"]).scatter_(1, least, 1.0)
        share = torch.sigmoid(self.mixed)
        write = share * s["weights"] + (1 - share) * free.unsqueeze(1)
        kept = 1 - functional.one_hot(least[:, 0], self.slots).to(x.dtype)
        memory = s["memory"] * kept.unsqueeze(-1) + write.transpose(1, 2) @ k
        weights = functional.cosine_similarity(k.unsqueeze(2), memory.unsqueeze(1), -1).softmax(-1)
        return {
            "h": h,
            "memory": memory,
            "weights": weights,
            "usage": 0.9 * s["usage"] + weights.sum(1) + write.sum(1),
            "read": (weights @ memory).flatten(1),
        }


class Reduced(st.Cell):
    """T. A. Plate, "Holographic Reduced Representations", 1995: bound by circular convolution."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.key, self.value = (nn.Linear(input_size, hidden_size) for _ in range(2))

    def initial_state(self, batch_size: int, steps: int) -> Any:
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x: Tensor, state: Any) -> Any:
        key = torch.fft.rfft(functional.normalize(self.key(x), dim=-1))
        bound = torch.fft.irfft(key * torch.fft.rfft(self.value(x)), n=self.hidden_size)
        memory = 0.9 * state[1] + bound
        found = torch.fft.irfft(torch.fft.rfft(memory) * key.conj(), n=self.hidden_size)
        return torch.tanh(found), memory


class Permuting(st.Cell):
    """G. Mena et al., "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018, eq. 3."""

    def __init__(self, input_size: int, hidden_size: int, slots: int = 4) -> None:
        super().__init__(input_size, hidden_size)
        self.slots = slots
        self.moves = nn.Linear(input_size + hidden_size, slots * slots)
        self.new = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        log = self.moves(torch.cat([x, h], 1)).view(-1, self.slots, self.slots)
        for axis in (2, 1) * 3:
            log = log - log.logsumexp(axis, keepdim=True)
        moved = log.exp() @ h.view(len(h), self.slots, -1)
        return torch.tanh(moved.flatten(1) + self.new(x))


class RotationalMemory(st.Cell):
    """R. Dangovski et al., "Rotational Unit of Memory", 2019, eq. 1 to 7."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.new = nn.Linear(input_size, hidden_size)
        self.gates = nn.Linear(input_size + hidden_size, 2 * hidden_size)

    def initial_state(self, batch_size: int, steps: int) -> Any:
        unit = torch.eye(self.hidden_size).to(self.new.weight)
        return self.zeros(batch_size, self.hidden_size), unit.expand(batch_size, -1, -1)

    def forward(self, x: Tensor, state: Any) -> Any:
        h, turned = state
        gate, target = self.gates(torch.cat([x, h], -1)).chunk(2, -1)
        new, gate = self.new(x), gate.sigmoid()
        u = functional.normalize(new, dim=-1)
        across = target - (u * target).sum(-1, keepdim=True) * u
        w = torch.stack([u, functional.normalize(across, dim=-1)], -1)
        cosine = functional.cosine_similarity(new, target, -1, 1e-8)[:, None]
        sine = (1 - cosine.clamp(-0.999999, 0.999999) ** 2).sqrt()
        rows = [torch.cat([cosine, -sine], -1), torch.cat([sine, cosine], -1)]
        turn = torch.eye(self.hidden_size, dtype=x.dtype) - w @ w.mT
        turned = turned @ (turn + w @ torch.stack(rows, 1) @ w.mT)
        new = torch.relu(new + (turned @ h.unsqueeze(-1)).squeeze(-1))
        return functional.normalize(gate * h + (1 - gate) * new, dim=-1), turned


class KroneckerUnit(st.Cell):
    """C. Jose et al., "Kronecker Recurrent Units", 2018; qr lays the factors out by columns."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        sizes = [2] * int(math.log2(hidden_size))
        self.factors = nn.ParameterList(torch.linalg.qr(torch.randn(n, n))[0] for n in sizes)
        self.new = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        product = self.factors[0]
        for factor in self.factors[1:]:
            product = torch.kron(product, factor)
        return torch.tanh(functional.linear(h, product) + self.new(x))


class Learned(NamedTuple):
    """The memory of `NeuralLongTerm`, and its momentum."""

    memory: dict[str, Tensor]
    surprise: dict[str, Tensor]


class NeuralLongTerm(st.Cell):
    """A. Behrouz et al., "Titans: Learning to Memorize at Test Time", 2025, eq. 9 to 15."""

    def __init__(self, input_size: int, hidden_size: int, width: int = 3) -> None:
        super().__init__(input_size, hidden_size)
        self.maps = nn.Linear(input_size, 3 * width + 3)
        shapes = {"first": (width, 4), "second": (4, width)}
        self.start = nn.ParameterDict({n: torch.randn(s) / 2 for n, s in shapes.items()})
        self.out = nn.Linear(width, hidden_size)

    def initial_state(self, batch_size: int, steps: int) -> Any:
        memory = {n: p.expand(batch_size, *p.shape) for n, p in self.start.items()}
        return Learned(memory, {n: self.zeros(batch_size, *p.shape) for n, p in self.start.items()})

    @staticmethod
    def recalled(memory: dict[str, Tensor], key: Tensor) -> Tensor:
        return functional.silu(key @ memory["first"]) @ memory["second"]

    def parts(self, x: Tensor) -> Any:
        maps = self.maps(x)
        return *maps[:, :-3].chunk(3, -1), maps[:, -3:].sigmoid()[..., None, None].unbind(1)

    def forward(self, x: Tensor, state: Any) -> Any:
        def missed(memory: dict[str, Tensor], key: Tensor, value: Tensor) -> Tensor:
            return (self.recalled(memory, key) - value).square().sum()

        _, key, value, (forgets, keeps, rate) = self.parts(x)
        slopes = vmap(grad(missed))(state.memory, functional.normalize(key, dim=-1), value)
        surprise = {n: keeps * s - rate * slopes[n] for n, s in state.surprise.items()}
        memory = {n: (1 - forgets) * m + surprise[n] for n, m in state.memory.items()}
        return Learned(memory, surprise)

    def output(self, x: Tensor, state: Any) -> Tensor:
        return self.out(self.recalled(state.memory, self.parts(x)[0].unsqueeze(1)).squeeze(1))


class Hamiltonian(st.Cell):
    """S. Greydanus et al., "Hamiltonian Neural Networks", 2019, eq. 2, driven by the input."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.energy = nn.Sequential(nn.Linear(hidden_size, 6), nn.Tanh(), nn.Linear(6, 1))
        self.force = nn.Linear(input_size, hidden_size // 2)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        slope = grad(lambda s: self.energy(s).sum())(state)
        of_place, of_momentum = slope.chunk(2, -1)
        place, momentum = state.chunk(2, -1)
        return torch.cat([place + 0.1 * of_momentum, momentum - 0.1 * of_place + self.force(x)], -1)


class LieTurn(st.Cell):
    """M. Lezcano-Casado and D. Martínez-Rubio, "Cheap Orthogonal Constraints", 2019, eq. 3.

    The skew matrix is made of input and state, so it is another one at each step.
    """

    def __init__(self, input_size: int, hidden_size: int, block: int = 2) -> None:
        super().__init__(input_size, hidden_size)
        self.block = block
        self.skew = nn.Linear(input_size + hidden_size, block * block)
        self.new = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        made = self.skew(torch.cat([x, h], 1)).view(-1, self.block, self.block)
        turned = h.view(len(h), -1, self.block) @ torch.matrix_exp(made - made.mT)
        return torch.tanh(turned.flatten(1) + self.new(x))


CELLS = [
    HierarchicalLSTM,
    MassConserving,
    GatedFeedback,
    LeastUsedMemory,
    Reduced,
    Permuting,
    RotationalMemory,
    KroneckerUnit,
    NeuralLongTerm,
    Hamiltonian,
    LieTurn,
]
