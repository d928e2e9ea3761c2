"""Say what a study does next, from what its runs have shown so far."""

from typing import TYPE_CHECKING

from seqtasks.studies.adding_seeds import until_sure_stage
from seqtasks.studies.selection import selection_stage
from seqtasks.studies.study_record import Asked
from seqtasks.studies.tune import tune_stage

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["next_stage"]


def next_stage(study: "Study") -> Asked | None:
    """Return the study with settings and points added, or None if it is complete.

    The answer depends on the record and the runs of the study alone. So a study that was stopped
    goes on as if it had not been.

    Args:
        study: a study whose runs have all ended.
    """
    return tune_stage(study) or selection_stage(study) or until_sure_stage(study)
