"""A setting of a study as a page shows it: its runs, and what their scores are held against."""

from collections import Counter
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
    "PageSetting",
    "facts_of",
    "facts_of_record",
    "measures_of",
    "page_settings",
    "task_groups",
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
class PageSetting:
    """A setting with what became of its runs.

    Attributes:
        index: its index in the study.
        look: its place among the settings of its task, which decides its colour, dashes and mark.
        label: its label.
        task: its task, as text.
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
    look: int
    label: str
    task: str
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


def page_settings(settings: Sequence[Setting], outcomes: Sequence[Outcomes]) -> list[PageSetting]:
    """Return the settings of a study as its page shows them."""
    known: dict[tuple[str, Any], dict[str, Baseline]] = {}
    looks: Counter[str] = Counter()
    shown: list[PageSetting] = []
    for index, (setting, found) in enumerate(zip(settings, outcomes, strict=True)):
        task = _written(setting.experiment.to_json()[0]["task"])
        made = setting.experiment.make_task()
        lengths = tuple(sorted(int(key) for key in found.scores if key.isdecimal()))
        same = task, (made.ponder, made.answers_on_blank, lengths)
        if same not in known:
            known[same] = trivial_rules(made, lengths)
        shown.append(_page_setting(index, looks[task], task, setting, found, made, known[same]))
        looks[task] += 1
    return shown


def task_groups(shown: Sequence[PageSetting]) -> dict[str, list[PageSetting]]:
    """Return the settings of each task, by the task."""
    groups: dict[str, list[PageSetting]] = {}
    for one in shown:
        groups.setdefault(one.task, []).append(one)
    return groups


def _page_setting(
    index: int,
    look: int,
    name: str,
    setting: Setting,
    outcomes: Outcomes,
    task: Task,
    trivial: Mapping[str, Baseline],
) -> PageSetting:
    experiment = setting.experiment
    trained = experiment.length_range
    return PageSetting(
        index=index,
        look=look,
        label=setting.label,
        task=name,
        changes={name: str(value) for name, value in setting.changes.items()},
        outcomes=outcomes,
        measures=measures_of(task),
        trained=(trained.first, trained.last),
        chance=chance(task),
        trivial=trivial,
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
