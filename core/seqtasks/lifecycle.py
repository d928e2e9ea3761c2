"""Start a run, resume one, load one."""

import os
import platform
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from seqtasks import __version__
from seqtasks.errors import UsageError
from seqtasks.evaluation import Score, evaluate_at
from seqtasks.experiment import THINGS, Experiment, load_experiment
from seqtasks.lookup import task as find_task
from seqtasks.observers import MetricsLog, Observers
from seqtasks.preparing import experiment_model, prepare
from seqtasks.references import restore
from seqtasks.registry import current_registry
from seqtasks.running import Result, Run, train
from seqtasks.runs import (
    FORMAT,
    Checkpoint,
    RunDirectory,
    read_checkpoint,
    read_json,
    read_weights,
    write_atomically,
    write_checkpoint,
    write_json,
    write_weights,
)
from seqtasks.tasks import Task
from seqtasks.training import Trainer

__all__ = ["load", "resume", "run"]

Stop = Callable[[], int]


def _never() -> int:
    return 0


def run(
    experiment: str | Path | Task | type[Task] | Experiment,
    *,
    model: nn.Module | None = None,
    out: str | Path | None = None,
    observers: Iterable[Any] = (),
    stop: Stop = _never,
    **settings: Any,
) -> Result:
    """Train a model on a task and score it.

    Args:
        experiment: a name or a file as on the command line, a task, or an Experiment.
        model: a module of one's own to train in place, from (batch, time) ids to logits
            (batch, time, symbols), instead of the one that the settings describe.
        out: the folder in which to make the run's directory; None to keep it in memory alone.
        observers: objects with `hookimpl` methods that see the run.
        stop: asked between steps; a number other than 0, a signal's, ends the run.
        settings: fields of Experiment, such as `cell="gru"`, `steps=500`, `seed=1`.

    Returns:
        The result, with the trained model. Nothing is printed; torch's and NumPy's global random
        states are as they were.

    Raises:
        UsageError: for what cannot be done as asked; nothing is then written.
        RunError: if the disk is full, or the model fails during training.
        DivergedError: if the loss stops being finite.
        InterruptedRun: if `stop` asked for the end; a run on disk then has a checkpoint.

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
        experiment = load_experiment(experiment, **settings)
    started, trainer = prepare(experiment, model)
    if out is None:
        return _execute(started, trainer, None, observers, stop)
    directory = _create(experiment, Path(out), own_model=model is not None)
    started.path = directory.path
    with directory.locked():
        return _execute(started, trainer, directory, observers, stop)


def resume(
    path: str | Path,
    steps: int | None = None,
    *,
    model: nn.Module | None = None,
    observers: Iterable[Any] = (),
    stop: Stop = _never,
    **own: Any,
) -> Result:
    """Go on with a run from its last checkpoint, to the bits it would have had without a stop.

    Args:
        path: the run's directory.
        steps: train up to this step, solved or not; None for what the run was asked for.
        model: the module, for a run that trained a module of one's own.
        observers: as for `run`.
        stop: as for `run`.
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Raises:
        UsageError: if the run is at its end, running, damaged, or from a newer seqtasks.
    """
    directory = RunDirectory.open(path)
    with directory.locked():
        record = directory.record()
        experiment = _recorded_experiment(directory, record, own, model)
        _check_engine(directory, record)
        resumed, trainer = prepare(experiment, model)
        resumed.path = directory.path
        _restore(resumed, trainer, directory)
        if steps is not None:
            _extend(resumed, directory, record, steps)
        elif resumed.stopped and directory.result.exists():
            raise UsageError(
                f"{directory.path} is finished ({_reason(resumed)} at step {resumed.step}); to "
                f"train on, ask for more steps: --steps {2 * resumed.step}"
            )
        return _execute(resumed, trainer, directory, observers, stop)


def load(path: str | Path, *, model: nn.Module | None = None, **own: Any) -> Result:
    """Return a run on disk, finished or not, with its model in evaluation mode.

    Args:
        path: the run's directory.
        model: the module to fill, for a run that trained a module of one's own.
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Returns:
        The result; of an unfinished run the weights are those of the last checkpoint, and there
        are no scores.

    Raises:
        UsageError: if there is no such run, it is damaged, or has no weights yet.
    """
    directory = RunDirectory.open(path)
    record = directory.record()
    experiment = _recorded_experiment(directory, record, own, model)
    task = find_task(experiment.task)
    if model is None:
        model = experiment_model(experiment, task)
    done = _finished(directory, experiment)
    if done is not None:
        weights = read_weights(directory.weights)
        progress = {"step": done["step"], "stopped": done["stopped"], "seconds": done["seconds"]}
    elif directory.checkpoint.exists():
        checkpoint = read_checkpoint(directory.checkpoint)
        progress = checkpoint.progress
        weights = {
            key.removeprefix("model."): value
            for key, value in checkpoint.tensors.items()
            if key.startswith("model.")
        }
    else:
        raise UsageError(
            f"{directory.path} has no weights yet: it was stopped before its first checkpoint"
        )
    _fill(model, weights, directory.weights if done else directory.checkpoint)
    return Result(
        experiment,
        task,
        model.eval(),
        directory.path,
        progress["step"],
        progress["stopped"],
        progress["seconds"],
        _count(model),
        [Score.from_json(score) for score in (done or {}).get("scores", ())],
        [Score.from_json(score) for score in (done or {}).get("untrained", ())],
        directory.history(),
    )


def _execute(
    run: Run,
    trainer: Trainer,
    directory: RunDirectory | None,
    observers: Iterable[Any],
    stop: Stop,
) -> Result:
    run.started_at_step = run.step
    if not run.history:
        untrained = _scores(run)
        run.history.append({"step": 0, "untrained": [score.to_json() for score in untrained]})
        written = 0
    else:
        written = len(run.history)
    log = [] if directory is None else [MetricsLog(directory.metrics, written)]
    told = Observers(observers, essential=log)
    told.tell("run_started", run=run)
    train(run, trainer, told, lambda: _save(run, trainer, directory), stop)
    result = Result(
        run.experiment,
        run.task,
        run.model.eval(),
        run.path,
        run.step,
        run.stopped,
        run.seconds,
        _count(run.model),
        _scores(run),
        [Score.from_json(score) for score in run.history[0]["untrained"]],
        run.history,
    )
    if directory is not None:
        _write_result(result, directory)
    told.tell("run_finished", run=run, result=result)
    return result


def _scores(run: Run) -> list[Score]:
    experiment = run.experiment
    return [
        evaluate_at(run.model, run.task, length, experiment.evaluation_sequences, experiment.seed)
        for length in experiment.evaluation_lengths or ()
    ]


def _create(experiment: Experiment, parent: Path, own_model: bool) -> RunDirectory:
    data, sources = experiment.to_json()
    record = {
        "format": FORMAT,
        "experiment": data,
        "own_model": own_model,
        "engine": "plain",
        "threads": torch.get_num_threads(),
        "sources": {kind: source.to_json() for kind, source in sources.items()},
        "versions": {
            "python": platform.python_version(),
            "seqtasks": __version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "plugins": current_registry().plugin_versions(),
        },
    }
    files = {source.copy_name: source.content for source in sources.values()}
    return RunDirectory.create(parent, experiment.run_name, record, files)


def _save(run: Run, trainer: Trainer, directory: RunDirectory | None) -> None:
    if directory is None:
        return
    with open(directory.metrics, "rb") as metrics:
        os.fsync(metrics.fileno())  # the checkpoint counts its lines
    write_checkpoint(directory.checkpoint, Checkpoint(trainer.state(), run.progress()))


def _restore(run: Run, trainer: Trainer, directory: RunDirectory) -> None:
    """Bring a run to its last checkpoint; lines of the log past it are dropped."""
    lines: list[dict[str, Any]] = []
    if directory.checkpoint.exists():
        checkpoint = read_checkpoint(directory.checkpoint)
        progress = dict(checkpoint.progress)
        lines = directory.history()[: progress.pop("lines")]
        if len(lines) < checkpoint.progress["lines"]:
            raise UsageError(
                f"{directory.metrics} lost lines that the checkpoint of step {progress['step']} "
                "counts on; restore it from a copy, or start the run again"
            )
        try:
            trainer.restore(checkpoint.tensors, progress["step"])
        except (RuntimeError, KeyError, ValueError) as error:
            raise _unfit(directory.checkpoint, error) from error
        for name, value in progress.items():
            setattr(run, name, value)
        run.history = lines
    if directory.metrics.exists():
        text = directory.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        write_atomically(directory.metrics, "".join(text[: len(lines)]).encode())


def _extend(run: Run, directory: RunDirectory, record: dict[str, Any], steps: int) -> None:
    """Ask for more steps, and record it: the run is then one that was asked for them at once."""
    if steps <= run.step:
        raise UsageError(
            f"{directory.path} is at step {run.step} already; ask for more than that, got {steps}"
        )
    run.experiment = run.experiment.with_changes(steps=steps, solved_after=0)
    run.stopped = None
    changed = {**record["experiment"], "steps": steps, "solved_after": 0}
    write_json(directory.experiment, {**record, "experiment": changed})


def _recorded_experiment(
    directory: RunDirectory, record: dict[str, Any], own: dict[str, Any], model: Any
) -> Experiment:
    if unknown := set(own) - set(THINGS):
        raise UsageError(f"unknown argument {unknown.pop()}; known: {', '.join(THINGS)}, model")
    if record.get("own_model") and model is None:
        raise UsageError(
            f"{directory.path} trained a module made in a Python program; open it there with "
            "seqtasks.load(run, model=...) or seqtasks.resume(run, model=...)"
        )
    data = dict(record["experiment"])
    for kind in THINGS:
        source = record.get("sources", {}).get(kind)
        data[kind] = own.get(kind) or restore(data[kind], kind, source, directory.path)
    return Experiment.from_json(data, str(directory.experiment))


def _check_engine(directory: RunDirectory, record: dict[str, Any]) -> None:
    if record.get("engine") != "plain":
        raise UsageError(
            f"{directory.path} was trained with the engine '{record.get('engine')}', "
            f"which seqtasks {__version__} does not have"
        )


def _finished(directory: RunDirectory, experiment: Experiment) -> dict[str, Any] | None:
    """Return what `result.json` holds, or None if the run is not at its end."""
    if not directory.result.exists():
        return None
    result = read_json(directory.result)
    return result if result["step_limit"] == experiment.steps else None


def _write_result(result: Result, directory: RunDirectory) -> None:
    from seqtasks.plots import save_plots

    write_weights(directory.weights, result.model.state_dict())
    write_json(directory.result, result.to_json())
    save_plots(result, directory.path)


def _fill(model: nn.Module, weights: dict[str, Any], path: Path) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise _unfit(path, error) from error


def _unfit(path: Path, error: Exception) -> UsageError:
    text = " ".join(str(error).split())
    return UsageError(f"{path} does not fit the model of its experiment: {text[:200]}")


def _reason(run: Run) -> str:
    return "solved" if run.stopped == "solved" else "all its steps made"


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
