"""Find mistakes in the settings that a task recommends."""

from collections.abc import Callable, Iterator

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.specs.grammar import parse_spec
from seqtasks.tasks import Task
from seqtasks.tasks.curricula import build_curriculum
from seqtasks.tasks.learning_rates import build_schedule
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.settings import OPTIMIZER_NAMES

__all__ = ["settings_mistakes"]


def settings_mistakes(task: Task) -> list[str]:
    """Return what is wrong with the settings that a task recommends, a line each.

    A run with these settings is refused; what a command line replaces does no harm. Imports no
    torch, so of cells, readouts and optimisers only the names are checked.
    """
    settings, name = task.settings, task.known_as

    def check_lengths() -> None:
        allowed = task.lengths.select(LengthRange.parse(settings.length), name)
        build_curriculum(settings.curriculum, allowed)
        for length in settings.evaluation_lengths or ():
            task.lengths.select(LengthRange(length, length), name)

    checks: list[Callable[[], object]] = [
        check_lengths,
        lambda: build_schedule(settings.lr_schedule),
        lambda: _check_optimizer(settings.optimizer),
        lambda: _check_registered("cell", settings.cell),
        lambda: _check_registered("readout", settings.readout),
    ]
    return [f"the settings of task {name} cannot be used: {line}" for line in _failures(checks)]


def _failures(checks: list[Callable[[], object]]) -> Iterator[str]:
    for check in checks:
        try:
            check()
        except UsageError as error:
            yield " ".join(str(error).split())


def _check_registered(kind: Kind, thing: object) -> None:
    spec = parse_spec(thing) if isinstance(thing, str) else None
    if spec is not None and spec.is_registered and current_registry().get(kind, spec.name) is None:
        raise UsageError(current_registry().unknown(spec.name, kind))


def _check_optimizer(text: str) -> None:
    name = parse_spec(text, modules=False).name
    if name not in OPTIMIZER_NAMES:
        known = did_you_mean(name, OPTIMIZER_NAMES) or f" Known: {', '.join(OPTIMIZER_NAMES)}."
        raise UsageError(f"unknown optimizer '{name}'.{known}")
