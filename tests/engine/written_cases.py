"""How each function that is written out is called, at special numbers as at others.

A call gets x (cases, width) of a kind of `edge_cases`: zeros, bounds, ties, equal rows, infinities,
what is no number.
"""

import torch
from edge_cases import Edge
from torch.nn import functional

__all__ = ["WRITTEN_EDGES"]


def square(x):
    return x.view(-1, 2, 2)


def finite(x):
    """Return numbers in place of infinities, and ordinary sizes."""
    return torch.where(x.isfinite(), x, 0.5).clamp(-3, 3)


def pair(f):
    return lambda x: f(x[:, :1], x[:, 1:])


def table(x, *shape):
    count = torch.Size(shape).numel()
    return torch.linspace(-1, 1, count, dtype=x.dtype).view(shape)


def flat(*parts):
    return torch.cat([part.flatten(1) for part in parts], -1)


def regular(x):
    """Return matrices that have an inverse."""
    made = torch.tanh(square(finite(x)))
    return made + 3 * torch.eye(2, dtype=x.dtype)


def weights(x):
    """Return a matrix that all rows share."""
    return table(x, 4, 4) + 3 * torch.eye(4, dtype=x.dtype)


def affine(x):
    return torch.cat([square(finite(x)), finite(x)[:, :2, None]], 2)


def places(x):
    """Return places within an image, on its pixels and beyond it."""
    return torch.stack([finite(x), finite(x).flip(1) / 2], -1).view(-1, 2, 2, 2)


def of_order(f):
    return lambda x: flat(*(part.to(x.dtype) for part in f(x)))


def apart(x):
    """Return numbers without ties, so that a place is the only one."""
    return finite(x) + 0.37 * torch.arange(x.shape[1], dtype=x.dtype)


