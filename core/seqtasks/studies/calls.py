"""`seqtasks.run`, for one run or for a study of many seeds."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, overload

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.experiments.find import load_experiment
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import short_name
from seqtasks.runs.active_run import Stop, never
from seqtasks.runs.lifecycle import run as run_once
from seqtasks.runs.training_run import Result
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.made_models import making
from seqtasks.studies.settings import Row, Setting
from seqtasks.studies.study import Study
from seqtasks.studies.study_record import Asked
from seqtasks.tasks import Task

__all__ = ["Backend", "run", "study_of_one"]

Backend = Literal["auto", "threads", "loky", "dask", "ray"]
What = str | Path | Task | type[Task] | Experiment


@overload
def run(
    experiment: What,
    *,
    model: nn.Module | None = None,
    out: str | Path | None = None,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    trust: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Result: ...
@overload
def run(
    experiment: What,
    *,
    seeds: str | Iterable[int],
    model: Callable[..., nn.Module] | None = None,
    out: str | Path | None = None,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    trust: bool = False,
    progress: bool = False,
    backend: Backend = "auto",
    jobs: int | None = None,
    address: str | None = None,
    keep_weights: bool = False,
    reuse: bool = False,
    time_limit: float | None = None,
    **settings: Any,
) -> Study: ...
def run(
    experiment: What,
    *,
    seeds: str | Iterable[int] | None = None,
    model: Any = None,
    out: str | Path | None = None,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    trust: bool = False,
    progress: bool = False,
    backend: Backend = "auto",
    jobs: int | None = None,
    address: str | None = None,
    keep_weights: bool = False,
    reuse: bool = False,
    time_limit: float | None = None,
    **settings: Any,
) -> Result | Study:
    """Train a model on a task and score it; with `seeds`, once for each seed.

    Args:
        experiment: a name or a file as on the command line, a task, or an Experiment.
        seeds: the seeds of a study: `range(1000)`, a list, or text as on the command line
            (`"0..999"`, `"3,5,8"`). Each replica gives the numbers of its seed run alone, with the
            same engine and one thread.
        model: a user's module to train in place, from (batch, time) ids to logits
            (batch, time, symbols), instead of the model that the settings describe; with `seeds`
            a function that makes one, called with the seed if it takes an argument.
        out: the folder in which to make the directory; None to keep everything in memory alone.
        observers: objects with `hookimpl` methods that see the run, or the moments of the study.
            With a true attribute `per_replica` they also see each run of a study.
        stop: a function that is asked between steps, or about every 0.2 s in a compiled program. If
            it returns a number other than 0, the number of a signal, the run or study ends.
        trust: if `experiment` is the record of a run, whether to execute code that came with it;
            this is remembered.
        progress: whether to show a bar, on stderr of a terminal or in a notebook; elsewhere stderr
            gets a line every ten seconds.
        backend: what makes the runs of a study: `threads`, the processes of `loky`, a `dask` or
            `ray` cluster; `auto` takes threads for the native engine and loky for others.
        jobs: how many runs of a study are made at once; None for one on each core.
        address: the address of a cluster that is there.
        keep_weights: whether a study keeps the weights of all its runs.
        reuse: whether a study takes the equal runs of other studies in the folder `out`.
        time_limit: the seconds after which a study ends in order.
        settings: fields of Experiment, such as `cell="gru"`, `steps=500`, `seed=1`.

    Returns:
        The result, with the trained model; with `seeds` the study. Without `progress` nothing is
        printed. torch's and NumPy's global random states are unchanged.

    Raises:
        UsageError: if an argument is wrong or impossible; nothing is written in this case.
        RunError: if the disk is full, or the model of a single run fails during training.
        DivergedError: if the loss of a single run stops being finite.
        RunInterruptedError: if `stop` ended a single run; a run on disk then has a checkpoint.

    Example:
        >>> import seqtasks as st
        >>> result = st.run("bitflip", cell="concat", steps=20, evaluation_lengths=(10,))
        >>> sorted(result.metrics[10])
        ['sequence_accuracy', 'token_accuracy']
        >>> settings = {"steps": 20, "evaluation_lengths": (10,)}
        >>> study = st.run("bitflip", cell="concat", seeds=range(4), **settings)
        >>> study.outcomes().seeds
        array([0, 1, 2, 3])
    """
    common: dict[str, Any] = {
        "out": out,
        "observers": observers,
        "stop": stop,
        "progress": progress,
    }
    if seeds is None:
        given = {
            "backend": backend != "auto",
            "jobs": jobs is not None,
            "address": address is not None,
            "keep_weights": keep_weights,
            "reuse": reuse,
            "time_limit": time_limit is not None,
        }
        if named := [name for name, there in given.items() if there]:
            raise UsageError(f"{named[0]} is for a study of many seeds: give seeds=range(100), too")
        return run_once(experiment, model=model, trust=trust, **common, **settings)
    flags = {"keep_weights": keep_weights, "reuse": reuse, "trust": trust, "progress": progress}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise UsageError(f"{name} must be True or False, got {value!r:.60}")
    if "seed" in settings:
        raise UsageError("give seed for one run or seeds for a study, not both")
    asked = _asked(experiment, Seeds.read(seeds), trust, keep_weights, settings)
    from seqtasks.studies.execution import Execution
    from seqtasks.studies.lifecycle import run_study

    return run_study(
        asked,
        make_model=None if model is None else making(model),
        execution=Execution(backend, jobs, address, time_limit),
        reuse=reuse,
        **common,
    )


def _asked(
    experiment: What, seeds: Seeds, trust: bool, keep_weights: bool, settings: dict[str, Any]
) -> Asked:
    """Return a study of one experiment."""
    if isinstance(experiment, Experiment):
        made = experiment.with_changes(**settings)
    elif isinstance(experiment, type):
        made = Experiment.for_task(find_task(experiment), **settings)
    else:
        made = load_experiment(experiment, trust=trust, **settings)
    return study_of_one(made, seeds, keep_weights)


def study_of_one(
    experiment: Experiment, seeds: Seeds, keep_weights: bool = False, command: str | None = None
) -> Asked:
    """Return what a study of one experiment is asked for.

    Args:
        experiment: the experiment.
        seeds: its seeds.
        keep_weights: whether the weights of all runs are kept.
        command: the command line that repeats it.
    """
    one = Setting(short_name(experiment.cell), {}, experiment.with_changes(seed=0))
    rows = (Row(0, seeds),)
    return Asked(experiment.run_name, "run", (one,), rows, command, keep_weights)
