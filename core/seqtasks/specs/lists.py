"""Lists wherever a value stands: `gru,lstm`, `8,16..32:log2`, `bitshift:shift=[1,2,4]`.

    specs    = spec {"," spec}              a piece that begins `key=` belongs to the spec before it
    values   = value {"," value} | "[" value {"," value} "]"
    value    = text | range                 `8..16`, `1e-4..1e-2:log5`, see `ranges`

In a spec, the values of a parameter stand in square brackets. If the parameter itself takes a list,
its values are lists in a list: `sizes=[[1,2],[3]]`. A spec in double quotes may hold commas.
"""

import itertools
import math
import re
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Union, get_args, get_origin

from seqtasks.errors import UsageError
from seqtasks.specs.bind import Parameter, has_type
from seqtasks.specs.grammar import SpecError, Value, parse_spec
from seqtasks.specs.ranges import Range, read_range

__all__ = ["Choices", "Chooser", "SweptSpec", "read_specs", "read_values", "split_list"]

_KEY = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*\s*=")
_OPENED = {")": "(", "]": "["}


class Chooser(Protocol):
    """Chooses one point among many, a part at a time; each part has a name of its own."""

    def index(self, name: str, choices: Sequence[str]) -> int:
        """Return the index of one of some choices, as they are written."""
        ...

    def number(self, name: str, numbers: Range) -> float:
        """Return a number of a range."""
        ...


@dataclass(frozen=True)
class SweptSpec:
    """A spec whose parameters may have several values.

    Attributes:
        text: the spec as written.
        head: the spec's name, with the colon after it.
        parameters: the choices of every parameter, by its key; most have a single one.
    """

    text: str
    head: str
    parameters: "tuple[tuple[str, Choices], ...]"

    def count(self) -> int:
        """Return the number of specs in a grid."""
        return math.prod(choices.count() for _, choices in self.parameters)

    def grid(self) -> list[str]:
        """Return every spec; the values of the last parameter change first."""
        values = [choices.grid() for _, choices in self.parameters]
        return [self._written(combination) for combination in itertools.product(*values)]

    def chosen(self, chooser: Chooser, name: str) -> str:
        """Return one of the specs."""
        return self._written(
            [choices.chosen(chooser, f"{name}.{key}") for key, choices in self.parameters]
        )

    def _written(self, values: Iterable[Any]) -> str:
        keys = [key for key, _ in self.parameters]
        return self.head + ",".join(f"{k}={_text(v)}" for k, v in zip(keys, values, strict=True))


@dataclass(frozen=True)
class Choices:
    """The values that a list holds.

    Attributes:
        items: values, ranges of numbers and specs with several values, in the order of the list.
    """

    items: tuple[Any, ...]

    def count(self) -> int:
        """Return the number of values in a grid, without making them.

        Raises:
            UsageError: for a range that does not say how many values it has.
        """
        return sum(self._counted(item) for item in self.items)

    def grid(self) -> tuple[Any, ...]:
        """Return all values.

        Raises:
            UsageError: for a range that makes no grid, or for a value that comes twice.
        """
        found: list[Any] = []
        for item in self.items:
            if isinstance(item, Range):
                found += item.values()
            elif isinstance(item, SweptSpec):
                found += item.grid()
            else:
                found.append(item)
        seen: list[Any] = []
        known: set[tuple[type, Any]] = set()
        for value in found:
            key = (type(value), value)  # true is no 1
            if key in known:
                raise UsageError(f"{_text(value):.80} comes twice in the list")
            known.add(key)
            seen.append(value)
        return tuple(seen)

    def chosen(self, chooser: Chooser, name: str) -> Any:
        """Return one of the values."""
        place = 0
        if len(self.items) > 1:
            place = chooser.index(name, [_text(item) for item in self.items])
        item = self.items[place]
        part = name if len(self.items) == 1 else f"{name}.{place}"
        if isinstance(item, Range):
            return chooser.number(part, item)
        return item.chosen(chooser, part) if isinstance(item, SweptSpec) else item

    @staticmethod
    def _counted(item: Any) -> int:
        if isinstance(item, Range) and item.count is not None:
            return item.count
        if isinstance(item, Range):
            return len(item.values())  # it says what is missing
        return item.count() if isinstance(item, SweptSpec) else 1


def split_list(text: str) -> list[str]:
    """Return the pieces between the commas that lie in no brackets or quotation marks.

    Raises:
        UsageError: for no piece, an empty piece, or brackets that do not match.

    Example:
        >>> from seqtasks.specs.lists import split_list
        >>> split_list("gru, elman:sizes=[1,2],lstm")
        ['gru', 'elman:sizes=[1,2]', 'lstm']
    """
    pieces, start, opened = [], 0, list[str]()
    quoted = escaped = False
    for place, character in enumerate(text):
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "([":
            opened.append(character)
        elif character in ")]":
            if not opened or opened.pop() != _OPENED[character]:
                raise SpecError(text, place, "this bracket was not opened")
        elif character == "," and not opened:
            pieces.append(text[start:place].strip())
            start = place + 1
    if quoted or opened:
        mark = '"' if quoted else opened[-1]
        kind = "quotation mark" if quoted else "bracket"
        raise SpecError(text, text.rindex(mark), f"this {kind} is not closed")
    pieces.append(text[start:].strip())
    if not any(pieces):
        raise UsageError("the list is empty: write at least one value")
    if "" in pieces:
        raise UsageError(
            f"a value is missing beside a comma in '{text:.100}'; write a list without spaces, or "
            "in quotation marks"
        )
    return pieces


