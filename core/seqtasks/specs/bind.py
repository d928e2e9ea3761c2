"""Bind the values of a spec to the typed fields of the class that it names."""

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.specs.grammar import (
    Spec,
    SpecError,
    Value,
    format_value,
    parse_spec,
)

__all__ = [
    "ANY_VALUE",
    "Parameter",
    "bind",
    "bind_one_of",
    "filled_by_caller",
    "has_type",
    "parameters_of",
    "type_name",
]

_TRUE, _FALSE = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}
REQUIRED = inspect.Parameter.empty
ANY_VALUE = int | float | str
"""The type of a parameter that says nothing of its type, in a class that knows no specs."""

TargetT = TypeVar("TargetT", bound=Callable[..., Any])


class Parameter(typing.NamedTuple):
    """A parameter of a target: its name, its type, and its default (or `REQUIRED`)."""

    name: str
    type: Any
    default: Any

    def describe(self) -> str:
        """Return the parameter for a list of valid ones, such as `shift (whole number, 4)`."""
        if self.default is REQUIRED:
            return f"{self.name} ({type_name(self.type)}, required)"
        shown = format_value(self.default)
        return f"{self.name} ({type_name(self.type)}, default {shown})"


def parameters_of(
    target: Callable[..., Any], given: Sequence[str] = (), untyped: Any = str
) -> list[Parameter]:
    """Return the parameters of a class or function, except those that the caller gives it.

    A parameter without a type takes the type of its default, or `untyped`. `given` holds the usual
    names of what the caller gives; see `filled_by_caller`.
    """
    hints = _hints(target)
    given = filled_by_caller(target, given)
    found: list[Parameter] = []
    for parameter in inspect.signature(target).parameters.values():
        if parameter.name in given or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        kind = hints.get(parameter.name)
        if kind is None or isinstance(kind, str):
            known = parameter.default is not REQUIRED and parameter.default is not None
            kind = type(parameter.default) if known else untyped
        found.append(Parameter(parameter.name, kind, parameter.default))
    return found


