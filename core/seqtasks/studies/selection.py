"""Choose settings on some seeds and measure them on others, so that luck is not measured."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.plan import Plan, identity
from seqtasks.studies.ranking import best_first, only_seeds
from seqtasks.studies.settings import Setting
from seqtasks.studies.study_record import Asked

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["Selection", "chosen_settings", "is_chosen", "selection_of", "selection_stage"]

Among = Literal["all", "learning_rate"]

_UNCHOSEN_RATE = 1.0


@dataclass(frozen=True)
class Selection:
    """How settings are chosen.

    Attributes:
        chosen_on: the seeds on which all settings are tried.
        measured_on: the seeds on which the chosen settings are then measured.
        keep: how many settings are chosen, the best first.
        among: `all` to choose among all settings of a task; `learning_rate` to choose among the
            settings that differ in nothing else.
    """

    chosen_on: Seeds
    measured_on: Seeds
    keep: int
    among: Among

    def to_json(self) -> dict[str, Any]:
        """Return the selection as plain data."""
        return {
            "chosen_on": str(self.chosen_on),
            "measured_on": str(self.measured_on),
            "keep": self.keep,
            "among": self.among,
        }


def selection_of(asked: Asked) -> Selection | None:
    """Return the selection that a study was asked for, if it was.

    Raises:
        UsageError: if the study's record is damaged.
    """
    data: Any = (asked.options or {}).get("selection")
    if data is None:
        return None
    try:
        found = Selection(
            Seeds.read(str(data["chosen_on"])),
            Seeds.read(str(data["measured_on"])),
            int(data["keep"]),
            data["among"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the study {asked.name} is damaged: its selection: {error}") from None
    if found.among not in ("all", "learning_rate") or found.keep < 1:
        raise UsageError(f"the study {asked.name} is damaged: its selection is {data!a:.200}")
    return found


def is_chosen(asked: Asked, selection: Selection) -> bool:
    """Say whether the settings are chosen: some have the seeds on which they are measured."""
    wanted = set(selection.measured_on)
    return any(not wanted.isdisjoint(row.seeds) for row in asked.rows)


def chosen_settings(study: "Study", selection: Selection) -> list[int]:
    """Return the indices of the chosen settings.

    Those chosen among all come in their order, the best of a task first. Learning rates come in the
    order of the settings that they were chosen for.
    """
    outcomes = {
        index: only_seeds(one.outcomes(), selection.chosen_on)
        for index, one in enumerate(study.collected)
        if set(selection.chosen_on) & set(one.seeds.tolist())
    }
    experiments = {index: study.settings[index].experiment for index in outcomes}
    ranked = best_first(outcomes, experiments)
    groups: dict[Hashable, list[int]] = {}
    for index in sorted(ranked) if selection.among == "learning_rate" else ranked:
        groups.setdefault(_group(experiments[index], selection.among), []).append(index)
    places = {index: place for place, index in enumerate(ranked)}
    return [
        index
        for group in groups.values()
        for index in sorted(group, key=places.__getitem__)[: selection.keep]
    ]


def _group(experiment: Experiment, among: Among) -> Hashable:
    """Return what is equal for the settings among which one chooses."""
    if among == "all":
        return str(experiment.to_json()[0]["task"])
    return identity(experiment.with_changes(learning_rate=_UNCHOSEN_RATE))


def selection_stage(study: "Study") -> Asked | None:
    """Return the study with the points on which the chosen settings are measured.

    Returns:
        None if the study chooses nothing, or has these points.
    """
    selection = selection_of(study.asked)
    if selection is None:
        return None
    asked = study.asked
    if is_chosen(asked, selection):
        return None  # it does not choose again
    plan = Plan(asked.name, asked.settings, asked.rows, _varied(asked.settings))
    chosen = [study.settings[index].experiment for index in chosen_settings(study, selection)]
    grown = plan.extended(chosen, selection.measured_on)
    return replace(asked, rows=grown.rows)


def _varied(settings: Sequence[Setting]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for setting in settings for name in setting.changes))
