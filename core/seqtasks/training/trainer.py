"""Training advances a model by a stretch of steps; its whole state can be taken and put back."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.model import sequence_loss
from seqtasks.settings import LossReduction
from seqtasks.torch_randomness import borrowed_random_state, own_random_stream
from seqtasks.training.data import BatchSource
from seqtasks.training.optimizers import build_optimizer

__all__ = ["Trainer", "predictions_of", "scoring"]


def predictions_of(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return a model's predictions, (batch, time, ...); a model may return a state beside them."""
    result = model(inputs)
    return result[0] if isinstance(result, tuple) else result


@contextmanager
def scoring(model: nn.Module) -> Generator[None, None, None]:
    """Run a model in evaluation mode without gradients; put each part's mode back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, was_training in modes:
            module.training = was_training


class Trainer:
    """A model in training.

    Attributes:
        model: the module being trained: from inputs to predictions, or (predictions, state).
        step: training steps made so far.
    """

    def __init__(
        self,
        model: nn.Module,
        source: BatchSource,
        optimizer: str,
        learning_rate: float,
        clip: float | None = None,
        loss_reduction: LossReduction = "mean",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.step = 0
        self._source = source
        self._optimizer = build_optimizer(optimizer, model.parameters(), learning_rate)
        self._clip = clip
        self._reduction: LossReduction = loss_reduction
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._gpu = next((p.device for p in self._parameters if p.is_cuda), None)
        with own_random_stream(seed, "forward"):
            self._random = self._random_states()

    def advance(self, steps: int, stop: Callable[[], bool] = lambda: False) -> list[float]:
        """Train for a stretch of steps and return the loss of each.

        It ends early at a loss that is not finite, which is then the last one, and after a step
        at which `stop` says so. Random draws inside the model come from the trainer's own stream.
        """
        losses: list[float] = []
        self.model.train()
        with borrowed_random_state():
            self._set_random_states(self._random)
            while len(losses) < steps:
                losses.append(self._train_step())
                if losses[-1] - losses[-1] != 0 or stop():  # infinite or not a number
                    break
            self._random = self._random_states()
        return losses

    def _train_step(self) -> float:
        batch = self._source.batch(self.step)
        self._optimizer.zero_grad()
        predictions = predictions_of(self.model, batch.inputs)
        loss = sequence_loss(predictions, batch.targets, reduction=self._reduction)
        value = float(loss.detach())
        if value - value == 0:
            loss.backward()
            if self._clip is not None:
                nn.utils.clip_grad_norm_(self._parameters, self._clip)
            self._optimizer.step()
        self.step += 1
        return value

    def close(self) -> None:
        """End what the batches keep going; the trainer may still be used."""
        self._source.close()

    def is_finite(self) -> bool:
        """Say whether every weight is finite: a finite loss may have a gradient that is not."""
        return all(bool(p.isfinite().all()) for p in self._parameters)

    def state(self) -> dict[str, Tensor]:
        """Return copies of everything that later steps depend on, beside the step number."""
        tensors = {f"model.{key}": value for key, value in self.model.state_dict().items()}
        for index, values in self._optimizer.state_dict()["state"].items():
            for key, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{index}.{key}"] = value
        for index, value in enumerate(self._random):
            tensors[f"random.{index}"] = value
        return {key: value.detach().clone() for key, value in tensors.items()}

    def restore(self, tensors: dict[str, Tensor], step: int) -> None:
        """Put back what `state` returned at a step.

        Raises:
            RuntimeError, KeyError: if the tensors are not those of this model.
        """
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "random": {}}
        for key, value in tensors.items():
            part, _, name = key.partition(".")
            parts[part][name] = value
        self.model.load_state_dict(parts["model"])
        state: dict[int, dict[str, Any]] = {}
        for key, value in parts["optimizer"].items():
            index, _, name = key.partition(".")
            state.setdefault(int(index), {})[name] = value.clone()
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})
        self._random = [parts["random"][str(index)] for index in range(len(parts["random"]))]
        self.step = step

    def _random_states(self) -> list[Tensor]:
        states = [torch.get_rng_state()]
        return states if self._gpu is None else [*states, torch.cuda.get_rng_state(self._gpu)]

    def _set_random_states(self, states: list[Tensor]) -> None:
        torch.set_rng_state(states[0])
        if self._gpu is not None:
            torch.cuda.set_rng_state(states[1], self._gpu)
