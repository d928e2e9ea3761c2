"""Start a run and resume one."""

import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.errors import SeqtasksError, UsageError, counted, explain
from seqtasks.experiments.experiment import Experiment
from seqtasks.experiments.find import load_experiment
from seqtasks.files.atomic import (
    appending,
    sync,
    write_json,
    writing,
)
from seqtasks.files.critical_section import saving
from seqtasks.models.caller_settings import own_settings
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import short_name
from seqtasks.runs.belonging import decided_by
from seqtasks.runs.checkpoint import Checkpoint, write_checkpoint, write_weights
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.load import check_record, finished_result, restore_run
from seqtasks.runs.observers import MetricsLog, Observers
from seqtasks.runs.prepare import prepare
from seqtasks.runs.run_record import (
    begin_record,
    check_engine,
    check_things,
    recorded_experiment,
    remember_own_code,
    warn_of_versions,
    with_engine,
    with_more_steps,
)
from seqtasks.runs.training_run import (
    OBSERVER_STOPPED,
    Result,
    Run,
    interruption,
    parameter_count,
    train,
)
from seqtasks.scoring.baselines import Baseline, baselines_beside
from seqtasks.scoring.evaluate import Score, evaluate_at, marked
from seqtasks.scoring.over_range import RangeScore, evaluate_range
from seqtasks.tasks import Task
from seqtasks.tasks.settings import EngineName
from seqtasks.training import Trainer, check_state, state_tensors

__all__ = ["resume", "run"]

logger = logging.getLogger("seqtasks")

Stop = Callable[[], int]
UNTRAINED_SHARE = 4
"""The untrained model is scored on one n-th of the final evaluation's instances, n this number."""


def _never() -> int:
    return 0


@own_settings()
def run(
    experiment: str | Path | Task | type[Task] | Experiment,
    *,
    model: nn.Module | None = None,
    out: str | Path | None = None,
    observers: Iterable[Any] = (),
    stop: Stop = _never,
    trust: bool = False,
    **settings: Any,
) -> Result:
    """Train a model on a task and score it.

    Args:
        experiment: a name or a file as on the command line, a task, or an Experiment.
        model: a user's module to train in place, from (batch, time) ids to logits
            (batch, time, symbols), instead of the model that the settings describe.
        out: the folder in which to make the run's directory; None to keep the run in memory alone.
        observers: objects with `hookimpl` methods that see the run.
        stop: a function that is asked between steps, or about every 50 ms in a compiled program. If
            it returns a number other than 0, the number of a signal, the run ends.
        trust: if `experiment` is the record of a run, whether to execute code that came with it;
            this is remembered.
        settings: fields of Experiment, such as `cell="gru"`, `steps=500`, `seed=1`.

    Returns:
        The result, with the trained model. Nothing is printed. torch's and NumPy's global random
        states are unchanged.

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
    told = Observers(observers)
    started, trainer = prepare(experiment, model)
    remember_own_code(experiment, own_model)
    with closing(trainer):
        if out is None:
            return _execute(started, trainer, None, told, stop)
        check_state(started.model)
        directory = begin_record(experiment, trainer, Path(out), own_model)
        started.path = directory.path
        started.decided_by = decided_by(directory.record())
        with directory.locked():
            return _execute(started, trainer, directory, told, stop)


@own_settings()
def resume(
    path: str | Path,
    steps: int | None = None,
    *,
    model: nn.Module | None = None,
    engine: EngineName | None = None,
    checkpoint_every: int | str | None = None,
    observers: Iterable[Any] = (),
    stop: Stop = _never,
    trust: bool = False,
    allow_changes: bool = False,
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
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Raises:
        UsageError: if the run has ended, is running, is damaged or comes from a newer seqtasks; if
            code that came with it is not trusted; or if a definition that it trains has changed.
    """
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, Integral)):
        raise UsageError(f"steps must be a whole number, got {steps!r}")
    told = Observers(observers)
    directory = RunDirectory.open(path)
    with directory.locked():
        record = directory.record()
        experiment = recorded_experiment(directory, record, own, model, trust)
        check_record(directory, record, directory.checkpoint)
        present = check_things(directory, record, experiment, own, allow_changes, model)
        if checkpoint_every is not None:
            experiment = experiment.with_changes(checkpoint_every=checkpoint_every)
        wanted = check_engine(directory, record) if engine is None else engine
        threads = record.get("threads") if wanted == record.get("engine") == "native" else None
        by_record = engine is None  # if it cannot run, `with_engine` names one that can
        resumed, trainer = prepare(
            experiment.with_changes(engine=wanted), model, threads, may_fall_back=by_record
        )
        resumed.experiment = experiment
        changed = with_engine(directory, present, trainer, wanted if engine is None else None)
        if by_record and experiment.engine != "auto":
            trainer.hold_to_engine()
        resumed.path = directory.path
        resumed.decided_by = decided_by(record)
        warn_of_versions(directory, record)
        restore_run(resumed, trainer, directory, record)
        if steps is not None:
            changed = with_more_steps(resumed, changed, steps)
        elif resumed.stopped and finished_result(directory, experiment):
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
        with closing(trainer):
            return _execute(resumed, trainer, directory, told, stop)


