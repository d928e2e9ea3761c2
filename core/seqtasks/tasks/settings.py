"""The training settings that a task may recommend and a user may override."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Literal, get_args

from seqtasks.errors import UsageError
from seqtasks.tasks.lengths import LengthRange

__all__ = [
    "OPTIMIZER_NAMES",
    "DataOrder",
    "EmbeddingKind",
    "EngineName",
    "InitializationName",
    "LossReduction",
    "Settings",
]

LossReduction = Literal["mean", "sum"]
DataOrder = Literal["sampled", "epochs"]
EmbeddingKind = Literal["learned", "one-hot"]
EngineName = Literal["auto", "plain", "torch", "native"]
InitializationName = Literal["torch", "haiku"]
OPTIMIZER_NAMES = ("adam", "adamw", "rmsprop", "sgd")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a model and of its training.

    Attributes:
        cell: the spec of the cell, or its class.
        readout: the spec of the readout, or its class.
        hidden_size: the numbers in a state.
        embedding: `learned`, a trained vector for each symbol; or `one-hot`, a fixed vector with
            a single 1 for each symbol.
        embedding_size: the numbers in an input's embedding. None means the hidden size, or the
            number of symbols if `embedding` is `one-hot`.
        layers: cells stacked on one another.
        initialization: how the weights begin: `torch`, as each module draws them; or `haiku`, as
            that library does, from cut-off normal distributions, with biases of zero.
        length: training lengths, `10` or `1..20`; each batch has one, as the curriculum says.
        curriculum: spec of how a batch's length is chosen: `uniform`, `fixed` or `increasing`.
        ponder: blanks after each step of the input and of the answer, to compute over.
        blank_before_answer: whether a blank follows the input, at which a task answers that else
            answers at the last symbol of the input.
        zeros_after_end: whether the places of an answer after its END are trained to hold the first
            symbol, as published code does; they are never scored.
        steps: the most training steps.
        batch_size: the instances in a batch.
        learning_rate: the step size of the optimiser.
        lr_schedule: the spec of each step's share of the learning rate: `constant`,
            `warmup:steps=100`, or `cosine:steps=5000,warmup=100,last=0.1`.
        optimizer: the spec of the optimiser, such as `adam` or `sgd:momentum=0.9`.
        clip: the largest norm of the whole gradient; None for no clipping.
        loss_reduction: `mean` over scored positions; or `sum` over an instance's positions, then
            the mean over instances.
        data: `sampled` instances, or `epochs` over all instances of one length, shuffled.
        training_inputs: the number of training inputs, drawn once and reshuffled for each epoch;
            None to draw new inputs at each step.
        holdout: the share of a training length's inputs that is never trained on. If the length
            has neither too few nor too many inputs to be split, only this share is scored at that
            length. 0 for no split.
        evaluation_lengths: lengths to score at; None for 1, 2, 5, 10 and 50 times the longest
            training length.
        solved_after: training stops early after this many evaluations in a row without an error;
            0 to never stop early.
    """

    cell: str | type = "gru"
    readout: str | type = "state"
    hidden_size: int = 32
    embedding: EmbeddingKind = "learned"
    embedding_size: int | None = None
    layers: int = 1
    initialization: InitializationName = "torch"
    length: str = "10"
    curriculum: str = "uniform"
    ponder: int = 0
    blank_before_answer: bool = False
    zeros_after_end: bool = False
    steps: int = 5000
    batch_size: int = 64
    learning_rate: float = 0.003
    lr_schedule: str = "constant"
    optimizer: str = "adam"
    clip: float | None = 1.0
    loss_reduction: LossReduction = "mean"
    data: DataOrder = "sampled"
    training_inputs: int | None = None
    holdout: float = 0.0
    evaluation_lengths: tuple[int, ...] | None = None
    solved_after: int = 3

    def __post_init__(self) -> None:
        """Check every value alone.

        Raises:
            UsageError: for a value of the wrong type or outside its range.
        """
        for name in ("hidden_size", "layers", "steps", "batch_size"):
            self._whole(name, 1)
        for name in ("ponder", "solved_after"):
            self._whole(name, 0)
        if self.embedding_size is not None:
            self._whole("embedding_size", 1)
        if self.training_inputs is not None:
            self._whole("training_inputs", 1)
            if self.data == "epochs":
                raise UsageError(
                    "training_inputs are an epoch of their own, and data 'epochs' takes all inputs "
                    "that exist: leave one of the two out"
                )
        self._positive("learning_rate")
        if self.clip is not None:
            self._positive("clip")
        self._one_of("loss_reduction", get_args(LossReduction))
        self._one_of("data", get_args(DataOrder))
        self._one_of("embedding", get_args(EmbeddingKind))
        self._one_of("initialization", get_args(InitializationName))
        for name in ("blank_before_answer", "zeros_after_end"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} must be true or false, got {getattr(self, name)!r}")
        self._number("holdout")
        if not 0 <= self.holdout < 1:
            raise UsageError(f"holdout must be a share from 0 to below 1, got {self.holdout:g}")
        object.__setattr__(self, "length", str(LengthRange.parse(self.length)))
        for name in ("cell", "readout"):
            if not isinstance(getattr(self, name), str) and not callable(getattr(self, name)):
                raise UsageError(f"{name} must be a spec or a class, got {getattr(self, name)!r}")
        self._text("optimizer")
        self._text("curriculum")
        self._text("lr_schedule")
        if self.evaluation_lengths is not None:
            if not isinstance(self.evaluation_lengths, tuple | list):
                raise UsageError(
                    f"evaluation_lengths must be a list, got {self.evaluation_lengths!r}"
                )
            lengths = tuple(self.evaluation_lengths)
            if not lengths:
                raise UsageError("evaluation_lengths must name at least one length")
            for length in lengths:
                if isinstance(length, bool) or not isinstance(length, Integral):
                    raise UsageError(f"evaluation_lengths must be whole numbers, got {length!r}")
                LengthRange(int(length), int(length))
            object.__setattr__(self, "evaluation_lengths", tuple(dict.fromkeys(map(int, lengths))))

    @classmethod
    def field_names(cls) -> list[str]:
        """Return the names of all settings."""
        return [field.name for field in fields(cls)]

    def _whole(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise UsageError(f"{name} must be a whole number, got {value!r}")
        if int(value) < least:
            raise UsageError(f"{name} must be at least {least}, got {value}")
        object.__setattr__(self, name, int(value))

    def _number(self, name: str) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise UsageError(f"{name} must be a number, got {value!r}")
        try:
            object.__setattr__(self, name, float(value))
        except OverflowError:
            raise UsageError(f"{name} is too large a number for double precision") from None

    def _positive(self, name: str) -> None:
        given = getattr(self, name)
        self._number(name)
        value: float = getattr(self, name)
        if not math.isfinite(value) or value <= 0:
            raise UsageError(f"{name} must be a finite number above 0, got {given}")

    def _text(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{name} must be text, got {value!r}")

    def _one_of(self, name: str, known: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if value not in known:
            raise UsageError(f"{name} must be one of {', '.join(known)}, got {value!r}")
