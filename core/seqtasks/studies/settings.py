"""The experiments of a study, and the numbered points that it trains."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqtasks.experiments.experiment import Experiment

__all__ = ["Point", "Setting"]


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
