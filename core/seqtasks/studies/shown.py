"""What the table of a study shows: which settings, and which of their seeds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqtasks.specs.seeds import Seeds
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.ranking import only_seeds
from seqtasks.studies.selection import chosen_settings, is_chosen, selection_of
from seqtasks.studies.settings import Setting

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["Shown", "best_settings", "shown_settings"]


@dataclass(frozen=True)
class Shown:
    """A setting with some of its runs.

    Attributes:
        index: the index of the setting.
        setting: the setting.
        outcomes: the runs of the seeds that are shown, as far as they have ended.
        asked: the number of these seeds.
        parameters: the number of trained numbers of its model, or None if it is not known.
    """

    index: int
    setting: Setting
    outcomes: Outcomes
    asked: int
    parameters: int | None


def shown_settings(study: "Study") -> list[Shown]:
    """Return the settings of the table, in the order of the study.

    If the best points are measured again on fresh seeds, the table has the first seeds of all
    points. If learning rates are chosen, it has the chosen settings, without the seeds on which
    they were chosen.
    """
    selection = selection_of(study.asked)
    every = range(len(study.settings))
    if selection is None:
        return [_shown(study, index, None) for index in every]
    if selection.among == "all" or not is_chosen(study.asked, selection):
        return [_shown(study, index, selection.chosen_on) for index in every]
    chosen_on = set(selection.chosen_on)
    found: list[Shown] = []
    for index in every:
        others = [seed for seed in study.collected[index].seeds.tolist() if seed not in chosen_on]
        if others:
            found.append(_shown(study, index, Seeds.read(others)))
    return found


def best_settings(study: "Study") -> list[Shown]:
    """Return the best points of a sweep with their fresh seeds, the best of a task first.

    A study that measures nothing again has none.
    """
    selection = selection_of(study.asked)
    if selection is None or selection.among != "all":
        return []
    chosen = chosen_settings(study, selection)
    found = [_shown(study, index, selection.measured_on) for index in chosen]
    return [one for one in found if one.asked]


def _shown(study: "Study", index: int, seeds: Seeds | None) -> Shown:
    collected = study.collected[index]
    outcomes, asked = collected.outcomes(), collected.asked
    if seeds is not None:
        outcomes = only_seeds(outcomes, seeds)
        asked = sum(seed in seeds for seed in collected.seeds.tolist())
    return Shown(index, study.settings[index], outcomes, asked, study.parameters[index])
