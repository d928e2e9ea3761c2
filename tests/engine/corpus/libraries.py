"""Cells as libraries write them: buffers of solutions, places chosen by row, broadcast weights."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

import seqtasks as st


class SolvedBetween(st.Cell):
    """Y. Rubanova et al., "Latent ODEs", 2019: an ODE between inputs, by a fixed-step solver.

    The solver keeps all times in one buffer, the batch in its second axis, as torchdiffeq does.
    """

    def __init__(self, input_size: int, hidden_size: int, steps: int = 2) -> None:
        super().__init__(input_size, hidden_size)
        self.slope = nn.Sequential(nn.Linear(hidden_size, 6), nn.Tanh(), nn.Linear(6, hidden_size))
        self.unit = nn.GRUCell(input_size, hidden_size)
        self.steps = steps

    def solved(self, slope: Callable[[Tensor, Tensor], Tensor], y: Tensor, times: Tensor) -> Tensor:
        kept = torch.empty(len(times), *y.shape, dtype=y.dtype)
        kept[0] = y
        for k, (now, then) in enumerate(pairwise(times)):
            dt = then - now
            a = slope(now, y)
            b = slope(now + dt / 3, y + dt * a / 3)
            c = slope(now + dt * 2 / 3, y + dt * (b - a / 3))
            y = y + dt * (a + 3 * (b + c) + slope(then, y + dt * (a - b + c))) / 8
            kept[k + 1] = y
        return kept

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        times = torch.linspace(0, 1, self.steps + 1, dtype=h.dtype)
        return self.unit(x, self.solved(lambda t, y: self.slope(y) * (1 + t), h, times)[-1])


class Routed(st.Cell):
    """S. Sabour et al., "Dynamic Routing Between Capsules", 2017, procedure 1, in each step."""

    def __init__(
        self, input_size: int, hidden_size: int, capsules: int = 2, below: int = 3
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.below = below
        self.parts = nn.Linear(input_size + hidden_size, below * 4)
        width = hidden_size // capsules
        self.votes = nn.Parameter(torch.randn(1, below, capsules, width, 4) / 2)

    @staticmethod
    def squashed(s: Tensor) -> Tensor:
        square = (s**2).sum(-1, keepdim=True)
        return square / (1 + square) * s / (square.sqrt() + 1e-8)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        parts = self.squashed(self.parts(torch.cat([x, h], 1)).view(len(x), self.below, 4))
        votes = torch.matmul(self.votes, parts[:, :, None, :, None]).squeeze(-1)
        still = votes.detach()
        agreement = votes.new_zeros(*votes.shape[:3], 1)
        for _ in range(2):
            made = self.squashed((agreement.softmax(2) * still).sum(1))
            agreement = agreement + (still * made.unsqueeze(1)).sum(-1, keepdim=True)
        return self.squashed((agreement.softmax(2) * votes).sum(1)).flatten(1)


class Schemata(st.Cell):
    """A. Goyal et al., "Object Files and Schemata", 2020: slots that choose which unit runs them.

    The slots that attend most to the input are written; each takes one of two units by a
    straight-through choice, with slots folded into the batch.
    """

    def __init__(self, input_size: int, hidden_size: int, slots: int = 4, active: int = 2) -> None:
        super().__init__(input_size, hidden_size)
        self.slots, self.active, width = slots, active, hidden_size // slots
        self.key, self.value = nn.Linear(input_size, 4), nn.Linear(input_size, 5)
        self.query = nn.Parameter(torch.randn(slots, width, 4) / 2)
        self.units = nn.ModuleList([nn.GRUCell(5, width) for _ in range(2)])
        self.choice = nn.Linear(width, 2)

    def initial_state(self, batch_size: int, steps: int) -> Tensor:
        return self.zeros(batch_size, self.slots, self.hidden_size // self.slots)

    def output(self, x: Tensor, state: Tensor) -> Tensor:
        return state.flatten(1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        batch = len(x)
        inputs = torch.stack([x, torch.zeros_like(x)], 1)
        query = torch.bmm(state.permute(1, 0, 2), self.query).permute(1, 0, 2)
        seen = torch.softmax(query @ self.key(inputs).transpose(1, 2) / 2, -1)
        chosen = seen[:, :, 0].topk(self.active, dim=1)[1]
        is_active = torch.zeros_like(seen[:, :, 0])
        is_active[torch.arange(batch).unsqueeze(1), chosen] = 1
        read = (seen @ self.value(inputs)).reshape(batch * self.slots, -1)
        old = state.reshape(batch * self.slots, -1)
        made = torch.stack([unit(read, old) for unit in self.units], 1)
        soft = self.choice(made.mean(1)).softmax(-1)
        hard = torch.zeros_like(soft).scatter_(1, soft.argmax(1, keepdim=True), 1.0)
        new = (made * (hard - soft.detach() + soft).unsqueeze(-1)).sum(1).view(state.shape)
        return is_active.unsqueeze(-1) * new + (1 - is_active.unsqueeze(-1)) * state


class ArctangentSpike(torch.autograd.Function):
    """A spike whose gradient is the slope of an arctangent."""

    @staticmethod
    def forward(ctx, x: Tensor, alpha: float) -> Tensor:  # pyright: ignore
        if x.requires_grad:
            ctx.save_for_backward(x)
            ctx.alpha = alpha
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore
        (x,) = ctx.saved_tensors
        return ctx.alpha / 2 / (1 + (math.pi / 2 * ctx.alpha * x).pow_(2)) * gradient, None


class TrainedMembrane(st.Cell):
    """W. Fang et al., "Incorporating Learnable Membrane Time Constant", 2021, eqs. 5 and 9."""

    def __init__(self, input_size: int, hidden_size: int, threshold: float = 0.5) -> None:
        super().__init__(input_size, hidden_size)
        self.threshold = threshold
        self.share = nn.Parameter(torch.tensor(0.3))
        self.weights = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor]:
        made = self.zeros(0).new(batch_size, self.hidden_size).fill_(0.1)
        return torch.zeros_like(made), made

    def output(self, x: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
        return state[0]

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        spikes, membrane = state
        arriving = self.weights(torch.cat((x, spikes), -1))
        membrane = membrane + (arriving - membrane) * self.share.sigmoid()
        spikes = ArctangentSpike.apply(membrane - self.threshold, 2.0)
        return spikes, (1 - spikes.detach()) * membrane


CELLS = [SolvedBetween, Routed, Schemata, TrainedMembrane]
