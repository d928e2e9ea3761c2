"""`seqtasks predict`: a run's answers to inputs of one's own, beside the right ones."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.alphabet import IGNORE, Reals, Tokens
from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import echo_json
from seqtasks.errors import UsageError

if TYPE_CHECKING:
    from seqtasks.running import Result

__all__ = ["predict"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.argument("inputs", nargs=-1)
@click.option("--states", is_flag=True, help="Print the state after every step.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def predict(run: Path, inputs: tuple[str, ...], states: bool, as_json: bool) -> None:
    """Answer INPUTS (strings of symbols, or lines of stdin) with RUN, and mark errors."""
    if not inputs:
        if sys.stdin.isatty():
            raise UsageError("an input is missing: give a string of symbols, or lines on stdin")
        inputs = tuple(line.strip() for line in sys.stdin if line.strip())
        if not inputs:
            raise UsageError("stdin holds no input: give one string of symbols a line")
    from seqtasks.stored import load

    loaded = load(run)
    if not isinstance(loaded.task.inputs, Tokens) or isinstance(loaded.task.targets, Reals):
        raise UsageError("predict needs a task over symbols; this run's is over real vectors")
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
            click.echo()
        _echo_answer(answer)


def _answer(loaded: "Result", ids: Any, states: bool) -> dict[str, Any]:
    """Return the words of an input, the prediction where it is scored, and the right answer."""
    import torch

    from seqtasks.evaluation import decide

    batch = loaded.task.batch_of(ids[None])
    inputs = torch.from_numpy(batch.inputs)
    with torch.no_grad():
        logits, _, *history = _forward(loaded.model, inputs, states)
    predicted = decide(loaded.task.targets, logits)[0].numpy().copy()
    predicted[~batch.scored[0]] = IGNORE if isinstance(loaded.task.targets, Tokens) else False
    answer: dict[str, Any] = {
        "input": loaded.task.inputs.words(batch.inputs[0]),
        "prediction": loaded.task.targets.words(predicted),
        "answer": loaded.task.targets.words(batch.targets[0]),
    }
    if states:
        answer["states"] = [_flat(step, history[0]) for step in range(inputs.shape[1])]
    return answer


def _forward(model: Any, inputs: Any, states: bool) -> Any:
    return model(inputs, return_states=True) if states else model(inputs)


def _flat(step: int, state: Any) -> list[float]:
    """Return the numbers of a state at a step; those of a tuple one after the other."""
    if isinstance(state, tuple):
        return [number for part in state for number in _flat(step, part)]
    return state[0, step].flatten().tolist()


def _echo_answer(answer: dict[str, Any]) -> None:
    rows = {"input": answer["input"], "prediction": answer["prediction"], "right": answer["answer"]}
    widths = [max(map(len, column)) for column in zip(*rows.values(), strict=True)]
    for name, words in rows.items():
        cells = [word.rjust(width) for word, width in zip(words, widths, strict=True)]
        click.echo(f"{name:<11} {' '.join(cells)}".rstrip())
    wrong = [p != a for p, a in zip(answer["prediction"], answer["answer"], strict=True)]
    if any(wrong):
        marks = [
            ("^" if bad else " ").rjust(width) for bad, width in zip(wrong, widths, strict=True)
        ]
        click.echo(f"{'wrong':<11} {' '.join(marks)}".rstrip())
    for step, state in enumerate(answer.get("states", ())):
        numbers = " ".join(f"{number:7.3f}" for number in state)
        click.echo(f"state {step + 1:<5} {answer['input'][step]}  {numbers}")
