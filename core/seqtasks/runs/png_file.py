"""A matplotlib figure as the bytes of a PNG file, in half of the time that `savefig` takes."""

import struct
import zlib
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

__all__ = ["png_of"]

LEVEL = 1
"""A higher level makes a file a tenth smaller, and takes up to twice as long."""
INCH = 0.0254
"""In metres."""


def png_of(figure: Figure, dpi: int) -> bytes:
    """Return a figure as a PNG file.

    Args:
        figure: a figure whose canvas is matplotlib's `FigureCanvasAgg`.
        dpi: dots per inch. The figure keeps its own.
    """
    before = figure.get_dpi()
    canvas: Any = figure.canvas
    figure.set_dpi(dpi)
    try:
        canvas.draw()
        dots = np.asarray(canvas.buffer_rgba())
        return _file(dots[..., : 3 if (dots[..., 3] == 255).all() else 4], dpi)
    finally:
        figure.set_dpi(before)


def _file(dots: NDArray[np.uint8], dpi: int) -> bytes:
    """Return a PNG file of (height, width, 3 or 4) colours."""
    height, width, channels = dots.shape
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # a line begins with its filter
    lines[:, 1:] = dots.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    per_metre = round(dpi / INCH)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    digest = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", digest)
