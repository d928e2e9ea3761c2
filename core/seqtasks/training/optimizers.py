"""Optimisers by name, with their parameters as a spec string says them."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from seqtasks.binding import bind
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.spec import parse_spec

__all__ = ["OPTIMIZERS", "build_optimizer"]

Parameters = Iterable[nn.Parameter]
GIVEN = ("parameters", "learning_rate")


def adam(
    parameters: Parameters,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> torch.optim.Optimizer:
    """Adam (Kingma and Ba, 2015)."""
    return torch.optim.Adam(
        parameters, learning_rate, (beta1, beta2), epsilon, weight_decay, fused=True
    )


def adamw(
    parameters: Parameters,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> torch.optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""
    return torch.optim.AdamW(
        parameters, learning_rate, (beta1, beta2), epsilon, weight_decay, fused=True
    )


def sgd(
    parameters: Parameters,
    learning_rate: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> torch.optim.Optimizer:
    """Stochastic gradient descent, with momentum if wanted."""
    return torch.optim.SGD(
        parameters, learning_rate, momentum, weight_decay=weight_decay, nesterov=nesterov
    )


def rmsprop(
    parameters: Parameters,
    learning_rate: float,
    alpha: float = 0.99,
    epsilon: float = 1e-8,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> torch.optim.Optimizer:
    """RMSprop (Hinton, 2012)."""
    return torch.optim.RMSprop(parameters, learning_rate, alpha, epsilon, weight_decay, momentum)


OPTIMIZERS: dict[str, Any] = {"adam": adam, "adamw": adamw, "rmsprop": rmsprop, "sgd": sgd}


def build_optimizer(
    text: str, parameters: Parameters, learning_rate: float
) -> torch.optim.Optimizer:
    """Return the optimiser a spec string names, such as `adam` or `sgd:momentum=0.9`.

    Raises:
        UsageError: for an unknown name, or a parameter it does not have or take.
    """
    spec = parse_spec(text)
    if spec.path is not None or spec.name not in OPTIMIZERS:
        raise UsageError(
            f"unknown optimizer '{text}'; known: {', '.join(OPTIMIZERS)}."
            + did_you_mean(spec.name, OPTIMIZERS)
        )
    chosen = OPTIMIZERS[spec.name]
    values = bind(spec, chosen, GIVEN)
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not trained:
        raise UsageError("the model has no parameter to train")
    try:
        return chosen(trained, learning_rate, **values)
    except ValueError as error:
        raise UsageError(f"optimizer {text}: {error}") from None