EDGES_OF_ONE = {
    "special.ndtr": lambda x: torch.special.ndtr(x),
    "logit": lambda x: torch.logit(x, 1e-3),
    "special.logit": lambda x: torch.special.logit(x, eps=0.25),
    "round": lambda x: torch.round(x.clamp(-1e9, 1e9), decimals=2),
    "special.round": lambda x: torch.special.round(x.clamp(-1e9, 1e9), decimals=-1),
    "softplus": lambda x: functional.softplus(x, 2.0, 3.0),
    "rrelu": lambda x: functional.rrelu(x, training=False),
    "pad": lambda x: functional.pad(x, (1, 2), value=2.5),
    "bucketize": lambda x: flat(
        torch.bucketize(x.contiguous(), table(x, 5)).to(x.dtype),
        torch.bucketize(x.contiguous(), table(x, 5), right=True).to(x.dtype),
    ),
    "searchsorted": lambda x: (
        torch.searchsorted(table(x, 4), x.contiguous(), side="right").to(x.dtype) + 0 * x
    ),
    "isin": lambda x: torch.isin(x, table(x, 5)).to(x.dtype),
    "linalg.vander": lambda x: torch.linalg.vander(x.clamp(-9, 9), N=3),
    "sinc": lambda x: torch.sinc(x.clamp(-9, 9)),
    "special.entr": lambda x: torch.special.entr(x),
}
EDGES_OF_TWO = {
    "logaddexp2": pair(torch.logaddexp2),
    "isclose": pair(lambda a, b: torch.isclose(a, b, equal_nan=True).to(a.dtype) + 0 * a),
    "mse_loss": pair(lambda a, b: functional.mse_loss(a, b, reduction="none")),
    "l1_loss": pair(lambda a, b: functional.l1_loss(a, b, reduction="none")),
    "smooth_l1_loss": pair(lambda a, b: functional.smooth_l1_loss(a, b, reduction="none")),
    "huber_loss": pair(lambda a, b: functional.huber_loss(a, b, reduction="none", delta=0.7)),
    "binary_cross_entropy_with_logits": pair(
        lambda a, b: functional.binary_cross_entropy_with_logits(
            a, finite(b), pos_weight=table(a, 1) + 3, reduction="none"
        )
    ),
    "xlogy": pair(torch.xlogy),
    "special.xlog1py": pair(torch.special.xlog1py),
}
EDGES_OF_FOUR = {
    "diff": lambda x: flat(torch.diff(x), torch.diff(x, n=2, prepend=x[:, :1])),
    "cumulative_trapezoid": lambda x: torch.cumulative_trapezoid(x),
    "trapezoid": lambda x: torch.trapezoid(x, dx=0.5)[:, None],
    "trapz": lambda x: torch.trapz(x)[:, None],
    "std_mean": lambda x: flat(*(p[:, None] for p in torch.std_mean(apart(x), 1))),
    "var_mean": lambda x: flat(*torch.var_mean(apart(x), 1, keepdim=True)),
    "aminmax": lambda x: flat(*torch.aminmax(x, dim=1, keepdim=True)),
    "count_nonzero": lambda x: torch.count_nonzero(x, 1)[:, None].to(x.dtype),
    "nansum": lambda x: torch.nansum(x, 1, True),
    "nanmean": lambda x: torch.nanmean(torch.cat([finite(x)[:, :1], x], 1), 1, True),
    "kthvalue": lambda x: flat(*torch.kthvalue(apart(x), 3, 1, True)),
    "median": lambda x: flat(
        torch.median(apart(x), 1, True)[0], torch.median(x, 1)[0].detach()[:, None]
    ),
    "quantile": lambda x: flat(
        torch.quantile(apart(x), 0.3, dim=1, keepdim=True),
        torch.quantile(x.detach(), 0.5, 1)[:, None],
    ),
    "cummax": of_order(lambda x: torch.cummax(x, 1)),
    "cummin": of_order(lambda x: torch.cummin(x, -1)),
    "index_add": lambda x: x.index_add(1, torch.tensor([0, 2, 0]), x[:, 1:], alpha=2),
    "index_copy": lambda x: torch.index_copy(x, 1, torch.tensor([3, 0]), x[:, 1:3]),
    "index_fill": lambda x: x.index_fill(1, torch.tensor([1, 2]), 0.5),
    "embedding": lambda x: (
        functional.embedding(x.argmax(-1), table(x, 4, 3), padding_idx=1) + x[:, :1]
    ),
    "cross": lambda x: torch.cross(x[:, :3], x[:, 1:], dim=1),
    "linalg.cross": lambda x: torch.linalg.cross(x[:, :3], x[:, 1:]),
    "linalg.vecdot": lambda x: torch.linalg.vecdot(finite(x), apart(x))[:, None],
    "linalg.multi_dot": lambda x: torch.linalg.multi_dot(
        [finite(x), table(x, 4, 3), table(x, 3, 2)]
    ),
    "tensordot": lambda x: flat(
        torch.tensordot(finite(x), table(x, 4, 2), dims=1),
        torch.tensordot(square(finite(x)), table(x, 2, 2, 3), dims=([1, 2], [1, 0])),
    ),
    "cdist": lambda x: flat(
        torch.cdist(square(finite(x)), square(apart(x))),
        torch.cdist(square(finite(x)), table(x, 3, 2), p=1),
    ),
    "linalg.matrix_norm": lambda x: flat(
        torch.linalg.matrix_norm(square(finite(x)))[:, None],
        torch.linalg.matrix_norm(square(apart(x)), 1)[:, None],
        torch.linalg.matrix_norm(square(apart(x)), torch.inf)[:, None],
    ),
    "vector_norm 3": lambda x: torch.linalg.vector_norm(finite(x), 3, 1, True),
    "vector_norm 1.5": lambda x: torch.linalg.vector_norm(finite(x), 1.5, 1, True),
    "einsum": lambda x: flat(
        torch.einsum("bii->bi", square(x)), torch.einsum(finite(x), [0, 1], table(x, 4, 2), [1, 2])
    ),
    "avg_pool1d": lambda x: flat(
        functional.avg_pool1d(x[:, None], 2),
        functional.avg_pool1d(square(x), 2, 1, 1, False, False),
    ),
    "avg_pool2d": lambda x: functional.avg_pool2d(square(x)[:, None], 2, 1, 1),
    "avg_pool3d": lambda x: functional.avg_pool3d(square(x)[:, None, None], (1, 2, 1)),
    "max_pool1d": lambda x: flat(
        functional.max_pool1d(apart(x)[:, None], 3, 1, 1),
        functional.max_pool1d(apart(x)[:, None], 2, dilation=2),
    ),
    "max_pool2d": lambda x: functional.max_pool2d(square(apart(x))[:, None], 2, 1, 1),
    "max_pool3d": lambda x: functional.max_pool3d(square(apart(x))[:, None, None], (1, 2, 1)),
    "adaptive_avg_pool1d": lambda x: functional.adaptive_avg_pool1d(x[:, None], 3),
    "adaptive_avg_pool2d": lambda x: functional.adaptive_avg_pool2d(square(x)[:, None], (1, None)),
    "adaptive_max_pool1d": lambda x: functional.adaptive_max_pool1d(apart(x)[:, None], 3),
    "local_response_norm": lambda x: functional.local_response_norm(square(finite(x)), 2),
    "upsample_nearest1d": lambda x: functional.interpolate(x[:, None], scale_factor=2),
    "upsample_nearest2d": lambda x: functional.interpolate(square(x)[:, None], size=(3, 4)),
    "conv_transpose1d": lambda x: flat(
        functional.conv_transpose1d(finite(x)[:, None], table(x, 1, 2, 3), stride=2, padding=1),
        functional.conv_transpose1d(
            square(finite(x)), table(x, 2, 1, 2), table(x, 2), 2, 0, 1, 2, 2
        ),
    ),
    "conv_transpose2d": lambda x: functional.conv_transpose2d(
        square(finite(x))[:, None], table(x, 1, 2, 2, 2), stride=(2, 1)
    ),
    "conv_transpose3d": lambda x: functional.conv_transpose3d(
        square(finite(x))[:, None, None], table(x, 1, 1, 1, 2, 2)
    ),
    "conv3d": lambda x: functional.conv3d(
        square(finite(x))[:, None, None], table(x, 1, 1, 1, 2, 2), padding=(0, 1, 0)
    ),
    "im2col": lambda x: functional.unfold(square(x)[:, None], (1, 2), padding=1),
    "col2im": lambda x: functional.fold(
        functional.unfold(square(x)[:, None], 2, padding=1), (2, 2), 2, padding=1
    ),
    "instance_norm": lambda x: functional.instance_norm(square(apart(x)), eps=0.1),
    "batch_norm": lambda x: functional.batch_norm(
        finite(x), table(x, 4), table(x, 4).abs(), table(x, 4), table(x, 4), False, 0.1, 0.1
    ),
    "scatter_reduce": lambda x: flat(
        *(
            finite(x).scatter_reduce(
                1, torch.tensor([[1, 3, 1]]).expand(len(x), 3), one, reduce, include_self=own
            )
            for reduce in ("sum", "mean", "prod", "amax", "amin")
            for own in (True, False)
            for one in [finite(x).flip(1)[:, :3]]
        ),
        square(finite(x)).scatter_reduce(
            1, square(finite(x)).argsort(1), square(apart(x)), reduce="amax"
        ),
    ),
    "lgamma": lambda x: flat(
        torch.lgamma(finite(x) + 3), torch.lgamma(8 * finite(x)), torch.lgamma(finite(x) / 9 - 2.5)
    ),
    "digamma": lambda x: flat(torch.digamma(finite(x) + 3.5), torch.digamma(finite(x) / 9 - 2.5)),
    "polygamma": lambda x: flat(
        torch.polygamma(1, finite(x) + 3.5), torch.polygamma(2, finite(x) / 9 - 2.5)
    ),
    "i0": lambda x: torch.i0(finite(x)),
    "special.i0e": lambda x: torch.special.i0e(11 * x),
    "special.i1": lambda x: torch.special.i1(finite(x)),
    "special.i1e": lambda x: torch.special.i1e(torch.where(x.isnan(), 0.5, 11 * x)),
    "affine_grid_generator": lambda x: flat(
        functional.affine_grid(affine(x), [len(x), 1, 3, 2], align_corners=True),
        functional.affine_grid(affine(x), [len(x), 1, 1, 4], align_corners=False),
    ),
    "grid_sampler": lambda x: flat(
        *(
            functional.grid_sample(
                square(finite(x))[:, None], places(x), mode, padding, align_corners=corners
            )
            for mode in ("bilinear", "nearest")
            for padding in ("zeros", "border")
            for corners in (True, False)
        )
    ),
    "linalg.lu_solve": lambda x: flat(
        torch.linalg.lu_solve(*torch.linalg.lu_factor(weights(x)), finite(x).t()).t(),
        torch.linalg.lu_solve(
            *torch.linalg.lu_factor(weights(x)), finite(x), left=False, adjoint=True
        ),
        torch.linalg.solve(weights(x), finite(x)[:, :, None]),
        torch.linalg.solve_triangular(weights(x), finite(x)[:, :, None], upper=True),
    ),
    "linalg.inv": lambda x: torch.linalg.inv(regular(x)),
    "inverse": lambda x: regular(x).flip(1).inverse(),
    "linalg.solve": lambda x: flat(
        torch.linalg.solve(regular(x).flip(1), square(finite(x))),
        torch.linalg.solve(regular(x), finite(x)[:, :2]),
    ),
    "linalg.det": lambda x: torch.det(square(apart(x)))[:, None],
    "logdet": lambda x: torch.logdet(regular(x))[:, None],
    "linalg.cholesky": lambda x: torch.linalg.cholesky(
        regular(x) @ regular(x).mT + torch.triu(0.1 * regular(x), 1)
    ),
    "linalg.solve_triangular": lambda x: flat(
        torch.linalg.solve_triangular(regular(x), square(finite(x)), upper=False),
        torch.linalg.solve_triangular(
            regular(x), square(apart(x)), upper=True, left=False, unitriangular=True
        ),
    ),
    "cholesky_solve": lambda x: flat(
        torch.cholesky_solve(square(finite(x)), regular(x).tril()),
        torch.cholesky_solve(square(apart(x)), regular(x).triu(), upper=True),
    ),
    "linalg.matrix_exp": lambda x: torch.linalg.matrix_exp(square(finite(x))),
    "linalg.matrix_power": lambda x: flat(
        torch.linalg.matrix_power(square(finite(x)), 3), torch.matrix_power(regular(x), -2)
    ),
    "scaled_dot_product_attention": lambda x: flat(
        functional.scaled_dot_product_attention(*(square(finite(x)),) * 3, is_causal=True),
        functional.scaled_dot_product_attention(table(x, 3, 2), *(square(finite(x)),) * 2),
    ),
}

WRITTEN_EDGES = [
    Edge(name, kind, lambda x, call=call: call(x).flatten(1).to(x.dtype))
    for kind, calls in (("one", EDGES_OF_ONE), ("two", EDGES_OF_TWO), ("four", EDGES_OF_FOUR))
    for name, call in calls.items()
]
