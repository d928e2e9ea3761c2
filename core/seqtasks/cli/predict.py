"""`seqtasks predict`: a run's answers to inputs of one's own, beside the right ones."""

import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.one_run import load_one
from seqtasks.cli.output import echo_json, say
from seqtasks.cli.run_options import replica_options
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError
from seqtasks.tasks.alphabets import (
    IGNORE,
    Reals,
    Tokens,
    TokenSets,
)

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = ["predict"]


class _InputsBelowZero(click.Command):
    """A command whose arguments may be numbers below 0, which are not options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a space before such a number; inputs may begin with a space."""
        spaced = [f" {text}" if re.match(r"-[\d.]", text) else text for text in args]
        return super().parse_args(ctx, spaced)


@click.command(cls=_InputsBelowZero)
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.argument("inputs", nargs=-1)
@click.option("--states", is_flag=True, help="Print the state after every step.")
@replica_options
@trust_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def predict(
    run: Path,
    inputs: tuple[str, ...],
    states: bool,
    replica: int | None,
    setting: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Answer INPUTS (strings of symbols, or lines of stdin) with RUN, and mark errors.

    RUN may be a study: --replica chooses one of its runs.

    For a task over real numbers, write an input with spaces between its steps and commas between
    their numbers: "0.5,1 0.3,0".
    """
    if not inputs:
        if sys.stdin.isatty():
            raise UsageError("an input is missing: give a string of symbols, or lines on stdin")
        inputs = tuple(line for line in sys.stdin if line.strip())
        if not inputs:
            raise UsageError("stdin holds no input: give one string of symbols a line")
    inputs = tuple(text.strip() for text in inputs)
    loaded = load_one(run, replica, setting, trust)
    encoded = [loaded.task.inputs.encode(text) for text in inputs]
    for text, ids in zip(inputs, encoded, strict=True):
        if len(ids) not in loaded.task.lengths:
            raise UsageError(
                f"'{text}' has length {len(ids)}: the task has {loaded.task.lengths.describe()}"
            )
    answers = [_answer(loaded, ids, states) for ids in encoded]
    if as_json:
        echo_json(answers)
        return
    for position, answer in enumerate(answers):
        if position:
            say()
        _echo_answer(answer)


def _answer(loaded: "Result", ids: Any, states: bool) -> dict[str, Any]:
    """Return input, prediction where scored, and right answer, step by step."""
    import torch

    from seqtasks.models.calling import to_torch
    from seqtasks.scoring.predict import decide

    task = loaded.task
    batch = task.batch_of(ids[None])
    inputs = to_torch(batch.inputs, getattr(torch, loaded.experiment.dtype), torch.device("cpu"))
    with torch.no_grad():
        logits, _, *history = _forward(loaded.model, inputs, states)
    predicted = decide(task.targets, logits)[0].numpy().copy()
    unscored = {Tokens: IGNORE, TokenSets: False, Reals: math.nan}[type(task.targets)]
    predicted[~batch.scored[0]] = unscored
    answer: dict[str, Any] = {
        "input": _steps(task.inputs, batch.inputs[0]),
        "prediction": _steps(task.targets, predicted),
        "answer": _steps(task.targets, batch.targets[0]),
    }
    if states:
        answer["states"] = [_flat(step, history[0]) for step in range(inputs.shape[1])]
    return answer


def _steps(alphabet: Tokens | TokenSets | Reals, values: Any) -> list[Any]:
    """Return each step's word, or its numbers; None for numbers that are not scored."""
    if not isinstance(alphabet, Reals):
        return alphabet.words(values)
    # Through text, 0.3 in single precision stays 0.3.
    return [
        None if np.isnan(row).any() else [float(str(number)) for number in row] for row in values
    ]


def _words(steps: list[Any]) -> list[str]:
    """Return the printed form of steps: words unchanged, numbers as inputs are written."""
    return [step if isinstance(step, str) else _number_word(step) for step in steps]


def _number_word(numbers: list[float] | None) -> str:
    return "." if numbers is None else ",".join(f"{number:.3g}" for number in numbers)


def _forward(model: Any, inputs: Any, states: bool) -> Any:
    return model(inputs, return_states=True) if states else model(inputs)


def _flat(step: int, state: Any) -> list[float]:
    """Return the numbers of a state at a step; its tensors follow one another."""
    from seqtasks.cells.state_tree import tensors_of

    return [number for part in tensors_of(state) for number in part[0, step].flatten().tolist()]


def _echo_answer(answer: dict[str, Any]) -> None:
    """Print the rows of an answer; symbols, which are right or wrong, get marks."""
    rows = {
        "input": _words(answer["input"]),
        "prediction": _words(answer["prediction"]),
        "right": _words(answer["answer"]),
    }
    widths = [max(map(len, column)) for column in zip(*rows.values(), strict=True)]
    for name, words in rows.items():
        cells = [word.rjust(width) for word, width in zip(words, widths, strict=True)]
        say(f"{name:<11} {' '.join(cells)}".rstrip())
    wrong = [
        isinstance(right, str) and said != right
        for said, right in zip(answer["prediction"], answer["answer"], strict=True)
    ]
    if any(wrong):
        marks = [
            ("^" if bad else " ").rjust(width) for bad, width in zip(wrong, widths, strict=True)
        ]
        say(f"{'wrong':<11} {' '.join(marks)}".rstrip())
    for step, state in enumerate(answer.get("states", ())):
        numbers = " ".join(f"{number:7.3f}" for number in state)
        say(f"state {step + 1:<5} {rows['input'][step]}  {numbers}")
