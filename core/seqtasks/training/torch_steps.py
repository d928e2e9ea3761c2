"""Train step by step: a forward pass, torch's autograd, torch's own optimiser."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.engine.contract.optimizer_values import OptimizerValues
from seqtasks.models.calling import with_penalty
from seqtasks.models.loss import sequence_loss
from seqtasks.randomness.counted_draws import CountedDraws, DrawKey
from seqtasks.randomness.philox import StepKeys
from seqtasks.randomness.torch_streams import RandomStream
from seqtasks.tasks.learning_rates import Schedule
from seqtasks.tasks.settings import LossReduction
from seqtasks.training.batches import BatchSource, TorchBatch
from seqtasks.training.between_steps import BetweenSteps
from seqtasks.training.optimizers import build_optimizer
from seqtasks.training.parameters import trained_parameters
from seqtasks.training.random_draws import Draws, draws_of

__all__ = ["TorchSteps"]


class TorchSteps:
    """Makes the training steps of any module.

    Args:
        model: the module.
        source: the source of its batches.
        optimizer: the values of the optimiser.
        clip: the largest norm of the gradient.
        reduction: the reduction of the loss.
        stream: the stream of the model's draws; None for a model that draws nothing.
        draws: how the model draws; None to find out by a trial before the first step.
        keys: the keys of the steps' draws, if they are functions of their places.
        between: what the model does between the steps.

    Attributes:
        threads: the number of threads that torch uses.
    """

    def __init__(
        self,
        model: nn.Module,
        source: BatchSource,
        optimizer: OptimizerValues,
        clip: float | None,
        reduction: LossReduction,
        schedule: Schedule,
        stream: RandomStream | None = None,
        draws: Draws | None = None,
        keys: StepKeys | None = None,
        between: BetweenSteps | None = None,
    ) -> None:
        self._model, self._source, self._clip = model, source, clip
        self._stream, self._keys, self._between = stream, keys, between
        self._dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
        self._draws: Draws | None = draws
        # a scripted module's are a mapping that has no iterator
        names = [(part, tuple(part._buffers.keys())) for part in model.modules()]
        self._buffers = [(part, name) for part, own in names for name in own]
        self._reduction: LossReduction = reduction
        self._parameters = trained_parameters(model)
        self._optimizer = build_optimizer(optimizer, self._parameters)
        self._learning_rate, self._schedule = optimizer.learning_rate, schedule

    @property
    def threads(self) -> int:
        """The number of threads that torch uses."""
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
        if self._between is not None:
            self._between.annealing.set(step)
        value = self._gradients(self._source.batch(step), step)
        if value - value == 0:
            if self._clip is not None:
                nn.utils.clip_grad_norm_(self._parameters, self._clip)
            rate = self._learning_rate * float(self._schedule.shares(step, 1)[0])
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
            if self._between is not None:
                self._between.constraints.apply()
        return value

    def _gradients(self, batch: TorchBatch, step: int) -> float:
        """Leave the gradients of a batch in the parameters, and return the loss.

        The model draws by the step's key, and else from the stream.
        """
        stream, device = self._stream, batch.inputs.device
        if stream is None:
            return self._pass(batch, self._counted(step))
        if self._draws is None:
            self._draws = draws_of(self._model, batch.inputs)
        if self._draws == "nothing seen":
            kept = [self._kept(module, name) for module, name in self._buffers]
            return stream.used_by(lambda: self._pass(batch), device, lambda: self._put_back(kept))
        if self._draws == "by function":
            return self._pass(batch, stream.functions_drawing(), self._counted(step))
        everywhere = self._draws == "by operation"
        with stream.drawing() if everywhere else stream.exchanged(device):
            return self._pass(batch)

    def _counted(self, step: int) -> AbstractContextManager[Any]:
        """Return the context in which a step draws by its key."""
        if self._keys is None or self._dtype is None:
            return nullcontext()
        return CountedDraws(DrawKey(self._keys.at(step)), self._dtype)

    def _pass(self, batch: TorchBatch, *forward: AbstractContextManager[Any]) -> float:
        """Make a forward pass in some contexts, then a backward pass; return the loss."""
        self._optimizer.zero_grad()
        with ExitStack() as contexts:
            for context in forward:
                contexts.enter_context(context)
            predictions, penalty = with_penalty(self._model, batch.inputs)
        loss = sequence_loss(predictions, batch.targets, reduction=self._reduction)
        loss = loss if penalty is None else loss + penalty
        value = float(loss.detach())
        if value - value == 0:
            loss.backward()
        return value

    def _kept(self, module: nn.Module, name: str) -> tuple[Tensor | None, Tensor | None]:
        """Return a buffer, such as a running mean, and a copy of its numbers."""
        buffer = module._buffers[name]
        return buffer, None if buffer is None else buffer.clone()

    def _put_back(self, kept: list[tuple[Tensor | None, Tensor | None]]) -> None:
        """Restore the buffers as they were before a step."""
        for (module, name), (buffer, value) in zip(self._buffers, kept, strict=True):
            if buffer is not None and value is not None:
                buffer.detach().copy_(value)
            module._buffers[name] = buffer

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return the optimiser's state, by parameter and name."""
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
