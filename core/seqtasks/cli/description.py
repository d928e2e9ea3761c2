"""Describe the thing of a name as data: `seqtasks show` prints it as text or as JSON."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqtasks.authoring.recommended_settings import settings_mistakes
from seqtasks.cli.output import say
from seqtasks.randomness.streams import stream
from seqtasks.registry.discovery import Entry, Kind, current_registry
from seqtasks.registry.find import find, task
from seqtasks.scoring.baselines import Baselines, baselines
from seqtasks.specs.bind import REQUIRED, Parameter, parameters_of
from seqtasks.specs.grammar import format_value, parse_spec
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.mistakes import try_two_lengths

if TYPE_CHECKING:
    from seqtasks.cli.show_engine import EngineDescription

__all__ = [
    "CellDescription",
    "ClassDescription",
    "Description",
    "ExperimentDescription",
    "TaskDescription",
    "describe",
    "example_length",
]


@dataclass(frozen=True)
class ClassDescription:
    """A class that a spec names; a readout is described by this alone.

    Attributes:
        target: the class.
        entry: its registration, or None for a class of the user's own.
        definition: its docstring without the example; empty if it has none.
        parameters: the parameters that a spec may set.
    """

    target: Any
    entry: Entry | None
    definition: str
    parameters: Sequence[Parameter]


@dataclass(frozen=True)
class TaskDescription:
    """A task.

    Attributes:
        about: its class.
        task: the task.
        meanings: the meanings of its parameters, one line each, by parameter and value; if the spec
            sets a parameter, only that value's.
        without_learning: the scores of strategies that do not learn.
        example: a batch of one instance.
    """

    about: ClassDescription
    task: Task
    meanings: dict[str, dict[str, str]]
    without_learning: Baselines
    example: Batch


@dataclass(frozen=True)
class CellDescription:
    """A cell.

    Attributes:
        about: its class.
        size: the size of the embedding and of the state with which the cell was tried.
        trained_numbers: how many numbers it trains at this size.
        engine: the engine that runs it.
        understood: of a torch module that is no `Cell`, how it is made, called and read, by what
            each text is about.
    """

    about: ClassDescription
    size: int
    trained_numbers: int
    engine: "EngineDescription"
    understood: dict[str, str]


@dataclass(frozen=True)
class ExperimentDescription:
    """A registered experiment.

    Attributes:
        summary: the line with which it is registered.
        settings: its fields as plain data.
    """

    summary: str
    settings: dict[str, Any]


Description = TaskDescription | CellDescription | ClassDescription | ExperimentDescription


def describe(kind: Kind, name: str) -> Description:
    """Return the description of what a name stands for as a thing of a kind.

    Possible mistakes in the settings that a task recommends are said on stderr.

    Raises:
        UsageError: if the kind has no such thing, or the thing fails.
    """
    return _DESCRIBED[kind](name)


def example_length(made: Task) -> int:
    """Return the length of an instance that explains a task: its allowed length nearest to 8."""
    return made.lengths.nearest(8)


def _task(name: str) -> TaskDescription:
    made = task(name)
    length = example_length(made)
    for mistake in settings_mistakes(made):
        say(f"Warning: {mistake}", err=True)
    try_two_lengths(made, length)
    return TaskDescription(
        about=_about("task", name, type(made)),
        task=made,
        meanings=_open_meanings(name, made),
        example=made.batch(stream(0, "example"), 1, length),
        without_learning=baselines(made),
    )


def _cell(name: str) -> CellDescription:
    from seqtasks.cells import Cell
    from seqtasks.cells.any_module import ModuleCell
    from seqtasks.cli.show_engine import SIZE, describe_engine
    from seqtasks.models.build import CELL_SIZES, cell

    found = find("cell", name, Cell, CELL_SIZES)
    made = cell(name, SIZE, SIZE)
    understood: dict[str, str] = {}
    if found.sizes is None:
        about = _about("cell", name, found.target, CELL_SIZES)
    else:
        about = _about_module(_about("cell", name, found.target, found.sizes.names))
        understood["sizes"] = found.sizes.describe()
    if isinstance(made, ModuleCell):
        understood |= made.convention.describe()
    return CellDescription(
        about=about,
        size=SIZE,
        trained_numbers=sum(one.numel() for one in made.parameters()),
        engine=describe_engine(name),
        understood=understood,
    )


def _about_module(about: ClassDescription) -> ClassDescription:
    """Leave out of a description what the author of a module writes for programs alone."""
    definition = about.definition.partition("\nArgs:\n")[0].rstrip()
    sayable = [p for p in about.parameters if not callable(p.default) or p.default is REQUIRED]
    return replace(about, definition=definition, parameters=sayable)


def _readout(name: str) -> ClassDescription:
    from seqtasks.cells import Readout
    from seqtasks.models.build import READOUT_SIZES

    target = find("readout", name, Readout, READOUT_SIZES).target
    return _about("readout", name, target, READOUT_SIZES)


def _experiment(name: str) -> ExperimentDescription:
    from seqtasks.experiments.find import load_experiment

    settings, _ = load_experiment(name).to_json()
    return ExperimentDescription(current_registry().entry("experiment", name).summary, settings)


_DESCRIBED: dict[Kind, Callable[[str], Description]] = {
    "task": _task,
    "cell": _cell,
    "readout": _readout,
    "experiment": _experiment,
}


def _about(kind: Kind, name: str, target: Any, given: Sequence[str] = ()) -> ClassDescription:
    spec = parse_spec(name)
    text = (inspect.getdoc(target) if target.__doc__ else None) or ""
    return ClassDescription(
        target=target,
        entry=current_registry().get(kind, spec.name) if spec.is_registered else None,
        definition=text.partition("\n\nExample:\n")[0],
        parameters=parameters_of(target, given),
    )


def _open_meanings(name: str, made: Task) -> dict[str, dict[str, str]]:
    """Return the meanings of a task's parameters; if the spec sets one, only that value's."""
    found = find("task", name, Task)
    # A task that is registered as an instance leaves nothing open.
    given = found.parameters if isinstance(found.target, type) else vars(made)
    left_open: dict[str, dict[str, str]] = {}
    for parameter, values in made.meanings.items():
        if parameter in given:
            chosen = format_value(given[parameter])
            values = {value: text for value, text in values.items() if value == chosen}
        if values:
            left_open[parameter] = {v: " ".join(text.split()) for v, text in values.items()}
    return left_open
