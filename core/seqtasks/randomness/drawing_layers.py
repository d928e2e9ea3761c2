"""torch's recurrent layers with dropout between them: layers by torch, dropouts by a source.

A step may call `nn.GRU`, `nn.LSTM` or `nn.RNN` of several layers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["layers_with_dropout"]

Drop = Callable[[Any, Tensor, float], Any]
"""A dropout: from a source of numbers, a tensor (batch, ...) and a probability to a tensor."""


def layers_with_dropout(function: Callable[..., Any], drop: Drop) -> Callable[..., Any]:
    """Return one of torch's functions of recurrent layers, such as `torch.gru`.

    Args:
        function: torch's own.
        drop: the dropout between two layers.
    """

    def run(source: Any, x: Tensor, state: Any, *args: Any) -> Any:
        if len(args) != 7 or not isinstance(args[0], tuple | list):  # a packed sequence
            return NotImplemented
        weights, with_biases, layers, p, training, both_ways, batch_first = args
        if not (training and layers > 1 and 0 < p < 1):
            return NotImplemented
        states: Sequence[Tensor] = [state] if isinstance(state, Tensor) else state
        ways, each = 2 if both_ways else 1, len(weights) // layers
        ended: list[Sequence[Tensor]] = []
        for layer in range(layers):
            if layer:  # the draws of a row are its own, so the batch is the first axis of them
                dropped = drop(source, x if batch_first else x.transpose(0, 1), p)
                x = dropped if batch_first else dropped.transpose(0, 1)
            own = weights[layer * each : (layer + 1) * each]
            begin = [one[layer * ways : (layer + 1) * ways] for one in states]
            given = begin[0] if isinstance(state, Tensor) else tuple(begin)
            x, *last = function(
                x, given, own, with_biases, 1, 0.0, training, both_ways, batch_first
            )
            ended.append(last)
        return x, *(torch.cat(parts) for parts in zip(*ended, strict=True))

    return run
