"""A page of a study has pictures for a browser that runs no scripts."""

import base64
import io
import re
from types import SimpleNamespace

import pytest
from PIL import Image

import seqtasks as st

pytest.importorskip("altair", reason="the extra `report` is not installed")

from seqtasks.reports.still_pictures import still_pictures


def test_without_scripts_a_study_shows_its_two_pictures_and_says_what_is_on_them(tmp_path):
    made = st.run(
        "bitflip",
        cell="concat",
        seeds=range(3),
        steps=4,
        hidden_size=3,
        batch_size=2,
        length=3,
        evaluation_lengths=(3, 5),
        engine="plain",
        backend="threads",
        out=tmp_path,
    )
    html = st.report(made).html
    assert len(html.encode()) < 5_000_000
    aside = "".join(re.findall("<noscript>(.*?)</noscript>", html, re.DOTALL))
    pictures = re.findall(
        r'<img class="still" src="data:image/png;base64,(.*?)" alt="(.*?)">', aside
    )
    assert len(pictures) == 2
    for (content, words), said in zip(pictures, ("solved the task", "Score over"), strict=True):
        drawn = Image.open(io.BytesIO(base64.b64decode(content, validate=True))).convert("L")
        assert drawn.width <= 800
        assert drawn.getextrema()[0] < 64  # there are dark lines on it
        assert said in words


def test_before_a_run_has_ended_there_is_nothing_to_show():
    assert still_pictures(SimpleNamespace(unfinished=2, runs=2)) == []
