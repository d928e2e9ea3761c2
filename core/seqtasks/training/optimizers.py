"""Optimisers by name, with parameters from a spec string."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

from seqtasks.engine.contract.optimizer_values import OptimizerValues
from seqtasks.errors import UsageError
from seqtasks.specs.bind import bind_one_of

__all__ = ["OPTIMIZERS", "build_optimizer", "optimizer_values"]

GIVEN = ("learning_rate",)


def adam(
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> OptimizerValues:
    """Adam (Kingma and Ba, 2015)."""
    return OptimizerValues(
        "adam",
        learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        weight_decay=weight_decay,
    )


def adamw(
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> OptimizerValues:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""
    return OptimizerValues(
        "adamw",
        learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        weight_decay=weight_decay,
    )


def sgd(
    learning_rate: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> OptimizerValues:
    """Stochastic gradient descent, with optional momentum."""
    if nesterov and momentum == 0:
        raise UsageError("nesterov needs a momentum above 0")
    return OptimizerValues(
        "sgd",
        learning_rate,
        momentum=momentum,
        weight_decay=weight_decay,
        nesterov=nesterov,
    )


def rmsprop(
    learning_rate: float,
    alpha: float = 0.99,
    epsilon: float = 1e-8,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> OptimizerValues:
    """RMSprop (Hinton, 2012)."""
    return OptimizerValues(
        "rmsprop",
        learning_rate,
        alpha=alpha,
        epsilon=epsilon,
        momentum=momentum,
        weight_decay=weight_decay,
    )


OPTIMIZERS: dict[str, Callable[..., OptimizerValues]] = {
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "sgd": sgd,
}


def optimizer_values(text: str, learning_rate: float) -> OptimizerValues:
    """Return the optimiser that a spec string names, such as `adam` or `sgd:momentum=0.9`.

    Raises:
        UsageError: for an unknown name, an unknown parameter, or an invalid value.
    """
    chosen, given = bind_one_of(text, OPTIMIZERS, "optimizer", GIVEN)
    for name, value in given.items():
        if isinstance(value, bool):
            continue
        below_one = name in ("beta1", "beta2")
        if not math.isfinite(value) or value < 0 or (below_one and value >= 1):
            wanted = "at least 0 and below 1" if below_one else "a finite number, at least 0"
            raise UsageError(f"optimizer {text}: {name} must be {wanted}, got {value}")
    try:
        return chosen(learning_rate, **given)
    except UsageError as error:
        raise UsageError(f"optimizer {text}: {error}") from None


def build_optimizer(
    values: OptimizerValues, parameters: Iterable[nn.Parameter]
) -> torch.optim.Optimizer:
    """Return torch's own optimiser with these values.

    Example:
        >>> import torch
        >>> from seqtasks.training.optimizers import build_optimizer, optimizer_values
        >>> weights = [torch.nn.Parameter(torch.zeros(2))]
        >>> type(build_optimizer(optimizer_values("sgd:momentum=0.9", 0.1), weights)).__name__
        'SGD'
    """
    v = values
    trained: Sequence[Any] = list(parameters)
    if v.kind == "sgd":
        return torch.optim.SGD(
            trained, v.learning_rate, v.momentum, weight_decay=v.weight_decay, nesterov=v.nesterov
        )
    if v.kind == "rmsprop":
        return torch.optim.RMSprop(
            trained, v.learning_rate, v.alpha, v.epsilon, v.weight_decay, v.momentum
        )
    kind = torch.optim.AdamW if v.kind == "adamw" else torch.optim.Adam
    betas = (v.beta1, v.beta2)
    # torch's fused CPU step requires that a parameter's numbers are contiguous in memory
    fused = all(p.is_contiguous() and p.is_floating_point() for p in trained)
    return kind(trained, v.learning_rate, betas, v.epsilon, v.weight_decay, fused=fused)
