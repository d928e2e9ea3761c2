"""torch's attention with several heads, written out with the heads in an axis of their own.

torch folds the heads into the batch, so that its rows mix.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = ["dot_product", "heads_together"]


def heads_together(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Any:
    """Return multi_head_attention_forward of (slots, batch, features)."""
    if query.dim() != 3 or static_k is not None or static_v is not None:
        return NotImplemented
    size = query.shape[-1] // num_heads
    weights: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
    if not use_separate_proj_weight:
        assert in_proj_weight is not None
        weights = in_proj_weight.chunk(3)
    biases: Any = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    given = [x.transpose(0, 1) for x in (query, key, value)]
    q, k, v = (functional.linear(*each) for each in zip(given, weights, biases, strict=True))
    batch = q.shape[0]
    if bias_k is not None and bias_v is not None:
        k = torch.cat([k, bias_k.expand(batch, -1, -1)], 1)
        v = torch.cat([v, bias_v.expand(batch, -1, -1)], 1)
    if add_zero_attn:
        k, v = (functional.pad(x, (0, 0, 0, 1)) for x in (k, v))
    q, k, v = (x.unflatten(-1, (num_heads, size)).transpose(1, 2) for x in (q, k, v))
    scores = (q * math.sqrt(1 / size)) @ k.transpose(-2, -1)
    more = k.shape[-2] - key.shape[0]
    for mask in _masks(attn_mask, key_padding_mask, batch, num_heads, more):
        hidden = mask.dtype == torch.bool
        scores = scores.masked_fill(mask, -math.inf) if hidden else scores + mask
    shares = functional.dropout(scores.softmax(-1), dropout_p, training)
    made = (shares @ v).transpose(1, 2).flatten(2).transpose(0, 1)
    made = functional.linear(made, out_proj_weight, out_proj_bias)
    if not need_weights:
        return made, None
    return made, shares.mean(1) if average_attn_weights else shares


def _masks(
    attn_mask: Tensor | None, key_padding_mask: Tensor | None, batch: int, heads: int, more: int
) -> list[Tensor]:
    """Return masks that fit (batch, heads, slots, slots); what was added to the keys is seen."""
    found: list[Tensor] = []
    if attn_mask is not None:
        folded = attn_mask.dim() == 3
        found.append(attn_mask.unflatten(0, (batch, heads)) if folded else attn_mask)
    if key_padding_mask is not None:
        found.append(key_padding_mask[:, None, None, :])
    return [functional.pad(mask, (0, more)) for mask in found] if more else found


def dot_product(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Return scaled_dot_product_attention with what its rule does not take."""
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (x.repeat_interleave(times, -3) for x in (key, value))
    elif not is_causal and query.dim() == key.dim() == value.dim():
        return NotImplemented
    if is_causal:
        if attn_mask is not None:
            raise UnsupportedError("it attends to what came before, and by a mask of its own")
        sizes = query.shape[-2], key.shape[-2]
        attn_mask = torch.ones(sizes, dtype=torch.bool).tril()
    lead = torch.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value)))
    query, key, value = (x.expand(*lead, *x.shape[-2:]) for x in (query, key, value))
    return functional.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, scale=scale
    )
