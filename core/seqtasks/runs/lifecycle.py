"""Start a run and resume one."""

import logging
from collections.abc import Iterable
from contextlib import closing
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.errors import UsageError, counted
from seqtasks.experiments.experiment import Experiment
from seqtasks.experiments.find import load_experiment
from seqtasks.files.atomic import write_json
from seqtasks.files.paths import as_path
from seqtasks.models.caller_settings import own_settings
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import short_name
from seqtasks.runs.active_run import ActiveRun, Stop, checked_stop, never
from seqtasks.runs.belonging import decided_by
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.observers import MetricsLog, Observers
from seqtasks.runs.prepare import prepare
from seqtasks.runs.progress import showing
from seqtasks.runs.record_changes import (
    check_engine,
    check_things,
    warn_of_versions,
    with_engine,
    with_more_steps,
)
from seqtasks.runs.rewind import rewind_run
from seqtasks.runs.run_on_disk import read_run
from seqtasks.runs.run_record import BY_PLACE, begin_record, remember_own_code
from seqtasks.runs.run_scores import score_over_range, scores_at_lengths, without_learning
from seqtasks.runs.saving import write_result
from seqtasks.runs.training_loop import train
from seqtasks.runs.training_run import OBSERVER_STOPPED, Result, Run, parameter_count
from seqtasks.scoring.evaluate import Score
from seqtasks.tasks import Task
from seqtasks.tasks.settings import EngineName
from seqtasks.training import check_state

__all__ = ["resume", "run", "train_and_score"]

logger = logging.getLogger("seqtasks")

UNTRAINED_SHARE = 4
"""The untrained model is scored on one n-th of the final evaluation's instances, n this number."""


@own_settings()
def run(
    experiment: str | Path | Task | type[Task] | Experiment,
    *,
    model: nn.Module | None = None,
    out: str | Path | None = None,
    observers: Iterable[Any] | None = (),
    stop: Stop | None = never,
    trust: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Result:
    """Train a model on a task and score it.

    Args:
        experiment: a name or a file as on the command line, a task, or an Experiment.
        model: a user's module to train in place, from (batch, time) ids to logits
            (batch, time, symbols), instead of the model that the settings describe.
        out: the folder in which to make the run's directory; None to keep the run in memory alone.
        observers: objects with `hookimpl` methods that see the run.
        stop: a function that is asked between steps, or about every 0.2 s in a compiled program. If
            it returns a number other than 0, the number of a signal, the run ends.
        trust: if `experiment` is the record of a run, whether to execute code that came with it;
            this is remembered.
        progress: whether to show a bar, on stderr of a terminal or in a notebook; elsewhere stderr
            gets a line every ten seconds.
        settings: fields of Experiment, such as `cell="gru"`, `steps=500`, `seed=1`.

    Returns:
        The result, with the trained model. Without `progress` nothing is printed. torch's and
        NumPy's global random states are unchanged.

    Raises:
        UsageError: if an argument is wrong or impossible; nothing is written in this case.
        RunError: if the disk is full, or the model fails during training.
        DivergedError: if the loss stops being finite.
        RunInterruptedError: if `stop` ended the run; a run on disk then has a checkpoint.

    Example:
        >>> import seqtasks as st
        >>> result = st.run("bitflip", cell="concat", steps=20, evaluation_lengths=(10,))
        >>> sorted(result.metrics[10])
        ['sequence_accuracy', 'token_accuracy']
    """
    if isinstance(experiment, Experiment):
        experiment = experiment.with_changes(**settings)
    elif isinstance(experiment, type):
        experiment = Experiment.for_task(find_task(experiment), **settings)
    else:
        experiment = load_experiment(experiment, trust=trust, **settings)
    own_model = None if model is None else type(model).__name__
    if own_model and experiment.name is None:
        name = f"{short_name(experiment.task)}-{short_name(type(model))}"
        experiment = experiment.with_changes(name=name)
    told, stop = Observers(observers), checked_stop(stop)
    folder = None if out is None else as_path(out, "out")
    started, trainer = prepare(experiment, model)
    remember_own_code(experiment, own_model)
    with closing(trainer), showing(told, progress):
        if folder is None:
            return train_and_score(ActiveRun(started, trainer, None, told, stop))
        check_state(started.model)
        directory = begin_record(experiment, trainer, folder, own_model)
        started.path = directory.path
        started.decided_by = decided_by(directory.record())
        with directory.locked():
            return train_and_score(ActiveRun(started, trainer, directory, told, stop))


@own_settings()
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
        path: the run's directory.
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
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, Integral)):
        raise UsageError(f"steps must be a whole number, got {steps!r}")
    told, stop = Observers(observers), checked_stop(stop)
    directory = RunDirectory.open(path)
    with directory.locked():
        disk = read_run(directory, own, model, trust)
        disk.check_record(directory.checkpoint)
        present = check_things(disk, allow_changes)
        record, experiment = disk.record, disk.experiment
        if checkpoint_every is not None:
            experiment = experiment.with_changes(checkpoint_every=checkpoint_every)
        wanted = check_engine(disk) if engine is None else engine
        threads = record.get("threads") if wanted == record.get("engine") == "native" else None
        by_record = engine is None  # if it cannot run, `with_engine` names one that can
        resumed, trainer = prepare(
            experiment.with_changes(engine=wanted),
            model,
            threads,
            may_fall_back=by_record,
            counted_draws=record.get("draws") == BY_PLACE,
        )
        resumed.experiment = experiment
        changed = with_engine(disk, present, trainer, wanted if engine is None else None)
        if by_record and experiment.engine != "auto":
            trainer.hold_to_engine()
        resumed.path = directory.path
        resumed.decided_by = decided_by(record)
        warn_of_versions(disk)
        rewind_run(resumed, trainer, disk)
        if steps is not None:
            changed = with_more_steps(resumed, changed, steps)
        elif resumed.stopped and disk.finished_result():
            raise UsageError(
                f"{directory.path} is finished ({_reason(resumed)} at step {resumed.step}); to "
                f"train on, ask for more steps: --steps {2 * resumed.step}"
            )
        if checkpoint_every is not None:
            cadence = {"checkpoint_every": experiment.checkpoint_every}
            changed = {**changed, "experiment": {**changed["experiment"], **cadence}}
        if changed != record:
            write_json(directory.experiment, changed)
        before = directory.read_result()
        if before is not None and (before["stopped"] or "").startswith(OBSERVER_STOPPED):
            directory.result.unlink()  # it would look like the end of the longer run
        with closing(trainer), showing(told, progress):
            return train_and_score(ActiveRun(resumed, trainer, directory, told, stop))


