"""A task: a generator, a target encoder and metrics."""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np

from seqtasks.display import card, first_sentence, shortened
from seqtasks.errors import TaskError, UsageError
from seqtasks.tasks.alphabets import Reals, Tokens, TokenSets
from seqtasks.tasks.answers import answered, lay_out
from seqtasks.tasks.batch import Array, Batch, checked
from seqtasks.tasks.lengths import AllowedLengths, LengthRange
from seqtasks.tasks.metrics import Metric, sequence_accuracy, token_accuracy
from seqtasks.tasks.mistakes import failed
from seqtasks.tasks.published import PublishedProtocol
from seqtasks.tasks.settings import Settings

if TYPE_CHECKING:
    from seqtasks.training.dataset import TaskDataset

__all__ = ["Layout", "Task"]

Layout = Literal["each", "end", "after"]


class Task:
    """A task for a recurrent network to learn.

    Subclass it, as a frozen dataclass if it has parameters.

    Attributes:
        inputs: the alphabet of the inputs, `Tokens` or `Reals`.
        targets: the alphabet of the targets; `TokenSets` where several symbols may be right.
        layout: where the answer stands: `each`, one target per input symbol; `end`, one after the
            last symbol; `after`, emitted over blanks that follow the input. The blank is then the
            last id of the input alphabet.
        lengths: the lengths that an input can have.
        metrics: the scores, in the order of the tables.
        settings: settings with which the task's default cell learns it.
        source: the paper or text of the definition.
        ponder: the number of blanks after each step, to compute over; see `with_ponder`.
        answers_on_blank: whether the one answer of a layout `end` is due on a blank after the
            input instead; see `with_blank_before_answer`.
        zeros_after_end: whether the places of an answer after its END hold the first symbol
            instead of nothing; see `with_zeros_after_end`.
        published: how the paper trains and scores, where that can be followed, or what is missing.
        meanings: what values of parameters mean, by parameter and value as a spec writes them, such
            as `{"mode": {"predict": "..."}}`; `seqtasks show` says it of those a spec leaves open.
        equally_likely: whether each input of a length that can be enumerated is drawn as often as
            any other; where not, scores are of inputs drawn, and not of each input once.
        counts_baseline: whether the best answer by the counts of symbols alone, whatever their
            order, is a baseline worth printing.
        version: the version of the definition, from 1. Raise it when the same inputs get other
            answers or other inputs are drawn: runs record it, and say when it has changed.
        redefined: what the definition was before, if it became another one under the same name
            after runs were made that record no digest of it; such runs are refused, with this text.
        registered_name: the name by which the task was looked up; empty if it was not.

    Example:
        >>> import numpy as np, seqtasks as st
        >>> class Echo(st.Task):
        ...     "Say each bit again."
        ...     inputs = targets = st.Tokens("01")
        ...     def generate(self, rng, batch_size, length):
        ...         return rng.integers(2, size=(batch_size, length))
        ...     def encode(self, inputs):
        ...         return inputs
        >>> Echo().batch(np.random.default_rng(0), batch_size=2, length=3).targets.shape
        (2, 3)
    """

    inputs: Tokens | Reals
    targets: Tokens | TokenSets | Reals
    layout: ClassVar[Layout] = "each"
    lengths: AllowedLengths = AllowedLengths()
    metrics: tuple[Metric, ...] = (token_accuracy, sequence_accuracy)
    settings: ClassVar[Settings] = Settings()
    source: ClassVar[str] = ""
    ponder: ClassVar[int] = 0
    answers_on_blank: ClassVar[bool] = False
    zeros_after_end: ClassVar[bool] = False
    published: ClassVar[PublishedProtocol | None] = None
    meanings: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    equally_likely: ClassVar[bool] = True
    counts_baseline: ClassVar[bool] = False
    version: ClassVar[int] = 1
    redefined: ClassVar[str] = ""
    registered_name: ClassVar[str] = ""

    def __repr__(self) -> str:
        """Return the name of the class and the attributes that are the instance's own."""
        own = [(k, v) for k, v in vars(self).items() if k[0] != "_" and not hasattr(Task, k)]
        return shortened(f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in own)})")

    def _repr_html_(self) -> str:
        rows = [
            ("inputs", shortened(repr(self.inputs), 80)),
            ("targets", shortened(repr(self.targets), 80)),
            ("layout", self.layout),
            ("lengths", self.lengths.describe()),
            ("metrics", ", ".join(metric.name for metric in self.metrics)),
            ("source", self.source),
        ]
        shown = [row for row in rows if row[1]]
        return card(shortened(repr(self)), shown, first_sentence(self))

    @property
    def known_as(self) -> str:
        """The task's name in messages: the name by which it was looked up, or its class's name."""
        return self.registered_name or type(self).__name__

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw inputs: (batch, length) ids, or (batch, length, features).

        Ids may be integers of any type, bools, or floats with whole values.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define generate")

    def encode(self, inputs: Array) -> Array:
        """Return the right answers, a pure function of the inputs.

        Returns:
            (batch, length) ids for the layout `each`, (batch,) for `end`, (batch, answer length)
            for `after`; sets have a last axis of symbols, reals one of features.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define encode")

    def domain_size(self, length: int) -> int | None:
        """Return how many inputs of a length exist, or None where they cannot be enumerated."""
        return None

    def enumerate(self, length: int) -> Array:
        """Return every input of a length, (domain size, length)."""
        raise UsageError(f"{self.known_as} cannot enumerate its inputs")

    def is_solved(self, metrics: dict[str, float]) -> bool:
        """Say whether scores leave nothing to learn; by default, if every sequence is right."""
        return metrics.get("sequence_accuracy") == 1.0

    @property
    def input_size(self) -> int:
        """The number of input ids for a model, blank included; or the features of a real vector."""
        blanks = self.layout == "after" or self.ponder > 0
        return self.inputs.size + (blanks and isinstance(self.inputs, Tokens))

    def with_ponder(self, steps: int) -> Self:
        """Return the same task with `steps` blanks after each step, so that a model can compute.

        `steps` blanks (zeros among reals) follow every step of the input and of the answer. An
        answer that was due at a step is due at the last of its blanks.

        Raises:
            UsageError: for a number below 0.

        Example:
            >>> import numpy as np, seqtasks as st
            >>> parity = st.task("parity").with_ponder(2)
            >>> batch = parity.batch_of(np.array([[1, 1, 0]]))
            >>> parity.inputs.decode(batch.inputs[0]), parity.targets.decode(batch.targets[0])
            ('1__1__0__', '..1..0..0')
        """
        if steps < 0:
            raise UsageError(f"ponder must be at least 0, got {steps}")
        made = copy.copy(self)
        object.__setattr__(made, "ponder", steps)  # a task may be a frozen dataclass
        return made

    def with_blank_before_answer(self) -> Self:
        """Return the same task with a blank after the input, on which its one answer is due.

        A task whose layout is not `end` stays as it is: its answers stand on blanks already, or
        are due at each step.

        Example:
            >>> import numpy as np, seqtasks as st
            >>> task = st.task("parity-check").with_blank_before_answer()
            >>> batch = task.batch_of(np.array([[0, 1]]))
            >>> task.inputs.decode(batch.inputs[0]), task.targets.decode(batch.targets[0])
            ('01_', '..1')
        """
        made = copy.copy(self)
        if self.layout == "end":
            object.__setattr__(made, "layout", "after")  # a task may be a frozen dataclass
            object.__setattr__(made, "answers_on_blank", True)
        return made

    def with_zeros_after_end(self) -> Self:
        """Return the same task with the first symbol as the target after the END of an answer.

        Those places are not scored otherwise. Published code trains on them; no score should count
        them, so use the task this returns for training alone. A task whose answers have no symbol
        END, or nothing after it, stays as it is.

        Example:
            >>> import numpy as np, seqtasks as st
            >>> task = st.task("binary-addition")
            >>> inputs = np.array([task.inputs.encode("1+1")])
            >>> for made in (task, task.with_zeros_after_end()):
            ...     print(made.batch_of(inputs).targets[0, 3:])
            [   0    1    2 -100]
            [0 1 2 0]
        """
        made = copy.copy(self)
        object.__setattr__(made, "zeros_after_end", True)  # a task may be a frozen dataclass
        return made

    def draw(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw inputs of one length as `generate` returns them, and check their shape.

        Raises:
            UsageError: for a length that the task does not allow, or if `rng` is not NumPy's.
        """
        if not isinstance(rng, np.random.Generator):
            raise UsageError(
                f"{self.known_as} is drawn from a NumPy generator, such as "
                f"np.random.default_rng(0), not from an object of type {type(rng).__name__}"
            )
        if batch_size < 0:
            raise UsageError(f"batch_size must be at least 0, got {batch_size}")
        if length not in self.lengths:
            raise UsageError(
                f"{self.known_as} cannot have length {length}: it has {self.lengths.describe()}"
            )
        if batch_size == 0:
            # A task need not be able to draw 0 instances: a copy draws one, which is dropped.
            return self.draw(copy.deepcopy(rng), 1, length)[:0]
        try:
            inputs = np.asarray(self.generate(rng, batch_size, length))
        except NotImplementedError as error:
            raise TaskError(str(error)) from error
        except (Exception, SystemExit) as error:
            raise failed(self, f"generate at length {length}", error) from error
        vectors = (self.inputs.size,) if isinstance(self.inputs, Reals) else ()
        if inputs.shape == () and inputs.dtype == np.object_:
            checked(self.inputs, inputs, f"{type(self).__name__}.generate")  # None, say
        if inputs.shape != (batch_size, length, *vectors):
            raise TaskError(
                f"{type(self).__name__}.generate returned shape {inputs.shape}; "
                f"it was asked for {(batch_size, length, *vectors)}"
            )
        return inputs

    def batch(self, rng: np.random.Generator, batch_size: int, length: int) -> Batch:
        """Draw a batch of instances of one length. A batch of size 0 keeps the shape.

        Raises:
            UsageError: for a length that the task does not allow, or an `rng` that is not NumPy's.
        """
        if batch_size == 0:
            # A task need not be able to encode 0 inputs either.
            one = self.batch(copy.deepcopy(rng), 1, length)
            return Batch(one.inputs[:0], one.targets[:0], one.lengths[:0])
        return self.batch_of(self.draw(rng, batch_size, length))

    def batch_of(self, inputs: Array) -> Batch:
        """Encode given inputs, (batch, length[, features]), and lay them out with the answers."""
        return lay_out(self, *answered(self, inputs))

    def dataset(
        self,
        length: int | str | LengthRange,
        batch_size: int,
        batches: int | None = None,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> "TaskDataset":
        """Return a `torch.utils.data.IterableDataset` of ready batches; see `TaskDataset`.

        Raises:
            UsageError: for a length that the task does not allow, or a number out of range.
        """
        # Imported here because it needs torch, and tasks must work without torch.
        from seqtasks.training.dataset import TaskDataset

        return TaskDataset(self, length, batch_size, batches, seed, rank, world_size)
