"""An experiment: the whole configuration of a run, through JSON and back."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from seqtasks.display import card, shortened
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.experiments.published_protocol import ProtocolName, published_settings
from seqtasks.experiments.resolve import resolve
from seqtasks.experiments.schemas import NAME
from seqtasks.registry.discovery import Kind
from seqtasks.registry.file_modules import after_files
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import Source, carried_with, describe, short_name
from seqtasks.tasks import Task
from seqtasks.tasks.cadence import read_cadence
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.published import Published, published_from_json
from seqtasks.tasks.settings import EngineName, Settings

__all__ = ["ADDED_LATER", "CADENCE", "THINGS", "Experiment", "ProtocolName", "Published"]

DType = Literal["float32", "float64"]
THINGS: tuple[Kind, ...] = ("task", "cell", "readout")
CADENCE = {"log_every": 25, "evaluate_every": 100, "checkpoint_every": 500}
"""Default intervals for runs of up to 5000 steps; longer runs scale them in proportion."""

ADDED_LATER: dict[str, Any] = {
    "embedding": "learned",
    "blank_before_answer": False,
    "zeros_after_end": False,
    "initialization": "torch",
    "score_also": None,
    "lr_schedule": "constant",
    "training_inputs": None,
}
"""Fields that older records lack, with the values that such runs used."""

CADENCE_STEPS = 5000
_BY_STEPS: Any = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Experiment(Settings):
    """Everything that decides what a run computes.

    Beside the settings:

    Attributes:
        task: the spec of the task, or a Task.
        seed: the seed of every random stream.
        device: the device of the model, such as `cpu` or `cuda`.
        dtype: the type of the model's numbers.
        engine: the engine: the `plain` loop, which is the definition; `torch` for tensor
            operations; `native` for a compiled program; `auto` for the fastest available.
        log_every: steps between lines of training loss. The default is 25 times n, where n is the
            number of whole 5000s in the requested steps, at least 1.
        evaluate_every: steps between evaluations on validation instances. The default is 100 n.
        checkpoint_every: steps between checkpoints, or a time such as `30s`, `5m` or `2h`. The
            default is 500 n steps. It changes no number of the run.
        validation_sequences: the instances of each such evaluation.
        evaluation_sequences: the instances at each length of the final scores.
        score: a range of lengths such as `41..500` over which to also take the mean score.
        score_sequences: the instances at each length of this range.
        score_also: a part of this range over which to take another mean.
        name: a name for its runs; None for a name made from task and cell.
        published: published figures.
    """

    task: str | Task
    seed: int = 0
    device: str = "cpu"
    dtype: DType = "float32"
    engine: EngineName = "auto"
    log_every: int = _BY_STEPS
    evaluate_every: int = _BY_STEPS
    checkpoint_every: int | str = _BY_STEPS
    validation_sequences: int = 256
    evaluation_sequences: int = 1000
    score: str | None = None
    score_sequences: int = 64
    score_also: str | None = None
    name: str | None = None
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        """Check every value alone, and the lengths against the task."""
        super().__post_init__()
        self._whole("seed", 0)
        for name, due in CADENCE.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, due * _cadence_factor(self.steps))
        sequences = ("validation_sequences", "evaluation_sequences", "score_sequences")
        for name in ("log_every", "evaluate_every", *sequences):
            self._whole(name, 1)
        checkpoint_every = read_cadence("checkpoint_every", self.checkpoint_every)
        object.__setattr__(self, "checkpoint_every", checkpoint_every)
        self._one_of("dtype", get_args(DType))
        self._one_of("engine", get_args(EngineName))
        self._text("device")
        if self.name is not None and (
            not isinstance(self.name, str) or not NAME.fullmatch(self.name)
        ):
            raise UsageError(
                f"name must be letters, digits, '-', '_' and '.', beginning with a letter or "
                f"digit, got {self.name!r}"
            )
        figures: Any = self.published
        if not isinstance(figures, tuple | list) or not all(
            isinstance(figure, Published) for figure in figures
        ):
            raise UsageError(f"published must be a list of Published figures, got {figures!r}")
        object.__setattr__(self, "published", tuple(figures))
        found = resolve(self, find_task(self.task))
        for name in ("score", "score_also", "evaluation_lengths"):
            object.__setattr__(self, name, getattr(found, name))

    def __repr__(self) -> str:
        """Return what is trained on what, on one line."""
        return shortened(
            f"<Experiment {self.run_name}: {short_name(self.cell)} of {self.hidden_size} on "
            f"{short_name(self.task)}, length {self.length}, {self.steps} steps of "
            f"{self.batch_size}, seed {self.seed}>"
        )

    def _repr_html_(self) -> str:
        rows = [(kind, getattr(self, kind)) for kind in THINGS]
        rows = [(k, v if isinstance(v, str) else short_name(v)) for k, v in rows]
        shown = ("hidden_size", "layers", "length", "steps", "batch_size", "learning_rate", "seed")
        rows += [(name, getattr(self, name)) for name in shown]
        return card(f"Experiment {self.run_name}", rows)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Return how to send the experiment to another process, with the user's files it names."""
        files = [carried_with(getattr(self, kind)) for kind in THINGS]
        return after_files(super().__reduce_ex__(protocol), files)

    @classmethod
    def for_task(
        cls, task: str | Task, /, *, protocol: ProtocolName = "ours", **overrides: Any
    ) -> "Experiment":
        """Return an experiment with the settings that a task recommends, and with overrides.

        A length other than the recommended one brings its own evaluation lengths.

        Args:
            task: the spec of a task, or a task.
            protocol: `ours` for the settings with which the task is learnt soonest; `published` for
                the settings of the task's paper.
            overrides: fields of the experiment.

        Raises:
            UsageError: for an unknown setting, a value that does not fit, or a protocol that cannot
                be followed.
        """
        cls._check_names(overrides)
        made = find_task(task)
        recommended = made.settings
        if protocol != "ours":
            recommended, followed = published_settings(made, protocol, overrides)
            overrides = {**followed, **overrides}
        settings: dict[str, Any] = {
            name: getattr(recommended, name) for name in Settings.field_names()
        }
        if _another_length(overrides, recommended.length):
            settings["evaluation_lengths"] = None
        settings.update(overrides, task=task)
        return cls(**settings)

    @classmethod
    def _check_names(cls, names: Iterable[str]) -> None:
        known = [field.name for field in fields(cls)]
        for name in names:
            if name not in known:
                nearest = did_you_mean(name, known) or f" Known: {', '.join(known)}."
                raise UsageError(f"unknown setting '{name}'.{nearest}")

    @property
    def length_range(self) -> LengthRange:
        """The training lengths."""
        return LengthRange.parse(self.length)

    def lengths_scored(self, task: Task) -> tuple[int, ...]:
        """Return the lengths of the final scores, and the ends of the range of the mean score.

        Args:
            task: the experiment's task.
        """
        ends: tuple[int, ...] = ()
        if self.score is not None:
            within = task.lengths.within(LengthRange.parse(self.score))
            ends = (within[0], within[-1])
        return (*(self.evaluation_lengths or ()), *ends)

    @property
    def run_name(self) -> str:
        """The name of its run directories, without the number at the end."""
        return self.name or f"{short_name(self.task)}-{short_name(self.cell)}"

    def make_task(self) -> Task:
        """Return the task, with the blanks that the experiment requests."""
        task = find_task(self.task)
        if self.blank_before_answer:
            task = task.with_blank_before_answer()
        return task.with_ponder(self.ponder) if self.ponder else task

    def make_holdout(self, task: Task, seed: int | None = None) -> Holdout | None:
        """Return the held-out split of the experiment's task, or None if none is requested.

        Args:
            task: the experiment's task.
            seed: the seed of the split; None for the experiment's.

        Raises:
            UsageError: if the task cannot list its inputs, or no training length can be split.
        """
        if not self.holdout:
            return None
        lengths = task.lengths.within(self.length_range)
        return Holdout(task, lengths, self.holdout, self.seed if seed is None else seed)

    def to_json(self) -> tuple[dict[str, Any], dict[str, Source]]:
        """Return the experiment as plain data, and the user's files that it needs, by their use."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        sources: dict[str, Source] = {}
        for kind in THINGS:
            data[kind], source = describe(data[kind], kind)
            if source is not None:
                sources[kind] = source
        data["published"] = [asdict(figure) for figure in self.published]
        data["evaluation_lengths"] = list(self.evaluation_lengths or ())
        return data, sources

    @classmethod
    def from_json(cls, data: Mapping[str, Any], origin: str) -> "Experiment":
        """Read an experiment from plain data; missing settings are the task's recommended ones.

        Raises:
            UsageError: naming `origin`, for an unknown key or a value that does not fit.
        """
        if "task" not in data:
            raise UsageError(f"{origin}: the key 'task' is missing")
        values = dict(data)
        try:
            figures = values.get("published", [])
            if not isinstance(figures, list | tuple):
                raise UsageError(f"published must be a list, got {figures!r}")
            values["published"] = tuple(published_from_json(item) for item in figures)
            return cls.for_task(values.pop("task"), **values)
        except UsageError as error:
            raise UsageError(f"{origin}: {error}") from None

    def with_changes(self, **changes: Any) -> "Experiment":
        """Return a copy with fields changed.

        A new length brings its own evaluation lengths. New steps bring new default intervals,
        unless an interval differs from the default for the old steps.
        """
        if not changes:
            return self
        self._check_names(changes)
        if _another_length(changes, self.length):
            changes.setdefault("evaluation_lengths", None)
        if "steps" in changes:
            for name, due in CADENCE.items():
                if getattr(self, name) == due * _cadence_factor(self.steps):
                    changes.setdefault(name, None)
        return replace(self, **changes)


def _another_length(changes: Mapping[str, Any], length: str) -> bool:
    """Say whether changes contain a length, and not this one."""
    return "length" in changes and str(LengthRange.parse(changes["length"])) != length


def _cadence_factor(steps: int) -> int:
    return max(1, steps // CADENCE_STEPS)
