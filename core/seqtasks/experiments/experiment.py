"""An experiment: the whole configuration of a run, through JSON and back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.registry.discovery import Kind
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import Source, describe, short_name
from seqtasks.tasks import Task
from seqtasks.tasks.cadence import read_cadence
from seqtasks.tasks.curricula import build_curriculum
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.learning_rates import build_schedule
from seqtasks.tasks.lengths import LengthRange, check_number
from seqtasks.tasks.published import Published, PublishedProtocol, published_from_json
from seqtasks.tasks.settings import EngineName, Settings

__all__ = ["ADDED_LATER", "CADENCE", "THINGS", "Experiment", "ProtocolName", "Published"]

ProtocolName = Literal["ours", "published"]
DType = Literal["float32", "float64"]
EVALUATION_MULTIPLES = (1, 2, 5, 10, 50)
THINGS: tuple[Kind, ...] = ("task", "cell", "readout")
CADENCE = {"log_every": 25, "evaluate_every": 100, "checkpoint_every": 500}
"""What is due how often in a run of 5000 steps; in longer ones in proportion."""

ADDED_LATER: dict[str, Any] = {
    "embedding": "learned",
    "blank_before_answer": False,
    "zeros_after_end": False,
    "initialization": "torch",
    "score_also": None,
    "lr_schedule": "constant",
    "training_inputs": None,
}
"""Fields that older records lack, with what such runs did."""

CADENCE_STEPS = 5000
_BY_STEPS: Any = None
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class Experiment(Settings):
    """Everything that decides what a run computes.

    Beside the settings:

    Attributes:
        task: spec of the task, or a Task.
        seed: from which every random stream is made.
        device: where the model runs, such as `cpu` or `cuda`.
        dtype: the type of the model's numbers.
        engine: what runs the model: the `plain` loop, which is the definition; `torch` for tensor
            operations; `native` for a compiled program; `auto` for the fastest there is.
        log_every: steps between lines of training loss; if not said 25, times the whole number
            of 5000s in the steps asked for.
        evaluate_every: steps between evaluations on validation instances; if not said 100, times
            the same.
        checkpoint_every: steps between checkpoints, or time such as `30s`, `5m` or `2h`; if not
            said 500 steps, times the same. It changes no number of the run.
        validation_sequences: instances of such an evaluation.
        evaluation_sequences: instances at each length of the final scores.
        score: a range of lengths such as `41..500` over which to take the mean score as well.
        score_sequences: instances at each of its lengths.
        score_also: a part of that range over which to take the mean too.
        name: a name for its runs; None for one made of task and cell.
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
            not isinstance(self.name, str) or not _NAME.fullmatch(self.name)
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
        task = find_task(self.task)
        allowed = task.lengths.select(self.length_range, task.known_as)
        build_curriculum(self.curriculum, allowed)
        build_schedule(self.lr_schedule)
        self.make_holdout(task)
        for length in self.evaluation_lengths or ():
            task.lengths.select(LengthRange(length, length), task.known_as)
        if self.score is not None:
            wanted = LengthRange.parse(self.score)
            check_number(len(task.lengths.select(wanted, task.known_as)))
            object.__setattr__(self, "score", str(wanted))
        if self.score_also is not None:
            object.__setattr__(self, "score_also", self._part_of_score(task))
        if self.evaluation_lengths is None:
            multiples = (multiple * allowed[-1] for multiple in EVALUATION_MULTIPLES)
            possible = (task.lengths.at_least(length) for length in multiples)
            lengths = tuple(dict.fromkeys(length for length in possible if length is not None))
            object.__setattr__(self, "evaluation_lengths", lengths)

    def _part_of_score(self, task: Task) -> str:
        """Return `score_also` as a range is written, having checked it.

        Raises:
            UsageError: if it is no part of the range of `score`, or the task has none of it.
        """
        part = LengthRange.parse(str(self.score_also))
        whole = None if self.score is None else LengthRange.parse(self.score)
        if whole is None or part.first < whole.first or part.last > whole.last:
            raise UsageError(f"score_also must be a part of score, got {part} of {whole}")
        task.lengths.select(part, task.known_as)
        return str(part)

    @classmethod
    def for_task(
        cls, task: str | Task, /, *, protocol: ProtocolName = "ours", **overrides: Any
    ) -> "Experiment":
        """Return an experiment with the settings a task recommends, and others where given.

        Another length than the recommended brings its own evaluation lengths.

        Args:
            task: a spec of a task, or a task.
            protocol: `ours` for the settings by which the task is learnt soonest; `published` for
                those of the task's paper.
            overrides: fields of the experiment.

        Raises:
            UsageError: for an unknown setting or a value that does not fit, or a protocol that
                cannot be followed.
        """
        cls._check_names(overrides)
        made = find_task(task)
        recommended = made.settings
        if protocol != "ours":
            published = _followed(made, protocol)
            assert published.settings is not None
            recommended = published.settings
            cell = overrides.get("cell", recommended.cell)
            overrides = {
                "score": published.score,
                "score_also": None if "score" in overrides else published.score_also,
                "score_sequences": published.score_sequences,
                "evaluation_sequences": published.evaluation_sequences,
                "published": published.published(cell),
                **overrides,
            }
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

    @property
    def lengths_scored(self) -> tuple[int, ...]:
        """The lengths of the final scores, and the ends of the range of which the mean is taken."""
        ends: tuple[int, ...] = ()
        if self.score is not None:
            within = find_task(self.task).lengths.within(LengthRange.parse(self.score))
            ends = (within[0], within[-1])
        return (*(self.evaluation_lengths or ()), *ends)

    @property
    def run_name(self) -> str:
        """The name of its run directories, to which a number is added."""
        return self.name or f"{short_name(self.task)}-{short_name(self.cell)}"

    def make_task(self) -> Task:
        """Return the task, with the blanks that the experiment asks for."""
        task = find_task(self.task)
        if self.blank_before_answer:
            task = task.with_blank_before_answer()
        return task.with_ponder(self.ponder) if self.ponder else task

    def make_holdout(self, task: Task) -> Holdout | None:
        """Return the held-out split of the experiment's task; None where none is asked for.

        Raises:
            UsageError: if the task cannot list its inputs, or can split no training length's.
        """
        if not self.holdout:
            return None
        return Holdout(task, task.lengths.within(self.length_range), self.holdout, self.seed)

    def to_json(self) -> tuple[dict[str, Any], dict[str, Source]]:
        """Return the experiment as plain data, and the user's own files it needs, by what for."""
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
        """Read an experiment from plain data; what it leaves out is as its task recommends.

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

        Another length brings its own evaluation lengths, and new steps what is due how often, where
        that was as for the old steps.
        """
        self._check_names(changes)
        if _another_length(changes, self.length):
            changes.setdefault("evaluation_lengths", None)
        if "steps" in changes:
            for name, due in CADENCE.items():
                if getattr(self, name) == due * _cadence_factor(self.steps):
                    changes.setdefault(name, None)
        return replace(self, **changes)


def _followed(task: Task, protocol: str) -> PublishedProtocol:
    """Return the published protocol of a task.

    Raises:
        UsageError: for an unknown name of a protocol, or one that cannot be followed, with what is
            missing.
    """
    if protocol not in get_args(ProtocolName):
        raise UsageError(f"protocol must be ours or published, got {protocol!r}")
    published = task.published
    if published is None:
        raise UsageError(
            f"{task.known_as} names no published protocol; leave --protocol out, or set each "
            "option as your paper does"
        )
    if published.settings is None:
        raise UsageError(
            f"the protocol of {task.known_as} ({published.source}) cannot be followed yet: "
            f"{' '.join(published.missing)}"
        )
    return published


def _another_length(changes: Mapping[str, Any], length: str) -> bool:
    """Say whether changes have a length, and not this one."""
    return "length" in changes and str(LengthRange.parse(changes["length"])) != length


def _cadence_factor(steps: int) -> int:
    return max(1, steps // CADENCE_STEPS)
