"""Read the settings of a study, each with one value or several: for commands and for programs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.experiments.find import load_experiment
from seqtasks.registry.find import task as find_task
from seqtasks.specs.lists import Choices
from seqtasks.studies.faces import read_rates
from seqtasks.studies.values import VARIED, read_choices

__all__ = ["Asking", "read_settings"]


@dataclass(frozen=True)
class Asking:
    """What a study shall try.

    Attributes:
        load: returns the experiment that has some values in place of its own.
        choices: the values of each field.
        choose_rate: whether the learning rate is chosen for each setting.
    """

    load: Callable[[Mapping[str, Any]], Experiment]
    choices: Mapping[str, Choices]
    choose_rate: bool


def read_settings(
    task: Any,
    settings: Mapping[str, Any],
    *,
    trust: bool = False,
    finish: Callable[[Experiment], Experiment] = lambda made: made,
) -> Asking:
    """Read the values of settings.

    Args:
        task: a task, a list of tasks, or text that names one or several.
        settings: the values of the fields of Experiment, and `protocol`.
        trust: whether to execute code that came with a run.
        finish: what is done to each experiment at the end.

    Raises:
        UsageError: naming the setting, for a value that cannot be read.
    """
    if isinstance(task, Experiment):
        raise UsageError(
            "give the task and the settings, such as compare('parity', cell='gru,lstm'): an "
            "Experiment has its settings already"
        )
    choices = {"task": read_choices("task", task)}
    fixed: dict[str, Any] = {}
    choose_rate = False
    for name, value in settings.items():
        if name == "learning_rate":
            choices[name], choose_rate = read_rates(value)
        elif name in VARIED:
            choices[name] = read_choices(name, value)
        else:
            fixed[name] = value

    def load(values: Mapping[str, Any]) -> Experiment:
        others = {name: value for name, value in values.items() if name != "task"}
        named: Any = values["task"]
        named = find_task(named) if isinstance(named, type) else named
        made = load_experiment(named, trust=trust, **fixed, **others)
        return finish(made).with_changes(seed=0)

    return Asking(load, choices, choose_rate)
