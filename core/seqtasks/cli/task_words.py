"""What `seqtasks show` and the gallery both say of a task, whatever they print it as."""

from collections.abc import Iterator

from seqtasks.cli.description import TaskDescription
from seqtasks.cli.output import figure
from seqtasks.errors import counted
from seqtasks.scoring.baselines import Baselines
from seqtasks.specs.grammar import format_value
from seqtasks.tasks import Reals, Task, TokenSets

__all__ = ["answer_place", "inputs_scored", "meanings", "strategy_rows"]


def answer_place(made: Task) -> str:
    """Return what a task's answer is made of, and on which steps it stands."""
    sets, reals = isinstance(made.targets, TokenSets), isinstance(made.targets, Reals)
    what = "set of symbols" if sets else "vector" if reals else "symbol"
    stands = {
        "each": f"one {what} at each step",
        "end": f"one {what} after the last symbol",
        "after": f"a {what} on each of the blanks (_) that follow the input",
    }
    return stands[made.layout]


def meanings(found: TaskDescription) -> Iterator[tuple[str, str, str]]:
    """Yield each value that the spec leaves open as `name=value`, a remark, and its meaning.

    The remark is ` (the default)`, or empty.
    """
    defaults = {p.name: format_value(p.default) for p in found.about.parameters}
    for parameter, values in found.meanings.items():
        for value, text in values.items():
            usual = len(values) > 1 and value == defaults.get(parameter)
            yield f"{parameter}={value}", " (the default)" if usual else "", text


def strategy_rows(trivial: Baselines) -> list[list[str]]:
    """Return a row for each strategy that does not learn: its name, and each metric's value."""
    return [
        [row.strategy, *(_score(name, value) for name, value in row.metrics.items())]
        for row in trivial.rows
    ]


def inputs_scored(trivial: Baselines) -> str:
    """Return how many inputs the strategies were scored on, and whether these are all."""
    over = counted(trivial.sequences, "input")
    if not trivial.exhaustive:
        return f"a sample of {over}"
    return "the one input" if trivial.sequences == 1 else f"all {over}"


def _score(name: str, value: float) -> str:
    """Return a metric's value; an accuracy that rounds to 0.00 is shown as below 0.01."""
    below = name.endswith("accuracy") and 0 < value < 0.00005
    return f"< {figure(name, 0.0001)}" if below else figure(name, value)