def train_and_score(active: ActiveRun) -> Result:
    """Train a run to its end, score it, and write its result if it has a directory."""
    run, trainer, directory, observers = (
        active.run,
        active.trainer,
        active.directory,
        active.observers,
    )
    run.started_at_step = run.step
    log = None if directory is None else MetricsLog(directory.metrics, len(run.history))
    if log is not None:
        observers.add_essential(log)
    observers.tell("run_started", run=run)
    sequences = run.experiment.evaluation_sequences
    if not run.history:
        untrained = scores_at_lengths(active, max(1, sequences // UNTRAINED_SHARE))
        run.history.append({"step": 0, "untrained": [score.to_json() for score in untrained]})
        if log is not None:
            log.write(run)  # a checkpoint may precede the next line
    before = trainer.some_weights()
    train(active)
    _warn_if_untrained(run, before, trainer.some_weights())
    result = Result(
        experiment=run.experiment,
        task=run.task,
        model=run.model.eval(),
        path=run.path,
        step=run.step,
        stopped=run.stopped,
        seconds=run.seconds,
        parameters=parameter_count(run.model),
        scores=scores_at_lengths(active, sequences),
        untrained=[Score.from_json(score) for score in run.history[0]["untrained"]],
        history=run.history,
        score=score_over_range(active),
        without_learning=without_learning(run),
    )
    if directory is not None:
        write_result(result, directory, run.decided_by)
    observers.tell("run_finished", run=run, result=result)
    return result


def _warn_if_untrained(run: Run, before: list[Tensor], after: list[Tensor]) -> None:
    """Warn if training changed no parameter at all."""
    made = run.step - run.started_at_step
    if made and before and all(map(torch.equal, before, after)):
        logger.warning(
            f"{counted(made, 'step')} of training changed no parameter: no gradient reaches them, "
            f"or the learning rate {run.experiment.learning_rate:g} is too small"
        )


def _reason(run: Run) -> str:
    return "solved" if run.stopped == "solved" else "all its steps made"
