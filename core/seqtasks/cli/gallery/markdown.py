r"""Write text as Markdown: nothing in a docstring or a name may become markup by chance.

>>> escaped("h_t = W * h, see `a_b` and <b>")
'h\\_t = W \\* h, see `a_b` and &lt;b>'
"""

import re
from collections.abc import Iterable, Sequence

from seqtasks.cli.description import ClassDescription
from seqtasks.cli.output import printable

__all__ = ["bullets", "cell", "code", "escaped", "paragraphs", "parameter_list", "table"]

_CODE = re.compile(r"(`[^`\n]+`)")
_MARKUP = re.compile(r"([\\*_\[\]#|~])")
_STARTS = re.compile(r"^(\s*)([-+>]|\d+[.)])(\s)")
_BEGINS = re.compile(r" |[^\s=]{1,16} = ")
_FULL_LINE = 72
"""A docstring line that is shorter ends on purpose, such as an equation."""


def escaped(text: str) -> str:
    """Return a text whose characters stand for themselves; what is in backticks stays code."""
    pieces = _CODE.split(printable(text))
    return "".join(one if number % 2 else _plain(one) for number, one in enumerate(pieces))


def code(text: str) -> str:
    """Return a text in one line as code."""
    text = printable(text).replace("\n", " ")
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def paragraphs(text: str) -> str:
    """Return a docstring as paragraphs; a line that ends on purpose stays a line."""
    return "\n\n".join(map(_paragraph, re.split(r"\n\s*\n", text.strip())))


def bullets(lines: Iterable[str]) -> str:
    """Return lines that are Markdown already as a list; empty without any."""
    return "\n".join(f"- {line}" for line in lines)


def parameter_list(about: ClassDescription) -> str:
    """Return the parameters of a class under a heading; empty without any."""
    listed = bullets(code(parameter.describe()) for parameter in about.parameters)
    return f"## Parameters\n\n{listed}" if listed else ""


def cell(text: str) -> str:
    """Return a text in one line as a cell of a table."""
    return escaped(" ".join(text.split()))


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: int = 0) -> str:
    """Return a table of cells that are Markdown already; the last `right` columns hold numbers."""
    marks = ["---"] * (len(headers) - right) + ["---:"] * right
    lines = [headers, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if all(line.startswith("    ") for line in lines):
        return "\n".join(f"    {printable(line)}" for line in lines)
    written: list[str] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        start = _STARTS.sub(r"\1\\\2\3", escaped(line.strip()))
        ends = after and (len(line) < _FULL_LINE or _BEGINS.match(after))
        written.append(start + ("  " if ends else ""))
    return "\n".join(written)
