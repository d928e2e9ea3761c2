"""What the files of a run say, or a result in memory: no code of a run is executed for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqtasks.experiments.experiment import ADDED_LATER
from seqtasks.reports.page_setting import facts_of, facts_of_record
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.training_run import Result
from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore
from seqtasks.tasks.lengths import LengthRange

__all__ = ["RunSaid", "said_by_files", "said_by_result"]


@dataclass(frozen=True)
class RunSaid:
    """What is known of a run without its model.

    Attributes:
        name: its name.
        path: its folder, or None for a run in memory.
        task, cell: their names.
        facts: its settings, as a table.
        history: its log.
        scores, untrained: its scores, and those before training.
        over_range: its mean score over a range of lengths.
        without_learning: by length or range, the best strategy without learning.
        published: published figures with the measured ones.
        trained: the first and the last trained length.
        step, step_limit: the steps made, and the most to make.
        stopped: why it ended; None while it has not.
        seconds: the time of the training.
        parameters: the number of trained numbers.
        computed: what computed it: engine, threads, versions.
        seed: its seed.
    """

    name: str
    path: Path | None
    task: str
    cell: str
    seed: int
    facts: Sequence[tuple[str, str]]
    history: Sequence[Mapping[str, Any]]
    scores: Sequence[Score]
    untrained: Sequence[Score]
    over_range: RangeScore | None
    without_learning: Mapping[str, Baseline]
    published: Sequence[Mapping[str, Any]]
    trained: tuple[int, int]
    step: int
    step_limit: int
    stopped: str | None
    seconds: float | None
    parameters: int | None
    computed: Sequence[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def metrics(self) -> list[str]:
        """The names of its metrics, in the order of the scores."""
        names = [name for score in self.scores for name in score.metrics]
        names += [name for line in self.history for name in line.get("validation", ())]
        return list(dict.fromkeys(names))

    @property
    def end(self) -> str:
        """How it ended, in words."""
        if self.stopped is None:
            return f"not ended: step {self.step:,} of {self.step_limit:,}"
        if self.stopped == "solved":
            return f"solved: stopped at step {self.step:,} of at most {self.step_limit:,}"
        if self.stopped == "steps":
            return f"all {self.step:,} steps made"
        return f"stopped at step {self.step:,} of {self.step_limit:,} by an {self.stopped}"


def said_by_files(directory: RunDirectory) -> RunSaid:
    """Return what the files of a run say.

    Raises:
        UsageError: if a file is damaged.
    """
    record = directory.record()
    experiment: dict[str, Any] = {**ADDED_LATER, **record["experiment"]}
    done = directory.read_result()
    done = done if done is not None and done["step_limit"] == experiment.get("steps") else None
    history = directory.history()
    found = done or {}
    over = found.get("score")
    scores = [Score.from_json(one) for one in found.get("scores", ())]
    over_range = None if over is None else RangeScore.from_json(over)
    trained = LengthRange.parse(experiment.get("length", "1"))
    figures = experiment.get("published") or ()
    return RunSaid(
        name=directory.path.name,
        path=directory.path,
        task=_named(experiment.get("task")),
        cell=str(record.get("own_model") or _named(experiment.get("cell"))),
        seed=experiment.get("seed", 0),
        facts=facts_of_record(experiment),
        history=history,
        scores=scores,
        untrained=[Score.from_json(one) for one in found.get("untrained", ())],
        over_range=over_range,
        without_learning={
            length: Baseline(one["strategy"], one["metrics"], one["error"])
            for length, one in found.get("without_learning", {}).items()
        },
        published=[
            {**figure, "measured": _measured(figure, scores, over_range, history, trained.last)}
            for figure in figures
        ],
        trained=(trained.first, trained.last),
        step=found.get("step", max((line["step"] for line in history), default=0)),
        step_limit=experiment.get("steps", 0),
        stopped=found.get("stopped"),
        seconds=found.get("seconds"),
        parameters=found.get("parameters"),
        computed=_computed(record),
    )


def said_by_result(result: Result) -> RunSaid:
    """Return what a result in memory says."""
    experiment = result.experiment
    own, _ = experiment.to_json()
    trained = experiment.length_range
    return RunSaid(
        name=experiment.run_name,
        path=result.path,
        task=_named(own["task"]),
        cell=_named(own["cell"]),
        seed=experiment.seed,
        facts=facts_of(experiment),
        history=result.history,
        scores=result.scores,
        untrained=result.untrained,
        over_range=result.score,
        without_learning=result.without_learning,
        published=result.published(),
        trained=(trained.first, trained.last),
        step=result.step,
        step_limit=experiment.steps,
        stopped=result.stopped,
        seconds=result.seconds,
        parameters=result.parameters,
    )


def _named(thing: Any) -> str:
    """Return the text of a record's name for a thing."""
    return str(thing.get("class", thing)) if isinstance(thing, dict) else str(thing)


def _computed(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [("engine", record.get("engine")), ("threads", record.get("threads"))]
    for name, version in (record.get("versions") or {}).items():
        plugins = version.items() if isinstance(version, dict) else [(name, version)]
        rows += plugins
    return [(str(name), str(value)) for name, value in rows if value is not None]


def _measured(
    figure: Mapping[str, Any],
    scores: Sequence[Score],
    over_range: RangeScore | None,
    history: Sequence[Mapping[str, Any]],
    longest: int,
) -> float | None:
    """Return what was measured beside a published figure, or None."""
    metric, length, step = figure["metric"], figure["length"], figure.get("step")
    if isinstance(length, str):
        same = over_range is not None and over_range.lengths == length
        return over_range.metrics.get(metric) if over_range is not None and same else None
    if step is None:
        return next((one.metrics.get(metric) for one in scores if one.length == length), None)
    lines = [line for line in history if line["step"] == step and "validation" in line]
    return lines[0]["validation"].get(metric) if lines and length == longest else None
