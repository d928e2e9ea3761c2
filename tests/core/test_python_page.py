"""The page of public names can be read in a checkout, where nothing fills it in."""

import re
from pathlib import Path

import seqtasks as st

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def test_every_name_of_the_page_has_a_sentence_before_it():
    parts = re.split(r"^::: (seqtasks[\w.]+)$", PAGE.read_text(), flags=re.MULTILINE)
    for before, name in zip(parts[::2], parts[1::2], strict=False):
        shown = name.removeprefix("seqtasks.") if name.count(".") == 1 else name
        paragraph = before.rstrip().rpartition("\n\n")[2]
        assert f"`{shown}`" in paragraph or f"`{name}`" in paragraph or "hookimpl" in paragraph
        assert paragraph.endswith("."), name


def test_every_public_name_is_on_the_page():
    page = PAGE.read_text()
    missing = [n for n in st.__all__ if f"`{n}`" not in page and f"`seqtasks.{n}`" not in page]
    assert missing == []
