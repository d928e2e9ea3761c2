"""The table of a whole study as plain data, as `result.json` has it."""

from typing import TYPE_CHECKING, Any

from seqtasks.studies import pairs as comparisons
from seqtasks.studies import summary, until_sure
from seqtasks.studies.measures import metrics_of
from seqtasks.studies.pairs import Entrant, entrant_data
from seqtasks.studies.until_sure import UntilSure, with_verdicts
from seqtasks.studies.words import words_of

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["MOST_COMPARED", "entrants_of", "summary_of_study"]

FORMAT = 1

MOST_COMPARED = 20
"""Of more settings, pairs are not compared: there would be too many to find a difference."""


def summary_of_study(study: "Study") -> dict[str, Any]:
    """Return how often, how soon and how well each setting learned, and how they compare."""
    settings = [
        summary.summary_of(setting, one.outcomes(), one.asked, count)
        for setting, one, count in zip(
            study.settings, study.collected, study.parameters, strict=True
        )
    ]
    pairs, methods = _pairs(study)
    words = words_of(settings, pairs)
    if len(settings) > MOST_COMPARED:
        words.append(
            f"Pairs are compared for at most {MOST_COMPARED} settings, and these are "
            f"{len(settings)}: choose some of them for seqtasks compare."
        )
    return {
        "format": FORMAT,
        "name": study.name,
        "face": study.face,
        "path": None if study.path is None else str(study.path),
        "runs": study.runs,
        "unfinished": study.unfinished,
        "settings": settings,
        "pairs": pairs,
        "words": words,
        "methods": [*summary.METHODS, *methods],
    }


def entrants_of(study: "Study") -> list[Entrant]:
    """Return the settings of a study, to compare with one another."""
    found: list[Entrant] = []
    for setting, one in zip(study.settings, study.collected, strict=True):
        task, data = entrant_data(setting.experiment)
        metrics = metrics_of(setting.experiment)
        found.append(Entrant(setting.label, one.outcomes(), task, data, metrics))
    return found


def _pairs(study: "Study") -> tuple[list[dict[str, Any]], list[str]]:
    """Return the comparisons of a study, and their methods."""
    if not 2 <= len(study.settings) <= MOST_COMPARED:
        return [], []
    entrants = entrants_of(study)
    entries = comparisons.pairs(entrants)
    methods: list[str] = []
    if any(entry["paired"] for entry in entries):
        methods += comparisons.METHODS
    if not all(entry["paired"] for entry in entries):
        methods += comparisons.UNPAIRED_METHODS
    asked = (study.asked.options or {}).get("until_sure")
    if entries and asked is not None:
        plan = UntilSure(**asked)
        entries = with_verdicts(entries, plan, plan.verdicts(entrants))
        methods += until_sure.METHODS
    return entries, methods
