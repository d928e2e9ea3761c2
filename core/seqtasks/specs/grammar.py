r"""Parse and print specs: a name and its parameters in one string, `bitshift:shift=2`.

    spec       = name [":" parameter {"," parameter}]
    name       = [plugin "/"] registered name | path of a .py file [":" class]
               | module ":" class | module "." class
    parameter  = key "=" value
    value      = "[" [value {"," value}] "]" | quoted text | text

After a module, a segment with an equals sign is parameters, and any other segment is a class.
A comma inside round brackets does not separate, so `generators=[(1,2),(1,2,3)]` has two items.
Anything in double quotes is text; inside them \" is a quotation mark and \\ a backslash.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from seqtasks.errors import UsageError

__all__ = ["Spec", "SpecError", "Value", "format_spec", "format_value", "parse_spec"]

MOST_DEPTH = 20
"""How deep lists may be nested."""

_MOST_SHOWN = 300
_FILE = re.compile(r"(?P<path>[^:]+?\.py)(?=:|$)")
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_KEY = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PLAIN = re.compile(r"[^\s,\[\]\"()\\]+")
_BRACKETED = re.compile(r"(\([^()\[\]\"\\]*\))+")


class SpecError(UsageError):
    """A spec string cannot be read or does not fit its target; the message shows the place."""

    def __init__(self, text: str, column: int, message: str) -> None:
        self.text, self.column, self.reason = text, column, message
        shown, place = _window(text, column)
        super().__init__(f"{shown}\n{' ' * place}^ {message}")


def _window(text: str, column: int) -> tuple[str, int]:
    """Return a part of a text around a column, as one line, and the column's place in it."""
    line = re.sub(r"[\n\r\t]", " ", text)
    if len(line) <= _MOST_SHOWN:
        return line, column
    first = max(0, column - _MOST_SHOWN // 2)
    start, end = ("..." if first else ""), first + _MOST_SHOWN
    return f"{start}{line[first:end]}{'...' if end < len(line) else ''}", column - first + len(
        start
    )


@dataclass(frozen=True)
class Value:
    """A value as written: text, or a list of values; `column` is its place in the spec."""

    content: "str | tuple[Value, ...]"
    column: int
    quoted: bool = False

    def written(self) -> str:
        """Return the value's text, for messages."""
        if isinstance(self.content, str):
            return self.content
        return f"[{','.join(item.written() for item in self.content)}]"


@dataclass(frozen=True)
class Spec:
    """A parsed spec string.

    Attributes:
        text: the whole string.
        name: the registered name, or the class name where `path` ("" for the only class) or
            `module` is given.
        path: the user's file, if the spec names one.
        module: the module to import the class from, if the spec names one.
        name_column: the place of the name in the text.
        parameters: values by key.
        columns: the place of each key in the text.
    """

    text: str
    name: str
    path: str | None = None
    module: str | None = None
    name_column: int = 0
    parameters: Mapping[str, Value] = field(default_factory=dict[str, Value])
    columns: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_registered(self) -> bool:
        """Whether the name is one that a plugin would register."""
        return self.path is None and self.module is None

    @property
    def written_parameters(self) -> str:
        """The parameters as written, with the colon before them; empty for none."""
        if not self.columns:
            return ""
        return self.text[self.text.rindex(":", 0, min(self.columns.values())) :]


def parse_spec(text: str, *, modules: bool = True) -> Spec:
    """Parse a spec string.

    Args:
        text: the spec string.
        modules: whether it may name a class by its module.

    Raises:
        SpecError: pointing at the character that does not fit.

    Example:
        >>> from seqtasks.specs.grammar import parse_spec
        >>> spec = parse_spec("bitshift:shift=2")
        >>> spec.name, spec.parameters["shift"].content
        ('bitshift', '2')
    """
    if not text.strip():
        raise UsageError("a name is missing; `seqtasks list` shows the names there are")
    path = module = None
    column = 0
    if file := _FILE.match(text):
        path, rest = file["path"], file.end()
        column = rest + 1
        name, rest = _class_name(text, rest)
    else:
        rest = text.find(":")
        rest = len(text) if rest < 0 else rest
        name = text[:rest].strip()
        if not name:
            raise SpecError(text, 0, "a name is missing before the colon")
        if modules and _MODULE.fullmatch(name):
            module, name, column, rest = _in_module(text, name, rest)
    parameters, columns = _parameters(text, rest)
    return Spec(text, name, path, module, column, parameters, columns)


def _in_module(text: str, name: str, rest: int) -> tuple[str | None, str, int, int]:
    """Return module, class, the class's column and the name's end; no module if it names none.

    Args:
        text: the spec string.
        name: the text before the first colon, which may be a module.
        rest: the end of that text.
    """
    start = text.index(name)
    end = text.find(":", rest + 1)
    end = len(text) if end < 0 else end
    segment = text[rest + 1 : end]
    if _MODULE.fullmatch(segment.strip()):
        column = rest + 1 + len(segment) - len(segment.lstrip())
        return name, segment.strip(), column, end
    module, dot, last = name.rpartition(".")
    if not dot:
        return None, name, start, rest
    if segment.strip() and "=" not in segment:
        raise SpecError(text, rest + 1, "expected the name of a class in the module")
    return module, last, start + len(module) + 1, rest


def _class_name(text: str, start: int) -> tuple[str, int]:
    """Read `:ClassName` after a file's path; a segment with an equals sign is parameters."""
    if start >= len(text):
        return "", start
    end = text.find(":", start + 1)
    end = len(text) if end < 0 else end
    segment = text[start + 1 : end]
    if "=" in segment:
        return "", start
    if not segment.strip().isidentifier():
        raise SpecError(text, start + 1, "expected the name of a class in the file")
    return segment.strip(), end


def _parameters(text: str, start: int) -> tuple[dict[str, Value], dict[str, int]]:
    parameters: dict[str, Value] = {}
    columns: dict[str, int] = {}
    if start >= len(text):
        return parameters, columns
    position = start + 1
    while True:
        key = _KEY.match(text, position)
        if key is None:
            raise SpecError(text, position, "expected a parameter, written key=value")
        if key[1] in parameters:
            raise SpecError(text, key.start(1), f"parameter '{key[1]}' is given twice")
        columns[key[1]] = key.start(1)
        parameters[key[1]], position = _value(text, key.end())
        if position >= len(text):
            return parameters, columns
        if text[position] != ",":
            raise SpecError(text, position, "expected a comma between parameters")
        position += 1


def _value(text: str, position: int, depth: int = 0) -> tuple[Value, int]:
    position = _skip_spaces(text, position)
    start = position
    if position < len(text) and text[position] == "[":
        if depth == MOST_DEPTH:
            raise SpecError(text, start, f"lists lie in one another more than {MOST_DEPTH} deep")
        return _list(text, position, depth + 1)
    if position < len(text) and text[position] == '"':
        quoted = _QUOTED.match(text, position)
        if quoted is None:
            raise SpecError(text, position, "this quotation mark is not closed")
        content = re.sub(r"\\(.)", r"\1", quoted[1])
        return Value(content, start, quoted=True), _skip_spaces(text, quoted.end())
    opened: list[int] = []
    while position < len(text) and (opened or text[position] not in ",]"):
        if text[position] == "(":
            opened.append(position)
        elif text[position] == ")":
            if not opened:
                raise SpecError(text, position, "this bracket was not opened")
            opened.pop()
        position += 1
    if opened:
        raise SpecError(text, opened[0], "this bracket is not closed")
    content = text[start:position].strip()
    if not content:
        raise SpecError(text, start, "a value is missing")
    return Value(content, start), position


def _list(text: str, start: int, depth: int) -> tuple[Value, int]:
    items: list[Value] = []
    position = _skip_spaces(text, start + 1)
    if position < len(text) and text[position] == "]":
        return Value((), start), _skip_spaces(text, position + 1)
    while True:
        item, position = _value(text, position, depth)
        items.append(item)
        if position >= len(text):
            raise SpecError(text, start, "this list is not closed")
        if text[position] == "]":
            return Value(tuple(items), start), _skip_spaces(text, position + 1)
        if text[position] != ",":
            raise SpecError(text, position, "expected a comma or a closing bracket in the list")
        position += 1


def _skip_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def format_spec(name: str, parameters: Mapping[str, object]) -> str:
    """Return the spec string of a name with parameter values; `parse_spec` reads it back."""
    if not parameters:
        return name
    parts = (f"{key}={format_value(value)}" for key, value in parameters.items())
    return name + ":" + ",".join(parts)


def format_value(value: object) -> str:
    """Return a parameter's value as a spec string writes it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(format_value(item) for item in value)}]"
    text = str(value)
    if not isinstance(value, str):
        return text
    looks_otherwise = text.lower() in ("none", "true", "false") or _is_number(text)
    if not looks_otherwise and (_PLAIN.fullmatch(text) or _BRACKETED.fullmatch(text)):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
