"""The operations that make up random cells: one of each kind that a step may do.

Each maps three values, each (batch, width), to another. What it computes is bounded by what it is
given, so that a recurrence of several does not amplify.
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

__all__ = ["FEW", "OPERATIONS", "Weights", "first_few"]

FEW = 3
"""Columns of a state that is a matrix, and features that outer products are formed of."""


class Weights(nn.Module):
    """The parameters of one operation, of any kind it may need."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.single, self.double_ = nn.Linear(width, width), nn.Linear(2 * width, width)
        self.square = nn.Parameter(torch.randn(width, width) / (2 * width**0.5))
        self.blocks = nn.Parameter(torch.randn(2, width, width) / (2 * width**0.5))
        self.kernel = nn.Parameter(torch.randn(1, 1, 3) / 3)
        self.scale = nn.Parameter(torch.rand(width) + 0.5)


class Spike(Function):
    """Whether a number is positive; a fast sigmoid gives its gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g / (4 * x.abs() + 1) ** 2


class Swapped(Function):
    """Two results, and a gradient that is neither's."""

    @staticmethod
    def forward(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x * y.tanh(), y - x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        x, y = ctx.saved_tensors
        return 0.3 * g * y.sigmoid() - k, k.neg() + g * x.cos()


def chosen(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a > b, a.sin(), b * 0.5) + a.sigmoid()


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    scripted: Any = torch.jit.script(chosen)


def first_few(a: Tensor) -> Tensor:
    return a[:, :FEW]


def rotated(a: Tensor) -> Tensor:
    return torch.cat(a.chunk(2, -1)[::-1], -1)


def changed_in_place(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    y = a.clone()
    y[:, 0] = b[:, -1]
    view = y[:, ::2]
    view *= 0.5
    y += c.tanh()
    y[:, -1:].sub_(y[:, :1].detach())
    return y.tanh_()


def filled(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    y = a.new_zeros(len(a), 2, a.shape[1])
    y[:, 0, ::2] = a[:, ::2]
    y[:, 1] += b
    y[:, 1].masked_fill_(c > 0, 0.25)
    return y.sum(1)


def largest_placed(a: Tensor, b: Tensor) -> Tensor:
    apart = a + 0.01 * torch.arange(a.shape[1], dtype=a.dtype)  # of equal numbers torch takes any
    values, places = apart.topk(min(2, a.shape[1]))
    return torch.zeros_like(b).scatter(1, places, values)


def attended(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    slots = torch.stack([a, b, c], 1)
    return functional.scaled_dot_product_attention(a[:, None], slots, slots.tanh())[:, 0]


def by_blocks(cell: Weights, a: Tensor, b: Tensor) -> Tensor:
    both = torch.stack([a, b], 1).permute(1, 0, 2)
    return torch.bmm(both, cell.blocks).softmax(0).permute(1, 0, 2).reshape(len(a), 2, -1)[:, 1]


def normalised_groups(a: Tensor) -> Tensor:
    groups = 2 if a.shape[1] > 2 and a.shape[1] % 2 == 0 else 1
    return functional.group_norm(a, groups, eps=0.1) if a.shape[1] > 1 else a


def orthogonal(cell: Weights, a: Tensor) -> Tensor:
    return a @ torch.matrix_exp(cell.square - cell.square.T)


def inverted(cell: Weights, a: Tensor) -> Tensor:
    own = torch.eye(a.shape[1], dtype=a.dtype) + cell.square @ cell.square.T
    return torch.linalg.solve(own, a.new_ones(a.shape[1], 1))[:, 0] * a


def counted(values: Any, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(values.count % 3 == 1, a, 0.5 * b + 0.1 * values.count.sign().to(b.dtype))


def clocked(values: Any, a: Tensor, b: Tensor) -> Tensor:
    return torch.where((values.count - 1) % a.shape[1] == torch.arange(a.shape[1]), a, b)


Made = Callable[[Weights, Any, Tensor, Tensor, Tensor], Tensor]
OPERATIONS: dict[str, Made] = {
    "add": lambda w, v, a, b, c: 0.5 * (a + b),
    "subtract": lambda w, v, a, b, c: 1 - a,
    "multiply": lambda w, v, a, b, c: a * torch.tanh(b),
    "tanh": lambda w, v, a, b, c: torch.tanh(a),
    "sigmoid": lambda w, v, a, b, c: a.sigmoid(),
    "relu": lambda w, v, a, b, c: functional.relu(a),
    "softmax": lambda w, v, a, b, c: torch.softmax(a, -1),
    "layer_norm": lambda w, v, a, b, c: functional.layer_norm(a, a.shape[1:], eps=0.1),
    "linear": lambda w, v, a, b, c: w.single(a),
    "joined": lambda w, v, a, b, c: w.double_(torch.cat([a, b], -1)),
    "chunk": lambda w, v, a, b, c: rotated(a),
    "where": lambda w, v, a, b, c: torch.where(a > 0.1, b, c),
    "slice": lambda w, v, a, b, c: torch.cat([a[:, 1:], b[:, :1]], -1),
    "stack": lambda w, v, a, b, c: torch.stack([a, b, a * c.tanh()], 1).mean(1),
    "greatest": lambda w, v, a, b, c: torch.stack([a, b], 1).amax(1),
    "outer": lambda w, v, a, b, c: (
        (a[:, :, None] * first_few(b)[:, None]).tanh() @ first_few(c)[:, :, None]
    ).squeeze(-1),
    "shift": lambda w, v, a, b, c: functional.pad(a, (1, 0))[:, :-1],
    "roll": lambda w, v, a, b, c: a.roll(-1, -1),
    "sum": lambda w, v, a, b, c: a.sum(-1, keepdim=True) / a.shape[-1] * b,
    "mean": lambda w, v, a, b, c: a - a.mean(-1, keepdim=True),
    # places
    "one hot": lambda w, v, a, b, c: functional.one_hot(a.argmax(-1), a.shape[1]) * b,
    "top-k": lambda w, v, a, b, c: largest_placed(a, b),
    "sort": lambda w, v, a, b, c: a.sort(dim=-1, descending=True, stable=True)[0] * b.tanh(),
    "gather": lambda w, v, a, b, c: b.gather(1, a.argsort(dim=-1, stable=True)),
    "scatter": lambda w, v, a, b, c: torch.zeros_like(a).scatter_add(
        1, b.argsort(dim=-1, stable=True), a
    ),
    "take": lambda w, v, a, b, c: a.take_along_dim(b.argmin(-1, True), -1) * c.sigmoid(),
    "row of weights": lambda w, v, a, b, c: w.square[a.argmax(-1)] + b,
    "max along": lambda w, v, a, b, c: a - a.max(-1, keepdim=True)[0],
    "min of two": lambda w, v, a, b, c: torch.min(a, b),
    "any": lambda w, v, a, b, c: (a > 0).any(-1, True) * b + (a > b).all(-1, True) * c,
    "count": lambda w, v, a, b, c: (a > b).sum(-1, keepdim=True) * c / a.shape[1],
    # along an axis
    "cumsum": lambda w, v, a, b, c: a.cumsum(-1) / a.shape[1],
    "cumprod": lambda w, v, a, b, c: a.sigmoid().cumprod(-1),
    "logcumsumexp": lambda w, v, a, b, c: 0.5 * a.tanh().logcumsumexp(-1),
    "prod": lambda w, v, a, b, c: a.tanh().prod(-1, keepdim=True) * b,
    "var": lambda w, v, a, b, c: a.tanh().var(-1, unbiased=False, keepdim=True) * b,
    "norm": lambda w, v, a, b, c: a / (1 + a.norm(dim=-1, keepdim=True)),
    "flip": lambda w, v, a, b, c: a.flip(-1),
    # of several
    "conv1d": lambda w, v, a, b, c: functional.conv1d(a[:, None], w.kernel, padding=1)[:, 0],
    "circular": lambda w, v, a, b, c: functional.conv1d(
        torch.cat([a[:, -1:], a, a[:, :1]], -1)[:, None], w.kernel
    )[:, 0],
    "group norm": lambda w, v, a, b, c: normalised_groups(a),
    "attention": lambda w, v, a, b, c: attended(a, b, c),
    "einsum": lambda w, v, a, b, c: torch.einsum("bi,...ij,bj->bi", a, w.square, b).tanh(),
    "cosine": lambda w, v, a, b, c: functional.cosine_similarity(a, b + 0.1, -1)[:, None] * c,
    "normalize": lambda w, v, a, b, c: functional.normalize(a, dim=-1, eps=0.1),
    "bilinear": lambda w, v, a, b, c: functional.bilinear(a.tanh(), b.tanh(), w.square[None]) * c,
    "gated": lambda w, v, a, b, c: functional.glu(torch.cat([a, b], -1)),
    "moved batch": lambda w, v, a, b, c: by_blocks(w, a, b),
    "batch behind": lambda w, v, a, b, c: (w.square @ a.T + w.scale[:, None]).T,
    "vmap": lambda w, v, a, b, c: torch.vmap(lambda u, z: u * z.mean())(a, b),
    "script": lambda w, v, a, b, c: scripted(a, b),
    # gradients of their own
    "spike": lambda w, v, a, b, c: Spike.apply(a - 0.05) * b,
    "own function": lambda w, v, a, b, c: sum(Swapped.apply(a.tanh(), b.tanh())),
    "straight through": lambda w, v, a, b, c: a + (a.round() - a).detach(),
    "heaviside": lambda w, v, a, b, c: torch.heaviside(a.detach(), a.new_tensor(0.5)) * b,
    "detached": lambda w, v, a, b, c: a.detach() * b.tanh(),
    # in place
    "in place": lambda w, v, a, b, c: changed_in_place(a, b, c),
    "filled": lambda w, v, a, b, c: filled(a, b, c),
    # functions of parameters alone
    "orthogonal": lambda w, v, a, b, c: orthogonal(w, a),
    "inverse": lambda w, v, a, b, c: inverted(w, a),
    "triangle": lambda w, v, a, b, c: functional.linear(a, w.square.tril() * w.scale),
    # by whole numbers of the state
    "every third": lambda w, v, a, b, c: counted(v, a, b),
    "clocked": lambda w, v, a, b, c: clocked(v, a, b),
    "flagged": lambda w, v, a, b, c: torch.where(v.flags, a, b),
    # pointwise
    "masked": lambda w, v, a, b, c: a.masked_fill(b > 0.1, -0.3),
    "remainder": lambda w, v, a, b, c: torch.remainder(a, b.abs() + 0.5),
    "fmod": lambda w, v, a, b, c: torch.fmod(a, 0.7) - b,
    "floored": lambda w, v, a, b, c: 0.1 * torch.floor_divide(a.detach(), 0.3) * b.tanh(),
    "atan2": lambda w, v, a, b, c: torch.atan2(a, b.abs() + 0.2),
    "clamp": lambda w, v, a, b, c: a.clamp(-b.abs(), c.abs() + 0.1),
    "lerp": lambda w, v, a, b, c: torch.lerp(a, b, c.sigmoid()),
    "power": lambda w, v, a, b, c: (a.abs() + 0.2) ** b.tanh(),
    "hypot": lambda w, v, a, b, c: torch.hypot(a, b + 0.3),
    "logaddexp": lambda w, v, a, b, c: 0.5 * torch.logaddexp(a.tanh(), b.tanh()),
    "gelu": lambda w, v, a, b, c: functional.gelu(a) - functional.softplus(b),
    "scaled": lambda w, v, a, b, c: torch.addcmul(a, b.tanh(), w.scale, value=0.3),
    "quotient": lambda w, v, a, b, c: a / (1 + b.abs()),
}
