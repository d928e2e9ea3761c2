"""Checks of what a cell or a readout says of itself, and of its parameters."""

import inspect
import re
from fractions import Fraction
from textwrap import shorten
from typing import Any

from seqtasks.cells import Cell, Readout
from seqtasks.errors import UsageError
from seqtasks.models.build import CELL_SIZES, READOUT_SIZES
from seqtasks.specs.bind import REQUIRED, Parameter, bind, parameters_of
from seqtasks.specs.grammar import format_spec, parse_spec
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.modules.specimen import Specimen

__all__ = ["can_be_made", "has_docstring", "names_its_source", "parameters_round_trip"]

_SOURCE = re.compile(r"\bsource\b|\bet al\b|https?://|\barxiv\b|\bdoi\b|\b(19|20)\d\d\b", re.I)
LONGEST = 120
"""The most characters of a source that are told."""
_OF_TORCH = {"device", "dtype"}
"""Parameters that torch's own modules take, and that a run sets in another way."""
_PLAIN = bool | int | float | str | Fraction | None


def has_docstring(specimen: Specimen) -> str:
    """The docstring of the class says what it computes."""
    text = inspect.cleandoc(_own_docstring(specimen.target))
    if not text:
        name = getattr(specimen.target, "__name__", specimen.name)
        what = "the equation of a step" if specimen.kind == "cell" else "the prediction"
        raise CheckFailedError(
            f"{name} has no docstring: write {what} below `class {name}`, such as "
            '"h\' = tanh(W [x; h] + b)"; `seqtasks show` prints it'
        )
    return text.splitlines()[0]


def names_its_source(specimen: Specimen) -> str:
    """The docstring names the paper or the text with the equation, or says "Source: our own"."""
    target = specimen.target
    if not (inspect.isclass(target) and issubclass(target, Cell | Readout)):
        raise NotApplicable("it is a module of torch or of another package")
    text = _own_docstring(target)
    found = str(getattr(target, "source", "")) or _SOURCE.search(text)
    if not found:
        raise CheckFailedError(
            f"{target.__name__} does not say where its equation is from: add a line such as "
            '"Source: A. Author, Title, Year" to its docstring, or "Source: our own"'
        )
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    said = next((one for one in paragraphs if one.lower().startswith("source")), "")
    return shorten(said, LONGEST, placeholder=" ...")


def can_be_made(specimen: Specimen) -> str:
    """It can be made from its sizes alone, and knows them afterwards."""
    sizes = specimen.sizes
    made = specimen.new()
    names = CELL_SIZES if specimen.kind == "cell" else READOUT_SIZES
    if specimen.is_made:
        return ", ".join(f"{name} {getattr(made, name)}" for name in names)
    for name, size in zip(names, sizes, strict=True):
        if getattr(made, name) != size:
            raise CheckFailedError(
                f"made with {name}={size}, its {name} is {getattr(made, name)}: pass the sizes on "
                f"in their order, super().__init__({', '.join(names)})"
            )
    return ", ".join(f"{name} {size}" for name, size in zip(names, sizes, strict=True))


def parameters_round_trip(specimen: Specimen) -> str:
    """The value of each parameter can be written in a spec string and read back."""
    known = {
        p.name: p for p in parameters_of(specimen.target, specimen.size_names, specimen.untyped)
    }
    unwritten: list[str] = []
    for name, value in specimen.values.items():
        _check_round_trip(specimen, name, value)
    for name, parameter in known.items():
        if name in _OF_TORCH or name in specimen.values:
            continue
        if parameter.default is REQUIRED or parameter.default is None:
            _check_typed(specimen, parameter)
        elif _is_plain(parameter.default):
            _check_round_trip(specimen, name, parameter.default)
        else:
            unwritten.append(name)
    if unwritten:
        return f"only a program can set {', '.join(unwritten)}"
    return ", ".join(known) or "no parameters"


def _check_round_trip(specimen: Specimen, name: str, value: Any) -> None:
    """Refuse a value that does not come back from a spec string as it was."""
    if not _is_plain(value):
        return
    try:
        found = _read(specimen, {name: value})[name]
    except UsageError as error:
        raise CheckFailedError(
            f"the value {value!r} of {name} cannot be written in a spec string: {error}; give "
            f"{name} the type that the value has"
        ) from error
    same = found == value and (isinstance(value, str) == isinstance(found, str))
    if not same:
        raise CheckFailedError(
            f"the value {value!r} of {name}, written in a spec string, is read as {found!r}: give "
            f"{name} the type that the value has"
        )


def _check_typed(specimen: Specimen, parameter: Parameter) -> None:
    """Refuse a parameter that reads a number as text because it has no type."""
    annotation = inspect.signature(specimen.target).parameters[parameter.name].annotation
    if annotation is not inspect.Parameter.empty:
        return
    name = parameter.name
    found = _read(specimen, {name: 3})[name]
    if isinstance(found, str):
        raise CheckFailedError(
            f"{name} has neither a type nor a default of its type, so `{name}=3` gives the text "
            f"'3': write `{name}: int`, or the type that it has"
        )


def _read(specimen: Specimen, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that a spec string with some values gives."""
    text = format_spec("it", {**specimen.values, **values})
    spec = parse_spec(text, modules=False)
    return bind(spec, specimen.target, (), specimen.untyped, specimen.size_names)


def _is_plain(value: Any) -> bool:
    """Say whether a value is one that a spec string can write."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))  # pyright: ignore
    return isinstance(value, _PLAIN)


def _own_docstring(target: Any) -> str:
    """Return the docstring of a class, if it is its own and not a base class's."""
    found = vars(target).get("__doc__") if inspect.isclass(target) else target.__doc__
    return str(found or "")
