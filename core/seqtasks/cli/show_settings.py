"""Print settings: the settings that a task recommends, and an experiment's settings."""

from collections.abc import Mapping
from typing import Any

from seqtasks.errors import counted
from seqtasks.tasks import Task
from seqtasks.tasks.lengths import LengthRange, describe_lengths
from seqtasks.tasks.settings import Settings

__all__ = ["protocol_lines", "setting_rows", "trained_with"]

_ALWAYS_SHOWN = (
    "cell",
    "hidden_size",
    "length",
    "steps",
    "batch_size",
    "optimizer",
    "learning_rate",
)
_USUAL = Settings()


def trained_with(made: Task) -> str:
    """Return the settings that a task recommends: the main ones, and all that are not default."""
    return _in_words(made, made.settings)


def protocol_lines(made: Task) -> list[str]:
    """Return the published protocol of a task, and what differs or is missing."""
    published = made.published
    if published is None:
        return []
    if published.settings is None:
        return [f"cannot be followed yet ({published.source})", *published.missing]
    lines = [f"--protocol published: {_in_words(made, published.settings)}"]
    if published.score is not None:
        lines.append(f"scored over {published.score}, {published.score_sequences} instances each")
    if published.score_also is not None:
        lines[-1] += f"; its code over {published.score_also}"
    if published.learning_rates:
        rates = ", ".join(f"{rate:g}" for rate in published.learning_rates)
        lines.append(f"learning rates tried: {rates}")
    if published.cells:
        cells = ", ".join(f"{name} {spec}" for name, spec in published.cells.items())
        lines.append(f"networks: {cells}")
    return [*lines, *published.differs]


def _in_words(made: Task, settings: Settings) -> str:
    """Return the main settings, and all that are not default."""
    trained = made.lengths.within(LengthRange.parse(settings.length))
    parts = [
        f"cell {_written(settings.cell)}",
        f"hidden size {settings.hidden_size}",
        f"length {describe_lengths(trained) if trained else settings.length}",
        f"at most {counted(settings.steps, 'step')} of {settings.batch_size}",
        f"{settings.optimizer} at {settings.learning_rate:g}",
    ]
    for name in Settings.field_names():
        value = getattr(settings, name)
        if name not in _ALWAYS_SHOWN and value != getattr(_USUAL, name):
            parts.append(f"{name.replace('_', ' ')} {_written(value, between=' ')}")
    return ", ".join(parts)


def setting_rows(data: Mapping[str, Any]) -> list[list[str]]:
    """Return each setting of an experiment with its value, or with the effect of leaving it out."""
    one_hot = data.get("embedding") == "one-hot"
    absent = {
        "embedding_size": "as many as symbols" if one_hot else "as hidden_size",
        "name": "of task and cell",
    }
    return [
        [name, absent.get(name, "none") if value is None else _written(value)]
        for name, value in data.items()
    ]


def _written(value: Any, between: str = ", ") -> str:
    """Return a setting's value in the form that people write."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return between.join(map(str, value))
    return value.__name__ if isinstance(value, type) else str(value)
