"""What `compare` and `sweep` ask for: values of fields become settings and points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.registry.references import short_name
from seqtasks.specs.lists import Choices
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.matching import Matched, matched
from seqtasks.studies.plan import Load, check_size, drawn, grid, plan_of
from seqtasks.studies.selection import Selection
from seqtasks.studies.study_record import Asked
from seqtasks.studies.until_sure import UntilSure
from seqtasks.studies.values import read_choices

__all__ = ["BEST_RATE", "Planned", "read_rates", "to_compare", "to_sweep"]

BEST_RATE = "best:"
"""Begins the learning rates from which `compare` chooses one for each cell."""

MOST_CHOOSING = 20
"""The most seeds on which a learning rate is chosen."""


@dataclass(frozen=True)
class Planned:
    """A study before it runs.

    Attributes:
        asked: what it is asked for.
        matched: the experiments after cells were made equal in size; None if they were not.
    """

    asked: Asked
    matched: tuple[Matched, ...] | None = None


def read_rates(given: Any) -> tuple[Choices, bool]:
    """Return learning rates, and whether one of them is to be chosen for each cell.

    Args:
        given: as for `read_choices`, or text that begins `best:`.

    Raises:
        UsageError: if there is one rate alone to choose from.
    """
    if not (isinstance(given, str) and given.strip().startswith(BEST_RATE)):
        return read_choices("learning_rate", given), False
    choices = read_choices("learning_rate", given.strip().removeprefix(BEST_RATE))
    if choices.count() < 2:
        raise UsageError(
            f"learning rate: '{given:.60}' leaves nothing to choose: write best:1e-4..1e-2:log5"
        )
    return choices, True


def to_compare(
    load: Load,
    choices: Mapping[str, Choices],
    seeds: Seeds,
    *,
    match: str | None = None,
    choose_rate: bool = False,
    until_sure: UntilSure | None = None,
    yes: bool = False,
) -> Planned:
    """Return the study that compares the settings of a grid, pair by pair.

    Args:
        load: returns the experiment that has some values in place of its own.
        choices: the values of each field.
        seeds: the seeds of each setting.
        match: how to make cells equal in size: `parameters`, `hidden-size`, or None for not at all.
        choose_rate: whether the learning rate is chosen for each setting, on other seeds.
        until_sure: how long to add seeds; None to add none. Its first look is at these seeds.
        yes: whether more than 100,000 runs are meant.

    Raises:
        UsageError: if there is one setting alone, or the values make no study.
    """
    choosing = seeds.following(min(MOST_CHOOSING, len(seeds))) if choose_rate else None
    check_size(choices, len(choosing or seeds), None, yes)
    experiments = grid(load, choices)
    compared = len(experiments)
    if choose_rate:
        compared //= choices["learning_rate"].count()
    if compared < 2:
        raise UsageError("a comparison needs two settings or more, such as --cell gru,lstm")
    sizes = None
    if match is not None:
        sizes = tuple(matched(experiments, match))
        experiments = [one.experiment for one in sizes]
    name = _name(experiments, "compare")
    plan = plan_of(experiments, choosing or seeds, name=name, varied=_varied(choices, match))
    options: dict[str, Any] = {}
    if choosing is not None:
        options["selection"] = Selection(choosing, seeds, 1, "learning_rate").to_json()
    if match is not None:
        options["match"] = match
    if until_sure is not None:
        until_sure.check(experiments)
        options["until_sure"] = until_sure.to_json()
    return Planned(Asked(name, "compare", plan.settings, plan.rows, options=options), sizes)


def to_sweep(
    load: Load,
    choices: Mapping[str, Choices],
    seeds: Seeds,
    *,
    random: int | None = None,
    draw_seed: int | None = None,
    best: int = 3,
    fresh: int = 20,
    match: str | None = None,
    yes: bool = False,
) -> Planned:
    """Return the study that tries the points of a grid, or random ones.

    Args:
        load: as for `to_compare`.
        choices: as for `to_compare`.
        seeds: the seeds on which each point is tried.
        random: how many points to draw; None for the whole grid.
        draw_seed: the seed of the draws; None for 0.
        best: how many of the best points are measured again on other seeds.
        fresh: the number of these seeds; 0 to measure none again.
        match: as for `to_compare`.
        yes: as for `to_compare`.

    Raises:
        UsageError: if there is one point alone, or the values make no study.
    """
    for name, number, least in (("best", best, 1), ("fresh seeds", fresh, 0)):
        if number < least:
            raise UsageError(f"the number of {name} must be at least {least}, got {number}")
    if draw_seed is not None and random is None:
        raise UsageError(
            "the whole grid is not drawn, so a seed of the draws changes nothing: ask for random "
            "points too (--random N), or leave the seed out"
        )
    if draw_seed is not None and draw_seed < 0:
        raise UsageError(f"the seed of the draws must not be negative, got {draw_seed}")
    check_size(choices, len(seeds), random, yes)
    made = grid(load, choices) if random is None else drawn(load, choices, random, draw_seed or 0)
    if len(made) < 2:
        raise UsageError("a sweep needs two points or more, such as --lr 1e-4..1e-2:log5")
    sizes = None
    if match is not None:
        sizes = tuple(matched(made, match))
        made = [one.experiment for one in sizes]
    name = _name(made, "sweep")
    plan = plan_of(made, seeds, name=name, varied=_varied(choices, match))
    options: dict[str, Any] = {}
    if fresh:
        kept = min(best, len(made))
        options["selection"] = Selection(seeds, seeds.following(fresh), kept, "all").to_json()
    return Planned(Asked(name, "sweep", plan.settings, plan.rows, options=options), sizes)


def _name(experiments: Sequence[Experiment], face: str) -> str:
    tasks = {short_name(experiment.task) for experiment in experiments}
    return face if len(tasks) > 1 else f"{tasks.pop()}-{face}"


def _varied(choices: Mapping[str, Choices], match: str | None) -> list[str]:
    """Return the fields that were asked to differ; of matched cells the hidden size differs too."""
    return [*choices, *(["hidden_size"] if match == "parameters" else [])]
