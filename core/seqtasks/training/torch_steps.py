"""Training steps one by one: a pass forward, torch's autograd, torch's own optimiser."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.engine.optimizer_values import OptimizerValues
from seqtasks.model import sequence_loss
from seqtasks.schedules import Schedule
from seqtasks.settings import LossReduction
from seqtasks.training.data import BatchSource
from seqtasks.training.optimizers import build_optimizer
from seqtasks.training.parameters import trained_parameters

__all__ = ["TorchSteps", "predictions_of"]


def predictions_of(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return a model's predictions, (batch, time, ...); a model may return a state beside them."""
    result = model(inputs)
    return result[0] if isinstance(result, tuple) else result


class TorchSteps:
    """Makes the training steps of any module.

    Attributes:
        threads: that torch uses.
    """

    def __init__(
        self,
        model: nn.Module,
        source: BatchSource,
        optimizer: OptimizerValues,
        clip: float | None,
        reduction: LossReduction,
        schedule: Schedule,
    ) -> None:
        self._model, self._source, self._clip = model, source, clip
        self._reduction: LossReduction = reduction
        self._parameters = trained_parameters(model)
        self._optimizer = build_optimizer(optimizer, self._parameters)
        self._learning_rate, self._schedule = optimizer.learning_rate, schedule

    @property
    def threads(self) -> int:
        """How many torch uses."""
        return torch.get_num_threads()

    def advance(self, step: int, steps: int, stop: Callable[[], bool]) -> list[float]:
        """Make steps and return their losses; see `Trainer.advance`."""
        losses: list[float] = []
        while len(losses) < steps:
            losses.append(self._train_step(step + len(losses)))
            if losses[-1] - losses[-1] != 0 or stop():  # infinite or not a number
                break
        return losses

    def _train_step(self, step: int) -> float:
        batch = self._source.batch(step)
        self._optimizer.zero_grad()
        predictions = predictions_of(self._model, batch.inputs)
        loss = sequence_loss(predictions, batch.targets, reduction=self._reduction)
        value = float(loss.detach())
        if value - value == 0:
            loss.backward()
            if self._clip is not None:
                nn.utils.clip_grad_norm_(self._parameters, self._clip)
            rate = self._learning_rate * float(self._schedule.shares(step, 1)[0])
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
        return value

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return what the optimiser keeps, by parameter and name."""
        return {
            f"{index}.{key}": value
            for index, values in self._optimizer.state_dict()["state"].items()
            for key, value in values.items()
            if isinstance(value, Tensor)
        }

    def restore(self, tensors: dict[str, Tensor], step: int) -> None:
        """Put back what `optimizer_state` returned at a step."""
        state: dict[int, dict[str, Any]] = {}
        for key, value in tensors.items():
            index, _, name = key.partition(".")
            state.setdefault(int(index), {})[name] = value.clone()
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})
