"""The table of a whole study as plain data, as `result.json` has it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.studies import pairs as comparisons
from seqtasks.studies import summary, until_sure
from seqtasks.studies.adding_seeds import until_sure_of
from seqtasks.studies.entrants import entrants_of
from seqtasks.studies.looks_words import looks_words
from seqtasks.studies.ranking import RANKED_BY
from seqtasks.studies.selection import selection_of
from seqtasks.studies.selection_words import best_words, rate_words
from seqtasks.studies.shown import Shown, best_settings, shown_settings
from seqtasks.studies.until_sure import with_verdicts
from seqtasks.studies.words import words_of

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["MOST_COMPARED", "summary_of_study"]

FORMAT = 1

MOST_COMPARED = 20
"""Of more settings, pairs are not compared: there would be too many to find a difference."""


def summary_of_study(study: "Study") -> dict[str, Any]:
    """Return how often, how soon and how well each setting learned, and how they compare.

    If settings were chosen on some seeds, `selection` says on which and by what, and the numbers
    are of other seeds: of a sweep those in `best`, else those in `settings`.
    """
    settings = _numbers(shown_settings(study))
    best = _numbers(best_settings(study))
    pairs, methods, looks = _pairs(study)
    selection = selection_of(study.asked)
    if best:
        words = [*best_words(best, settings, selection), *words_of(best, pairs)]
    else:
        words = words_of(settings, pairs)
    if selection is not None and selection.among == "learning_rate":
        words = [*rate_words(study, selection), *words]
    if study.face not in ("sweep", "tune") and len(settings) > MOST_COMPARED:
        words.append(
            f"Pairs are compared for at most {MOST_COMPARED} settings, and these are "
            f"{len(settings)}: choose some of them for seqtasks compare."
        )
    words += looks
    found: dict[str, Any] = {
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
    if selection is not None:
        found["selection"] = {**selection.to_json(), "ranked_by": RANKED_BY}
    if best:
        found["best"] = best
    return found


def _numbers(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    return [
        summary.summary_of(one.setting, one.outcomes, one.asked, one.parameters) for one in shown
    ]


def _pairs(study: "Study") -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """Return the comparisons of a study, their methods, and sentences on looks at added seeds."""
    entrants = entrants_of(study)
    if not 2 <= len(entrants) <= MOST_COMPARED:
        return [], [], []
    entries = comparisons.pairs(entrants)
    methods: list[str] = []
    if any(entry["paired"] for entry in entries):
        methods += comparisons.METHODS
    if not all(entry["paired"] for entry in entries):
        methods += comparisons.UNPAIRED_METHODS
    plan = until_sure_of(study.asked)
    if entries and plan is not None:
        verdicts = plan.verdicts(entrants)
        entries = with_verdicts(entries, plan, verdicts)
        methods += until_sure.METHODS
        return entries, methods, [looks_words(plan, verdicts)]
    return entries, methods, []
