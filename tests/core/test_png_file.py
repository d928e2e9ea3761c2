"""Pictures are written with the dots of matplotlib's own files, and drawn by all of matplotlib."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from seqtasks.runs.plots import empty_figure
from seqtasks.runs.png_file import png_of


@pytest.mark.parametrize("background", ["white", "none", "#12345680"])
def test_the_dots_are_those_of_savefig(background):
    figure = empty_figure(3, 2, bottom=0.4)
    figure.set_facecolor(background)
    figure.subplots().plot([1, 3, 2], label="a")
    dpi = figure.get_dpi()
    expected = io.BytesIO()
    figure.savefig(expected, format="png", dpi=73)
    with Image.open(expected) as wanted, Image.open(io.BytesIO(png_of(figure, 73))) as found:
        found.load()
        assert found.info["dpi"] == pytest.approx((73, 73), abs=0.02)
        assert np.array_equal(np.array(found.convert("RGBA")), np.array(wanted.convert("RGBA")))
    assert figure.get_dpi() == dpi


def test_an_import_without_documentation_draws_all_the_same():
    code = """
from seqtasks.cli.matplotlib_import import import_matplotlib
import_matplotlib()
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
class Own(Line2D):
    pass
line = Own([0], [0])
line.set(color="red", linewidth=3)
axes = Figure().subplots()
axes.set(title="a", xlabel="b")
print(line.get_color(), line.get_linewidth(), axes.get_title(), axes.get_xlabel())
print("sketch_params" in Line2D.set.__doc__ if Line2D.set.__doc__ else "undocumented")
Artist._update_set_signature_and_docstring.__func__(Own)
print("sketch_params" in Own.set.__doc__)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split("\n")[:3] == ["red 3.0 a b", "undocumented", "True"]
