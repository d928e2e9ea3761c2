"""From each torch function that is written out to what is called in its place."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.record.written import (
    along,
    attention,
    bessel,
    gamma,
    layers,
    lookups,
    matrices,
    numbers,
    products,
    sampling,
    windows,
)

__all__ = ["WRITTEN"]

_IN_C: Any = getattr(torch._C, "_nn", None)
WRITTEN: dict[Any, Callable[..., Any]] = {}
"""What is written out returns NotImplemented for a call that has a rule as it is."""


def _written(function: Callable[..., Any], *names: str, home: Any = None) -> None:
    """Write out the torch functions, tensor methods and torch.nn.functional of these names."""
    homes = (torch, Tensor, functional, _IN_C, torch.linalg, torch.special)
    for name in names:
        for place in homes if home is None else [home]:
            found = getattr(place, name, None)
            if callable(found):
                WRITTEN[found] = function


_written(numbers.log_add_exp_2, "logaddexp2")
_written(numbers.normal_distribution, "ndtr")
_written(numbers.is_close, "isclose")
_written(numbers.taken_for_true, "_is_all_true", home=torch)
_written(numbers.logit, "logit")
_written(numbers.round_to, "round")
_written(numbers.softplus, "softplus")
_written(numbers.randomised_leak, "rrelu")
_written(numbers.padded, "pad")
_written(numbers.squared_loss, "mse_loss", home=_IN_C)
_written(numbers.absolute_loss, "l1_loss", home=_IN_C)
_written(numbers.smooth_loss, "smooth_l1_loss", home=_IN_C)
_written(numbers.logit_loss, "binary_cross_entropy_with_logits", home=torch)
_written(numbers.huber_loss, "huber_loss", home=_IN_C)
_written(along.differences, "diff")
_written(along.trapezoids, "cumulative_trapezoid")
_written(along.trapezoid, "trapezoid", "trapz")
_written(along.with_mean(torch.std), "std_mean")
_written(along.with_mean(torch.var), "var_mean")
_written(along.extremes, "aminmax")
_written(along.count_nonzero, "count_nonzero")
_written(along.sum_of_numbers, "nansum")
_written(along.mean_of_numbers, "nanmean")
_written(along.sorted_first, "msort")
_written(along.nth_smallest, "kthvalue")
_written(along.median, "median")
_written(along.quantile, "quantile")
_written(along.running_extreme(1), "cummax")
_written(along.running_extreme(-1), "cummin")
_written(along.batch_normalised, "batch_norm", home=torch)
_written(lookups.place_of, "bucketize")
_written(lookups.place_in, "searchsorted")
_written(lookups.is_in, "isin")
_written(lookups.index_add, "index_add")
_written(lookups.scatter_reduce, "scatter_reduce")
_written(lookups.index_copy, "index_copy")
_written(lookups.index_fill, "index_fill")
_written(lookups.padded_embedding, "embedding", home=functional)
_written(lookups.at_place, "__getitem__", home=Tensor)
_written(lookups.grid, "meshgrid")
_written(products.crossed, "cross", home=torch)
_written(products.crossed, "cross", home=Tensor)
_written(products.crossed_last, "cross", home=torch.linalg)
_written(products.vector_products, "vecdot")
_written(torch.matmul, "mm", home=torch.sparse)
_written(torch.matmul, "smm", "spmm", "hspmm", "dsmm")
_written(products.chained, "multi_dot", "chain_matmul")
_written(products.tensor_product, "tensordot")
_written(products.product_added, "addmv")
_written(products.outer_added, "addr")
_written(products.powers, "vander", home=torch.linalg)
_written(products.distances, "cdist")
_written(products.matrix_norm, "matrix_norm")
_written(products.einsum, "einsum")
_written(windows.average_pool(1), "avg_pool1d")
_written(windows.average_pool(2), "avg_pool2d")
_written(windows.average_pool(3), "avg_pool3d")
_written(windows.maximum_pool(1), "max_pool1d")
_written(windows.maximum_pool(2), "max_pool2d")
_written(windows.maximum_pool(3), "max_pool3d")
_written(windows.adaptive_average(1), "adaptive_avg_pool1d")
_written(windows.adaptive_average(2), "adaptive_avg_pool2d")
_written(windows.adaptive_maximum(1), "adaptive_max_pool1d")
_written(windows.nearest(1), "upsample_nearest1d")
_written(windows.nearest(2), "upsample_nearest2d")
_written(windows.transposed_convolution(1), "conv_transpose1d")
_written(windows.transposed_convolution(2), "conv_transpose2d")
_written(windows.transposed_convolution(3), "conv_transpose3d")
_written(windows.unfolded, "im2col")
_written(windows.folded, "col2im")
_written(windows.channels_normalised, "instance_norm", home=torch)
_written(gamma.log_gamma, "lgamma", "gammaln")
_written(gamma.digamma, "digamma", "psi")
_written(gamma.polygamma, "polygamma")
_written(bessel.i0, "i0")
_written(bessel.i0e, "i0e")
_written(bessel.i1, "i1")
_written(bessel.i1e, "i1e")
_written(sampling.affine_grid, "affine_grid_generator", home=torch)
_written(sampling.grid_sample, "grid_sampler", home=torch)
_written(matrices.inverse, "inverse", "inv")
_written(matrices.solution, "solve")
_written(matrices.triangular_solution, "solve_triangular")
_written(matrices.cholesky_solution, "cholesky_solve")
_written(matrices.lu_solution, "lu_solve", home=torch.linalg)
_written(matrices.exponential, "matrix_exp")
_written(matrices.determinant, "det")
_written(matrices.log_determinant, "logdet")
_written(matrices.cholesky, "cholesky")
_written(matrices.matrix_power, "matrix_power")
_written(layers.gru_layers, "gru", home=torch)
_written(layers.lstm_layers, "lstm", home=torch)
_written(layers.rnn_layers(torch.tanh), "rnn_tanh", home=torch)
_written(layers.rnn_layers(torch.relu), "rnn_relu", home=torch)
_written(attention.heads_together, "multi_head_attention_forward")
_written(attention.dot_product, "scaled_dot_product_attention")
