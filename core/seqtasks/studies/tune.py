"""Tune the settings of one task: Optuna proposes points from what earlier points showed.

Points are proposed a few at a time, and the proposals depend on the record and the runs alone. So a
study that was stopped goes on as if it had not been, whatever the number of workers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.registry.references import short_name
from seqtasks.specs.lists import Choices
from seqtasks.specs.seeds import Seeds
from seqtasks.specs.stored_choices import choices_from_json, choices_to_json
from seqtasks.studies.faces import Planned
from seqtasks.studies.labels import as_settings
from seqtasks.studies.measures import lower_is_better, metrics_of, score_values, steps_to_solve
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.plan import Load, Plan, identity
from seqtasks.studies.selection import Selection
from seqtasks.studies.settings import Row
from seqtasks.studies.study_record import Asked
from seqtasks.studies.tuned_code import check_code, code_to_try

if TYPE_CHECKING:
    from seqtasks.studies.optuna_trials import Trials
    from seqtasks.studies.study import Study

__all__ = ["Tuning", "as_error", "cost", "to_tune", "tune_stage", "tuning_of"]

TOGETHER = 4
"""How many points are proposed at once, whatever the number of workers."""

MOST_AGAIN = 50
"""How often a point is proposed again in a row before the search ends."""


@dataclass(frozen=True)
class Tuning:
    """How settings are tuned.

    Attributes:
        trials: how many points are proposed in all.
        seeds: the seeds of each point. The first is run first, and may be pruned.
        search: the values to choose from, by the name of the field.
        search_seed: the seed of the proposals.
        prune: whether a point ends early if its first run is worse than half of those before it.
        engine: the engine that was asked for.
        points: the parameters of each point as Optuna knows them.
    """

    trials: int
    seeds: Seeds
    search: Mapping[str, Choices]
    search_seed: int
    prune: bool
    engine: Any
    points: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the tuning as plain data."""
        return {
            "trials": self.trials,
            "seeds": str(self.seeds),
            "search": {name: choices_to_json(one) for name, one in self.search.items()},
            "search_seed": self.search_seed,
            "prune": self.prune,
            "engine": self.engine,
            "points": [dict(point) for point in self.points],
        }


