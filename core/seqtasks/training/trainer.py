"""Advance a model by a stretch of steps; take its whole state and put it back."""

from collections.abc import Callable

from torch import Tensor, nn

from seqtasks.engine.engines import Engines
from seqtasks.errors import UsageError
from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.tasks.learning_rates import build_schedule
from seqtasks.tasks.settings import EngineName, LossReduction
from seqtasks.training.batches import BatchSource
from seqtasks.training.between_steps import BetweenSteps
from seqtasks.training.model_state import load_state, state_tensors
from seqtasks.training.native_steps import NativeSteps
from seqtasks.training.optimizers import optimizer_values
from seqtasks.training.programs_needed import with_few_programs
from seqtasks.training.random_draws import draws_of
from seqtasks.training.torch_steps import TorchSteps

__all__ = ["Trainer"]

OLD_DRAWS = (
    "it draws random numbers, and the run began when torch's own streams gave them: it goes on by "
    "the plain loop"
)
SOME = 4096
"""How many numbers of a parameter are compared to see whether training changes it."""


class Trainer:
    """A model in training.

    With `counted_draws`, random numbers are functions of their places wherever all engines can draw
    them so; without, as in runs of an earlier seqtasks, all of them come from torch's streams.

    `steps` is the number of steps of the whole training, which a model that anneals needs. Making a
    trainer applies the model's constraints for the first time.

    Attributes:
        model: the module in training: from inputs to predictions, or (predictions, state).
        step: the training steps made so far.
        engine: the engine in use, `plain`, `torch` or `native`.
        threads: the number of threads that the engine uses.
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
        engine: EngineName = "plain",
        threads: int | None = None,
        lr_schedule: str = "constant",
        may_fall_back: bool = False,
        counted_draws: bool = True,
        steps: int | None = None,
    ) -> None:
        self.model = model
        self.step = 0
        self._source = source
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._gpu = next((p.device for p in self._parameters if p.is_cuda), None)
        self._random = torch_stream(seed, "forward")
        self._between = between = BetweenSteps(model, steps)
        between.constraints.apply()  # from the first step on
        between.annealing.set(0)
        values = optimizer_values(optimizer, learning_rate)
        schedule = build_schedule(lr_schedule)
        engines = self._settled(engine, may_fall_back, None if counted_draws else OLD_DRAWS)
        keys = self._random.keys if engines is not None and counted_draws else None
        self._keys = keys
        self.engine = "plain" if engines is None else engines.name or "plain"
        self._steps: NativeSteps | TorchSteps
        if engines is not None and self.engine == "native" and not engines.needs_autograd:
            assert isinstance(model, Model)
            self._steps = NativeSteps(
                model,
                engines,
                source,
                values,
                clip,
                loss_reduction,
                schedule,
                threads,
                between,
                keys,
            )
        else:
            draws = None  # a model recorded for the torch engine draws by its places, or nothing
            if engines is not None and self.engine != "plain":
                draws = "by function" if engines.has_draws else "nothing seen"
            stream = self._random
            self._steps = TorchSteps(
                model,
                *(source, values, clip, loss_reduction, schedule, stream, draws, keys, between),
            )

    @property
    def threads(self) -> int:
        """The number of threads that the engine uses."""
        return self._steps.threads

    def draws_by_place(self) -> bool:
        """Say whether its model draws random numbers that are functions of their places."""
        if self._keys is None or not isinstance(self.model, Model):
            return False
        if self.engine != "plain":
            return self.model.engines.has_draws
        return draws_of(self.model.train(), self._source.batch(0).inputs) == "by function"

    @property
    def compiled_steps(self) -> NativeSteps | None:
        """The steps of a compiled program; None if another engine makes the steps."""
        return self._steps if isinstance(self._steps, NativeSteps) else None

    def _settled(
        self, engine: EngineName, may_fall_back: bool, against_draws: str | None
    ) -> Engines | None:
        """Choose an engine by trying it on the first batch."""
        if not isinstance(self.model, Model) or not self.model.is_its_parts:
            if engine in ("torch", "native"):
                raise UsageError(
                    f"the engine '{engine}' runs seqtasks' own models, without hooks of theirs, "
                    f"not a {type(self.model).__name__}; leave the engine to auto"
                )
            return None
        self.model.against_draws = against_draws
        engines = self.model.use_engine(engine)
        engines.may_fall_back |= may_fall_back
        engines.may_choose |= may_fall_back
        if engine == "auto":
            engines = with_few_programs(self.model, engines, self._source)
        if engines.wanted == "plain":
            return engines
        self.model.train()
        longest = int(self._source.block(0).times.argmax())  # of the first block
        inputs = self._source.batch(longest).inputs
        engines.settle(self.model.plain_pass, inputs, len(self.model.cells))
        return engines

    def hold_to_engine(self) -> None:
        """From now on, raise an error if the requested engine cannot run the model."""
        if isinstance(self.model, Model) and self.engine != "plain":
            self.model.engines.may_fall_back = self.model.engines.may_choose = False

    def advance(self, steps: int, stop: Callable[[], bool] = lambda: False) -> list[float]:
        """Train for a stretch of steps and return the loss of each.

        It ends early at a loss that is not finite, which is then the last one, or after a step at
        which `stop` returns true. A compiled program asks `stop` about every 0.2 s. Random draws in
        the model come from the trainer's own stream.
        """
        self.model.train()
        losses = self._steps.advance(self.step, steps, stop)
        self.step += len(losses)
        return losses

    def close(self) -> None:
        """Stop the thread of the batches. The trainer remains usable."""
        self._source.close()

    def is_finite(self) -> bool:
        """Say whether every weight is finite. A finite loss may have a gradient that is not."""
        return all(bool(p.isfinite().all()) for p in self._parameters)

    def some_weights(self) -> list[Tensor]:
        """Return copies of the first few numbers of each trained parameter."""
        return [p.detach().reshape(-1)[:SOME].clone() for p in self._parameters]

    def state(self) -> dict[str, Tensor]:
        """Return copies of everything that later steps depend on, except the step number."""
        tensors = {f"model.{key}": value for key, value in state_tensors(self.model).items()}
        for key, value in self._steps.optimizer_state().items():
            tensors[f"optimizer.{key}"] = value
        for index, value in enumerate(self._random.states(self._gpu)):
            tensors[f"random.{index}"] = value
        return {key: value.detach().clone() for key, value in tensors.items()}

    def restore(self, tensors: dict[str, Tensor], step: int) -> None:
        """Load a state that `state` returned.

        Raises:
            RuntimeError, KeyError: if the tensors belong to another model.
        """
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "random": {}}
        for key, value in tensors.items():
            part, _, name = key.partition(".")
            parts[part][name] = value
        load_state(self.model, parts["model"])
        self._steps.restore(parts["optimizer"], step)
        states = [parts["random"][str(index)] for index in range(len(parts["random"]))]
        self._random.restore(states, self._gpu)
        if step:
            self._between.annealing.set(step - 1)
        self.step = step