def filled_by_caller(target: Callable[..., Any], given: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the parameters that a caller fills by place.

    They are the usual names. A target that has none of them, and begins with enough parameters
    that may be whole numbers and have no default, has names of its own for them.

    Example:
        >>> filled_by_caller(lambda i, h, rate=1.0: None, ("input_size", "hidden_size"))
        ('i', 'h')
        >>> filled_by_caller(lambda hidden_size, input_size: None, ("input_size", "hidden_size"))
        ('input_size', 'hidden_size')
    """
    parameters = inspect.signature(target).parameters.values()
    first = [
        one.name
        for one in list(parameters)[: len(given)]
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        and one.default is REQUIRED
        and one.annotation in (one.empty, int, "int", Any, "Any")
    ]
    usual = any(one.name in given for one in parameters)
    return tuple(given) if usual or len(first) < len(given) else tuple(first)


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a target's parameters, except those that cannot be resolved."""
    if dataclasses.is_dataclass(target):
        # A dataclass's __init__ knows only the module of its own class, not its bases' modules.
        owners = reversed(inspect.getmro(typing.cast(type, target)))
        sources = [
            (vars(o).get("__annotations__", {}), sys.modules.get(o.__module__)) for o in owners
        ]
    else:
        function: Any = target.__init__ if inspect.isclass(target) else target
        module = sys.modules.get(getattr(function, "__module__", None) or "")
        sources = [(getattr(function, "__annotations__", {}), module)]
    hints: dict[str, Any] = {}
    for annotations, module in sources:
        for name, annotation in annotations.items():
            hints.pop(name, None)
            if not isinstance(annotation, str):
                hints[name] = annotation
                continue
            with suppress(Exception):  # a name that only a type checker imports
                hints[name] = eval(annotation, dict(vars(module)) if module else {})
    return hints


def bind(
    spec: Spec,
    target: Callable[..., Any],
    given: Sequence[str] = (),
    untyped: Any = str,
    may_give: Sequence[str] = (),
) -> dict[str, Any]:
    """Convert the spec's values to the types of the target's parameters.

    Args:
        spec: the spec as written.
        target: the class or function that the spec names.
        given: the usual names of the parameters that the caller itself fills.
        untyped: the type of a parameter that has none.
        may_give: the names of parameters that the caller fills if the spec does not.

    Raises:
        SpecError: for an unknown parameter, a missing one, or one of the wrong type.
    """
    known = {parameter.name: parameter for parameter in parameters_of(target, given, untyped)}
    bound: dict[str, Any] = {}
    for key, value in spec.parameters.items():
        if key not in known:
            takes = ", ".join(p.describe() for p in known.values()) or "no parameters"
            raise SpecError(
                spec.text,
                spec.columns[key],
                f"{_name(spec)} has no parameter '{key}'; it takes {takes}."
                + did_you_mean(key, known),
            )
        try:
            bound[key] = _convert(value, known[key].type)
        except _IllTypedError as error:
            raise SpecError(
                spec.text,
                error.value.column,
                f"{key} must be {type_name(known[key].type)}, got '{error.value.written()}'",
            ) from None
    for parameter in known.values():
        if parameter.default is REQUIRED and parameter.name not in (*bound, *may_give):
            raise SpecError(
                spec.text,
                len(spec.text),
                f"{_name(spec)} needs {parameter.name}=... ({type_name(parameter.type)})",
            )
    return bound


def bind_one_of(
    text: str, known: Mapping[str, TargetT], what: str, given: Sequence[str] = ()
) -> tuple[TargetT, dict[str, Any]]:
    """Return the target that a spec names among a few, and the spec's values for it.

    Args:
        text: the spec as written, such as `cosine:steps=4`.
        known: the targets by name.
        what: the kind of target, for the error: "unknown curriculum 'cosine'".
        given: as in `bind`.

    Raises:
        UsageError: for an unknown name, an unknown parameter, or one of the wrong type.
    """
    spec = parse_spec(text, modules=False)
    if spec.path is not None or spec.name not in known:
        raise UsageError(
            f"unknown {what} '{text}'; known: {', '.join(known)}." + did_you_mean(spec.name, known)
        )
    target = known[spec.name]
    return target, bind(spec, target, given)


def has_type(value: Value, kind: Any) -> bool:
    """Say whether a value can be read as a type.

    Args:
        value: the value as written.
        kind: the type of a parameter.
    """
    try:
        _convert(value, kind)
    except _IllTypedError:
        return False
    return True


def type_name(kind: Any) -> str:
    """Return a type in a user's words."""
    names: dict[Any, str] = {
        int: "a whole number",
        float: "a number",
        Fraction: "a fraction",
        bool: "true or false",
        str: "text",
        type(None): "none",
    }
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in names:
        return names[kind]
    if origin is Literal:
        return f"one of {'|'.join(str(choice) for choice in arguments)}"
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(argument) for argument in arguments)
    if origin in (list, tuple, Sequence) or kind in (list, tuple):
        inner = type_name(arguments[0]) if arguments else "text"
        return f"a list [..] of {inner.removeprefix('a ')}"
    return getattr(kind, "__name__", str(kind))


class _IllTypedError(Exception):
    def __init__(self, value: Value) -> None:
        self.value = value


def _convert(value: Value, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _convert_union(value, arguments)
    if origin in (list, tuple, Sequence) or kind in (list, tuple):
        return _convert_list(value, origin or kind, arguments)
    if isinstance(value.content, tuple):
        raise _IllTypedError(value)
    text = value.content
    if origin is Literal:
        for choice in arguments:
            if text == (choice if isinstance(choice, str) else format_value(choice)):
                return choice
        raise _IllTypedError(value)
    if value.quoted and kind not in (str, Any):
        raise _IllTypedError(value)
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise _IllTypedError(value)
    if kind is type(None):
        if text.lower() == "none":
            return None
        raise _IllTypedError(value)
    if kind in (str, Any):
        return text
    convert = typing.cast(Callable[[str], Any], kind)
    try:
        return convert(text)
    except (TypeError, ValueError, ArithmeticError):
        raise _IllTypedError(value) from None


def _convert_union(value: Value, kinds: Sequence[Any]) -> Any:
    # Any text is valid text, so text is tried last.
    for kind in sorted(kinds, key=lambda kind: (kind is str, kind is not type(None))):
        try:
            return _convert(value, kind)
        except _IllTypedError:
            continue
    raise _IllTypedError(value)


def _convert_list(value: Value, container: Any, kinds: Sequence[Any]) -> Any:
    if not isinstance(value.content, tuple):
        raise _IllTypedError(value)
    fixed = container is tuple and kinds and kinds[-1] is not Ellipsis
    if fixed and len(kinds) != len(value.content):
        raise _IllTypedError(value)
    item_kinds = kinds if fixed else [kinds[0] if kinds else str] * len(value.content)
    items = [_convert(item, kind) for item, kind in zip(value.content, item_kinds, strict=True)]
    return items if container is list else tuple(items)


def _name(spec: Spec) -> str:
    return spec.name or spec.path or spec.text
