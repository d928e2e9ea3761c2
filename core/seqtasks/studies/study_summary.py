"""The table of a whole study as plain data, as `result.json` has it."""

from typing import TYPE_CHECKING, Any

from seqtasks.studies.summary import METHODS, summary_of

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["summary_of_study"]

FORMAT = 1


def summary_of_study(study: "Study") -> dict[str, Any]:
    """Return how often, how soon and how well each setting learned, and how they compare."""
    settings = [
        summary_of(setting, one.outcomes(), one.asked, count or 0)
        for setting, one, count in zip(
            study.settings, study.collected, study.parameters, strict=True
        )
    ]
    return {
        "format": FORMAT,
        "name": study.name,
        "face": study.face,
        "path": None if study.path is None else str(study.path),
        "runs": study.runs,
        "unfinished": study.unfinished,
        "settings": settings,
        "pairs": [],
        "words": [],
        "methods": list(METHODS),
    }