def _execute(
    run: Run,
    trainer: Trainer,
    directory: RunDirectory | None,
    told: Observers,
    stop: Stop,
) -> Result:
    run.started_at_step = run.step
    log = None if directory is None else MetricsLog(directory.metrics, len(run.history))
    if log is not None:
        told.add_essential(log)
    told.tell("run_started", run=run)
    sequences = run.experiment.evaluation_sequences
    if not run.history:
        few = max(1, sequences // UNTRAINED_SHARE)
        untrained = [score.to_json() for score in _scores(run, trainer, directory, stop, few)]
        run.history.append({"step": 0, "untrained": untrained})
        if log is not None:
            log.write(run)  # a checkpoint may precede the next line
    before = trainer.some_weights()
    train(run, trainer, told, lambda: _save(run, trainer, directory), stop)
    _warn_if_untrained(run, before, trainer.some_weights())
    result = Result(
        run.experiment,
        run.task,
        run.model.eval(),
        run.path,
        run.step,
        run.stopped,
        run.seconds,
        parameter_count(run.model),
        _scores(run, trainer, directory, stop, sequences),
        [Score.from_json(score) for score in run.history[0]["untrained"]],
        run.history,
        _range_score(run, trainer, directory, stop),
        _without_learning(run),
    )
    if directory is not None:
        _write_result(result, directory, run.decided_by)
    told.tell("run_finished", run=run, result=result)
    return result


def _warn_if_untrained(run: Run, before: list[Tensor], after: list[Tensor]) -> None:
    """Warn if training changed no parameter at all."""
    made = run.step - run.started_at_step
    if made and before and all(map(torch.equal, before, after)):
        logger.warning(
            f"{counted(made, 'step')} of training changed no parameter: no gradient reaches them, "
            f"or the learning rate {run.experiment.learning_rate:g} is too small"
        )


def _scores(
    run: Run, trainer: Trainer, directory: RunDirectory | None, stop: Stop, sequences: int
) -> list[Score]:
    experiment = run.experiment
    scores: list[Score] = []
    lengths, seed = experiment.evaluation_lengths or (), experiment.seed
    for length in lengths:
        _heed(run, trainer, directory, stop)
        try:
            score = evaluate_at(
                run.model,
                run.task,
                length,
                sequences,
                seed,
                holdout=run.holdout,
                alone=length == min(lengths),
            )
        except SeqtasksError:
            raise
        except Exception as error:  # the trained model must not be lost
            logger.warning(f"the model cannot be scored at length {length}: {explain(error)}")
        else:
            scores.append(score)
    return marked(scores)


def _range_score(
    run: Run, trainer: Trainer, directory: RunDirectory | None, stop: Stop
) -> RangeScore | None:
    experiment = run.experiment
    if experiment.score is None:
        return None
    try:
        return evaluate_range(
            run.model,
            run.task,
            experiment.score,
            experiment.score_sequences,
            experiment.seed,
            run.holdout,
            lambda: _heed(run, trainer, directory, stop),
        )
    except SeqtasksError:
        raise
    except Exception as error:  # the trained model must not be lost
        logger.warning(f"the model cannot be scored over {experiment.score}: {explain(error)}")
        return None


def _without_learning(run: Run) -> dict[str, Baseline]:
    """Return the scores of the best strategy without learning, wherever the model was scored."""
    experiment = run.experiment
    return baselines_beside(run.task, experiment.evaluation_lengths or (), experiment.score)


def _heed(run: Run, trainer: Trainer, directory: RunDirectory | None, stop: Stop) -> None:
    """End the run with a checkpoint, if `save` requests it."""
    if signal_number := stop():
        _save(run, trainer, directory)
        raise interruption(run, signal_number)


def _save(run: Run, trainer: Trainer, directory: RunDirectory | None) -> None:
    if directory is None:
        return
    with saving():
        with writing(directory.metrics), appending(directory.metrics) as metrics:
            sync(metrics.fileno(), directory.metrics)  # the checkpoint counts its lines
        write_checkpoint(directory.checkpoint, Checkpoint(trainer.state(), run.progress()))


def _write_result(result: Result, directory: RunDirectory, decided_by: dict[str, Any]) -> None:
    from seqtasks.runs.plots import save_plots

    write_weights(directory.weights, state_tensors(result.model), result.step, decided_by)
    save_plots(result, directory.path)
    write_json(directory.result, result.to_json())  # last: it marks the run as finished


def _reason(run: Run) -> str:
    return "solved" if run.stopped == "solved" else "all its steps made"
