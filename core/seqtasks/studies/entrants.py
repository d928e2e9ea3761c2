"""The settings of a study that are compared with one another."""

from typing import TYPE_CHECKING

from seqtasks.studies.measures import metrics_of
from seqtasks.studies.pairs import Entrant, entrant_data
from seqtasks.studies.shown import best_settings, shown_settings

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["entrants_of"]


def entrants_of(study: "Study") -> list[Entrant]:
    """Return the settings of a study, to compare with one another.

    Of a sweep these are its best points, with the seeds on which they were not chosen.
    """
    searched = study.face in ("sweep", "tune")
    compared = best_settings(study) if searched else shown_settings(study)
    found: list[Entrant] = []
    for one in compared:
        task, data = entrant_data(one.setting.experiment)
        metrics = metrics_of(one.setting.experiment)
        found.append(Entrant(one.setting.label, one.outcomes, task, data, metrics))
    return found
