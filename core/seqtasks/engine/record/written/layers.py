"""torch's recurrent layers (`nn.GRU`, `nn.LSTM`, `nn.RNN`), run within a step, written out."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = ["gru_layers", "lstm_layers", "rnn_layers"]

MOST_STEPS = 64
"""The most steps of a sequence within a step."""
Step = Callable[[Tensor, list[Tensor], Sequence[Tensor]], list[Tensor]]
"""A step: from an input, its states and the weights of a layer to the next states."""


def _linear(x: Tensor, weights: Sequence[Tensor], place: int) -> Tensor:
    """Return the product with the weights at a place, 0 for the input's and 1 for the state's."""
    bias = weights[place + 2] if len(weights) > 3 else None
    return functional.linear(x, weights[place], bias)


def _gru(x: Tensor, states: list[Tensor], weights: Sequence[Tensor]) -> list[Tensor]:
    (h,) = states
    of_x = _linear(x, weights, 0).chunk(3, -1)
    of_h = _linear(h, weights, 1).chunk(3, -1)
    r, z = (torch.sigmoid(of_x[k] + of_h[k]) for k in (0, 1))
    n = torch.tanh(of_x[2] + r * of_h[2])
    return [(1 - z) * n + z * h]


def _lstm(x: Tensor, states: list[Tensor], weights: Sequence[Tensor]) -> list[Tensor]:
    h, c = states
    projected = h.shape[-1] != c.shape[-1]
    gates = _linear(x, weights[: -1 if projected else None], 0)
    gates = gates + _linear(h, weights[: -1 if projected else None], 1)
    i, f, g, o = gates.chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return [functional.linear(h, weights[-1]) if projected else h, c]


def _rnn(activation: Callable[[Tensor], Tensor]) -> Step:
    def step(x: Tensor, states: list[Tensor], weights: Sequence[Tensor]) -> list[Tensor]:
        return [activation(_linear(x, weights, 0) + _linear(states[0], weights, 1))]

    return step


def _layers(step: Step, x: Tensor, states: Sequence[Tensor], args: tuple[Any, ...]) -> Any:
    """Return (the outputs of all steps, each last state)."""
    if len(args) != 7 or not isinstance(args[0], tuple | list):  # a packed sequence
        return NotImplemented
    weights, _, layers, dropout, training, both_ways, batch_first = args
    if dropout and training and layers > 1:
        return NotImplemented
    steps = x.unbind(1 if batch_first else 0)
    if len(steps) > MOST_STEPS:
        raise UnsupportedError(f"it runs a layer over more than {MOST_STEPS} steps within a step")
    ways = 2 if both_ways else 1
    each = len(weights) // (layers * ways)
    last: list[list[Tensor]] = []
    for layer in range(layers):
        outputs: list[list[Tensor]] = []
        for way in range(ways):
            number = layer * ways + way
            own = weights[number * each : (number + 1) * each]
            state = [one[number] for one in states]
            made: list[Tensor] = []
            for one in steps if not way else steps[::-1]:
                state = step(one, state, own)
                made.append(state[0])
            outputs.append(made if not way else made[::-1])
            last.append(state)
        steps = [torch.cat(parts, -1) if both_ways else parts[0] for parts in zip(*outputs)]  # noqa: B905
    together = torch.stack(list(steps), 1 if batch_first else 0)
    return together, *(torch.stack([state[k] for state in last]) for k in range(len(states)))


def gru_layers(x: Tensor, state: Tensor, *args: Any) -> Any:
    return _layers(_gru, x, [state], args)


def lstm_layers(x: Tensor, states: Sequence[Tensor], *args: Any) -> Any:
    if isinstance(states, Tensor):  # of a packed sequence
        return NotImplemented
    return _layers(_lstm, x, states, args)


def rnn_layers(activation: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    def run(x: Tensor, state: Tensor, *args: Any) -> Any:
        return _layers(_rnn(activation), x, [state], args)

    return run
