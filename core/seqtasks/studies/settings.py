"""The experiments of a study, and the numbered points that it trains."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.experiments.experiment import Experiment

__all__ = ["Point", "Row", "Setting", "points_of"]


@dataclass(frozen=True)
class Setting:
    """One experiment of a study, to be trained with many seeds.

    Attributes:
        label: what tables and figures call it, short and different from all other labels:
            `concat`, or `gru, hidden size 16`.
        changes: the values in which the settings of the study differ, by the name of the field.
        experiment: the experiment. Its own seed is 0 and counts for nothing.
    """

    label: str
    changes: Mapping[str, Any]
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a study.

    Attributes:
        number: its number in the study, from 0. It never changes.
        setting: the index of its setting.
        seed: its seed.
    """

    number: int
    setting: int
    seed: int


@dataclass(frozen=True, slots=True)
class Row:
    """Points of one setting with consecutive numbers.

    Attributes:
        setting: the index of the setting.
        seeds: the seeds, in the order of the points.
    """

    setting: int
    seeds: Sequence[int]


def points_of(rows: Sequence[Row]) -> Iterator[Point]:
    """Yield the points of a study: they are numbered in the order of its rows."""
    number = 0
    for row in rows:
        for seed in row.seeds:
            yield Point(number, row.setting, seed)
            number += 1
