"""Read the values that a study gives to a field of its experiments, one or several."""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.bind import Parameter, parameters_of
from seqtasks.specs.grammar import parse_spec
from seqtasks.specs.lists import Choices, read_specs, read_values
from seqtasks.tasks.lengths import LengthRange

__all__ = ["VARIED", "read_choices"]

_FIXED = (
    "seed",
    "name",
    "published",
    "engine",
    "device",
    "checkpoint_every",
    "evaluation_lengths",
    "score",
    "score_also",
)
"""Fields that have one value in a study: they change no number of a run, or what is measured."""

_TYPES = get_type_hints(Experiment)
VARIED = tuple(field.name for field in fields(Experiment) if field.name not in _FIXED)
"""The fields that may differ between the experiments of a study."""


def read_choices(field: str, given: Any) -> Choices:
    """Return the choices for a field of an experiment.

    Args:
        field: the name of the field, such as `cell` or `learning_rate`.
        given: text as on the command line (`gru,lstm`, `1e-4..1e-2:log5`), a sequence of values,
            or one value. In a sequence, a text is one value, which may be a range or a spec with
            lists in its parameters.

    Raises:
        UsageError: naming the field, for a field that cannot differ, an empty list, a value twice,
            or a value of the wrong type.

    Example:
        >>> from seqtasks.studies.values import read_choices
        >>> read_choices("optimizer", "sgd:momentum=[0,0.9],adam").grid()
        ('sgd:momentum=0', 'sgd:momentum=0.9', 'adam')
        >>> read_choices("length", "[1..20,1..40]").grid()
        ('1..20', '1..40')
    """
    if field not in VARIED:
        if field in _FIXED:
            raise UsageError(f"{field} cannot differ between the experiments of a study")
        nearest = did_you_mean(field, VARIED) or f" Known: {', '.join(VARIED)}."
        raise UsageError(f"unknown setting '{field}'.{nearest}")
    try:
        if isinstance(given, str):
            return _from_text(field, given)
        several = isinstance(given, Sequence | range) and not isinstance(given, bytes)
        items: list[Any] = []
        for one in given if several else [given]:
            items += _from_text(field, one).items if isinstance(one, str) else [one]
        if not items:
            raise UsageError("the list is empty: give at least one value")
        return Choices(tuple(items))
    except UsageError as error:
        if "\n" in str(error):  # it shows the place in the text
            raise
        raise UsageError(f"{field}: {error}") from None


def _from_text(field: str, text: str) -> Choices:
    """Read the choices of a text; see `read_choices`."""
    if field in _SPECS:
        return read_specs(text, _SPECS[field])
    if field == "length":
        return _lengths(text)
    kinds = _kinds(_TYPES[field])
    number = float if float in kinds else int if int in kinds else None
    return read_values(text, partial(_value, kinds), number=number)


def _kinds(kind: Any) -> tuple[Any, ...]:
    """Return the types of a field, which may be a union."""
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _value(kinds: Sequence[Any], text: str) -> Any:
    """Return one value of some types from its text.

    Raises:
        UsageError: saying what was expected.
    """
    if type(None) in kinds and text.lower() == "none":
        return None
    for kind in kinds:
        if kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                what = "a whole number" if kind is int else "a number"
                raise UsageError(f"'{text:.60}' is not {what}") from None
        if kind is bool and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if get_origin(kind) is Literal and text not in get_args(kind):
            known = get_args(kind)
            raise UsageError(
                f"'{text:.60}' is not one of {', '.join(known)}.{did_you_mean(text, known)}"
            )
    if bool in kinds:
        raise UsageError(f"'{text:.60}' is not true or false")
    return text


def _lengths(text: str) -> Choices:
    """Read one length or range of lengths, or several in square brackets."""
    stripped = text.strip()
    if not stripped.startswith("["):
        if "," in stripped:
            raise UsageError(f"several lengths stand in square brackets: [{stripped:.60}]")
        return Choices((str(LengthRange.parse(stripped)),))
    return read_values(stripped, lambda one: str(LengthRange.parse(one)))


def _named_parameters(kind: Any, text: str) -> Sequence[Parameter]:
    from seqtasks.cells import Cell, Readout
    from seqtasks.models.build import CELL_SIZES, READOUT_SIZES
    from seqtasks.registry.find import parameters_for
    from seqtasks.tasks import Task

    base, sizes = {
        "task": (Task, ()),
        "cell": (Cell, CELL_SIZES),
        "readout": (Readout, READOUT_SIZES),
    }[kind]
    return parameters_for(kind, text, base, sizes)


def _listed_parameters(field: str, text: str) -> Sequence[Parameter]:
    """Return the parameters of an optimiser, a curriculum or a learning-rate schedule."""
    from seqtasks.tasks.curricula import CURRICULA
    from seqtasks.tasks.learning_rates import SCHEDULES
    from seqtasks.training.optimizers import GIVEN, OPTIMIZERS

    known: Mapping[str, Callable[..., Any]] = {
        "optimizer": OPTIMIZERS,
        "curriculum": CURRICULA,
        "lr_schedule": SCHEDULES,
    }[field]
    name = parse_spec(text, modules=False).name
    if name not in known:
        raise UsageError(
            f"unknown {field} '{text}'; known: {', '.join(known)}.{did_you_mean(name, known)}"
        )
    return parameters_of(known[name], GIVEN if field == "optimizer" else ())


_SPECS: Mapping[str, Callable[[str], Sequence[Parameter]]] = {
    **{kind: partial(_named_parameters, kind) for kind in ("task", "cell", "readout")},
    **{f: partial(_listed_parameters, f) for f in ("optimizer", "curriculum", "lr_schedule")},
}