def tuning_of(asked: Asked) -> Tuning | None:
    """Return how a study tunes, if it does.

    Raises:
        UsageError: if the study's record is damaged.
    """
    data: Any = (asked.options or {}).get("tune")
    if data is None:
        return None
    try:
        found = Tuning(
            int(data["trials"]),
            Seeds.read(str(data["seeds"])),
            {str(name): choices_from_json(one) for name, one in data["search"].items()},
            int(data["search_seed"]),
            bool(data["prune"]),
            data["engine"],
            tuple(dict(point) for point in data["points"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the study {asked.name} is damaged: its tuning: {error}") from None
    if len(found.points) != len(asked.settings):
        raise UsageError(f"the study {asked.name} is damaged: its tuning has other points")
    return found


def to_tune(
    load: Load,
    choices: Mapping[str, Choices],
    seeds: Seeds,
    *,
    trials: int = 50,
    search_seed: int = 0,
    prune: bool = True,
    best: int = 3,
    fresh: int = 20,
) -> Planned:
    """Return the study whose points Optuna proposes, with its first points.

    Args:
        load: returns the experiment that has some values in place of its own.
        choices: the values of each field; a range is searched as a whole.
        seeds: the seeds of each point.
        trials: how many points are proposed in all.
        search_seed: the seed of the proposals.
        prune: whether a point ends early if its first run is worse than half of those before it.
        best: how many of the best points are measured again on other seeds.
        fresh: the number of these seeds; 0 to measure none again.

    Raises:
        UsageError: if Optuna is not installed, or the values leave nothing to choose.
    """
    from seqtasks.studies.optuna_trials import Trials

    for name, number, least in (
        ("trials", trials, 2),
        ("best", best, 1),
        ("fresh seeds", fresh, 0),
        ("search seed", search_seed, 0),
    ):
        if number < least:
            raise UsageError(f"the number of {name} must be at least {least}, got {number}")
    tasks = choices["task"].grid()
    if len(tasks) != 1:
        raise UsageError("tune takes one task, because points of different tasks are not compared")
    search = {name: one for name, one in choices.items() if name != "task"}
    if all(len(one.items) == 1 and isinstance(one.items[0], str | int | float | None)
           for one in search.values()):  # fmt: skip
        raise UsageError("there is nothing to tune: give a range such as --lr 1e-4..1e-2:log")
    known: dict[str, Experiment] = {}
    points: list[Mapping[str, Any]] = []
    proposals = Trials(None, search_seed)
    first = code_to_try(search)
    proposals.begin_with(first)
    for attempt in range(MOST_AGAIN):
        values, point = proposals.propose(len(points), search, attempt)
        experiment = load({"task": tasks[0], **values})
        if known.setdefault(identity(experiment), experiment) is experiment:
            points.append(point)
        if len(points) == min(max(TOGETHER, len(first)), trials):
            break
    found = [*known.values()]
    tuning = Tuning(trials, seeds, search, search_seed, prune, found[0].engine, tuple(points))
    name = f"{short_name(found[0].task)}-tune"
    rows = tuple(Row(index, seeds.ranges[0][:1]) for index in range(len(found)))
    options: dict[str, Any] = {"tune": tuning.to_json()}
    if fresh:
        options["selection"] = Selection(seeds, seeds.following(fresh), best, "all").to_json()
    return Planned(Asked(name, "tune", as_settings(found, [*search]), rows, options=options))


def tune_stage(study: "Study") -> Asked | None:
    """Return the study with its next points, or with the other seeds of points that go on.

    Returns:
        None if the study does not tune, has all its points, or finds no new one.

    Raises:
        UsageError: if Optuna is not installed, or the study's record is damaged.
    """
    tuning = tuning_of(study.asked)
    if tuning is None:
        return None
    from seqtasks.studies.optuna_trials import Trials

    trials = Trials(study.path, tuning.search_seed)
    trials.know(tuning.points, tuning.search)
    asked, rows = study.asked, list(study.asked.rows)
    for index, setting in enumerate(study.settings):
        outcomes = study.collected[index].outcomes()
        first = int(np.flatnonzero(outcomes.seeds == tuning.seeds[0])[0])
        errors = _errors(outcomes, setting.experiment, first)
        if outcomes.statuses[first] == "pruned":
            trials.tell(index, None, errors)
        elif missing := tuning.seeds.without(Plan("", (), asked.rows).seeds_of(index)):
            rows.append(Row(index, tuple(missing)))
        else:
            trials.tell(index, cost(outcomes, setting.experiment), errors)
    if len(rows) > len(asked.rows):
        return replace(asked, rows=tuple(rows))
    return _with_new_points(study, tuning, trials)


def cost(outcomes: Outcomes, experiment: Experiment) -> float:
    """Return the mean cost of some runs, from 0 to 2; what is tuned makes it small.

    A run that solved the task costs its steps, as a share of the step limit. Another costs 1 and
    its error at the first length: the share of wrong answers, or error / (1 + error). A run that
    left no model costs 2.
    """
    metrics = metrics_of(experiment)
    steps = steps_to_solve(outcomes)
    length = next(iter(outcomes.scores), "")
    values = score_values(outcomes, length, metrics[0].name, metrics).values
    wrong = as_error(values, lower_is_better(metrics[0].name, metrics))
    costs = np.where(np.isfinite(steps), steps / outcomes.step_limit, 1 + wrong)
    return float(costs.mean())


def as_error(values: Any, lower: bool) -> Any:
    """Return scores as errors from 0 to 1; a score that is missing is 1."""
    errors = np.abs(values) / (1 + np.abs(values)) if lower else np.clip(1 - values, 0, 1)
    return np.where(np.isfinite(errors), errors, 1.0)


def _errors(outcomes: Outcomes, experiment: Experiment, run: int) -> dict[int, float]:
    """Return the errors of a run at its evaluations, by step."""
    metric = metrics_of(experiment)[0].name
    values = outcomes.validation[metric][run]
    errors = as_error(values, lower_is_better(metric, metrics_of(experiment)))
    steps = (np.arange(len(values)) + 1) * outcomes.evaluate_every
    seen = np.isfinite(values)
    return {int(s): float(e) for s, e in zip(steps[seen], errors[seen], strict=True)}


def _with_new_points(study: "Study", tuning: Tuning, trials: "Trials") -> Asked | None:
    experiments = [setting.experiment for setting in study.settings]
    known = {identity(experiment) for experiment in experiments}
    base = experiments[0].with_changes(engine=tuning.engine)
    points = list(tuning.points)
    again = 0
    while len(points) < tuning.trials and again < MOST_AGAIN:
        if len(points) - len(tuning.points) == TOGETHER:
            break
        values, point = trials.propose(len(points), tuning.search, again)
        check_code(values, experiments)
        experiment = _changed(base, values)
        if experiment is None or identity(experiment) in known:
            trials.drop(len(points))
            again += 1
            continue
        known.add(identity(experiment))
        experiments.append(experiment)
        points.append(point)
        again = 0
    begun = len(study.settings)
    if len(experiments) == begun:
        return None
    rows = tuple(Row(i, tuning.seeds.ranges[0][:1]) for i in range(begun, len(experiments)))
    options = {
        **(study.asked.options or {}),
        "tune": replace(tuning, points=tuple(points)).to_json(),
    }
    settings = as_settings(experiments, [*tuning.search])
    return replace(study.asked, settings=settings, rows=(*study.asked.rows, *rows), options=options)


def _changed(base: Experiment, values: Mapping[str, Any]) -> Experiment | None:
    """Return an experiment with some values; None if they do not go together."""
    try:
        return base.with_changes(**values)
    except UsageError:
        return None
