"""A setting of a study as a page shows it: its runs, and what their scores are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seqtasks.experiments.experiment import Experiment
from seqtasks.reports.charts.thinning import places_drawn
from seqtasks.scoring.baselines import Baseline, best_baselines, chance
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.settings import Setting
from seqtasks.tasks import Task
from seqtasks.tasks.published import Published

__all__ = [
    "Measure",
    "Shown",
    "facts_of",
    "facts_of_record",
    "measures_of",
    "shown_setting",
    "trivial_rules",
]

MOST_BASELINES = 8
"""The most lengths whose best trivial rule is shown; between them it changes slowly."""


@dataclass(frozen=True)
class Measure:
    """A metric of a task.

    Attributes:
        name: its name.
        fraction: whether it is a share of right answers.
        lower_is_better: whether less is better.
    """

    name: str
    fraction: bool = True
    lower_is_better: bool = False

    @property
    def words(self) -> str:
        """Its name in words."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Shown:
    """A setting with what became of its runs.

    Attributes:
        index: its index in the study.
        label: its label.
        changes: the values in which it differs from the others, as text.
        outcomes: its runs.
        measures: the metrics of its task.
        trained: the first and the last trained length.
        chance: the scores of uniform guesses.
        trivial: by length, the best strategy without learning.
        published: published figures.
        facts: its settings, as a table.
    """

    index: int
    label: str
    changes: Mapping[str, str]
    outcomes: Outcomes
    measures: Sequence[Measure]
    trained: tuple[int, int]
    chance: Mapping[str, float] = field(default_factory=dict[str, float])
    trivial: Mapping[str, Baseline] = field(default_factory=dict[str, Baseline])
    published: Sequence[Published] = ()
    facts: Sequence[tuple[str, str]] = ()

    @property
    def lengths(self) -> list[int]:
        """The lengths at which its runs were scored."""
        return sorted(int(key) for key in self.outcomes.scores if key.isdecimal())


def measures_of(task: Task) -> list[Measure]:
    """Return the metrics of a task."""
    return [Measure(one.name, one.fraction, one.lower_is_better) for one in task.metrics]


def shown_setting(index: int, setting: Setting, outcomes: Outcomes) -> Shown:
    """Return a setting as a page shows it."""
    experiment = setting.experiment
    task = experiment.make_task()
    trained = experiment.length_range
    lengths = sorted(int(key) for key in outcomes.scores if key.isdecimal())
    return Shown(
        index=index,
        label=setting.label,
        changes={name: str(value) for name, value in setting.changes.items()},
        outcomes=outcomes,
        measures=measures_of(task),
        trained=(trained.first, trained.last),
        chance=chance(task),
        trivial=trivial_rules(task, lengths),
        published=experiment.published,
        facts=facts_of(experiment),
    )


def trivial_rules(task: Task, lengths: Sequence[int]) -> dict[str, Baseline]:
    """Return the best strategy without learning at some of the lengths, by the length as text."""
    some = [lengths[place] for place in places_drawn(len(lengths), MOST_BASELINES)]
    return best_baselines(task, [length for length in some if length in task.lengths])


def facts_of(experiment: Experiment) -> list[tuple[str, str]]:
    """Return the settings of an experiment as text, without those that it leaves open."""
    data, _ = experiment.to_json()
    return facts_of_record(data)


def facts_of_record(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the settings in a record as text, without those that it leaves open."""
    return [
        (name.replace("_", " "), _written(value))
        for name, value in data.items()
        if name != "published" and value not in (None, (), [], False)
    ]


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):  # a class of a file or a program
        return str(value.get("class", value))
    return f"{value:g}" if isinstance(value, float) else str(value)
