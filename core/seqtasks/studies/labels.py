"""Say in few words in what the experiments of a study differ: a label for each, all different."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.grammar import parse_spec
from seqtasks.studies.settings import Setting

__all__ = ["as_settings", "field_words"]

_BARE = ("task", "cell")
"""Fields whose values need no name before them."""

_SPECS = ("task", "cell", "readout")
_WORDS = {"learning_rate": "lr", "lr_schedule": "schedule"}
_NEVER = ("seed", "name", "published", "checkpoint_every", "engine", "device")


def as_settings(experiments: Sequence[Experiment], varied: Sequence[str]) -> tuple[Setting, ...]:
    """Return the experiments of a study as its settings.

    Args:
        experiments: the experiments, all different.
        varied: the fields that were asked to differ, in the order of their importance.

    Returns:
        the settings. `changes` holds the values of the varied fields that differ, and further
        fields that differ if these do not tell all settings apart.
    """
    differing = [name for name in _ordered(varied) if _differs(name, experiments)]
    parts = {name: _shown(name, experiments) for name in differing}
    others = [field.name for field in fields(Experiment) if field.name not in (*varied, *_NEVER)]
    for name in others:
        if len(set(_joined(parts, len(experiments)))) == len(experiments):
            break
        if _differs(name, experiments):
            differing.append(name)
            parts[name] = _shown(name, experiments)
    return tuple(
        Setting(label, {name: getattr(experiment, name) for name in differing}, experiment)
        for label, experiment in zip(_labels(parts, experiments), experiments, strict=True)
    )


def field_words(name: str) -> str:
    """Return the name of a field in words: `hidden size`, `lr`."""
    return _WORDS.get(name, name.replace("_", " "))


def _ordered(varied: Sequence[str]) -> list[str]:
    return sorted(dict.fromkeys(varied), key=lambda name: (*_BARE, name).index(name))


def _differs(name: str, experiments: Sequence[Experiment]) -> bool:
    first = getattr(experiments[0], name)
    return any(getattr(experiment, name) != first for experiment in experiments[1:])


def _labels(parts: Mapping[str, Sequence[str]], experiments: Sequence[Experiment]) -> Sequence[str]:
    """Return a label for each experiment; a number tells two apart whose values read alike."""
    if not parts:
        parts = {"cell": _shown("cell", experiments)}
    labels = _joined(parts, len(experiments))
    times, seen = Counter(labels), Counter[str]()
    found: list[str] = []
    for label in labels:
        seen[label] += 1
        found.append(f"{label} ({seen[label]})" if times[label] > 1 else label)
    return found


def _joined(parts: Mapping[str, Sequence[str]], count: int) -> list[str]:
    return [", ".join(values[place] for values in parts.values()) for place in range(count)]


def _shown(name: str, experiments: Sequence[Experiment]) -> list[str]:
    """Return the values of a field as labels show them, each distinct value in its own way."""
    values = [getattr(experiment, name) for experiment in experiments]
    if name in _SPECS:
        brief, full = [_brief(value) for value in values], [_full(value) for value in values]
        meant = {text: {f for b, f in zip(brief, full, strict=True) if b == text} for text in brief}
        texts = [b if len(meant[b]) == 1 else f for b, f in zip(brief, full, strict=True)]
    elif all(isinstance(value, float) or value is None for value in values):
        texts = _figures(values)
    else:
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return texts if name in _BARE else [f"{field_words(name)} {text}" for text in texts]


def _figures(values: Sequence[float | None]) -> list[str]:
    """Return numbers with as many digits as tell them apart, at least four."""
    distinct = {value for value in values if value is not None}
    for digits in range(4, 17):
        if len({f"{value:.{digits}g}" for value in distinct}) == len(distinct):
            return ["none" if value is None else f"{value:.{digits}g}" for value in values]
    return ["none" if value is None else repr(value) for value in values]


def _brief(thing: Any) -> str:
    """Return a spec without the path of its file: `Mine:rate=0.1`."""
    if not isinstance(thing, str):
        return getattr(thing, "__name__", None) or getattr(thing, "known_as", None) or str(thing)
    spec = parse_spec(thing)
    if spec.path is None:
        return thing
    return (spec.name or Path(spec.path).stem) + spec.written_parameters


def _full(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    module = getattr(thing, "__module__", None)
    return f"{module}.{thing.__qualname__}" if isinstance(thing, type) else repr(thing)
