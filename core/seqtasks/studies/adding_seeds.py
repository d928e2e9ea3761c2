"""Add seeds to a comparison until its differences are sure, look by look."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqtasks.errors import UsageError
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.entrants import entrants_of
from seqtasks.studies.plan import Plan
from seqtasks.studies.shown import shown_settings
from seqtasks.studies.study_record import Asked
from seqtasks.studies.until_sure import UntilSure

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["until_sure_of", "until_sure_stage"]


def until_sure_of(asked: Asked) -> UntilSure | None:
    """Return how long a study adds seeds, if it does.

    Raises:
        UsageError: if the study's record is damaged.
    """
    data: Any = (asked.options or {}).get("until_sure")
    if data is None:
        return None
    try:
        return UntilSure(
            str(data["measure"]), float(data["width"]), int(data["first"]), int(data["most"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the study {asked.name} is damaged: its until_sure: {error}") from None


def until_sure_stage(study: "Study") -> Asked | None:
    """Return the study with the seeds up to its next look.

    Returns:
        None if it adds no seeds, if every difference is sure, or if no look is left.
    """
    plan = until_sure_of(study.asked)
    if plan is None or plan.is_done(entrants_of(study)):
        return None
    shown = shown_settings(study)
    there = min(one.asked for one in shown)
    look = plan.next_look(there)
    if look is None:
        return None
    asked = study.asked
    last = max(max(row.seeds) for row in asked.rows)
    seeds = Seeds([range(last + 1, last + 1 + look - there)])
    settings = [one.setting.experiment for one in shown]
    grown = Plan(asked.name, asked.settings, asked.rows).extended(settings, seeds)
    return replace(asked, rows=grown.rows)
