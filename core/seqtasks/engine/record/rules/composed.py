"""The rules of functions that torch composes of products, norms and softmax."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError, refusal
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.normalisation import normalised_last, softmax_last
from seqtasks.engine.record.rules.places import last
from seqtasks.engine.record.rules.pointwise import Outcome, aligned
from seqtasks.engine.record.rules.products import contract
from seqtasks.engine.record.rules.reductions import axes_of, spread
from seqtasks.engine.record.rules.vector_norms import kind_of_norm, norm

__all__ = ["attention", "cosine_similarity", "group_norm", "pairwise_distance"]


def _together(
    recorder: Recorder, shape: tuple[int, ...], tensors: tuple[Any, Any]
) -> tuple[list[Node], bool]:
    """Return two operands broadcast against each other, for one row."""
    found = [recorder.find(value) for value in tensors]
    nodes, rows, axis = aligned(recorder, len(shape), found)
    if axis:
        raise UnsupportedError("its rows mix: it computes with a batch that is not the first axis")
    wide = np.broadcast_shapes(*(node.shape for node in nodes))
    return [recorder.graph.broadcast(node, wide) for node in nodes], rows


def cosine_similarity(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x1: Any,
    x2: Any,
    dim: int = 1,
    eps: float = 1e-8,
) -> Outcome:
    """Record the products of two vectors, each divided by its length.

    torch takes a length below eps for eps, and gives it the gradient of a length all the same.
    """
    graph = recorder.graph
    shape = torch.broadcast_shapes(x1.shape, x2.shape)
    nodes, rows = _together(recorder, shape, (x1, x2))
    (axis,) = axes_of(recorder, Tracked(torch.empty(shape), nodes[0], rows), dim)
    units: list[Node] = []
    for node in (last(graph, node, axis) for node in nodes):
        length = norm(graph, node, len(node.shape) - 1)
        short = graph.pointwise("less", length, eps)
        least = graph.apart(graph.pointwise("where", short, eps, length), "least length")
        graph.with_pullback(least, lambda g, length=length: [(length, g)])
        units.append(graph.divide(node, spread(graph, least, node)))
    return graph.sum(graph.multiply(*units), len(units[0].shape) - 1), rows


def pairwise_distance(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x1: Any,
    x2: Any,
    p: float = 2.0,
    eps: float = 1e-6,
    keepdim: bool = False,
) -> Outcome:
    graph = recorder.graph
    shape = torch.broadcast_shapes(x1.shape, x2.shape)
    (a, b), rows = _together(recorder, shape, (x1, x2))
    if not a.shape:
        raise UnsupportedError("its rows mix: it takes a distance over the batch")
    away = graph.add(graph.subtract(a, b), eps)
    keep = len(away.shape) - 1
    length = norm(graph, away, keep, kind_of_norm(p))
    return (graph.reshape(length, (*length.shape, 1)) if keepdim else length), rows


def group_norm(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    *args: Any,
) -> Outcome:
    """Record group_norm of (batch, channels, ...)."""
    source, graph = recorder.find(x), recorder.graph
    if not source.rows or len(recorder.rows) > 1 or not source.node.shape:
        raise UnsupportedError("it calls group_norm on other than a batch of channels")
    shape = source.node.shape
    grouped = graph.reshape(source.node, (num_groups, math.prod(shape) // num_groups))
    node = graph.reshape(normalised_last(graph, grouped, 1, eps), shape)
    ones = (1,) * (len(shape) - 1)
    for given, combine in ((weight, graph.multiply), (bias, graph.add)):
        if given is not None:
            by_channel = recorder.find(given).node
            node = combine(node, graph.reshape(by_channel, (shape[0], *ones)))
    return node, True


def attention(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Outcome:
    """Record scaled_dot_product_attention; where a mask leaves nothing, the result is zero."""
    if dropout_p:
        raise refusal("draws", "scaled_dot_product_attention")
    if enable_gqa or is_causal:
        raise UnsupportedError("it calls scaled_dot_product_attention with options")
    graph = recorder.graph
    found = [recorder.find(t) for t in (query, key, value)]
    ranks = {len(f.node.shape) for f in found}
    if not all(f.rows for f in found) or len(ranks) > 1 or min(ranks) < 2:
        raise UnsupportedError("it attends to other than (batch, ..., slots, features)")
    q, k, v = (f.node for f in found)
    lead = "abcdefg"[: len(q.shape) - 2]
    factor = math.sqrt(1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    scores = contract(
        graph,
        graph.multiply(q, factor),
        graph.multiply(k, factor),
        (lead + "LE", lead + "SE", lead + "LS"),
    )
    if attn_mask is not None:
        scores = _masked(recorder, scores, attn_mask, len(recorder.rows))
    if attn_mask is None:
        shares = softmax_last(graph, scores, len(scores.shape) - 1)
    else:
        greatest = spread(graph, graph.maximum_of(scores, len(scores.shape) - 1), scores)
        nothing = graph.pointwise("equal", greatest, -math.inf)
        scores = graph.pointwise("where", nothing, 0.0, scores)
        shares = softmax_last(graph, scores, len(scores.shape) - 1)
        shares = graph.pointwise("where", nothing, 0.0, shares)
    return contract(graph, shares, v, (lead + "LS", lead + "SV", lead + "LV")), True


def _masked(recorder: Recorder, scores: Node, mask: Tensor, count: int) -> Node:
    graph = recorder.graph
    like = Tracked(torch.empty((*recorder.rows, *scores.shape)), scores, True)
    given = recorder.find(mask)
    (node, allowed), _, axis = aligned(recorder, like.tensor.dim(), [like, given])
    if axis:
        raise UnsupportedError("its rows mix: it computes with a batch that is not the first axis")
    if mask.dtype == torch.bool:
        allowed = graph.pointwise("where", allowed, 0.0, -math.inf)
    return graph.add(node, allowed)
