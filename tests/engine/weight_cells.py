"""Cells whose weights are computed from weights, in every form that people write."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st

__all__ = ["FORMS", "ByWeights"]

SIZE = 6


def eye(w):
    return torch.eye(w.shape[0], dtype=w.dtype)


def reflected(h, v):
    """Return a state reflected at the hyperplane of each row of v, in turn."""
    for row in v:
        h = h - 2 * (h @ row)[:, None] * row / (row @ row)
    return h


def reflection(v):
    """Return the product of the reflections as a matrix."""
    made = eye(v)
    for row in v[:3]:
        made = made - 2 * torch.outer(made @ row, row) / row.dot(row)
    return made


# A matrix (SIZE, SIZE) of parameters: w and u are (SIZE, SIZE), v and d (SIZE,), s a number.
MATRICES = {
    "w": lambda w, u, v, d, s: w,
    "w - w.T": lambda w, u, v, d, s: w - w.T,
    "w.t() - w": lambda w, u, v, d, s: w.t() - w,
    "w + w.mT": lambda w, u, v, d, s: w + w.mT,
    "(w - w.T) / 2 - 0.1 * eye": lambda w, u, v, d, s: (w - w.T) / 2 - 0.1 * eye(w),
    "w - u": lambda w, u, v, d, s: w - u,
    "equal numbers": lambda w, u, v, d, s: torch.full((SIZE, SIZE), 1 / SIZE, dtype=w.dtype),
    "w * u": lambda w, u, v, d, s: w * u,
    "w * w": lambda w, u, v, d, s: w * w,
    "w @ u": lambda w, u, v, d, s: w @ u,
    "w @ w.T": lambda w, u, v, d, s: w @ w.T,
    "w @ u @ w.T": lambda w, u, v, d, s: w @ u @ w.T,
    "w @ w": lambda w, u, v, d, s: w @ w,
    "low rank": lambda w, u, v, d, s: w[:, :2] @ u[:2],
    "low rank and diagonal": lambda w, u, v, d, s: w[:, :2] @ u[:, :2].T + d * eye(w),
    "exp(w)": lambda w, u, v, d, s: torch.exp(w),
    "tanh(w) * s": lambda w, u, v, d, s: torch.tanh(w) * s,
    "s * w": lambda w, u, v, d, s: s * w,
    "w / s": lambda w, u, v, d, s: w / (1 + s * s),
    "v[:, None] * w": lambda w, u, v, d, s: v[:, None] * w,
    "w * v": lambda w, u, v, d, s: w * v,
    "v * w * d[:, None]": lambda w, u, v, d, s: v * w * d[:, None],
    "softmax(w)": lambda w, u, v, d, s: w.softmax(-1),
    "softmax(w, 0)": lambda w, u, v, d, s: w.softmax(0),
    "log_softmax(w)": lambda w, u, v, d, s: w.log_softmax(1),
    "w / norm of rows": lambda w, u, v, d, s: w / w.norm(dim=1, keepdim=True),
    "w / norm of columns": lambda w, u, v, d, s: w / w.norm(dim=0, keepdim=True),
    "w / norm": lambda w, u, v, d, s: w / w.norm(),
    "normalize(w)": lambda w, u, v, d, s: functional.normalize(w, dim=1),
    "weight norm": lambda w, u, v, d, s: v[:, None] * w / w.norm(dim=1, keepdim=True),
    "w - mean": lambda w, u, v, d, s: w - w.mean(1, keepdim=True),
    "standardised": lambda w, u, v, d, s: (w - w.mean()) / w.std(),
    "layer_norm(w)": lambda w, u, v, d, s: functional.layer_norm(w, (SIZE,)),
    "tril(w)": lambda w, u, v, d, s: w.tril(),
    "triu(w, 1)": lambda w, u, v, d, s: w.triu(1),
    "tril(w) - triu(u)": lambda w, u, v, d, s: w.tril() - u.triu(),
    "masked": lambda w, u, v, d, s: w * (1 - eye(w)),
    "masked_fill": lambda w, u, v, d, s: w.masked_fill(eye(w).bool(), 0.0),
    "where": lambda w, u, v, d, s: torch.where(w > 0, w, u),
    "diagonal": lambda w, u, v, d, s: d * eye(w),
    "outer": lambda w, u, v, d, s: v[:, None] * d[None],
    "outer by einsum": lambda w, u, v, d, s: torch.einsum("i,j->ij", v, d),
    "torch.outer": lambda w, u, v, d, s: torch.outer(v, d),
    "w + outer": lambda w, u, v, d, s: w + v[:, None] * v[None],
    "eye - outer": lambda w, u, v, d, s: eye(w) - 2 * torch.outer(v, v) / (v @ v),
    "reflections": lambda w, u, v, d, s: reflection(w),
    "first order Cayley": lambda w, u, v, d, s: (eye(w) - (w - w.T)) @ (eye(w) + 0.1 * (w - w.T)),
    "exponential series": lambda w, u, v, d, s: eye(w) + (w - w.T) + (w - w.T) @ (w - w.T) / 2,
    "cat of blocks": lambda w, u, v, d, s: torch.cat([w[:3], u[3:]], 0),
    "cat of blocks of columns": lambda w, u, v, d, s: torch.cat([w[:, :3], u[:, 3:]], 1),
    "cat of a block twice": lambda w, u, v, d, s: torch.cat([w[:3], w[:3]], 0),
    "block matrix": lambda w, u, v, d, s: torch.cat(
        [torch.cat([w[:3, :3], -u[:3, :3]], 1), torch.cat([u[:3, :3], w[:3, :3]], 1)], 0
    ),
    "stack of rows": lambda w, u, v, d, s: torch.stack([v, d, v * d, v + d, v, -d], 0),
    "stack of columns": lambda w, u, v, d, s: torch.stack([v, d, v * d, v + d, v, -d], 1),
    "circulant": lambda w, u, v, d, s: torch.stack([v.roll(k) for k in range(SIZE)]),
    "Toeplitz": lambda w, u, v, d, s: torch.cat([v, d])[
        torch.arange(SIZE)[:, None] - torch.arange(SIZE)[None] + SIZE - 1
    ],
    "flip": lambda w, u, v, d, s: w.flip(0),
    "flip of columns": lambda w, u, v, d, s: w.flip(1) + w,
    "w[::2] twice": lambda w, u, v, d, s: w[::2].repeat(2, 1),
    "expanded row": lambda w, u, v, d, s: v.expand(SIZE, -1),
    "expanded column": lambda w, u, v, d, s: v[:, None].expand(-1, SIZE),
    "permuted rows": lambda w, u, v, d, s: w[[2, 0, 1, 5, 4, 3]],
    "view of a vector": lambda w, u, v, d, s: w.reshape(-1)[:36].view(SIZE, SIZE),
    "reshaped transpose": lambda w, u, v, d, s: w.t().reshape(SIZE, SIZE),
    "Kronecker": lambda w, u, v, d, s: (w[:2, None, :2, None] * u[None, :3, None, :3]).reshape(
        SIZE, SIZE
    ),
    "kron": lambda w, u, v, d, s: torch.kron(w[:2, :2], u[:3, :3]),
    "cumsum": lambda w, u, v, d, s: w.cumsum(0) - u.cumsum(-1),
    "stack of one vector": lambda w, u, v, d, s: torch.stack([v] * SIZE),
    "joined to five and seven": lambda w, u, v, d, s: torch.cat(
        [torch.cat([w[:, :5], u[:, :2]], 1)[:, 1:3], torch.cat([w, u[:1]])[:6, :4]], 1
    ),
    "unused part": lambda w, u, v, d, s: torch.cat([w, u]).chunk(2)[0],
    "beside constants": lambda w, u, v, d, s: (
        torch.cat([w[:, :2], torch.ones_like(w[:, 2:])], 1)
        @ torch.linspace(-1, 1, SIZE * SIZE, dtype=w.dtype).view(SIZE, SIZE)
    ),
    "sum of many": lambda w, u, v, d, s: sum(w.roll(k, 0) * u for k in range(3)),
    "w.sum as scale": lambda w, u, v, d, s: w / (1 + w.abs().sum()),
    "w.amax as scale": lambda w, u, v, d, s: w / (1 + w.abs().amax()),
    "sigmoid gates": lambda w, u, v, d, s: torch.sigmoid(w) * u + (1 - torch.sigmoid(w)) * w,
    "w.detach": lambda w, u, v, d, s: w.detach() * u,
    "round with straight gradient": lambda w, u, v, d, s: w + ((4 * w).round() / 4 - w).detach(),
    "double negative": lambda w, u, v, d, s: -(-w).t(),
    "the same twice": lambda w, u, v, d, s: w + w,
    "power": lambda w, u, v, d, s: w**2 + w**3,
}

# How a state (batch, SIZE) is multiplied with it.
USES = {
    "h @ m": lambda h, m: h @ m,
    "h @ m.T": lambda h, m: h @ m.T,
    "linear": lambda h, m: functional.linear(h, m),
    "einsum": lambda h, m: torch.einsum("ij,bj->bi", m, h),
    "(m @ h.t()).t()": lambda h, m: (m @ h.t()).t(),
    "both ways": lambda h, m: h @ m - 0.5 * (h @ m.T),
    "by columns": lambda h, m: (m @ h[:, :, None]).squeeze(-1),
    "sliced": lambda h, m: torch.cat([h @ m[:, :2], h[:, :4] @ m[:4, 2:]], -1),
}

FORMS = {name: (make, USES["h @ m"]) for name, make in MATRICES.items()}
for name in (
    "w",
    "w - w.T",
    "w * u",
    "w @ u",
    "exp(w)",
    "outer",
    "flip",
    "w / norm of rows",
    "s * w",
):
    for use, apply in USES.items():
        FORMS[f"{use} of {name}"] = (MATRICES[name], apply)
FORMS["reflected state"] = (lambda w, u, v, d, s: w[:3], reflected)


class ByWeights(st.Cell):
    """h' = tanh(form(h) / 2 + V x), where the form's matrix is made of parameters."""

    def __init__(self, name, size=SIZE):
        super().__init__(3, size)
        self.name = name
        self.enter = nn.Linear(3, size)
        generator = torch.Generator().manual_seed(3)

        def drawn(*shape):
            return nn.Parameter(0.5 * torch.randn(shape, generator=generator))

        self.w, self.u, self.v, self.d = (
            drawn(size, size),
            drawn(size, size),
            drawn(size),
            drawn(size),
        )
        self.s = nn.Parameter(torch.tensor(0.7))

    def forward(self, x, state):
        make, use = FORMS[self.name]
        matrix = make(self.w, self.u, self.v, self.d, self.s)
        return torch.tanh(0.5 * use(state, matrix) + self.enter(x))