def read_specs(text: str, parameters: Callable[[str], Sequence[Parameter]]) -> Choices:
    """Read a list of specs; each may have parameters with several values.

    Args:
        text: the list.
        parameters: returns the parameters of what a spec names; called only for a spec in which a
            value may stand for several.

    Raises:
        UsageError: for an empty list, or a spec that cannot be read.

    Example:
        >>> from seqtasks.specs.lists import read_specs
        >>> read_specs("sgd:momentum=0.9,nesterov=true,adam", lambda spec: []).grid()
        ('sgd:momentum=0.9,nesterov=true', 'adam')
    """
    specs: list[str] = []
    for piece in split_list(text):
        if _KEY.match(piece) is None:
            specs.append(_unquoted(piece))
            continue
        if not specs:
            raise SpecError(text, 0, f"expected a name before the parameters: NAME:{piece:.60}")
        if not parse_spec(specs[-1]).columns:
            place = text.index(piece)
            raise SpecError(
                text, place, f"expected a name; parameters follow a colon: {specs[-1]}:{piece:.60}"
            )
        specs[-1] += f",{piece}"
    return Choices(tuple(_swept(spec, parameters) for spec in specs))


def read_values(
    text: str, read: Callable[[str], Any], *, number: type[int] | type[float] | None = None
) -> Choices:
    """Read a list of values, which may lie in square brackets.

    Args:
        text: the list.
        read: reads one value from its text, or raises UsageError.
        number: the type of the values if they are numbers, for which ranges are read.

    Example:
        >>> from seqtasks.specs.lists import read_values
        >>> read_values("8,16..18", int, number=int).grid()
        (8, 16, 17, 18)
    """
    inside = text.strip()
    if inside.startswith("[") and inside.endswith("]"):
        inside = inside[1:-1]
    items: list[Any] = []
    for piece in split_list(inside):
        if number is not None and ".." in piece:
            items.append(read_range(piece, whole=number is int))
        else:
            items.append(read(piece))
    return Choices(tuple(items))


def _swept(text: str, parameters: Callable[[str], Sequence[Parameter]]) -> "str | SweptSpec":
    """Return a spec with the choices of its parameters, or its text if each has one value."""
    spec = parse_spec(text)
    if not any(_may_be_several(value) for value in spec.parameters.values()):
        return text
    known = {parameter.name: parameter.type for parameter in parameters(text)}
    choices: list[tuple[str, Choices]] = []
    swept = False
    for key, value in spec.parameters.items():
        kind = known.get(key)
        several = kind is not None and _may_be_several(value) and not has_type(value, kind)
        swept = swept or several
        try:
            items = _items(value, kind) if several else (_rewritten(value),)
        except SpecError:
            raise
        except UsageError as error:
            raise SpecError(text, value.column, str(error)) from None
        choices.append((key, Choices(items)))
    if not swept:
        return text
    return SweptSpec(text, text.removesuffix(spec.written_parameters) + ":", tuple(choices))


def _may_be_several(value: Value) -> bool:
    return isinstance(value.content, tuple) or (".." in value.content and not value.quoted)


def _items(value: Value, kind: Any) -> tuple[Any, ...]:
    """Return the values for which a parameter's value stands, if it is not of the right type."""
    parts = value.content if isinstance(value.content, tuple) else (value,)
    if not parts:
        raise UsageError("the list is empty: write at least one value")
    number = _number_type(kind)
    items: list[Any] = []
    for part in parts:
        plain = isinstance(part.content, str) and not part.quoted
        if number is not None and plain and ".." in part.content and not has_type(part, kind):
            items.append(read_range(str(part.content), whole=number is int))
        else:
            items.append(_rewritten(part))
    return tuple(items)


def _number_type(kind: Any) -> type[int] | type[float] | None:
    """Return the type of numbers that a parameter takes, if it takes numbers."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return float if float in kinds else int if int in kinds else None


def _rewritten(value: Value) -> str:
    """Return a value in the form in which a spec holds it."""
    if isinstance(value.content, tuple):
        return f"[{','.join(_rewritten(item) for item in value.content)}]"
    if not value.quoted:
        return value.content
    escaped = value.content.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(piece: str) -> str:
    """Return a spec without the quotation marks around it."""
    if len(piece) > 1 and piece[0] == piece[-1] == '"':
        return re.sub(r"\\(.)", r"\1", piece[1:-1])
    return piece


def _text(value: Any) -> str:
    if isinstance(value, Range | SweptSpec):
        return value.text
    if isinstance(value, float):
        return repr(value)
    return value if isinstance(value, str) else getattr(value, "__name__", None) or str(value)
