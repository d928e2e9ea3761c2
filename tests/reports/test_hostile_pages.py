"""Names and specs come from others: a page shows them, and they steer nothing."""

import pytest

pytest.importorskip("altair", reason="the extra `report` is not installed")

from page_reader import PageReader
from synthetic import compared, study

from seqtasks.reports.render import json_for_page, rendered
from seqtasks.reports.study_page import About, study_page

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} {% raw %} {# no #}",
    "\" onload='alert(1)' x=\"",
    "<!-- <script>",
    "line\u2028separator\u2029and\u0000nul",
    "]]> &amp; &lt;b&gt; \\u003c/script",
    "\u202eright to left",
    "javascript:alert(1)",
)


@pytest.fixture(scope="module")
def page() -> PageReader:
    """The page of a study whose texts are all hostile."""
    cells = ("concat", "sum", "gru", "lstm")
    labels = dict(zip(cells, HOSTILE, strict=False))
    made = compared(cells, seeds=6)
    made.settings = [
        type(one)(
            labels[str(one.changes["cell"])],
            {HOSTILE[0]: HOSTILE[3], "cell": HOSTILE[4]},
            one.experiment,
        )
        for one in made.settings
    ]
    for pair in made.pairs:
        pair.update(a=labels[pair["a"]], b=labels[pair["b"]], note=HOSTILE[5])
    made.settings[1].changes["cell"] = HOSTILE[6]
    made.words, made.name = HOSTILE, HOSTILE[2]
    about = About("compare", HOSTILE[0], {HOSTILE[1]: HOSTILE[2]}, notes=HOSTILE)
    return PageReader(rendered(study_page(made, about)))


def test_hostile_texts_make_no_element_no_handler_and_no_address(page):
    plain = PageReader(rendered(study_page(study(("gru",), 6), About("run"))))
    assert page.tags.count("script") == plain.tags.count("script") == 4
    assert page.tags.count("img") == page.tags.count("b") == 0
    assert page.handlers == []
    assert [one for one in page.addresses if not one.startswith(("#", "data:,"))] == []


def test_hostile_texts_are_shown_as_they_are_written(page):
    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[6]):
        assert text in page.text
    assert "49" not in page.text.split(HOSTILE[2])[0][-5:]
    assert "\u202e" not in page.text  # it would turn the rest of a line around
    assert r"\u202eright to left" in page.text


def test_hostile_texts_come_back_from_the_data_of_the_page(page):
    settings = page.data["page-data"]["settings"]
    assert [one["label"] for one in settings] == list(HOSTILE[:4])


@pytest.mark.parametrize("text", HOSTILE)
def test_json_in_a_page_ends_no_element_and_breaks_no_line(text):
    written = str(json_for_page({"text": text, text: [text]}))
    assert not set("<>&\u2028\u2029\n\r") & set(written)
    reader = PageReader(f'<script type="application/json" id="d">{written}</script>')
    assert reader.data == {"d": {"text": text, text: [text]}}


def test_json_in_a_page_refuses_what_json_has_not():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_for_page({"number": float("nan")})
