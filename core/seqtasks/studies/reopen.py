"""`seqtasks.resume` and `load`, for one run or for a study, and the same for a study alone."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.runs.active_run import Stop, never
from seqtasks.runs.lifecycle import resume as resume_run
from seqtasks.runs.listed_study import is_study
from seqtasks.runs.load import load as load_run
from seqtasks.runs.training_run import Result
from seqtasks.studies.calls import Backend
from seqtasks.studies.made_models import making
from seqtasks.studies.study import Study
from seqtasks.tasks.settings import EngineName

__all__ = ["load", "load_study", "resume", "resume_study"]


def resume(
    path: str | Path,
    steps: int | None = None,
    *,
    model: nn.Module | None = None,
    engine: EngineName | None = None,
    checkpoint_every: int | str | None = None,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    trust: bool = False,
    allow_changes: bool = False,
    progress: bool = False,
    **own: Any,
) -> Result:
    """Continue a run from its last checkpoint, to the same bits as without the stop.

    Args:
        path: the run's directory. Of a study, `seqtasks.resume_study` is called.
        steps: train up to this step, solved or not; None for the step that the run was started for.
        model: the module, for a run that trained a user's module.
        engine: the engine to continue with; None for the one in the run's record.
        checkpoint_every: steps or time between checkpoints from now on; None for no change.
        observers: as for `run`.
        stop: as for `run`.
        trust: whether to execute code that came with the run; this is remembered.
        allow_changes: whether to continue although a plugin has changed the definition of the task,
            cell or readout since the run began; the results then mix definitions.
        progress: as for `run`.
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Raises:
        UsageError: if the run has ended, is running, is damaged or comes from a newer seqtasks; if
            code that came with it is not trusted; or if a definition that it trains has changed.
    """
    if not is_study(path):
        return resume_run(
            path,
            steps,
            model=model,
            engine=engine,
            checkpoint_every=checkpoint_every,
            observers=observers,
            stop=stop,
            trust=trust,
            allow_changes=allow_changes,
            progress=progress,
            **own,
        )
    if steps is not None or checkpoint_every is not None or own:
        raise UsageError("each run of a study is made as it was asked for: no steps, no changes")
    study: Any = resume_study(
        path,
        model=model,
        engine=engine,
        observers=observers,
        stop=stop,
        trust=trust,
        allow_changes=allow_changes,
        progress=progress,
    )
    return study


def resume_study(
    path: str | Path,
    *,
    model: Any = None,
    engine: EngineName | None = None,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    trust: bool = False,
    allow_changes: bool = False,
    progress: bool = False,
    backend: Backend = "auto",
    jobs: int | None = None,
    address: str | None = None,
    time_limit: float | None = None,
) -> Study:
    """Make the runs of a study that are left, and those that failed or were killed.

    Args:
        path: the study's directory.
        model: the function that makes a module, for a study that was begun with one.
        engine: the engine, which must be the one that the study began with.
        observers: as for `run`.
        stop: as for `run`.
        trust: whether to execute code that came with the study; this is remembered.
        allow_changes: whether to continue although a definition has changed since the study began.
        progress: as for `run`.
        backend: as for `run`.
        jobs: as for `run`.
        address: as for `run`.
        time_limit: as for `run`.

    Raises:
        UsageError: if the study is running, is damaged or needs another engine; if code that came
            with it is not trusted; or if a definition that it trains has changed.
    """
    from seqtasks.studies import lifecycle
    from seqtasks.studies.execution import Execution

    return lifecycle.resume_study(
        path,
        engine=engine,
        execution=Execution(backend, jobs, address, time_limit),
        observers=observers,
        stop=stop,
        make_model=None if model is None else making(model),
        trust=trust,
        allow_changes=allow_changes,
        progress=progress,
    )


def load(
    path: str | Path | Study,
    *,
    seed: int | None = None,
    setting: int | str = 0,
    model: nn.Module | None = None,
    trust: bool = False,
    **own: Any,
) -> Result:
    """Return a run on disk, finished or not, with its model in evaluation mode.

    Args:
        path: the run's directory, or a study or its directory. Of a study without a seed,
            `seqtasks.load_study` is called.
        seed: the seed of one run of a study. Its weights are read if the study kept them;
            otherwise the run is made again.
        setting: the index or the label of the setting of this run.
        model: the module to fill, for a run that trained a user's module.
        trust: whether to execute code that came with the run; this is remembered. Code that you ran
            or allowed before, even in another run, is trusted already.
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Returns:
        The result. For an unfinished run, the weights come from the last checkpoint, and there
        are no scores.

    Raises:
        UsageError: if the run does not exist, is damaged, has no weights yet, or brings code that
            is not trusted.
    """
    if not isinstance(path, Study) and not is_study(path):
        if seed is not None:
            raise UsageError(f"{path} is one run and no study, so it has no other seed: no seed=")
        return load_run(path, model=model, trust=trust, **own)
    if model is not None or own:
        raise UsageError("a study holds no run of a module or class made in a program")
    study: Any = path if isinstance(path, Study) else load_study(path, trust=trust)
    return study if seed is None else study.result(seed, setting)


def load_study(path: str | Path, *, trust: bool = False) -> Study:
    """Return a study on disk, finished or not.

    Args:
        path: its directory.
        trust: whether to execute code that came with the study; this is remembered.

    Raises:
        UsageError: if it does not exist, is damaged, or brings code that is not trusted.
    """
    from seqtasks.studies import lifecycle

    return lifecycle.load_study(path, trust=trust)
