"""Say in sentences which settings were chosen, on which seeds, and what they do on others."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.display import percentage
from seqtasks.errors import counted
from seqtasks.studies.ranking import RANKED_BY
from seqtasks.studies.selection import Selection, chosen_settings, is_chosen

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["best_words", "rate_words"]


def best_words(
    best: Sequence[Mapping[str, Any]],
    settings: Sequence[Mapping[str, Any]],
    selection: Selection | None,
) -> list[str]:
    """Return sentences on the best point of each task of a sweep.

    Args:
        best: the numbers of the best points on fresh seeds, the best of a task first.
        settings: the numbers of all points of the sweep.
        selection: how they were chosen.
    """
    if selection is None:
        return []
    said: list[str] = []
    for task in dict.fromkeys(map(_task, best)):
        first = next(one for one in best if _task(one) == task)
        points = sum(_task(one) == task for one in settings)
        solved, steps = first["solved"], first["steps_to_solve"]
        if not solved["of"]:
            continue
        low, high = (percentage(end, 1) for end in solved["interval"])
        after = "" if steps["median"] is None else f", after a median of {steps['median']} steps"
        which = f" on {task}" if task else ""
        said.append(
            f"The best of {counted(points, 'point')}{which} is {first['label']}: on "
            f"{counted(solved['of'], 'fresh seed')} it solved the task in "
            f"{percentage(solved['share'], 1)} % [{low}, {high}]{after}."
        )
    said.append(f"It was chosen on the seeds {selection.chosen_on}, by {RANKED_BY}.")
    return said


def _task(numbers: Mapping[str, Any]) -> str:
    """Return the task of a point, where points differ in it."""
    return str(numbers["changes"].get("task", ""))


def rate_words(study: "Study", selection: Selection) -> list[str]:
    """Return a sentence on the learning rates that were chosen, and on those at an end."""
    if not is_chosen(study.asked, selection):
        return ["No learning rate is chosen yet; the numbers are those on which it will be."]
    rates = sorted({setting.experiment.learning_rate for setting in study.settings})
    how_many = counted(len(rates), "learning rate")
    chosen_on = f"chosen on the seeds {selection.chosen_on} by {RANKED_BY}"
    said = [f"Each setting has the best of {how_many}, {chosen_on}."]
    for index in chosen_settings(study, selection):
        setting = study.settings[index]
        rate = setting.experiment.learning_rate
        if rate in (rates[0], rates[-1]):
            end, further = ("smallest", "smaller") if rate == rates[0] else ("largest", "larger")
            said.append(
                f"{setting.label} has the {end} learning rate that was tried: a {further} one may "
                "be better."
            )
    return said
