"""Load the run that a command is for: a run, or one run of a study."""

from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.errors import UsageError
from seqtasks.runs.listed_study import is_study

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = ["load_one"]


def load_one(path: Path, replica: int | None, setting: str | None, trust: bool) -> "Result":
    """Return a run on disk, or one run of a study.

    Args:
        path: the directory of the run or study.
        replica: the seed of a run of the study.
        setting: the label of its setting; None for the first.
        trust: whether to execute code that came with it.

    Raises:
        UsageError: if it cannot be read, or a study is given without a seed, or a run with one.
    """
    from seqtasks.studies.reopen import load

    if is_study(path):
        if replica is None:
            raise UsageError(f"{path} is a study: name one of its runs with --replica SEED")
        return load(path, seed=replica, setting=0 if setting is None else setting, trust=trust)
    if replica is not None or setting is not None:
        raise UsageError(f"{path} is one run and no study: leave out --replica and --setting")
    return load(path, trust=trust)
