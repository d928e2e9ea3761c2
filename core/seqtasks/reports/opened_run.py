"""What only the code of a run can tell: answers, the engine, the command that makes it again."""

from collections.abc import Sequence
from dataclasses import dataclass

from seqtasks.errors import SeqtasksError
from seqtasks.reports.page_setting import Measure, measures_of
from seqtasks.reports.repeat import run_command
from seqtasks.reports.run_answers import Answers, answers_at
from seqtasks.reports.run_engine import EngineSaid, engine_of
from seqtasks.reports.run_said import RunSaid
from seqtasks.runs.training_run import Result
from seqtasks.scoring.baselines import chance
from seqtasks.tasks import Reals

__all__ = ["Opened", "measures_shown", "opened_run"]

MOST_EXAMPLE_LENGTH = 2000


@dataclass(frozen=True)
class Opened:
    """What only a run's code can tell: it is there if the user trusts the code.

    Attributes:
        measures: the metrics of the task.
        chance: the scores of uniform guesses.
        answers: the answers of the model at some lengths.
        engine: the engine of the model.
        command: the command with all options that makes the run again, or None.
        error_by_place: whether the answers are reals, so that a place has an error.
        notes: what could not be shown, and why.
    """

    measures: Sequence[Measure]
    chance: dict[str, float]
    answers: Sequence[Answers]
    engine: EngineSaid | None
    command: str | None
    error_by_place: bool
    notes: Sequence[str] = ()


def opened_run(result: Result) -> Opened:
    """Return what the model and the task of a run tell: answers, engine, command."""
    experiment, task, notes = result.experiment, result.task, list[str]()
    trained = task.lengths.within(experiment.length_range)
    wanted = [trained[-1]] if trained else []
    longer = [one.length for one in result.scores if one.length > max(wanted, default=0)]
    wanted += [length for length in longer[-1:] if length <= MOST_EXAMPLE_LENGTH]
    answers: list[Answers] = []
    engine = None
    try:
        answers = [
            answers_at(result.model, task, length, experiment.seed, result.holdout)
            for length in wanted
        ]
    except SeqtasksError as error:
        notes.append(f"There are no worked examples: {error}")
    try:
        engine = engine_of(result.model, task, experiment)
    except SeqtasksError as error:
        notes.append(f"The engine is left out: {error}")
    return Opened(
        measures_of(task),
        chance(task),
        answers,
        engine,
        run_command(experiment),
        isinstance(task.targets, Reals),
        notes,
    )


def measures_shown(said: RunSaid, opened: Opened | None) -> list[Measure]:
    """Return the metrics of a run: as its task says, or else by their names."""
    known = {} if opened is None else {one.name: one for one in opened.measures}
    return [
        known.get(name) or Measure(name, name.endswith("accuracy"), not name.endswith("accuracy"))
        for name in said.metrics
    ]
