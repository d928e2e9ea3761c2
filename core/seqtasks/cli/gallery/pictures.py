"""Draw an instance as a picture: a box for each step, the input above, the target below."""

from collections.abc import Sequence
from html import escape

from seqtasks.cli.output import printable
from seqtasks.tasks import Batch, Task

__all__ = ["alternative_text", "drawn"]

_CHARACTER, _PADDING, _LEAST = 8.0, 12, 28
"""The width of a character, the room beside a word, and the least width of a box, in pixels."""
_BOX, _GAP, _LABEL, _WIDEST = 26, 4, 64, 720
_FILLS = ("#cfe3f7", "#fbe3c0", "#d5efd2", "#f4d3de", "#e3d9f4", "#d0eeee", "#efe9bd", "#e2e2e2")
_EMPTY = {".": "not scored", "_": "blank"}
_LONGEST = 24
"""The most characters of a word that a box shows."""


def drawn(example: Batch, made: Task) -> str:
    """Return a batch's first instance as SVG.

    The boxes of one symbol have one colour, and each names its symbol in text. A position that is
    not scored or a blank is an empty frame.
    """
    inputs, targets = _words(example, made)
    colours = _colours([*inputs, *targets])
    parts: list[str] = []
    top, widest = 0.0, 0.0
    for columns in _in_rows(list(zip(inputs, targets, strict=True))):
        for side, label in enumerate(("input", "target")):
            parts.append(_text(0, top, label, "start", "#767676"))
            left = float(_LABEL)
            for column in columns:
                width = _width(column)
                parts += _box(left, top, width, column[side], colours)
                left += width + _GAP
            widest = max(widest, left)
            top += _BOX + _GAP
        top += 2 * _GAP
    size = f'width="{widest:.0f}" height="{top:.0f}" viewBox="0 0 {widest:.0f} {top:.0f}"'
    title = f"<title>{escape(alternative_text(example, made))}</title>"
    style = "<style>text{font:14px ui-monospace,Menlo,Consolas,monospace}</style>"
    start = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>'
    return "\n".join([start, title, style, *parts, "</svg>", ""])


def alternative_text(example: Batch, made: Task) -> str:
    """Return an instance in words, for those who do not see its picture."""
    inputs, targets = _words(example, made)
    return f"input {' '.join(inputs)}, target {' '.join(targets)}"


def _words(example: Batch, made: Task) -> tuple[list[str], list[str]]:
    words = made.inputs.words(example.inputs[0]), made.targets.words(example.targets[0])
    inputs, targets = ([printable(word).replace("\n", "\\n") for word in side] for side in words)
    return inputs, targets


def _colours(words: Sequence[str]) -> dict[str, str]:
    """Return a colour for each word; if there are many words, several share one."""
    known = sorted({word for word in words if word not in _EMPTY})
    return {word: _FILLS[number % len(_FILLS)] for number, word in enumerate(known)}


def _width(column: tuple[str, str]) -> float:
    longest = max(len(_shown(word)) for word in column)
    return max(_LEAST, _CHARACTER * longest + _PADDING)


def _in_rows(columns: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return the columns in rows that are no wider than a page."""
    rows: list[list[tuple[str, str]]] = [[]]
    used = float(_LABEL)
    for column in columns:
        width = _width(column) + _GAP
        if rows[-1] and used + width > _WIDEST:
            rows.append([])
            used = float(_LABEL)
        rows[-1].append(column)
        used += width
    return rows


def _box(left: float, top: float, width: float, word: str, colours: dict[str, str]) -> list[str]:
    place = f'x="{left + 0.5:.1f}" y="{top + 0.5:.1f}" width="{width:.1f}" height="{_BOX - 1}"'
    if word in _EMPTY:
        dashed = 'fill="none" stroke="#767676" stroke-dasharray="3 3"'
        return [f'<rect {place} rx="3" {dashed}><title>{_EMPTY[word]}</title></rect>']
    box = f'<rect {place} rx="3" fill="{colours[word]}" stroke="#8a8a8a"/>'
    return [box, _text(left + width / 2, top, _shown(word), "middle", "#1a1a1a")]


def _text(x: float, top: float, text: str, anchor: str, colour: str) -> str:
    place = f'x="{x:.1f}" y="{top + 18:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


def _shown(word: str) -> str:
    return word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}…"
