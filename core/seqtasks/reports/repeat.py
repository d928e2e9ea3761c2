"""The command that makes a run again."""

import shlex
from dataclasses import fields
from typing import Any

from seqtasks.experiments.experiment import Experiment

__all__ = ["run_command"]

OPTIONS = {"learning_rate": "lr", "evaluation_lengths": "eval-length"}
WITHOUT_OPTION = (
    "log_every",
    "evaluate_every",
    "validation_sequences",
    "evaluation_sequences",
    "score_sequences",
    "score_also",
    "name",
    "published",
    "solved_after",
)
"""The fields of an experiment that `seqtasks run` has no option for."""
FLAGS = ("blank_before_answer", "zeros_after_end")


def run_command(experiment: Experiment) -> str | None:
    """Return the `seqtasks run` that makes an experiment's run again; None if there is none.

    Example:
        >>> import seqtasks as st
        >>> run_command(st.Experiment.for_task("parity", cell="gru", steps=50, seed=3))
        'seqtasks run parity --cell gru --steps 50 --seed 3'
    """
    data, sources = experiment.to_json()
    if sources or not all(isinstance(data[kind], str) for kind in ("task", "cell", "readout")):
        return None
    usual = Experiment.for_task(data["task"], length=experiment.length, steps=experiment.steps)
    recommended = Experiment.for_task(data["task"])
    parts = ["seqtasks", "run", data["task"]]
    for one in fields(Experiment):
        name, value = one.name, getattr(experiment, one.name)
        beside = recommended if name in ("length", "steps") else usual
        if name == "task" or value == getattr(beside, name):
            continue
        if name in WITHOUT_OPTION:
            return None
        parts += _option(name, value)
    return shlex.join(parts)


def _option(name: str, value: Any) -> list[str]:
    option = OPTIONS.get(name, name).replace("_", "-")
    if name in FLAGS:
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, list | tuple):
        return [f"--{option}", ",".join(map(str, value))]
    return [f"--{option}", "none" if value is None else f"{value}"]
